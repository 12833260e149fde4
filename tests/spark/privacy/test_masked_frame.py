"""Masks on Spark are those of plain Python, value by value."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from pyspark.sql import SparkSession

from lakehouse.privacy.masked_frame import masked
from lakehouse.privacy.masking import masked_rows, token_key
from lakehouse.settings.roles import Mask, Role
from lakehouse.tables.gold import CUSTOMER
from lakehouse.tables.local_frame import local_frame
from lakehouse.tables.spec import Column, TableSpec
from tests.support.masked_values import EXAMPLES

KEY = token_key("a secret of a test", "analytics")
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


def test_every_mask_gives_the_same_on_spark_and_without(spark: SparkSession) -> None:
    spec = wide_table()
    values = [
        (*([text] * len(MASKS)), date(1980 + n, 2, 3), 99 * n - 200, Decimal(n * 99) / 4, [text])
        for n, text in enumerate([*TEXTS, None])
    ]
    rows = [dict(zip(spec.column_names, row, strict=True)) for row in values]
    frame = local_frame(spark, values, ", ".join(f"{c.name} {c.type}" for c in spec.columns))
    reader = role(sees={"none": "generalised"}, overrides=MASKS)

    seen = masked(frame.coalesce(1), spec, reader, key=KEY)

    assert dict(seen.dtypes) == {c.name: c.type for c in spec.columns}
    assert [row.asDict() for row in seen.collect()] == masked_rows(rows, spec, reader, key=KEY)


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
