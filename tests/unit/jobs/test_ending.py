"""A job ends with the code that its scheduler acts on, and shows no value of a row."""

import pytest

from jobs import ending
from lakehouse.errors import AlreadyRunningError, LakehouseError, QualityGateError
from lakehouse.report import Report
from lakehouse.settings.models import Settings


@pytest.fixture(autouse=True)
def _no_log_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "configure_logging", lambda *_: None)


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


def test_a_job_that_succeeds_prints_its_report(capsys: pytest.CaptureFixture[str]) -> None:
    ending.finish("test", lambda _: Report(lines=["Done."], warnings=["One file was rejected."]))

    assert capsys.readouterr().out == "Done.\nOne file was rejected.\n"
