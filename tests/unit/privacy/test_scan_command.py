"""`c360 privacy scan` over a release: what it reads, how it ends, what it never shows."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from lakehouse.cli import app
from lakehouse.cli.commands import privacy
from lakehouse.errors import ExitCode
from lakehouse.pipeline.personal_data_scan import scan_release
from lakehouse.settings.privacy_scan import Kind
from lakehouse.tables.gold import CUSTOMER_METRIC
from lakehouse.tables.ops import CORRECTION_COUNT
from lakehouse.tables.silver import ORDER, PERSON_RECORD, PRODUCT
from tests.support.plain_lake import PlainLake

DAY = date(2026, 1, 5)
ANA: dict[str, Any] = {
    "record_key": "r1",
    "full_name": "Ana Müller",
    "given_name": "Ana",
    "email": "ana@example.com",
    "street": "12 High Street",
}
Scanned = Callable[..., Result]


def product(number: int, name: str = "Ear Pods") -> dict[str, Any]:
    return {"record_key": f"p{number}", "product_id": f"P-{number:05d}", "product_name": name}


@pytest.fixture
def lake(tmp_path: Path) -> PlainLake:
    return PlainLake(tmp_path / "lake")


@pytest.fixture
def scan(lake: PlainLake, monkeypatch: pytest.MonkeyPatch) -> Scanned:
    monkeypatch.setattr(privacy, "loaded", lambda _env: lake.settings())
    monkeypatch.setenv("COLUMNS", "200")

    def scanned(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["privacy", "scan", *arguments, "--env", "test"])

    return scanned


def test_a_release_whose_columns_hold_what_they_declare_passes(
    lake: PlainLake, scan: Scanned
) -> None:
    lake.release(DAY, {PERSON_RECORD: [ANA], PRODUCT: [product(1), product(2)]})

    result = scan()

    assert result.exit_code == ExitCode.OK, result.output
    assert "Nothing was found." in result.stdout
    assert "Release 1: looked at" in result.stdout


def test_a_name_in_the_catalogue_and_an_address_in_a_status_stop_it_and_are_not_shown(
    lake: PlainLake, scan: Scanned
) -> None:
    told = [product(1), product(2, "for Ana Müller")]
    orders = [{"record_key": "o1", "order_id": "1", "status": "left at 12 High Street"}]
    lake.release(DAY, {PERSON_RECORD: [ANA], PRODUCT: told, ORDER: orders})

    result = scan()

    assert result.exit_code == ExitCode.QUALITY_GATE
    assert "[C360-032]" in result.stderr
    assert "silver.order.status, silver.product.product_name" in result.stderr
    row = next(line for line in result.stdout.splitlines() if "product_name" in line)
    assert row.split() == [
        *("silver.product.product_name", "known_value", "2", "1", "50.00%", "2.00%"),
        *("too", "much"),
    ]
    assert "Ana" not in result.output
    assert "High" not in result.output


def test_a_data_product_that_says_more_than_its_file_is_found(
    lake: PlainLake, scan: Scanned
) -> None:
    (product_table,) = (t for t in lake.settings().product_tables if "marketing" in t.name)
    told = [{"customer_id": "c1", "display_name": "Ana", "order_band": "ana@example.com"}]
    lake.release(DAY, {product_table: told})

    result = scan()

    assert result.exit_code == ExitCode.QUALITY_GATE
    assert "serve.marketing_customer.order_band" in result.stderr
    assert "serve.marketing_customer.display_name" not in result.output


def test_an_earlier_release_can_be_scanned(lake: PlainLake, scan: Scanned) -> None:
    lake.release(DAY, {PRODUCT: [product(1, "ana@example.com")]})
    lake.release(DAY, {PRODUCT: [product(1)]})

    assert scan().exit_code == ExitCode.OK
    assert scan("--release", "1").exit_code == ExitCode.QUALITY_GATE


def test_tables_of_ops_that_stand_outside_of_releases_are_read_too(
    lake: PlainLake, scan: Scanned
) -> None:
    lake.release(DAY, {PERSON_RECORD: [ANA]})
    lake._write(CORRECTION_COUNT, [{"run_id": "r", "rule": "ana@example.com"}], "append")

    result = scan()

    assert result.exit_code == ExitCode.QUALITY_GATE
    assert "ops.correction_count.rule" in result.stderr


def test_of_a_large_table_about_as_many_rows_as_conf_says_are_read_and_always_the_same(
    lake: PlainLake,
) -> None:
    tenth = [product(n, "ana@example.com" if n % 10 == 0 else "Ear Pods") for n in range(3000)]
    lake.release(DAY, {PRODUCT: tenth})
    conf = lake.settings(**{"privacy_scan.rows": "500"})

    first, second = scan_release(conf, DAY), scan_release(conf, DAY)

    (product_table,) = (t for t in first.tables if t.table == "silver.product")
    assert product_table.total == 3000
    assert 420 < product_table.row_count < 580
    (finding,) = (f for f in first.findings if f.kind is Kind.EMAIL)
    assert 0.06 < finding.share < 0.14
    assert first == second


def test_dates_of_birth_are_told_by_the_day_of_the_release(lake: PlainLake) -> None:
    told = [product(1, "1984-03-09"), product(2, "2026-01-05"), product(3, "2015-01-01")]
    lake.release(DAY, {PRODUCT: told})

    (finding,) = scan_release(lake.settings(), date(2060, 1, 1)).findings

    assert (finding.kind, finding.hit_count) == (Kind.BIRTH_DATE, 1)


def test_tables_without_free_text_are_not_read(lake: PlainLake) -> None:
    lake.release(DAY, {CUSTOMER_METRIC: []})

    assert "gold.customer_metric" not in {
        t.table for t in scan_release(lake.settings(), DAY).tables
    }
