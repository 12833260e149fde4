"""The record of processing: every personal column with why, how long, with whom, and how it is found."""

import csv
import io
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lakehouse.cli import app
from lakehouse.errors import ExitCode
from lakehouse.privacy.processing_record import as_csv, processing_record
from lakehouse.settings.load import load_settings
from lakehouse.settings.models import Settings
from lakehouse.tables.registry import STATIC_TABLES
from lakehouse.tables.spec import Sensitivity


@pytest.fixture(scope="module")
def settings() -> Settings:
    return load_settings("test")


def test_it_has_every_column_of_every_table_that_is_not_free_of_personal_data(
    settings: Settings,
) -> None:
    specs = (
        *STATIC_TABLES,
        *(source.bronze_table for source in settings.sources),
        *(product.table for product in settings.products),
    )
    personal = {
        (spec.name, column.name)
        for spec in specs
        for column in spec.columns
        if column.sensitivity is not Sensitivity.NONE
    }

    record = processing_record(settings)

    assert {(held.spec.name, c.name) for held in record for c in held.columns} == personal


def test_a_column_has_the_purposes_retention_recipients_and_path_of_its_table(
    settings: Settings,
) -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(processing_record(settings)))))

    (email,) = (r for r in rows if (r["table"], r["column"]) == ("silver.campaign_event", "email"))

    assert email == {
        "table": "silver.campaign_event",
        "column": "email",
        "description": "Address that the message went to.",
        "sensitivity": "direct_identifier",
        "owner": "marketing",
        "purposes": "service; analytics; marketing",
        "legal_bases": "contract; legitimate_interest; consent",
        "retention_days": "730",
        "kept": "730 days",
        "recipients": "payment providers; parcel services; the provider of our support desk; "
        "providers that send e-mail and text messages for us; advertising networks",
        "found_by": "person_record_key (person_record_key)",
    }


@pytest.mark.parametrize(
    ("table", "kept"),
    [
        ("bronze.marketing_event", "3,650 days"),
        ("bronze.crm_contact", "as long as a source tells it, then 1,095 days"),
        ("silver.web_event", "395 days"),
        ("silver.person_record", "as long as a source tells it, then 1,095 days"),
        ("gold.customer", "as long as a source tells it, then 1,095 days"),
        ("gold.customer_history", "as long as a source tells it, then 1,095 days"),
        ("ops.quarantine", "730 days"),
        ("ops.restriction", "until it is lifted or done, not by age"),
    ],
)
def test_it_says_how_long_rows_are_kept_as_retention_does_it(
    settings: Settings, table: str, kept: str
) -> None:
    (held,) = (h for h in processing_record(settings) if h.spec.name == table)

    assert held.kept == kept


def test_a_data_product_is_held_for_its_purpose_and_as_long_as_its_file_says(
    settings: Settings,
) -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(processing_record(settings)))))

    (email,) = (r for r in rows if (r["table"], r["column"]) == ("serve.care_customer", "email"))

    assert (email["owner"], email["purposes"], email["legal_bases"]) == (
        *("care", "service", "contract"),
    )
    assert (email["retention_days"], email["found_by"]) == ("1095", "customer_id (customer_id)")
    assert "serve.customers_by_area" not in {row["table"] for row in rows}


def test_a_description_of_a_source_is_no_formula_for_a_spreadsheet(settings: Settings) -> None:
    source = settings.sources[0]
    evil = source.columns[0].model_copy(update={"description": "=HYPERLINK(1)"})
    changed = source.model_copy(update={"columns": (evil,)})
    spoilt = settings.model_copy(update={"sources": (changed,)})

    rows = list(csv.DictReader(io.StringIO(as_csv(processing_record(spoilt, [evil.sensitivity])))))

    assert rows[0]["description"] == "'=HYPERLINK(1)"


def run(*line: str) -> str:
    result = CliRunner().invoke(app, ["privacy", *line, "--env", "test"])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_map_shows_a_table_with_all_that_the_law_asks_of_it() -> None:
    shown = " ".join(run("map", "--table", "ops.link_override").split())

    for said in (
        "One row per decision of a steward about two person records",
        "Why: operations (legitimate_interest). Kept 3,650 days. Owner: data-engineering.",
        "Shared with: the provider that runs our computers.",
        "A person's rows by: record_key_l or record_key_r (person_record_key).",
        "reason direct_identifier Why, in the steward's words.",
    ):
        assert said in shown


def test_the_map_can_be_limited_to_a_layer_and_a_sensitivity() -> None:
    document = json.loads(
        run("map", "--table", "gold", "--sensitivity", "direct_identifier", "--json")
    )

    tables = document["tables"]
    assert "gold.customer" in {table["table"] for table in tables}
    assert {table["table"].split(".")[0] for table in tables} == {"gold"}
    assert {c["sensitivity"] for table in tables for c in table["columns"]} == {"direct_identifier"}
    assert tables[0]["found_by"] == {"columns": ["customer_id"], "keys": "customer_id", "via": []}


def test_the_map_is_written_as_csv_with_a_row_per_column(tmp_path: Path) -> None:
    told = run("map", "--csv", str(tmp_path / "map.csv"))

    rows = list(csv.DictReader((tmp_path / "map.csv").open(encoding="utf-8")))
    assert told.startswith(f"{len(rows):,} columns written to ")
    assert "bronze.crm_contact" in {row["table"] for row in rows}


def test_a_table_that_is_not_there_is_refused() -> None:
    result = CliRunner().invoke(
        app, ["privacy", "map", "--table", "gold.costumer", "--env", "test"]
    )

    assert result.exit_code == ExitCode.BAD_INPUT
    assert "gold.costumer" in result.stderr


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    line = ["privacy", "map", "--csv", str(tmp_path / "none" / "map.csv"), "--env", "test"]

    result = CliRunner().invoke(app, line)

    assert result.exit_code == ExitCode.BAD_INPUT
    assert "No such file or directory" in result.stderr
