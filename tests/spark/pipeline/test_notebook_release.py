"""What a notebook reads of a release: tables of gold and data products, as the role sees them."""

import json
from datetime import date
from pathlib import Path

from pyspark.sql import SparkSession

from lakehouse.pipeline.audit import audit_log
from lakehouse.pipeline.notebook import notebook_release
from lakehouse.tables.gold import CUSTOMER_PERMITTED, CUSTOMER_RECORD, PRODUCT
from lakehouse.tables.silver import PERSON_RECORD
from tests.support.plain_lake import PlainLake

TABLE = "serve.marketing_customer"


def test_a_notebook_reads_a_data_product_masked_and_one_that_is_not_released_as_empty(
    spark: SparkSession, tmp_path: Path
) -> None:
    lake = PlainLake(tmp_path / "lake")
    (product,) = (t for t in lake.settings().product_tables if t.name == TABLE)
    ann = {"customer_id": "c1", "email": "ann@post.org", "order_band": "few"}
    permitted = {"customer_id": "c1", "purposes": ["marketing"]}
    lake.release(
        date(2026, 1, 5),
        {product: [ann], PRODUCT: [{"product_id": "p1"}], CUSTOMER_PERMITTED: [permitted]},
    )

    reader = notebook_release(spark, env="test", lake_root=str(lake.root), role="marketer")

    (row,) = reader.of_customer(TABLE, "c1").collect()
    assert (row.customer_id, row.email, row.order_band) == ("c1", "***", "few")
    assert reader.clear("serve.care_customer").collect() == []
    # Of persons each read is in the audit, by itself; of things none is.
    assert [row.product_id for row in reader.seen(PRODUCT.name).collect()] == ["p1"]
    (told,) = [json.loads(line) for line in audit_log(reader.settings).content()[0]]
    assert (told["action"], told["surface"], told["reason"]) == ("read", "notebook", TABLE)
    assert (told["role"], len(told["subjects"])) == ("marketer", 1)


def test_a_notebook_shows_no_record_of_who_does_not_permit_what_the_role_reads_for(
    spark: SparkSession, tmp_path: Path
) -> None:
    lake = PlainLake(tmp_path / "lake")
    lake.release(
        date(2026, 1, 5),
        {
            PERSON_RECORD: [{"record_key": f"r{n}"} for n in (1, 2, 3)],
            CUSTOMER_RECORD: [{"customer_id": f"c{n}", "record_key": f"r{n}"} for n in (1, 2)],
            CUSTOMER_PERMITTED: [
                {"customer_id": "c1", "purposes": ["service", "marketing"]},
                {"customer_id": "c2", "purposes": ["service"]},
            ],
        },
    )

    def shown(role: str) -> set[str]:
        reader = notebook_release(spark, env="test", lake_root=str(lake.root), role=role)
        return {row.record_key for row in reader.seen(PERSON_RECORD.name).collect()}

    assert shown("marketer") == {"r1"}
    assert shown("agent") == {"r1", "r2", "r3"}
