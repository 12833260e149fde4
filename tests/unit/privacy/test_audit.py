"""The audit: written before anything is shown, and whole or seen not to be."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lakehouse.errors import AccessError, AuditError, InputError
from lakehouse.pipeline.audit import audit_list, audit_log, audit_verify, record
from lakehouse.privacy.audit_chain import BEGINNING, Head, Keys, chain_faults, line_of
from lakehouse.settings.load import load_settings
from lakehouse.settings.models import Settings

KEYS = Keys.of("a secret of a test")
ANA = "a" * 32


def settings_of(root: Path, **more: str) -> Settings:
    return load_settings("test", overrides={"lake.root": str(root), **more})


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_of(tmp_path / "lake")


def read_by(settings: Settings, times: int = 1) -> None:
    for _ in range(times):
        record(settings, action="read", surface="show", subjects=[ANA], release=3)


def chain(rows: int) -> tuple[list[bytes], Head]:
    head, lines = Head(0, BEGINNING), []
    for number in range(rows):
        told = {"action": "read", "subjects": [KEYS.token(f"{number % 3}")], "count": number}
        line, head = line_of(told, head, KEYS)
        lines.append(line.rstrip(b"\n"))
    return lines, head


def edit(lines: list[bytes], dice: random.Random) -> None:
    place = dice.randrange(len(lines))
    line = bytearray(lines[place])
    line[dice.randrange(len(line))] ^= 1 << dice.randrange(7)
    lines[place] = bytes(line)


def delete(lines: list[bytes], dice: random.Random) -> None:
    del lines[dice.randrange(len(lines))]


def swap(lines: list[bytes], dice: random.Random) -> None:
    one, two = dice.sample(range(len(lines)), 2)
    lines[one], lines[two] = lines[two], lines[one]


def insert(lines: list[bytes], dice: random.Random) -> None:
    own, _ = line_of({"action": "read"}, Head(dice.randrange(30), BEGINNING), Keys.of("other"))
    lines.insert(dice.randrange(len(lines) + 1), own.rstrip(b"\n"))


def double(lines: list[bytes], dice: random.Random) -> None:
    lines.insert(dice.randrange(len(lines) + 1), lines[dice.randrange(len(lines))])


def cut(lines: list[bytes], dice: random.Random) -> None:
    del lines[-dice.randrange(1, len(lines) + 1) :]


def space(lines: list[bytes], dice: random.Random) -> None:
    place = dice.randrange(len(lines))
    lines[place] = lines[place].replace(b":", b": ", 1)


@pytest.mark.parametrize("trial", range(105))
def test_tampering_is_found_in_every_trial(trial: int) -> None:
    """Seven ways in turn, at random places of a chain of random length."""
    ways: list[Callable[[list[bytes], random.Random], None]]
    ways = [edit, delete, swap, insert, double, cut, space]
    dice = random.Random(trial)  # noqa: S311
    lines, head = chain(dice.randrange(2, 30))
    assert list(chain_faults(lines, head, KEYS)) == []

    ways[trial % len(ways)](lines, dice)

    assert len(list(chain_faults(lines, head, KEYS))) == 1


def test_a_chain_made_anew_by_another_secret_is_no_chain() -> None:
    lines, head = chain(3)

    assert list(chain_faults(lines, head, Keys.of("another secret"))) != []


def test_a_row_tells_who_did_what_in_which_role_and_names_nobody(settings: Settings) -> None:
    read_by(settings)

    content = audit_log(settings).path.read_text("ascii")
    for told in ('"action":"read"', '"role":"privacy_officer"', '"release":3', '"surface":"show"'):
        assert told in content
    assert KEYS.token(ANA) not in content
    assert ANA not in content
    assert Keys.of(settings.lake.secret.get_secret_value()).token(ANA) in content


def test_the_rows_about_a_customer_are_found_by_their_id(settings: Settings) -> None:
    read_by(settings)
    record(settings, action="export", surface="request", subjects=["b" * 32])

    assert audit_list(settings, subject=ANA, most=9).lines == ["1 rows."]
    assert audit_list(settings, subject="c" * 32, most=9).lines == ["The audit has no such row."]
    assert [row[0] for row in audit_list(settings, subject=None, most=9).grids[0].rows] == [2, 1]


def test_an_audit_that_was_only_added_to_is_whole(settings: Settings) -> None:
    assert audit_verify(settings).lines == ["The audit is whole: 0 rows."]
    read_by(settings, times=3)

    assert audit_verify(settings).lines == ["The audit is whole: 3 rows."]
    assert audit_verify(settings).warnings == []


def test_an_end_that_was_cut_is_seen_and_nothing_more_is_shown(settings: Settings) -> None:
    read_by(settings, times=3)
    path = audit_log(settings).path
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:2]))

    with pytest.raises(AuditError, match="1 rows are missing at the end"):
        audit_verify(settings)
    with pytest.raises(AccessError, match="not what was last written"):
        read_by(settings)
    path.unlink()
    with pytest.raises(AuditError, match="3 rows are missing"):
        audit_verify(settings)


def test_a_copy_of_the_head_tells_of_an_audit_that_was_deleted_with_its_head_or_put_back(
    settings: Settings, tmp_path: Path
) -> None:
    copied, log = tmp_path / "copied-head", audit_log(settings)
    read_by(settings)
    earlier = log.path.read_bytes(), log.head_path.read_bytes()
    read_by(settings, times=2)
    copied.write_bytes(log.head_path.read_bytes())
    read_by(settings)
    assert audit_verify(settings, copied_head=copied).lines == ["The audit is whole: 4 rows."]

    log.path.write_bytes(earlier[0])
    log.head_path.write_bytes(earlier[1])
    assert audit_verify(settings).lines == ["The audit is whole: 1 rows."]
    with pytest.raises(AuditError, match="2 rows are missing at the end: there were 3"):
        audit_verify(settings, copied_head=copied)
    log.path.unlink()
    log.head_path.unlink()
    with pytest.raises(AuditError, match="3 rows are missing"):
        audit_verify(settings, copied_head=copied)
    copied.write_bytes(b"{}")
    with pytest.raises(AuditError, match="The copied head was changed"):
        audit_verify(settings, copied_head=copied)
    with pytest.raises(InputError, match="cannot be read"):
        audit_verify(settings, copied_head=tmp_path / "none")


def test_a_head_that_was_changed_or_taken_away_is_seen(settings: Settings) -> None:
    read_by(settings, times=2)
    log = audit_log(settings)
    log.head_path.write_bytes(log.head_path.read_bytes().replace(b'"count":2', b'"count":1'))
    with pytest.raises(AuditError, match="The head was changed"):
        audit_verify(settings)

    log.head_path.unlink()
    assert "No head is kept" in audit_verify(settings).warnings[0]
    read_by(settings, times=2)
    (warning,) = audit_verify(settings).warnings
    assert "begun anew at row 3" in warning


def test_a_line_without_end_is_no_tampering_and_the_next_row_takes_its_place(
    settings: Settings,
) -> None:
    read_by(settings, times=2)
    path = audit_log(settings).path
    path.write_bytes(path.read_bytes() + b'{"action":"re')

    assert "13 bytes" in audit_verify(settings).warnings[0]
    read_by(settings)
    assert audit_verify(settings).lines == ["The audit is whole: 3 rows."]
    assert audit_verify(settings).warnings == []
    assert b'"torn_bytes":13' in path.read_bytes().splitlines()[-1]


def test_a_row_that_was_torn_out_of_the_middle_is_tampering(settings: Settings) -> None:
    """As if a process had died, but the head had counted the row already."""
    read_by(settings, times=2)
    path = audit_log(settings).path
    path.write_bytes(path.read_bytes()[:-20])

    with pytest.raises(AuditError, match="1 rows are missing at the end"):
        audit_verify(settings)


def test_a_process_that_died_before_the_head_leaves_a_whole_audit(settings: Settings) -> None:
    read_by(settings)
    log = audit_log(settings)
    head = log.head_path.read_bytes()
    read_by(settings)
    log.head_path.write_bytes(head)

    assert audit_verify(settings).lines == ["The audit is whole: 2 rows."]
    read_by(settings)
    assert audit_verify(settings).lines == ["The audit is whole: 3 rows."]


def test_what_cannot_be_recorded_is_refused(tmp_path: Path) -> None:
    (tmp_path / "lake").write_text("no folder")

    with pytest.raises(AccessError, match="not recorded is not done"):
        read_by(settings_of(tmp_path / "lake"))


def test_long_rows_are_followed_too(settings: Settings) -> None:
    record(settings, action="read", surface="list", subjects=[f"{n}" for n in range(5_000)])
    read_by(settings)

    assert audit_verify(settings).lines == ["The audit is whole: 2 rows."]


WRITER = """
import sys
from lakehouse.pipeline.audit import record
from lakehouse.settings.load import load_settings
settings = load_settings("test", overrides={"lake.root": sys.argv[1]})
for _ in range(int(sys.argv[2])):
    record(settings, action="read", surface="show", subjects=["x"])
