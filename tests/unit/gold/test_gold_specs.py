"""Gold's specs: what every reader and every erasure leans on."""

import inspect
import re
from importlib import import_module

import pytest

from lakehouse.gold import GOLD_BUILDS_ON, GOLD_READS
from lakehouse.gold.customer_interaction import FOR_MARKETING
from lakehouse.tables.gold import (
    CUSTOMER,
    CUSTOMER_ORDER,
    CUSTOMER_PAYMENT,
    GOLD_TABLES,
    GOLDEN_ATTRIBUTES,
    RECONCILIATION,
)
from lakehouse.tables.silver import PERSON_RECORD, SILVER_TABLES
from lakehouse.tables.spec import TableSpec

ALL_GOLD = pytest.mark.parametrize("spec", GOLD_TABLES, ids=lambda spec: spec.name)
DERIVED = [spec for spec in GOLD_TABLES if GOLD_READS[spec.name]]


@ALL_GOLD
def test_key_subject_and_cluster_columns_exist(spec: TableSpec) -> None:
    names = set(spec.column_names)
    assert set(spec.primary_key) <= names
    assert set(spec.cluster_by) <= names
    assert set(spec.subject_keys) <= names


@ALL_GOLD
def test_cluster_columns_are_not_personal_since_delta_logs_their_range(spec: TableSpec) -> None:
    assert not set(spec.cluster_by) & set(spec.personal_columns)


@ALL_GOLD
def test_a_table_with_personal_columns_can_be_erased_by_customer(spec: TableSpec) -> None:
    assert "customer_id" in spec.subject_keys or not spec.personal_columns


@ALL_GOLD
def test_key_columns_are_required(spec: TableSpec) -> None:
    assert all(spec.column(name).required for name in spec.primary_key)


@ALL_GOLD
def test_names_are_snake_case_and_given_once(spec: TableSpec) -> None:
    assert len(set(spec.column_names)) == len(spec.columns)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in spec.column_names)


@ALL_GOLD
def test_every_column_is_described_by_a_sentence(spec: TableSpec) -> None:
    assert all(column.description.strip().endswith(".") for column in spec.columns)


def test_golden_attributes_are_columns_of_person_record_and_all_are_shown() -> None:
    assert set(GOLDEN_ATTRIBUTES) <= set(PERSON_RECORD.column_names)
    assert set(GOLDEN_ATTRIBUTES) - {"full_name"} <= set(CUSTOMER.column_names)


def test_golden_attributes_are_as_sensitive_in_gold_as_in_silver() -> None:
    for name in set(GOLDEN_ATTRIBUTES) - {"full_name"}:
        assert CUSTOMER.column(name).sensitivity is PERSON_RECORD.column(name).sensitivity


def test_reads_name_every_gold_table_and_only_what_gold_may_read() -> None:
    assert tuple(GOLD_READS) == tuple(spec.name for spec in GOLD_TABLES)
    known = {spec.name for spec in SILVER_TABLES + GOLD_TABLES}
    known |= {"linkage.identity_map", "linkage.customer_alias", "linkage.identity_event"}
    known |= {"ops.attribute_override", "ops.restriction"}
    assert {read for reads in GOLD_READS.values() for read in reads} <= known


def test_each_gold_table_comes_after_those_it_reads() -> None:
    built: set[str] = set()
    for name, reads in GOLD_READS.items():
        assert {read for read in reads if read.startswith("gold.")} <= built
        built.add(name)


@pytest.mark.parametrize("spec", DERIVED, ids=lambda spec: spec.name)
def test_a_function_takes_the_tables_that_its_table_reads(spec: TableSpec) -> None:
    function = getattr(import_module(f"lakehouse.gold.{spec.entity}"), spec.entity)
    entities = tuple(name.split(".")[1] for name in GOLD_READS[spec.name])
    settings = {
        "survivorship",
        "facts",
        "freshness",
        "households",
        "release_number",
        "money",
        "web",
        "journey",
        "attribution_days",
        "recommendation_days",
        "as_of",
        "purposes",
        "smallest_group",
        "regimes",
    }
    others = settings | ({"previous"} if spec.name in GOLD_BUILDS_ON else set())
    taken = set(inspect.signature(function).parameters)
    assert taken - others == set(entities)
    assert ("previous" in taken) == (spec.name in GOLD_BUILDS_ON)


def test_a_table_about_customers_serves_no_purpose_that_its_sources_do_not() -> None:
    specs = {spec.name: spec for spec in SILVER_TABLES + GOLD_TABLES}
    # It takes the kinds of FOR_MARKETING alone (test_gold_facts.py): what they come from counts instead.
    some_of_it: dict[tuple[str, str], tuple[str, ...]] = {
        ("gold.customer_metric", "gold.customer_interaction"): CONTACTS_FOR_MARKETING,
        # Of payments it takes only that two people share an account.
        ("gold.household_member", "silver.payment"): (),
    }
    for spec in GOLD_TABLES:
        if spec.subject_key:
            reads = [
                name
                for read in GOLD_READS[spec.name]
                for name in some_of_it.get((spec.name, read), (read,))
            ]
            sources = [specs[read] for read in reads if read in specs]
            assert all(set(spec.purposes) <= set(source.purposes) for source in sources), spec.name


def test_sums_of_orders_and_payments_by_the_day_are_for_who_may_read_these_one_by_one() -> None:
    for spec in (CUSTOMER_ORDER, CUSTOMER_PAYMENT):
        assert {*RECONCILIATION.purposes} <= {*spec.purposes}


CONTACTS_OF = {
    "web_session": "gold.customer_web_session",
    "campaign_touch": "silver.campaign_event",
    "support_ticket": "silver.support_ticket",
    "call": "silver.support_message",
    "chat": "silver.support_message",
    "social_mention": "silver.social_mention",
    "survey_response": "silver.survey_response",
}
"""By kind of contact, where it comes from."""
CONTACTS_FOR_MARKETING = tuple(CONTACTS_OF[kind] for kind in FOR_MARKETING)


def test_every_table_of_contacts_is_that_of_a_kind() -> None:
    reads = {*GOLD_READS["gold.customer_interaction"]} - {"linkage.identity_map"}
    assert reads == {*CONTACTS_OF.values()}
