"""The sources' YAML says of the demo company's files what the files say of themselves."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml
from delivered import HEADERLESS, sound_rows

from lakehouse.settings.source_checks import source_faults
from lakehouse.settings.sources import Source
from lakehouse.tables.silver import SILVER_TABLES

FOLDER = Path(__file__).parents[3] / "conf" / "base" / "sources"
NAMES = (
    *("catalogue_product", "consent_event", "crm_contact", "demographics_postcode"),
    *("marketing_event", "media_spend", "newsletter_subscriber", "payment_transaction"),
    *("pos_loyalty_member", "pos_receipt", "pos_receipt_line", "shop_account", "shop_order"),
    *("social_mention", "social_profile", "support_ticket", "survey_response"),
    *("weather_store", "web_event", "web_recommendation"),
)
"""The feeds that the generator makes; conf may describe more."""
GROWN = {"web_event": {"screen_width"}}
DERIVED = {"device", "media_touch"}


def _source(name: str) -> Source:
    return Source(**yaml.safe_load((FOLDER / f"{name}.yml").read_text(encoding="utf-8")))


def test_all_sources_are_valid_and_name_each_other_rightly() -> None:
    sources = {path.stem: _source(path.stem) for path in FOLDER.glob("*.yml")}

    assert sources.keys() >= set(NAMES)
    assert list(source_faults(sources, complete=True)) == []


def test_the_generator_makes_these_feeds_and_no_other(landing: Path) -> None:
    assert {path.name.split("-")[0] for path in landing.glob("*/*")} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_sources_columns_are_those_of_its_files(name: str, landing: Path) -> None:
    source = _source(name)
    declared = [column.name for column in source.columns]
    paths = sorted(landing.glob(source.file_pattern))
    assert paths
    assert {path.name.split("-")[0] for path in paths} == {name}
    if name in HEADERLESS:
        assert declared == list(HEADERLESS[name])
        return
    seen: set[str] = set()
    for path in paths:
        if path.suffix == ".parquet":
            seen |= set(pq.read_schema(path).names)
        else:
            seen |= set().union(*(row.keys() for row in sound_rows(path, name)))
    assert seen == set(declared) | GROWN.get(name, set())


@pytest.mark.parametrize("name", NAMES)
def test_required_columns_stand_in_every_file_that_is_not_rejected(
    name: str, landing: Path
) -> None:
    source = _source(name)
    required = {column.name for column in source.columns if column.required}
    assert {*source.key, source.sequence} <= required
    for path in landing.glob(source.file_pattern):
        if (
            path.suffix == ".parquet"
            or name in HEADERLESS
            or path.name == "newsletter_subscriber-2026-01-07.csv"
        ):
            continue
        head = sound_rows(path, name)[:100]
        assert required <= set().union(*(row.keys() for row in head)), path.name


@pytest.mark.parametrize("name", NAMES)
def test_every_file_of_the_landing_folder_belongs_to_one_source(name: str, landing: Path) -> None:
    mine = set(landing.glob(_source(name).file_pattern))
    others = {
        path
        for other in NAMES
        if other != name
        for path in landing.glob(_source(other).file_pattern)
    }
    assert not mine & others
    assert mine | others == set(landing.glob("*/*"))


def test_every_silver_table_that_is_not_derived_is_filled_by_a_source() -> None:
    filled = {feed.table for name in NAMES for feed in _source(name).feeds}
    assert filled == {table.entity for table in SILVER_TABLES} - DERIVED
