"""No output holds a person's value or a secret: every file and line that a lake of marked people leaves.

All values of people bear a mark, or are telephone numbers that are known; the secret is one that nothing else
is. Runs go well, and fail on a person's value in every place that they can fail in; what they print, log and
leave behind is searched. Tables that are made for people's values are not outputs.
"""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from deltalake import DeltaTable

from lakehouse.tables.registry import STATIC_TABLES
from lakehouse.tables.spec import Sensitivity
from tests.support.lake import generated
from tests.support.marked_company import ID_MARK, MARK, mark_company, telephone_numbers
from tests.support.marked_runs import FEEDS, SECRET, commands_in_child, marked_settings

pytestmark = pytest.mark.slow

RUN = ("run", "--env", "test", "--as-of", "2026-01-05", "--run-id")
ONLY = ("--only", "silver.person_record")
COMMANDS: list[tuple[str, tuple[str, ...], int]] = [
    ("none", ("--debug", *RUN, "day-1"), 0),
    ("python task", ("--debug", *RUN, "python-task", *ONLY), 1),
    ("spark task", ("--debug", *RUN, "spark-task", *ONLY), 1),
    ("spark task", (*RUN, "spark-task-again", *ONLY), 1),
    ("driver", ("--debug", *RUN, "driver", *ONLY), 1),
    ("gate", ("--debug", *RUN, "gate", *ONLY), 4),
    ("none", ("sources", "--env", "test"), 0),
    ("none", ("quarantine", "list", "--env", "test"), 0),
    ("none", ("review", "list", "--env", "test"), 0),
    ("none", ("release", "list", "--env", "test"), 0),
    ("none", ("privacy", "map", "--env", "test"), 0),
    ("none", ("--debug", "privacy", "scan", "--env", "test"), 0),
    ("none", ("--debug", "show", "nobody by this name", "--env", "test"), 6),
    ("none", ("roles", "sql", "--env", "test"), 0),
]
"""Fault, command, and the exit code that it ends with."""

EVENTS = "logs/events"
UNMATCHED = "2026-01-05/\x1b[2Jown\u202eed.csv"


@dataclass(frozen=True)
class Marked:
    """The lake after its commands."""

    home: Path
    files: Path
    ended: "subprocess.CompletedProcess[str]"

    def outputs(self) -> Iterator[tuple[str, str]]:
        """By name, what is no table of people's values: what was printed, and every file but data files.

        Spark's event log, which conf refuses, is apart.
        """
        yield "stdout", self.ended.stdout
        yield "stderr", self.ended.stderr
        for path in sorted(self.home.rglob("*")):
            name = str(path.relative_to(self.home))
            if path.is_file() and path.suffix != ".parquet" and not name.startswith(EVENTS):
                yield name, path.read_bytes().decode("latin-1")

    def events(self) -> Iterator[str]:
        """The lines of Spark's event log."""
        for path in sorted((self.home / EVENTS).rglob("events_*")):
            yield from path.read_text(encoding="utf-8").splitlines()


@pytest.fixture(scope="module")
def marked(tmp_path_factory: pytest.TempPathFactory) -> Marked:
    files = generated(tmp_path_factory.mktemp("company"))
    mark_company(files)
    landing = files / "landing"
    (landing / UNMATCHED).write_text(f"Ann {MARK}", encoding="utf-8")
    day = landing / "2026-01-05"
    (day / "payment_transaction-2026-01-05-b.parquet").write_bytes(f"PAR1 Ann {MARK}".encode())
    (day / "crm_contact-2026-01-05-b.csv").write_text(f"first_name\nAnn{MARK}\n", "utf-8")
    home = tmp_path_factory.mktemp("lake")
    return Marked(home, files, commands_in_child(home, files, [(f, c) for f, c, _ in COMMANDS]))


def excerpts(found: re.Pattern[str], text: str) -> list[str]:
    return [text[max(0, m.start() - 60) : m.end() + 20] for m in found.finditer(text)][:3]


def held(marked: Marked, pattern: str) -> dict[str, list[str]]:
    """By output, what is found in it."""
    found = re.compile(pattern, re.IGNORECASE)
    told = {name: excerpts(found, text) for name, text in marked.outputs()}
    return {name: texts for name, texts in told.items() if texts}


def test_every_command_ended_as_it_was_meant_to(marked: Marked) -> None:
    ended = re.findall(r"^ENDED (.*) (\d+)$", marked.ended.stdout, re.MULTILINE)

    assert [(f"{fault} {list(line)}", str(code)) for fault, line, code in COMMANDS] == ended, (
        marked.ended.stderr[-5000:]
    )


