"""Masks on Spark are those of plain Python, value by value."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.privacy.mask_sql import RowTables, masked_query, masked_value
from lakehouse.privacy.masked_frame import masked
from lakehouse.privacy.masking import masked_rows
from lakehouse.privacy.tokens import pads_text, token, token_keys
from lakehouse.settings.load import load_settings
from lakehouse.settings.roles import Mask, Role
from lakehouse.tables.gold import CUSTOMER, CUSTOMER_ORDER, CUSTOMER_PERMITTED
from lakehouse.tables.local_frame import local_frame
from lakehouse.tables.spec import Column, Sensitivity, TableSpec
from tests.support.masked_values import EXAMPLES
from tests.support.permitting import PERMITTED, SEEN, WHO

KEYS = token_keys("analytics", {1: "an old secret of a test", 2: "a secret of a test"})
TEXTS = [
    *dict.fromkeys(value for _, _, value, _ in EXAMPLES if isinstance(value, str)),
    *("a\tb c", "x@y@z.de", "Anna.Lee@post.org.", "\u2028a@b\r", "+49 (30) 1234567", " "),
]


MASKS = {
    "email": Mask.PARTIAL,
    "phone": Mask.PARTIAL,
    "identifier_value": Mask.PARTIAL,
    "display_name": Mask.PARTIAL,
    "postcode": Mask.GENERALISED,
    "region": Mask.GENERALISED,
    "given_name": Mask.TOKENISED,
    "city": Mask.FULL,
    "street": Mask.NULLED,
    "country": Mask.CLEAR,
}
"""Of columns of text; all other columns are generalised."""


def wide_table() -> TableSpec:
    """A column per form of text and per type."""
    others = (
        Column("birth_date", "date", "D."),
        Column("order_count", "int", "I."),
        Column("total_amount", "decimal(18,2)", "A."),
        Column("record_keys", "array<string>", "K."),
    )
    texts = (Column(name, "string", "T.") for name in MASKS)
    return replace(CUSTOMER, columns=(*texts, *others), primary_key=("email",))


def role(**more: Any) -> Role:
    given = {"name": "tester", "title": "T", "purposes": ("service",), "sees": {}} | more
    return Role.model_validate(given)


def test_every_mask_gives_the_same_on_spark_in_sql_and_without(spark: SparkSession) -> None:
    spec = wide_table()
    values = [
        (*([text] * len(MASKS)), date(1980 + n, 2, 3), 99 * n - 200, Decimal(n * 99) / 4, [text])
        for n, text in enumerate([*TEXTS, None])
    ]
    rows = [dict(zip(spec.column_names, row, strict=True)) for row in values]
    frame = local_frame(spark, values, ", ".join(f"{c.name} {c.type}" for c in spec.columns))
    reader = role(sees={"none": "generalised"}, overrides=MASKS)

    seen = masked(frame.coalesce(1), spec, reader, keys=KEYS)

    assert dict(seen.dtypes) == {c.name: c.type for c in spec.columns}
    assert [row.asDict() for row in seen.collect()] == masked_rows(rows, spec, reader, keys=KEYS)
    frame.coalesce(1).createOrReplaceTempView("masked_values")
    view = spark.sql(masked_query(spec, reader, "masked_values", RowTables()))
    assert dict(view.dtypes) == dict(seen.dtypes)
    assert [row.asDict() for row in view.collect()] == masked_rows(rows, spec, reader)


def test_rows_are_filtered_by_purpose_and_by_where_the_customer_lives(spark: SparkSession) -> None:
    customers = local_frame(
        spark, [("a", "GB"), ("b", "DE"), ("c", None)], "customer_id string, country string"
    )
    orders_spec = replace(
        CUSTOMER,
        name="gold.customer_order",
        columns=(CUSTOMER.column("customer_id"),),
        primary_key=("record_key",),
    )
    orders = customers.select("customer_id")
    british = role(sees={"pseudonym": "clear"}, rows={"country": ["GB"]})
    legal = role(purposes=("legal",), sees={"pseudonym": "clear"})

    golden = masked(customers, CUSTOMER, british).select("customer_id")
    own = masked(orders, orders_spec, british, customers=customers)
    seen = golden.unionByName(own).unionByName(masked(orders, orders_spec, british))
    seen = seen.unionByName(masked(orders, orders_spec, legal))

    assert [row.customer_id for row in seen.collect()] == ["a", "a"]


ATTRIBUTE_COLUMNS = {
    "attribute": "string",
    "value": "string",
    "lost_values": "array<string>",
    "values": "map<string,string>",
}
ATTRIBUTES = [
    ("national_id", "QQ1", ["QQ2"], {"national_id": "QQ1", "city": "York"}),
    ("national_id", None, None, {"national_id": None, "city": None}),
    ("city", "York", ["Leeds"], None),
    ("city", None, [], {}),
    (None, "QQ3", ["QQ4"], {"city": "York"}),
]
"""Of a table that names its attributes in a column, and of one that names them as keys."""


def attribute_tables() -> tuple[TableSpec, TableSpec]:
    made = [Column(name, kind, "X.") for name, kind in ATTRIBUTE_COLUMNS.items()]
    return (
        replace(CUSTOMER, name="gold.customer_attribute", columns=tuple(made[:3])),
        replace(CUSTOMER, name="gold.customer_history", columns=tuple(made[3:])),
    )


def attribute_rows() -> list[dict[str, Any]]:
    return [dict(zip(ATTRIBUTE_COLUMNS, row, strict=True)) for row in ATTRIBUTES]


def attribute_frame(spark: SparkSession) -> DataFrame:
    ddl = ", ".join(f"{name} {kind}" for name, kind in ATTRIBUTE_COLUMNS.items())
    return local_frame(spark, ATTRIBUTES, ddl).coalesce(1)


def test_a_row_about_a_hidden_attribute_is_hidden_on_spark_too(spark: SparkSession) -> None:
    """The same three ways: by frame, in SQL and without Spark. A null is nowhere shown as hidden."""
    reader = role(sees={"none": "clear"}, overrides={"national_id": "partial"})
    frame = attribute_frame(spark)
    frame.createOrReplaceTempView("hidden_values")

    for spec in attribute_tables():
        expected = masked_rows(attribute_rows(), spec, reader)
        query = spark.sql(masked_query(spec, reader, "hidden_values", RowTables()))
        both = masked(frame, spec, reader).unionByName(query).collect()
        assert [row.asDict() for row in both] == [*expected, *expected]


def test_of_a_hidden_attribute_not_even_a_token_is_seen(spark: SparkSession) -> None:
    """Also where what names the attribute is a token itself, and where no column names it."""
    spec, _ = attribute_tables()
    reader = role(sees={"none": "tokenised"}, overrides={"national_id": "partial"})
    frame, rows = attribute_frame(spark), attribute_rows()
    unnamed = [{"value": row["value"]} for row in rows]

    named = masked(frame, spec, reader, keys=KEYS).collect()
    bare = masked(frame.select("value"), spec, reader, keys=KEYS).collect()

    expected = masked_rows(rows, spec, reader, keys=KEYS)
    assert [row.asDict() for row in named] == expected
    assert [row["value"] for row in expected[:2]] == ["***", None]
    assert [row.asDict() for row in bare] == masked_rows(unnamed, spec, reader, keys=KEYS)
    assert [row.value for row in bare] == ["***", None, "***", None, "***"]


def test_a_token_in_sql_is_the_one_that_python_makes(spark: SparkSession) -> None:
    column, values = Column("customer_id", "string", "C."), [*TEXTS, "", "李", None]
    frame = local_frame(spark, list(enumerate(values)), "n int, value string")
    with_key = frame.withColumn("secret", F.lit(pads_text(KEYS)))

    made = with_key.select("n", F.expr(masked_value(column, Mask.TOKENISED, "value", "secret")))

    found = [row[1] for row in sorted(made.collect())]
    assert found == [None if value is None else token(KEYS, value) for value in values]


ROLES = load_settings("demo").roles.roles


@pytest.mark.parametrize("name", sorted(ROLES))
def test_whom_a_role_sees_is_the_same_in_tables_of_roles_and_in_views(
    name: str, spark: SparkSession
) -> None:
    # All values are seen, as whose rows these are is asked.
    seeing = {"sees": dict.fromkeys(Sensitivity, Mask.CLEAR), "overrides": {}}
    reader = ROLES[name].model_copy(update=seeing)
    ids = replace(CUSTOMER_ORDER, columns=(CUSTOMER_ORDER.column("customer_id"),))
    orders = local_frame(spark, [(who,) for who in WHO], "customer_id string")
    permitted = local_frame(
        spark, list(PERMITTED.items()), "customer_id string, purposes array<string>"
    )
    orders.createOrReplaceTempView("orders")
    permitted.createOrReplaceTempView("permitted")
    by = RowTables(permitted="permitted")

    frame = masked(orders, ids, reader, permitted=permitted).select("customer_id")
    view = spark.sql(masked_query(ids, reader, "orders", by)).select("customer_id")
    own = spark.sql(masked_query(CUSTOMER_PERMITTED, reader, "permitted", by)).select("customer_id")

    assert {row[0] for row in frame.collect()} == SEEN[name]
    assert {row[0] for row in view.collect()} == SEEN[name]
    assert {row[0] for row in own.collect()} == SEEN[name] - {None}


def test_without_what_customers_permit_who_needs_consent_sees_nobody(spark: SparkSession) -> None:
    spec = replace(CUSTOMER, columns=(CUSTOMER.column("customer_id"),))
    orders = local_frame(spark, [("agreed",)], "customer_id string")
    orders.createOrReplaceTempView("orders")
    counts = {
        name: (
            masked(orders, spec, ROLES[name]).count(),
            spark.sql(masked_query(spec, ROLES[name], "orders", RowTables())).count(),
        )
        for name in ("agent", "marketer")
    }

    assert counts == {"agent": (1, 1), "marketer": (0, 0)}