print("done", flush=True)
"""


def writer(root: Path, rows: int) -> "subprocess.Popen[bytes]":
    here = Path(__file__).resolve().parents[3]
    command = [sys.executable, "-c", WRITER, str(root), str(rows)]
    return subprocess.Popen(command, cwd=here, stdout=subprocess.DEVNULL)


def test_two_writers_at_a_time_lose_no_row(tmp_path: Path) -> None:
    writers = [writer(tmp_path / "lake", 200) for _ in range(2)]

    assert [each.wait(120) for each in writers] == [0, 0]
    told = audit_verify(settings_of(tmp_path / "lake"))
    assert told.lines == ["The audit is whole: 400 rows."]


@pytest.mark.crash
def test_a_writer_that_is_killed_leaves_a_whole_audit(tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "lake")
    path = audit_log(settings).path
    for trial in range(3):
        size = path.stat().st_size if path.exists() else 0
        victim = writer(tmp_path / "lake", 100_000)
        deadline = time.monotonic() + 60
        while not path.exists() or path.stat().st_size < size + 5_000 * (trial + 1):
            assert time.monotonic() < deadline
        os.kill(victim.pid, signal.SIGKILL)
        victim.wait()

        audit_verify(settings)
        read_by(settings)
        assert audit_verify(settings).warnings == []
