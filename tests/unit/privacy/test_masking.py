"""What a role sees of a row: for every role, every table and every column."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from lakehouse.errors import AccessError
from lakehouse.privacy.mask_sql import RowTables, masked_query, row_condition
from lakehouse.privacy.masking import masked_rows, require_readable
from lakehouse.privacy.shapes import shape
from lakehouse.privacy.tokens import TokenKeys, token_keys
from lakehouse.settings.load import load_settings
from lakehouse.settings.roles import Mask, Role
from lakehouse.tables.gold import (
    CUSTOMER,
    CUSTOMER_360,
    CUSTOMER_ATTRIBUTE,
    CUSTOMER_HISTORY,
    CUSTOMER_INTEREST,
    CUSTOMER_ORDER,
    CUSTOMER_PAYMENT,
)
from lakehouse.tables.registry import STATIC_TABLES
from lakehouse.tables.spec import Column, Sensitivity, TableSpec
from tests.support.masked_values import EXAMPLES, marked, shows

ROLES = load_settings("demo").roles.roles
COARSE = {"country", "region"}
"""Columns that are general already: a mask that generalises leaves them."""
KEYS = token_keys("analytics", {1: "a secret of a test"})


def role(**more: Any) -> Role:
    given = {"name": "tester", "title": "T", "purposes": ("service",), "sees": {}} | more
    return Role.model_validate(given)


def seen(column: str, value: Any, mask: Mask, spec: TableSpec = CUSTOMER) -> Any:
    reader = role(overrides={f"{spec.name}.{column}": mask})
    return masked_rows([{column: value}], spec, reader, keys=KEYS)[0][column]


@pytest.mark.parametrize("name", sorted(ROLES))
@pytest.mark.parametrize("spec", STATIC_TABLES, ids=lambda spec: spec.name)
def test_no_role_sees_a_value_that_it_may_not_see_in_the_clear(name: str, spec: TableSpec) -> None:
    reader = ROLES[name]
    row = {column.name: marked(column.type) for column in spec.columns}

    permitted = {str(row.get(key)): reader.purposes for key in spec.subject_keys}

    found = masked_rows([row], spec, reader, keys=KEYS, permitted=permitted)

    if not reader.may_read(spec):
        assert found == []
        return
    told = {column for column, value in found[0].items() if shows(value)}
    clear = {c for c in spec.column_names if reader.mask(spec, c) is Mask.CLEAR}
    assert clear <= told <= clear | COARSE


def test_who_names_no_role_sees_no_name_contact_or_address() -> None:
    default = load_settings("prod", overrides={"lake.root": "x", "lake.landing": "x",
                            "lake.secret": "0123456789abcdef"}).roles.current  # fmt: skip

    assert default.name == "default"
    for spec in STATIC_TABLES:
        for column in spec.columns:
            # ops.review_task holds masked forms alone.
            if column.sensitivity.is_personal and not column.name.startswith("masked_"):
                assert default.mask(spec, column.name) is not Mask.CLEAR


@pytest.mark.parametrize(("column", "mask", "value", "expected"), EXAMPLES)
def test_masks_by_example(column: str, mask: Mask, value: Any, expected: Any) -> None:
    assert seen(column, value, mask) == expected


def test_a_kind_of_value_that_a_role_does_not_name_is_nulled() -> None:
    spec = replace(
        CUSTOMER, columns=(Column("faith", "string", "F.", Sensitivity.SPECIAL_CATEGORY),)
    )

    assert masked_rows([{"faith": "any"}], spec, role(sees={"none": "clear"})) == [{"faith": None}]


def test_numbers_are_shown_as_the_lower_end_of_a_band() -> None:
    for type_, value, expected in (
        ("int", 1234, 1200),
        ("int", -1, -100),
        ("double", 1234.5, 1200.0),
        ("decimal(18,2)", Decimal("1234.50"), Decimal("1200.00")),
    ):
        spec = replace(CUSTOMER, columns=(Column("order_count", type_, "N."),))
        reader = role(overrides={"order_count": "generalised"})
        assert masked_rows([{"order_count": value}], spec, reader) == [{"order_count": expected}]


def test_a_moment_is_shown_as_the_first_of_its_year() -> None:
    spec = replace(CUSTOMER, columns=(Column("seen_at", "timestamp", "S."),))
    reader = role(sees={"none": "partial"})
    moment = datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)

    (row,) = masked_rows([{"seen_at": moment}], spec, reader)

    assert row["seen_at"] == datetime(2026, 1, 1, tzinfo=UTC)


def test_tokens_are_equal_for_equal_values_and_differ_by_key() -> None:
    reader = role(sees={"pseudonym": "tokenised"})

    def token(value: str, keys: TokenKeys | None) -> Any:
        return masked_rows([{"customer_id": value}], CUSTOMER, reader, keys=keys)[0]["customer_id"]

    other = token_keys("marketing", {1: "a secret of a test"})
    assert token("a" * 32, KEYS) == token("a" * 32, KEYS) != token("b" * 32, KEYS)
    assert token("a" * 32, KEYS) != token("a" * 32, other)
    assert token("a" * 32, None) is None


def test_the_nearest_override_wins() -> None:
    reader = role(
        overrides={"email": "full", "gold.customer": "nulled", "gold.customer.email": "partial"}
    )

    assert reader.mask(CUSTOMER, "email") is Mask.PARTIAL
    assert reader.mask(CUSTOMER, "phone") is Mask.NULLED
    assert reader.mask(CUSTOMER_360, "email") is Mask.FULL


def test_a_table_for_other_purposes_is_as_if_empty_and_refused_by_name() -> None:
    marketer = ROLES["marketer"]

    assert masked_rows([{"customer_id": "a"}], CUSTOMER_PAYMENT, marketer) == []
    with pytest.raises(AccessError, match="marketer reads for marketing"):
        require_readable(CUSTOMER_PAYMENT, marketer)
    require_readable(CUSTOMER, marketer)


def test_a_role_of_one_country_sees_its_customers_and_what_is_known_of_them_alone() -> None:
    british = role(sees={"pseudonym": "clear"}, rows={"country": ["GB"]})
    customers = [
        {"customer_id": "a", "country": "GB"},
        {"customer_id": "b", "country": "DE"},
        {"customer_id": "c", "country": None},
    ]
    orders = [{"customer_id": who} for who in "abc"]

    assert [r["customer_id"] for r in masked_rows(customers, CUSTOMER, british)] == ["a"]
    own = masked_rows(orders, CUSTOMER_ORDER, british, customers={"a"})
    assert own == [{"customer_id": "a"}]
    assert masked_rows(orders, CUSTOMER_ORDER, british) == []


@pytest.mark.parametrize(
    ("name", "spec", "told"),
    [
        ("region", CUSTOMER, {"a": "Yorkshire", "b": "Kent", "c": None}),
        ("domain", CUSTOMER_INTEREST, {"a": "marketing", "b": "service", "c": None}),
    ],
)
def test_a_role_of_one_region_or_domain_sees_rows_of_no_other(
    name: str, spec: TableSpec, told: dict[str, str | None]
) -> None:
    reader = role(sees={"pseudonym": "clear"}, rows={name: [str(told["a"])]})
    rows = [{"customer_id": who, name: value} for who, value in told.items()]

    assert [r["customer_id"] for r in masked_rows(rows, spec, reader)] == ["a"]
    assert row_condition(spec, reader, RowTables()) == f"`{name}` IN ('{told['a']}')"


def test_a_role_of_one_domain_is_told_of_others_in_no_list_of_all_domains() -> None:
    product = replace(
        CUSTOMER,
        name="serve.care_customer",
        columns=(Column("likes", "string", "L.", fed_by=("gold.customer_360.interests",)),),
    )
    row = {
        "interests": ["marketing:shoes", "service:boots"],
        "fact_freshness": [{"domain": "service", "fact": "ordered", "fresh_count": 3}],
        "journey_stage": "active",
    }
    everybody = role(sees={"none": "clear"})
    marketing = role(sees={"none": "clear"}, rows={"domain": ["marketing"]})

    assert masked_rows([row], CUSTOMER_360, everybody) == [row]
    assert masked_rows([row], CUSTOMER_360, marketing) == [
        {"interests": None, "fact_freshness": None, "journey_stage": "active"}
    ]
    assert masked_rows([{"likes": "service:boots"}], product, marketing) == [{"likes": None}]
    assert "CAST(NULL AS array<string>) AS `interests`" in masked_query(
        CUSTOMER_360, marketing, "t", RowTables()
    )


def test_nested_values_are_shown_whole_or_not_at_all() -> None:
    for type_ in ("array<string>", "map<string,string>", "array<struct<a:string>>", "boolean"):
        column = Column("x", type_, "X.")
        assert {shape(column, mask).name for mask in Mask if mask is not Mask.CLEAR} == {"NOTHING"}


def test_what_is_none_stays_none_and_strange_columns_are_left_out() -> None:
    row = {"email": None, "birth_date": None, "shoe_size": 43}

    assert masked_rows([row], CUSTOMER, ROLES["default"]) == [{"email": None, "birth_date": None}]


def test_a_date_keeps_its_type() -> None:
    assert seen("birth_date", date(1980, 2, 3), Mask.GENERALISED) == date(1980, 1, 1)


def test_what_is_hidden_as_a_column_is_hidden_as_a_row_about_it() -> None:
    agent = ROLES["agent"]
    attributes = [
        {"attribute": "national_id", "value": "QQ123456C", "lost_values": [{"value": "QQ1"}]},
        {"attribute": "email", "value": "anna@post.org", "lost_values": []},
    ]
    former = {"values": {"national_id": "QQ123456C", "email": "anna@post.org"}}

    told = masked_rows(attributes, CUSTOMER_ATTRIBUTE, agent)

    assert told[0] == {"attribute": "national_id", "value": "***", "lost_values": None}
    assert told[1] == attributes[1]
    assert masked_rows([former], CUSTOMER_HISTORY, agent) == [
        {"values": {"national_id": "***", "email": "anna@post.org"}}
    ]
    assert masked_rows([{"value": "QQ123456C"}], CUSTOMER_ATTRIBUTE, agent) == [{"value": "***"}]
