"""The command line: what it hands on, how it ends, what it never shows."""

import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from lakehouse import __version__
from lakehouse.cli import app, main
from lakehouse.errors import ExitCode, QualityGateError
from lakehouse.report import Grid, Report
from lakehouse.settings.load import load_settings
from lakehouse.settings.places import home_dir

Answer = Callable[..., Report]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """Stands for the pipeline: remembers each call, and answers with an empty report."""
    seen: dict[str, object] = {}

    class Commands(ModuleType):
        def __getattr__(self, name: str) -> Answer:
            def answer(*args: object, **kwargs: object) -> Report:
                seen[name] = (args, kwargs)
                return Report(lines=[f"{name} done"])

            return answer

    stand_in_for(Commands("lakehouse.pipeline.commands"), monkeypatch)
    return seen


def stand_in_for(commands: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    package = ModuleType("lakehouse.pipeline")
    monkeypatch.setitem(sys.modules, "lakehouse.pipeline", package)
    for name in ("commands", "steward_commands"):
        setattr(package, name, commands)
        monkeypatch.setitem(sys.modules, f"lakehouse.pipeline.{name}", commands)
    settings = SimpleNamespace(env="test")
    for module in ("data", "demo", "people", "stewards"):
        given = f"lakehouse.cli.commands.{module}.loaded"
        monkeypatch.setattr(given, lambda *_a, **_k: settings)
    monkeypatch.setattr("lakehouse.cli.commands.data.loaded_for_run", lambda *_: settings)
    monkeypatch.setattr("lakehouse.cli.commands.demo.show_example", lambda _settings: None)


def raising(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def sources(_settings: object) -> Report:
        raise error

    commands = ModuleType("lakehouse.pipeline.commands")
    commands.sources = sources  # type: ignore[attr-defined]
    stand_in_for(commands, monkeypatch)


@pytest.mark.parametrize(
    ("line", "called", "arguments"),
    [
        (
            "run --env test --run-id r1 --as-of 2026-01-05 --only gold.customer --only gold.date",
            "run",
            {
                "run_id": "r1",
                "as_of": date(2026, 1, 5),
                "only": ("gold.customer", "gold.date"),
            },
        ),
        ("sources --env test", "sources", {}),
        ("compact", "compact", {}),
        ("vacuum", "vacuum", {}),
        ("release list", "release_list", {}),
        ("quarantine list", "quarantine_list", {}),
        (
            "quarantine replay --table silver.order --reason orphan_order --as-of 2026-01-05",
            "quarantine_replay",
            {"table": "silver.order", "reason": "orphan_order", "as_of": date(2026, 1, 5)},
        ),
        ("demo run --customers 10", "demo_run", {"customers": 10, "seed": 1, "days": 3}),
        (
            "demo generate --customers 10 --seed 2 --days 1 --out x",
            "demo_generate",
            {"customers": 10, "seed": 2, "days": 1},
        ),
        ("bench --customers 10", "bench", {"customers": 10, "seed": 1, "erased": [1, 1000]}),
        (
            "bench --customers 10 --erase 2 --erase 3",
            "bench",
            {"customers": 10, "seed": 1, "erased": [2, 3]},
        ),
        ("bench --erase 0", "bench", {"customers": 100_000, "seed": 1, "erased": []}),
        ("bi-server --port 10001", "bi_server", {"port": 10001}),
    ],
)
def test_a_command_hands_its_arguments_on(
    line: str, called: str, arguments: dict[str, object], calls: dict[str, object]
) -> None:
    result = CliRunner().invoke(app, line.split())

    assert result.exit_code == 0, result.output
    assert f"{called} done" in result.stdout
    assert calls[called][1] == arguments  # type: ignore[index]


def test_a_run_without_a_day_is_of_today(calls: dict[str, object]) -> None:
    before = datetime.now(UTC).date()
    CliRunner().invoke(app, ["run"])

    assert before <= calls["run"][1]["as_of"] <= datetime.now(UTC).date()  # type: ignore[index]


def test_a_demo_that_stopped_a_product_shows_its_customer_and_ends_by_that_exit_code(
    calls: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[object] = []
    stopped = Report(exit_code=ExitCode.PRODUCT_STOPPED)
    commands = sys.modules["lakehouse.pipeline.commands"]
    monkeypatch.setattr(commands, "demo_run", lambda *_a, **_k: stopped, raising=False)
    monkeypatch.setattr("lakehouse.cli.commands.demo.show_example", shown.append)

    result = CliRunner().invoke(app, ["demo", "run"])

    assert result.exit_code == ExitCode.PRODUCT_STOPPED
    assert len(shown) == 1


def test_revert_names_the_release(calls: dict[str, object]) -> None:
    CliRunner().invoke(app, ["release", "revert", "7"])

    assert calls["release_revert"][0][1] == 7  # type: ignore[index]


def test_values_of_attributes_are_read_from_a_file_or_typed_in(
    calls: dict[str, object], tmp_path: Path
) -> None:
    line = ["attribute", "set", "5f0c", "address", "--by", "maria", "--why", "spoke to her"]
    told = tmp_path / "address.txt"
    told.write_text("city=Zürich\n", encoding="utf-8")

    typed = CliRunner().invoke(app, line, input="city=York\n")
    assert calls["attribute_set"][0][1:] == ("5f0c", "address", "city=York\n")  # type: ignore[index]
    of_file = CliRunner().invoke(app, [*line, "--values", str(told)])
    assert calls["attribute_set"][0][1:] == ("5f0c", "address", "city=Zürich\n")  # type: ignore[index]

    assert typed.exit_code == of_file.exit_code == 0
    assert calls["attribute_set"][1] == {"by": "maria", "reason": "spoke to her"}  # type: ignore[index]


def test_link_and_evaluate_take_files_that_exist(calls: dict[str, object], tmp_path: Path) -> None:
    people = tmp_path / "people.csv"
    people.write_text("record_id\n", encoding="utf-8")
    out = tmp_path / "clusters.parquet"

    linked = CliRunner().invoke(app, ["link", str(people), "--out", str(out), "--engine", "duckdb"])
    evaluated = CliRunner().invoke(app, ["evaluate", str(people), str(people)])
    missing = CliRunner().invoke(app, ["link", str(tmp_path / "none.csv"), "--out", str(out)])

    assert linked.exit_code == evaluated.exit_code == 0
    assert calls["link"] == ((people, out), {"engine": "duckdb", "model": None})
    assert calls["evaluate"] == ((people, people), {})
    assert missing.exit_code == 2


def test_a_bench_keeps_every_one_of_its_places_apart_from_the_demos(
    calls: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "lakehouse.cli.commands.demo.loaded",
        lambda env, overrides: load_settings(env, overrides=overrides),
    )
    CliRunner().invoke(app, ["bench"])

    (settings,) = calls["bench"][0]  # type: ignore[index]
    places = (settings.lake.root, settings.lake.landing, settings.lake.work_dir)
    places += (settings.linkage.models, settings.quality.data_docs)
    assert {Path(place).parent for place in places} == {home_dir() / "bench"}


def test_an_error_of_the_product_is_one_red_message_with_its_own_exit_code(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    raising(QualityGateError("gold.customer broke 1 rule.", "see the report."), monkeypatch)

    result = CliRunner().invoke(app, ["sources"])

    assert result.exit_code == ExitCode.QUALITY_GATE
    assert result.stderr.strip() == "[C360-030] gold.customer broke 1 rule. Next: see the report."
    assert result.stdout == ""


def test_an_unexpected_error_shows_no_value_also_when_asked_where_it_arose(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    raising(ValueError("cannot parse 'anna.smith@example.org'"), monkeypatch)

    silent = CliRunner().invoke(app, ["sources"])
    asked = CliRunner().invoke(app, ["--debug", "sources"])

    assert silent.exit_code == asked.exit_code == ExitCode.FAILED
    assert "anna" not in silent.output
    assert "Unexpected ValueError" in silent.stderr
    assert "Traceback" in asked.stderr
    assert "anna" not in asked.output
    assert "test_cli.py" in asked.stderr


def test_a_misspelt_option_is_a_usage_error() -> None:
    result = CliRunner().invoke(app, ["run", "--evn", "demo"])

    assert result.exit_code == 2
    assert "No such option" in result.output


def test_a_report_shows_grids_lines_and_warnings_as_plain_text(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    commands = ModuleType("lakehouse.pipeline.commands")
    grid = Grid("Rows", ("table", "rows", "share", "ok"), [("[b]gold", 12345, 0.5, True)])
    report = Report([grid, Grid("None", ("x",), [(None,)])], ["a line [1]"], ["a warning [2]"])
    commands.sources = lambda _settings: report  # type: ignore[attr-defined]
    stand_in_for(commands, monkeypatch)

    result = CliRunner().invoke(app, ["sources"])

    for text in ("Rows", "[b]gold", "12,345", "0.500", "yes", "a line [1]"):
        assert text in result.stdout
    assert result.stderr.strip() == "a warning [2]"


def test_jars_are_listed_as_spark_submit_wants_them(monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [Path("/jars/a.jar"), Path("/jars/b.jar")]
    monkeypatch.setattr("lakehouse.jars.jar_paths", lambda: paths)
    monkeypatch.setattr("lakehouse.jars.fetch_jars", lambda: paths)

    assert CliRunner().invoke(app, ["jars", "list"]).stdout == "/jars/a.jar,/jars/b.jar\n"
    assert "2 jars, sums right, in /jars" in CliRunner().invoke(app, ["jars", "fetch"]).stdout


def test_the_version_is_shown() -> None:
    assert CliRunner().invoke(app, ["--version"]).stdout == f"c360 {__version__}\n"


def processor_seconds_of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def test_help_is_there_in_two_seconds_and_loads_no_engine() -> None:
    code = (
        "import sys; sys.argv = ['c360', '--help']\n"
        "from lakehouse.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'pyspark', 'pandas', 'splink', 'great_expectations'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    root = Path(__file__).resolve().parents[3]
    before = processor_seconds_of_children()

    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False
    )

    assert ended.returncode == 0, ended.stderr
    assert "c360 doctor" in ended.stdout
    # Processor time, as other work on the machine must not fail a test.
    assert processor_seconds_of_children() - before < 2


def commands_below(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Every command of the app, as it is typed."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands_below(command, (*path, name))
        else:
            yield " ".join((*path, name)), command


COMMANDS = dict(commands_below(typer.main.get_command(app)))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_teaches_by_an_example_of_options_that_it_has(name: str) -> None:
    command = COMMANDS[name]
    _, _, shown = (command.help or "").partition("Example")
    examples = [line for line in shown.splitlines() if f"c360 {name}" in line]
    options = {option for parameter in command.params for option in parameter.opts}

    assert examples
    if name != "jars list":  # an argument of spark-submit
        assert {part for line in examples for part in line.split() if part[:2] == "--"} <= options


def test_main_ends_the_process_with_the_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["c360", "--version"])

    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 0


def test_a_reader_who_has_seen_enough_is_shown_no_error() -> None:
    command = (
        f"{sys.executable} -c 'from lakehouse.cli import main; main()' metrics sql | head -n 1"
    )
    shown = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)  # noqa: S602

    assert shown.stdout.startswith("CREATE OR REPLACE VIEW gold.metric_sales")
    assert shown.stderr == ""
