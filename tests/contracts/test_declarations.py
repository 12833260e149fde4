"""What conf, expectations and the table specs say of each other holds together."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from lakehouse.quality.rules import UNIQUE, Severity
from lakehouse.quality.suites import read_suites
from lakehouse.settings.load import load_settings
from lakehouse.settings.places import expectations_dir
from lakehouse.tables.registry import GATED_TABLES, STATIC_TABLES
from lakehouse.tables.spec import TableSpec

ROOT = Path(__file__).resolve().parents[2]
BY_NAME = [pytest.param(spec, id=spec.name) for spec in STATIC_TABLES]


def test_every_table_has_a_suite_and_every_suite_a_table_and_real_columns() -> None:
    suites = read_suites(expectations_dir(), GATED_TABLES)

    assert set(suites) == {spec.name for spec in GATED_TABLES}


def test_table_names_are_unique() -> None:
    assert [name for name, n in Counter(s.name for s in STATIC_TABLES).items() if n > 1] == []


@pytest.mark.parametrize("spec", BY_NAME)
def test_a_table_names_only_columns_that_it_has(spec: TableSpec) -> None:
    named = {*spec.primary_key, *spec.cluster_by}
    named |= {spec.subject_key} if spec.subject_key else set()

    assert named <= set(spec.column_names)
    assert len(set(spec.column_names)) == len(spec.column_names)


@pytest.mark.parametrize("spec", BY_NAME)
def test_every_personal_column_can_be_reached_from_a_subject(spec: TableSpec) -> None:
    # Lineage counts as personal everywhere, also in tables about things: a source may use an
    # e-mail as its id.
    personal = set(spec.personal_columns) - {"source_record_id", "corrections"}

    assert personal == set() or spec.subject_key is not None


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
        ("silver.order_line", "silver.support_message"), Severity.QUARANTINE
    )


def test_imports_go_the_way_that_the_contracts_allow() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]

    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stdout[-3000:]
