"""What conf, expectations and the table specs say of each other holds together."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from lakehouse.quality.rules import NOT_NULL, UNIQUE, Severity
from lakehouse.quality.suites import read_suites
from lakehouse.settings.load import load_settings
from lakehouse.settings.places import expectations_dir
from lakehouse.settings.sources import named_sources
from lakehouse.tables.registry import GATED_TABLES, STATIC_TABLES
from lakehouse.tables.spec import Layer, Sensitivity, TableSpec

ROOT = Path(__file__).resolve().parents[2]
BY_NAME = [pytest.param(spec, id=spec.name) for spec in STATIC_TABLES]


def test_every_table_has_a_suite_and_every_suite_a_table_and_real_columns() -> None:
    suites = read_suites(expectations_dir(), GATED_TABLES)

    assert set(suites) == {spec.name for spec in GATED_TABLES}


def test_table_names_are_unique() -> None:
    assert [name for name, n in Counter(s.name for s in STATIC_TABLES).items() if n > 1] == []


@pytest.mark.parametrize("spec", BY_NAME)
def test_a_table_names_only_columns_that_it_has(spec: TableSpec) -> None:
    named = {*spec.primary_key, *spec.cluster_by, *spec.subject_keys}

    assert named <= set(spec.column_names)
    assert len(set(spec.column_names)) == len(spec.column_names)


@pytest.mark.parametrize("spec", BY_NAME)
def test_tables_are_clustered_by_columns_that_name_nobody(spec: TableSpec) -> None:
    # Delta wants statistics of clustering columns, and statistics stand in its log in clear text.
    assert set(spec.cluster_by) & set(spec.personal_columns) == set()


@pytest.mark.parametrize("spec", BY_NAME)
def test_every_column_is_described_in_a_sentence(spec: TableSpec) -> None:
    assert [c.name for c in spec.columns if not c.description.endswith(".")] == []


@pytest.mark.parametrize("spec", BY_NAME)
def test_columns_are_fed_by_columns_that_exist(spec: TableSpec) -> None:
    known = {f"{s.name}.{name}" for s in STATIC_TABLES for name in s.column_names}

    assert {name for column in spec.columns for name in column.fed_by} <= known


GUARANTEED = {
    ("gold.customer_consent", "decided_at"): "silver.consent_event holds rows without happened_at",
    (
        "gold.customer_order_line",
        "order_record_key",
    ): "has_order is true of rows that have one only",
    ("gold.product", "product_id"): "grouped by it",
}
"""Columns of gold's `fail` rules that silver's rules do not speak of by the same words, and why they hold."""


def test_a_fail_rule_of_gold_is_one_that_silver_holds_rows_by() -> None:
    suites = read_suites(expectations_dir(), GATED_TABLES)
    made_from = {
        "gold.customer_order": "silver.order",
        "gold.customer_order_line": "silver.order_line",
        "gold.customer_consent": "silver.consent_event",
        "gold.product": "silver.product",
    }
    specs = {spec.name: spec for spec in GATED_TABLES}
    by_silver = {
        (name, rule.type, str(rule.kwargs))
        for name in made_from.values()
        for rule in suites[name].rules
        if rule.severity is not Severity.WARN
    }
    copied = [
        (gold, rule.columns[0], (silver, rule.type, str(rule.kwargs)))
        for gold, silver in made_from.items()
        for rule in suites[gold].rules
        if rule.severity is Severity.FAIL and set(rule.columns) <= set(specs[silver].column_names)
    ]

    assert len(copied) > 5
    assert [
        (gold, told)
        for gold, column, told in copied
        if told not in by_silver and (gold, column) not in GUARANTEED
    ] == []


ALWAYS_FILLED = {
    *("source_system", "source_record_id", "source_feed", "source_file", "source_row_number"),
    *("order_date", "has_known_person", "order_record_key", "has_order"),
}
"""Required columns of silver that its code fills whatever comes, or together with one that is judged."""


def test_a_row_that_lacks_what_silver_requires_is_held_and_does_not_break_the_write() -> None:
    suites = read_suites(expectations_dir(), GATED_TABLES)
    silver = [spec for spec in GATED_TABLES if spec.layer is Layer.SILVER]
    judged = {
        (name, rule.columns[0])
        for name, suite in suites.items()
        for rule in suite.quarantine_rules
        if rule.type == NOT_NULL
    }

    assert [
        f"{spec.name}.{column.name}"
        for spec in silver
        for column in spec.columns
        if column.required
        and column.name not in ALWAYS_FILLED
        and (spec.name, column.name) not in judged
    ] == []


OTHERWISE = {("demographics_postcode", "country"): "an area lies in it, nobody lives there"}
"""Columns that are less or more sensitive than others of their name, and why."""


def test_a_column_name_is_as_sensitive_in_one_source_as_in_all() -> None:
    told: dict[str, set[Sensitivity]] = {}
    for source in load_settings("test").sources:
        for column in source.columns:
            if (source.name, column.name) not in OTHERWISE:
                told.setdefault(column.name, set()).add(column.sensitivity)

    assert {name: found for name, found in told.items() if len(found) > 1} == {}


def test_a_column_that_names_a_person_is_no_less_sensitive_than_that_persons_own_id() -> None:
    sources = {source.name: source for source in load_settings("test").sources}
    rank = list(Sensitivity).index
    weaker = []
    for source in sources.values():
        told = {column.name: rank(column.sensitivity) for column in source.columns}
        for feed in source.feeds:
            if feed.person is None:
                continue
            for name in named_sources(feed.person.source):
                other = sources[name]
                (person,) = (f for f in other.feeds if f.table == "person_record")
                ids = {path.partition(".")[0] for path in person.record_id or other.key}
                own = max(rank(c.sensitivity) for c in other.columns if c.name in ids)
                column = feed.person.id.partition(".")[0]
                if told[column] < own:
                    weaker.append(f"{source.name}.{column} of {name}")

    assert weaker == []


def test_every_silver_table_is_fed_by_a_source_or_derived() -> None:
    settings = load_settings("test")
    fed = {feed.table for source in settings.sources for feed in source.feeds}
    derived = {"device", "media_touch"}

    assert fed | derived == {s.entity for s in STATIC_TABLES if s.name.startswith("silver.")}


def test_parts_that_a_source_numbers_itself_are_held_where_two_have_one_number() -> None:
    # All other keys of silver are unique by construction, so that only a defect of ours breaks them.
    suites = read_suites(expectations_dir(), GATED_TABLES)
    numbered = {
        f"silver.{feed.table}"
        for source in load_settings("test").sources
        for feed in source.feeds
        if feed.each is not None and feed.record_id is not None
    }
    severities = {
        name: rule.severity
        for name in numbered
        for rule in suites[name].rules
        if rule.type == UNIQUE and rule.columns == ("record_key",)
    }

    assert severities == dict.fromkeys(
        ("silver.order_line", "silver.recommendation", "silver.support_message"),
        Severity.QUARANTINE,
    )


def test_imports_go_the_way_that_the_contracts_allow() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]

    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stdout[-3000:]