def test_each_failure_was_one_on_a_value_and_says_what_kind_it_was(marked: Marked) -> None:
    told = marked.ended.stderr

    assert "ValueError at " in told
    assert "PythonException: (" in told or "PYTHON" in told
    assert "NumberFormatException: (CAST_INVALID_INPUT, " in told
    assert "ValueError: (its words are withheld" in told
    assert "[C360-030]" in told
    assert "[C360-000] Unexpected" in told


def test_the_search_finds_the_marks_where_they_belong(marked: Marked) -> None:
    rows = DeltaTable(marked.home / "lake/bronze/crm_contact").to_pyarrow_table().to_pylist()
    quarantined = DeltaTable(marked.home / "lake/ops/quarantine").to_pyarrow_table()

    assert all(MARK in row["last_name"] and ID_MARK in row["contact_id"] for row in rows)
    payloads = quarantined["payload"].to_pylist()
    assert sum(MARK.encode() in payload for payload in payloads) > 10


def test_no_output_holds_a_value_of_a_person(marked: Marked) -> None:
    assert held(marked, MARK) == {}


def test_no_output_but_statistics_of_delta_holds_a_number_of_an_account(marked: Marked) -> None:
    outside = {
        name: texts for name, texts in held(marked, ID_MARK).items() if "/_delta_log/" not in name
    }

    assert outside == {}


def test_no_output_holds_a_telephone_number_or_a_birth_date(marked: Marked) -> None:
    numbers = "|".join(map(re.escape, sorted(telephone_numbers(marked.files))))

    assert len(numbers) > 1000
    assert held(marked, rf"(?<![\w.])(?:{numbers})(?![\w.])") == {}
    # The first of January is what code compares days with.
    day = r"(?!01-01)(0[1-9]|1[0-2])-[0-3]\d"
    assert held(marked, rf"(?<!\d)19[2-9]\d-{day}(?!\d)") == {}


def test_sparks_event_log_quotes_the_value_that_a_task_failed_on_and_no_other(
    marked: Marked,
) -> None:
    quoting = [line for line in marked.events() if MARK in line or ID_MARK in line]
    quote = re.compile(r"The value '[^']*' of the type")

    assert quoting, "else conf need not refuse the event log and the UI any more"
    assert [line[:200] for line in quoting if MARK in quote.sub("", line)] == []
    assert [line[:200] for line in quoting if ID_MARK in line] == []


def test_the_secret_is_in_no_output_and_in_no_table(marked: Marked) -> None:
    files = [path for path in marked.home.rglob("*") if path.is_file()]

    assert [str(p) for p in files if SECRET.encode() in p.read_bytes()] == []
    assert SECRET not in marked.ended.stdout + marked.ended.stderr
    seen = {path.name for path in (marked.home / "outputs").iterdir()}
    assert {"arguments.txt", "spark-conf.txt", "plan-person_record.txt"} <= seen
    assert sum("LocalTableScan [secret" in line for line in marked.events()) > 100


def test_columns_that_are_declared_free_of_personal_data_hold_none(marked: Marked) -> None:
    settings = marked_settings(marked.home, marked.files)
    found, read = [], 0
    for spec in (*(source.bronze_table for source in settings.sources), *STATIC_TABLES):
        place = marked.home / "lake" / spec.layer.value / spec.entity
        names = [c.name for c in spec.columns if c.sensitivity is Sensitivity.NONE]
        if not names or not place.exists():
            continue
        table = DeltaTable(place).to_pyarrow_table()
        for name in {*names} & {*table.column_names}:
            read += 1
            if re.search(f"{MARK}|{ID_MARK}", repr(table[name].to_pylist())):
                found.append(f"{spec.name}.{name}")

    assert read > 200
    assert found == []


def test_nothing_of_a_run_is_left_in_its_work_folder(marked: Marked) -> None:
    left = [path for path in (marked.home / "work").rglob("*") if path.is_file()]

    assert [str(path) for path in left if MARK.encode() in path.read_bytes()] == []


def test_the_name_of_a_file_steers_no_terminal(marked: Marked) -> None:
    told = marked.ended.stdout + marked.ended.stderr

    assert "own\\u202eed.csv" in told
    assert "\x1b[2J" not in told
    assert "\u202e" not in told


def test_every_feed_was_taken(marked: Marked) -> None:
    for feed in FEEDS:
        assert DeltaTable(marked.home / "lake/bronze" / feed).to_pyarrow_table().num_rows
