"""Each script in jobs/ calls for the work that its name says, with the arguments that it was given."""

import runpy
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from lakehouse import logs
from lakehouse.errors import ExitCode
from lakehouse.pipeline import (
    audience_destinations,
    commands,
    erasure_commands,
    personal_data_scan,
    retention,
)
from lakehouse.pipeline.personal_data_scan import Scan
from lakehouse.privacy.scan import Finding
from lakehouse.report import Report
from lakehouse.settings.privacy_scan import Kind

JOBS = Path(__file__).resolve().parents[3] / "jobs"
NO_SCRIPTS = {"__init__", "command", "ending"}
LAYERS: dict[str, list[str]] = {
    "ingest_bronze": ["bronze"],
    "build_silver": ["silver"],
    "link_customers": ["linkage"],
    "build_gold": ["gold"],
    "publish_serve": ["serve"],
    "run_all": [],
}

Call = tuple[str, str, dict[str, object]]


@pytest.fixture
def submitted(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Call]]:
    """Runs a script as `spark-submit` does and returns what it called for: name, env, arguments."""
    calls: list[Call] = []

    def remembered(name: str) -> Callable[..., Report]:
        def command(settings: object, **given: object) -> Report:
            calls.append((name, settings.env, given))  # type: ignore[attr-defined]
            return Report()

        return command

    monkeypatch.setattr(erasure_commands, "execute_approved", remembered("execute_approved"))
    for name in ("run", "train_model", "compact", "vacuum"):
        monkeypatch.setattr(commands, name, remembered(name))
    monkeypatch.setattr(retention, "retention", remembered("retention"))
    monkeypatch.setattr(audience_destinations, "export_again", remembered("export_again"))
    monkeypatch.setattr(logs, "configure_logging", lambda *_: None)
    monkeypatch.setenv("C360_SECRET", "a secret of the tests")

    def run(job: str, *arguments: str) -> list[Call]:
        monkeypatch.setattr(sys, "argv", [f"{job}.py", *arguments])
        for place in ("LAKE_ROOT", "LANDING", "WORK_DIR"):
            monkeypatch.setenv(f"C360_{place}", f"/nowhere/{place}")
        runpy.run_path(str(JOBS / f"{job}.py"), run_name="__main__")
        return calls

    return run


def test_every_script_is_run_by_a_test_of_this_file() -> None:
    scripts = {path.stem for path in JOBS.glob("*.py")} - NO_SCRIPTS

    assert scripts == {
        *LAYERS,
        "apply_retention",
        "erase_subjects",
        "export_audiences",
        "maintain_tables",
        "scan_personal_data",
        "train_linkage",
    }


@pytest.mark.parametrize("job", LAYERS)
def test_a_job_of_a_layer_runs_it_for_the_day_and_under_the_id_that_it_was_given(
    job: str, submitted: Callable[..., list[Call]]
) -> None:
    calls = submitted(job, "--env", "test", "--run-id", "r1", "--as-of", "2026-01-05")

    given = {"run_id": "r1", "as_of": date(2026, 1, 5), "only": LAYERS[job]}
    assert calls == [("run", "test", given)]


@pytest.mark.parametrize("job", LAYERS)
def test_a_job_of_a_layer_without_arguments_runs_production_today_and_names_no_id(
    job: str, submitted: Callable[..., list[Call]]
) -> None:
    before = datetime.now(UTC).date()

    ((name, env, given),) = submitted(job)

    assert (name, env, given["run_id"], given["only"]) == ("run", "prod", None, LAYERS[job])
    assert before <= given["as_of"] <= datetime.now(UTC).date()  # type: ignore[operator]


@pytest.mark.parametrize(
    ("job", "names"),
    [
        ("run_all", ["bronze", "gold.customer"]),
        ("build_gold", ["gold.customer", "gold.date"]),
        ("build_silver", ["silver"]),
    ],
)
def test_tables_that_a_job_is_given_take_the_place_of_its_layer(
    job: str, names: list[str], submitted: Callable[..., list[Call]]
) -> None:
    ((_, _, given),) = submitted(job, "--only", *names)

    assert given["only"] == names


@pytest.mark.parametrize("name", ["bronze", "silver.order", "golden"])
def test_a_job_of_a_layer_refuses_the_tables_of_another(
    name: str, submitted: Callable[..., list[Call]], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        submitted("build_gold", "--only", "gold.date", name)

    assert ended.value.code == 2
    assert f"--only: {name} is not of gold" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("job", "said"),
    [("build_gold", "tables of gold; default: all"), ("run_all", "layers or tables; default: all")],
)
def test_the_help_of_a_job_says_what_it_runs_by_default(
    job: str, said: str, submitted: Callable[..., list[Call]], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        submitted(job, "--help")

    assert said in " ".join(capsys.readouterr().out.split())


def test_maintenance_compacts_before_it_vacuums(submitted: Callable[..., list[Call]]) -> None:
    calls = submitted("maintain_tables", "--env", "test")

    assert calls == [("compact", "test", {}), ("vacuum", "test", {})]


def test_training_trains(submitted: Callable[..., list[Call]]) -> None:
    assert submitted("train_linkage", "--env", "test") == [("train_model", "test", {})]


def test_erasure_carries_out_what_is_approved(submitted: Callable[..., list[Call]]) -> None:
    assert submitted("erase_subjects", "--env", "test") == [("execute_approved", "test", {})]


def test_audiences_are_exported_again(submitted: Callable[..., list[Call]]) -> None:
    assert submitted("export_audiences", "--env", "test") == [("export_again", "test", {})]


def test_the_scan_is_of_today_and_ends_as_a_gate_where_there_is_too_much(
    submitted: Callable[..., list[Call]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    days: list[date] = []
    found = Finding(
        "silver.order.status", Kind.EMAIL, value_count=2, hit_count=2, limit=0.1, reason=None
    )

    def scan_release(_settings: object, today: date) -> Scan:
        days.append(today)
        return Scan(7, (), 0, (found,))

    monkeypatch.setattr(personal_data_scan, "scan_release", scan_release)
    before = datetime.now(UTC).date()

    with pytest.raises(SystemExit) as ended:
        submitted("scan_personal_data", "--env", "test")

    assert ended.value.code == ExitCode.QUALITY_GATE
    assert before <= days[0] <= datetime.now(UTC).date()
    assert "[C360-032]" in capsys.readouterr().out


@pytest.mark.parametrize(
    "job", ["export_audiences", "maintain_tables", "scan_personal_data", "train_linkage"]
)
def test_a_job_that_is_no_run_refuses_the_arguments_of_one(
    job: str, submitted: Callable[..., list[Call]], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        submitted(job, "--run-id", "r1")

    assert ended.value.code == 2
    assert "--run-id" in capsys.readouterr().err


def test_retention_is_of_today_and_can_be_looked_at_first(
    submitted: Callable[..., list[Call]],
) -> None:
    before = datetime.now(UTC).date()
    ((name, env, given),) = submitted("apply_retention", "--env", "test", "--preview")

    assert (name, env, given["preview"]) == ("retention", "test", True)
    assert before <= given["as_of"] <= datetime.now(UTC).date()  # type: ignore[operator]
