"""What a notebook reads of a release: tables of gold and data products, as the role sees them."""

import json
from datetime import date
from pathlib import Path

from pyspark.sql import SparkSession

from lakehouse.pipeline.audit import audit_log
from lakehouse.pipeline.notebook import notebook_release
from lakehouse.tables.gold import PRODUCT
from tests.support.plain_lake import PlainLake

TABLE = "serve.marketing_customer"


def test_a_notebook_reads_a_data_product_masked_and_one_that_is_not_released_as_empty(
    spark: SparkSession, tmp_path: Path
) -> None:
    lake = PlainLake(tmp_path / "lake")
    (product,) = (t for t in lake.settings().product_tables if t.name == TABLE)
    ann = {"customer_id": "c1", "email": "ann@post.org", "order_band": "few"}
    lake.release(date(2026, 1, 5), {product: [ann], PRODUCT: [{"product_id": "p1"}]})

    reader = notebook_release(spark, env="test", lake_root=str(lake.root), role="marketer")

    (row,) = reader.of_customer(TABLE, "c1").collect()
    assert (row.customer_id, row.email, row.order_band) == ("c1", "***", "few")
    assert reader.clear("serve.care_customer").collect() == []
    # Of persons each read is in the audit, by itself; of things none is.
    assert [row.product_id for row in reader.seen(PRODUCT.name).collect()] == ["p1"]
    (told,) = [json.loads(line) for line in audit_log(reader.settings).content()[0]]
    assert (told["action"], told["surface"], told["reason"]) == ("read", "notebook", TABLE)
    assert (told["role"], len(told["subjects"])) == ("marketer", 1)
