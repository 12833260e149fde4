"""A job ends with the code that its scheduler acts on, and shows no value of a row."""

from pathlib import Path

import pytest

from jobs import ending
from lakehouse import logs
from lakehouse.errors import AlreadyRunningError, LakehouseError, QualityGateError
from lakehouse.report import Grid, Report
from lakehouse.settings.models import Settings


@pytest.fixture(autouse=True)
def _no_log_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "configure_logging", lambda *_: None)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (AlreadyRunningError("Another run.", "wait."), 5),
        (QualityGateError("Broken.", "fix it."), 4),
    ],
)
def test_an_error_with_a_code_ends_the_job_with_it(
    error: LakehouseError, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    def work(_: Settings) -> Report:
        raise error

    with pytest.raises(SystemExit) as ended:
        ending.finish("test", work)

    assert ended.value.code == code
    assert error.code in capsys.readouterr().err


def test_an_unexpected_error_says_its_kind_and_not_its_text(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def work(_: Settings) -> Report:
        raise ValueError("ann@example.org")

    with pytest.raises(SystemExit) as ended:
        ending.finish("test", work)

    said = capsys.readouterr().err
    assert ended.value.code == 1
    assert "ValueError" in said
    assert "ann@example.org" not in said


def test_a_job_tells_the_faults_of_conf_and_of_suites_together_and_does_no_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("C360_EXPECTATIONS", str(tmp_path))
    monkeypatch.setenv("C360_SPARK_MASTER", "")

    with pytest.raises(SystemExit) as ended:
        ending.finish("test", lambda _: Report(lines=["Done."]))

    said = capsys.readouterr()
    assert (ended.value.code, said.out) == (2, "")
    assert "environment variable C360_SPARK_MASTER: master" in said.err
    assert "silver/order.json: the table has no suite" in said.err


def test_a_job_that_succeeds_prints_its_report(capsys: pytest.CaptureFixture[str]) -> None:
    ending.finish("test", lambda _: Report(lines=["Done."], warnings=["One file was rejected."]))

    assert capsys.readouterr().out == "Done.\nOne file was rejected.\n"


def test_a_job_shows_the_tables_of_its_report_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [("silver.order", 1_200, True, None), ("bronze.pos", 3, False, 0.5)]
    grid = Grid("Outlived", ("table", "rows", "held", "share"), rows)

    ending.finish("test", lambda _: Report([grid], ["Nothing was deleted."]))

    assert capsys.readouterr().out.splitlines() == [
        "Outlived",
        "table         rows   held  share",
        "silver.order  1,200  yes",
        "bronze.pos    3      no    0.500",
        "",
        "Nothing was deleted.",
    ]


def test_no_cell_of_a_table_begins_a_line_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    ending.finish("test", lambda _: Report([Grid("Files", ("name",), [("a\nb\x1b[31m",)])]))

    assert capsys.readouterr().out == "Files\nname\na\\nb\\x1b[31m\n\n"
