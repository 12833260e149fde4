"""A log written without Spark: whole rows or none, two writers in turn, nothing personal in Delta's log."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from deltalake import DeltaTable, write_deltalake

from lakehouse.errors import ConfigurationError, InputError
from lakehouse.storage.delta_tables import table_properties
from lakehouse.storage.plain_log import PlainLog
from lakehouse.tables.ops import PRIVACY_REQUEST
from tests.support.independent_scan import traces
from tests.support.plain_lake import PlainLake

NOON = datetime(2026, 1, 4, 12, tzinfo=UTC)


def step(request_id: str, **more: Any) -> dict[str, Any]:
    row = {
        "request_id": request_id,
        "step": "received",
        "kind": "access",
        "scope": "exact",
        "regime": "gdpr",
        "due_at": NOON,
        "actor": "Sam Clerk",
        "note": "by telephone",
        "at": NOON,
    }
    return row | more


def log_of(home: Path, *, encrypts: bool) -> PlainLog:
    more = {"lake.encryption.at_rest": str(encrypts).lower()}
    return PlainLog(PlainLake(home / "lake").settings(**more).lake, PRIVACY_REQUEST)


@pytest.fixture(params=[False, True], ids=["clear", "encrypted"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> PlainLog:
    return log_of(tmp_path, encrypts=request.param)


def test_what_is_appended_is_read_again(log: PlainLog) -> None:
    assert log.rows() == []
    log.append([step("1", record_keys=["a"], reasons={"a": "matches"})])
    log.append([step("2")])

    assert {row["request_id"] for row in log.rows()} == {"1", "2"}
    (first,) = (row for row in log.rows() if row["request_id"] == "1")
    assert (first["record_keys"], first["reasons"]) == (["a"], {"a": "matches"})
    assert first["at"] == NOON


def test_no_row_is_encrypted_by_a_key_beside_those_of_a_folder_that_is_not_mounted(
    tmp_path: Path,
) -> None:
    log = log_of(tmp_path, encrypts=True)
    log.append([step("1")])
    keys = Path(PlainLake(tmp_path / "lake").settings().lake.keys_root)
    keys.rename(tmp_path / "unmounted")

    with pytest.raises(ConfigurationError, match="data keys is not there"):
        log.append([step("2")])

    assert not (keys / "ops").exists()
    shutil.rmtree(keys, ignore_errors=True)
    (tmp_path / "unmounted").rename(keys)
    assert [row["request_id"] for row in log.rows()] == ["1"]


def test_a_row_that_lacks_what_is_required_is_refused(log: PlainLog) -> None:
    with pytest.raises(InputError, match="lacks actor"):
        log.append([step("1", actor=None)])
    assert log.rows() == []


def test_nothing_personal_stands_in_the_log_of_commits(log: PlainLog, tmp_path: Path) -> None:
    log.append([step("1", identifier_hashes=["h"])])

    folder = tmp_path / "lake" / "ops" / "privacy_request"
    commits = [p.read_text("utf-8") for p in (folder / "_delta_log").glob("*.json")]
    added = [
        json.loads(line)["add"] for text in commits for line in text.splitlines() if '"add"' in line
    ]
    statistics = json.loads(added[0]["stats"])
    assert not {*statistics["minValues"], *statistics["nullCount"]} & {"actor", "note"}
    assert not any("Sam" in text or "telephone" in text for text in commits)
    properties = DeltaTable(str(folder)).metadata().configuration
    assert properties == table_properties(PRIVACY_REQUEST)


def test_where_the_lake_encrypts_what_tells_a_person_is_read_by_its_row_and_key_alone(
    tmp_path: Path,
) -> None:
    told = {"1": "Ann Lee of 5 Elm Street", "2": None, "3": "Bob Ray of 9 Oak Avenue", "4": "paper"}
    # Turned on, and off again.
    for request_id, note in told.items():
        log_of(tmp_path, encrypts=request_id != "4").append([step(request_id, note=note)])
    log = log_of(tmp_path, encrypts=True)
    assert {row["request_id"]: row["note"] for row in log.rows()} == told
    assert traces(tmp_path, [note for i, note in told.items() if note and i != "4"]) == {}
    assert traces(tmp_path, ["paper"]), "the search finds what lies in the clear"

    keys = str(tmp_path / "lake-keys" / "ops" / "privacy_request")
    kept = DeltaTable(keys).to_pyarrow_table()
    assert kept.num_rows == 2
    table = str(tmp_path / "lake" / "ops" / "privacy_request")
    rows = DeltaTable(table).to_pyarrow_table()
    hers = [row for row in rows.to_pylist() if row["request_id"] == "1"]
    write_deltalake(keys, kept.filter(pc.field("key_id") != hers[0]["_key_id"]), mode="overwrite")
    assert {row["request_id"]: row["note"] for row in log.rows()} == told | {"1": None}

    others = {"1": "3", "3": "1"}
    swapped = [others.get(i, i) for i in rows["request_id"].to_pylist()]
    at = rows.schema.get_field_index("request_id")
    write_deltalake(
        table, rows.set_column(at, rows.schema.field(at), pa.array(swapped)), mode="overwrite"
    )
    with pytest.raises(InputError, match="changed or moved"):
        log.rows()


def test_two_writers_at_once_lose_nothing(log: PlainLog) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: log.append([step(str(n))]), range(16)))

    assert {row["request_id"] for row in log.rows()} == {str(n) for n in range(16)}


_WRITES_FOR_EVER = """
import sys
from pathlib import Path
from tests.unit.storage.test_plain_log import log_of, step
log = log_of(Path(sys.argv[1]), encrypts=True)
n = 0
while True:
    log.append([step(f"{n}-a"), step(f"{n}-b")])
    n += 1
    print(n, flush=True)
"""


def test_a_writer_that_is_killed_leaves_whole_commits_and_no_lock(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[3]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    with subprocess.Popen(
        [sys.executable, "-c", _WRITES_FOR_EVER, str(tmp_path)],
        stdout=subprocess.PIPE,
        env=environment,
        cwd=root,
    ) as writer:
        assert writer.stdout
        writer.stdout.readline()
        time.sleep(0.3)
        writer.send_signal(signal.SIGKILL)

    log = log_of(tmp_path, encrypts=True)
    log.append([step("after")])
    rows = log.rows()
    assert {row["note"] for row in rows} == {"by telephone"}
    ids = {row["request_id"] for row in rows}
    assert len(ids) > 2
    assert "after" in ids
    assert {i[:-2] for i in ids if i.endswith("-a")} == {i[:-2] for i in ids if i.endswith("-b")}


def test_a_lake_that_is_reached_through_a_catalog_is_refused(tmp_path: Path) -> None:
    lake = PlainLake(tmp_path).settings(
        **{"lake.catalog_prefix": "main.c360_", "lake.lock": "external"}
    )
    with pytest.raises(ConfigurationError, match="without Spark"):
        PlainLog(lake.lake, PRIVACY_REQUEST)
