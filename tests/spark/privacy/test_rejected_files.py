"""A landing file of which nothing was ever taken goes whole where a value of an erased person is in it."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from pyspark.sql import DataFrame, SparkSession

from lakehouse.pipeline.erased_landing import rejected_files, settle_landing
from lakehouse.pipeline.lake import Lake
from lakehouse.privacy.erasure_marks import value_marks
from lakehouse.settings.load import load_settings
from lakehouse.tables.erasure import ERASED_ROW
from lakehouse.tables.local_frame import local_frame
from lakehouse.tables.ops import LANDING_FILE

CONTENT = {
    "hers.csv": "id;phone\n1;0151 14489455\n",
    "others.csv": "id;phone\n2;0151 99999999\n",
    "taken.csv": "id;phone\n1;0151 14489455\n3;\n",
    "overwritten.csv": "id;phone\n1;0151 14489455\n4;\n",
}
"""By landing file, what was found in it when it came. All were rejected but one that was taken."""


def ledger(spark: SparkSession) -> DataFrame:
    rows = []
    for name, text in CONTENT.items():
        told = {
            "run_id": "day-1",
            "feed": "crm_contact",
            "source_file": name,
            "file_hash": sha256(text.encode()).hexdigest(),
            "status": "ingested" if name == "taken.csv" else "rejected",
        }
        rows.append(tuple(told.get(column) for column in LANDING_FILE.column_names))
    return local_frame(spark, rows, LANDING_FILE.ddl())


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    for name, text in CONTENT.items():
        (tmp_path / name).write_text("anew" if name == "overwritten.csv" else text)
    return tmp_path


@pytest.fixture
def lake(spark: SparkSession, landing: Path) -> Lake:
    """A lake whose run `erase-1` has chosen the rejected file that tells of her."""
    known = ledger(spark)
    file_hash = sha256(CONTENT["hers.csv"].encode()).hexdigest()
    rows = [("erase-1", LANDING_FILE.name, "hers.csv", file_hash, 0)]
    return cast(
        Lake,
        SimpleNamespace(
            spark=spark,
            settings=load_settings("test", overrides={"lake.landing": str(landing)}),
            tables=SimpleNamespace(read=lambda table, version: known),
            logged=lambda spec: local_frame(spark, rows, ERASED_ROW.ddl()),
        ),
    )


def marking(lake: Lake, *values: str) -> Callable[[], DataFrame]:
    frame = local_frame(lake.spark, [(value,) for value in values], "value string")
    return lambda: value_marks(frame, lake.settings.lake.secret.get_secret_value())


def test_a_rejected_file_is_chosen_by_a_value_and_only_as_it_was_rejected(
    lake: Lake, landing: Path
) -> None:
    known = ledger(lake.spark)

    found = rejected_files(lake, known, marking(lake, "0151 14489455"))

    assert [name for name, _ in found] == ["hers.csv"]
    assert rejected_files(lake, known, marking(lake, "0151 11111111")) == []
    assert (landing / "hers.csv").exists(), "nothing changes before the release stands"


def test_no_value_is_asked_for_where_no_rejected_file_is_left(lake: Lake, landing: Path) -> None:
    for path in landing.iterdir():
        path.unlink()

    def never() -> DataFrame:
        raise AssertionError

    assert rejected_files(lake, ledger(lake.spark), never) == []


def test_a_file_that_a_killed_process_deleted_is_told_of_by_the_next(
    lake: Lake, landing: Path
) -> None:
    for _ in range(2):
        assert settle_landing(lake, "erase-1", {LANDING_FILE.name: 1}) == {"hers.csv": "deleted"}

    assert {path.name for path in landing.iterdir()} == {*CONTENT} - {"hers.csv"}
