"""Rows are encrypted where they lie, read as they were given, and unreadable once their key is dropped."""

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.errors import ConfigurationError
from lakehouse.pipeline.attempt import require_data_keys
from lakehouse.pipeline.data_keys import drop_unused_keys
from lakehouse.pipeline.lake import Lake as OpenLake
from lakehouse.settings.load import load_settings
from lakehouse.storage.cells import CELL, KEY_ID, mark_of
from lakehouse.storage.delta_tables import DeltaTables, WriteKey
from lakehouse.storage.encryption import Encryption
from lakehouse.storage.key_tables import KeyTables
from lakehouse.storage.kill_points import KillPoints
from lakehouse.storage.locations import Locations
from lakehouse.storage.locks import Locks
from lakehouse.storage.releases import Release
from lakehouse.storage.wrapping import RUN_KEYS
from lakehouse.tables.local_frame import local_frame
from lakehouse.tables.ops import ERASURE, QUARANTINE, RELEASE
from lakehouse.tables.spec import Column, Sensitivity, TableSpec, WriteMode
from tests.support.independent_scan import traces

_DIRECT = Sensitivity.DIRECT_IDENTIFIER
_SPECIAL = Sensitivity.SPECIAL_CATEGORY
DAY = datetime(2026, 1, 5, tzinfo=UTC)
MASTERS = {1: b"1" * 32}


def spec_of(name: str, *columns: Column, key: Sequence[str] = ()) -> TableSpec:
    return TableSpec(
        name=name,
        description="One row per row of the test.",
        columns=(Column("record_key", "string", "Key."), *columns),
        primary_key=("record_key",),
        owner="tests",
        retention_days=1,
        purposes=("operations",),
        source_key=tuple(key),
        write_mode=WriteMode.APPEND if name.startswith("bronze") else WriteMode.OVERWRITE,
    )


CONTACT = spec_of(
    "bronze.contact",
    Column("contact_id", "string", "Number at the source.", Sensitivity.PSEUDONYM),
    Column("email", "string", "Address.", _DIRECT),
    Column("city", "string", "City.", Sensitivity.QUASI_IDENTIFIER),
    key=("contact_id",),
)
PERSON = spec_of("silver.person", Column("email", "string", "Address.", _DIRECT))


class Lake:
    """Tables in a folder, with their keys beside it."""

    def __init__(self, spark: SparkSession, home: Path) -> None:
        # As conf has it: by default vacuum starts 10,000 tasks to list one folder.
        spark.conf.set("spark.sql.sources.parallelPartitionDiscovery.parallelism", "8")
        self.spark, self.root, self.keys = spark, home / "lake", home / "lake-keys"

    def tables(self, *, on: bool = True, masters: dict[int, bytes] = MASTERS) -> DeltaTables:
        locks = Locks(str(self.root), "flock")
        encryption = Encryption(self.spark, self.key_tables(masters), b"hash", is_on=on)
        place = Locations(str(self.root))
        return DeltaTables(self.spark, place, locks, KillPoints(None), encryption)

    def key_tables(self, masters: dict[int, bytes] = MASTERS) -> KeyTables:
        return KeyTables(self.spark, str(self.keys), "flock", masters)

    def frame(self, spec: TableSpec, rows: Sequence[Sequence[Any]]) -> DataFrame:
        return local_frame(self.spark, rows, spec.ddl()).coalesce(1)

    def stored(self, spec: TableSpec) -> DataFrame:
        place = Locations(str(self.root)).sql(spec.name)
        return self.spark.sql(f"SELECT * FROM {place}")  # noqa: S608

    def write(
        self, spec: TableSpec, rows: Sequence[Sequence[Any]], number: int = 1, *, on: bool = True
    ) -> int:
        tables = self.tables(on=on)
        tables.create(spec)
        tables.fit(spec)
        return tables.write(self.frame(spec, rows), spec, WriteKey("test", number, "x"))


@pytest.fixture
def lake(spark: SparkSession, tmp_path: Path) -> Lake:
    return Lake(spark, tmp_path)


def told(frame: DataFrame) -> list[tuple[Any, ...]]:
    return sorted(tuple(row) for row in frame.collect())


ANN, BOB = ("k1", "C1", "ann@example.org", "Rome"), ("k2", "C2", "bob@example.org", "Oslo")


@pytest.mark.parametrize("layer", ["bronze", "silver"])
def test_every_type_comes_back_as_it_was_given(lake: Lake, layer: str) -> None:
    change = "array<struct<column:string,rule:string,original:string>>"
    spec = spec_of(
        f"{layer}.every",
        Column("text", "string", "Text.", _DIRECT),
        Column("born", "date", "Day.", _SPECIAL),
        Column("bytes", "binary", "Bytes.", _DIRECT),
        Column("number", "bigint", "Number.", _DIRECT),
        Column("is_so", "boolean", "Yes or no.", _DIRECT),
        Column("more", "map<string,string>", "Map.", _DIRECT),
        Column("words", "array<string>", "List.", _DIRECT),
        Column("changes", change, "Changes.", _DIRECT),
    )
    full = (
        *("k1", 'Zoë \x00 “ü” \\ "x"', date(1999, 12, 31), b"\xff\x00raw", -(2**62), False),
        *({"a": "1", "b": None, "": ""}, ["x", None, ""]),
        [{"column": "email", "rule": None, "original": ""}],
    )
    empty = ("k2", "", date(1, 1, 1), b"", 0, True, {}, [], [])
    nothing = ("k3", *([None] * 8))

    lake.write(spec, [full, empty, nothing])

    read = lake.tables().read(spec.name)
    assert [f.dataType for f in read.schema] == [f.dataType for f in lake.frame(spec, []).schema]
    assert read.columns == list(spec.column_names)
    by_key = {row.record_key: row for row in read.collect()}
    assert by_key == {
        row.record_key: row for row in lake.frame(spec, [full, empty, nothing]).collect()
    }
    stored = {row.record_key: row for row in lake.stored(spec).collect()}
    assert stored["k1"].text is None
    assert stored["k1"][CELL] is not None
    assert [stored[key][mark_of("text")] for key in ("k1", "k2", "k3")] == [True, True, None]
    assert stored["k3"][KEY_ID] is None
    assert stored["k3"][CELL] is None


@pytest.mark.slow
def test_a_text_of_more_than_20_million_characters_comes_back(lake: Lake) -> None:
    long = "ä" * 20_000_001

    lake.write(PERSON, [("k1", long)])

    (row,) = lake.tables().read(PERSON.name).select(F.sha2("email", 256).alias("hash")).collect()
    assert row.hash == hashlib.sha256(long.encode()).hexdigest()


def test_a_row_from_before_a_column_was_personal_is_read_and_deleted_as_it_is(lake: Lake) -> None:
    columns = Column("email", "string", "Address.", _DIRECT), Column("nick", "string", "Nickname.")
    before = spec_of("bronze.fan", *columns, key=("record_key",))
    after = spec_of("bronze.fan", columns[0], replace(columns[1], sensitivity=_DIRECT))
    ann, bob = ("k1", "ann@example.org", "Annie"), ("k2", "bob@example.org", "Bobby")

    lake.write(before, [ann], 1)
    lake.write(after, [bob], 2)

    assert told(lake.tables().read("bronze.fan")) == [ann, bob]
    keys = lake.frame(after, [ann, bob]).select("nick")
    assert lake.tables().delete(after, keys.where("nick = 'Annie'")).row_count == 1
    assert told(lake.tables().read("bronze.fan")) == [bob]
    assert lake.tables().delete(after, keys).row_count == 1


def test_a_source_may_have_a_request_id_that_is_encrypted_or_came_later(lake: Lake) -> None:
    email = Column("email", "string", "Address.", _DIRECT)
    asked = Column("request_id", "string", "Number at the source.", _DIRECT)
    plain = replace(asked, sensitivity=Sensitivity.NONE)
    ann, bob = ("k1", "ann@example.org", "R1"), ("k2", "bob@example.org", "R2")

    lake.write(spec_of("bronze.fan", email, asked), [ann])
    assert told(lake.tables().read("bronze.fan")) == [ann]

    lake.write(spec_of("bronze.member", email), [ann[:2]], 1)
    lake.write(spec_of("bronze.member", email, plain), [bob], 2)
    assert told(lake.tables().read("bronze.member")) == [(*ann[:2], None), bob]


def test_no_file_holds_what_is_encrypted_and_what_is_not_can_be_read_without_keys(
    lake: Lake,
) -> None:
    lake.write(CONTACT, [ANN, BOB])
    lake.write(PERSON, [("k1", "ann@example.org")])

    for folder in (lake.root, lake.keys):
        assert traces(folder, ["ann@example.org", "bob@example.org"]) == {}
    assert told(lake.stored(CONTACT).select("contact_id", "city")) == [
        ("C1", "Rome"),
        ("C2", "Oslo"),
    ]


@pytest.mark.parametrize("spec", [CONTACT, PERSON], ids=lambda spec: spec.name)
def test_a_ciphertext_that_was_moved_does_not_decrypt(lake: Lake, spec: TableSpec) -> None:
    rows = [ANN, BOB] if spec is CONTACT else [("k1", ANN[2]), ("k2", BOB[2])]
    lake.write(spec, rows)
    place = Locations(str(lake.root)).sql(spec.name)
    (bob,) = lake.stored(spec).where("record_key = 'k2'").collect()

    moved = F.unhex(F.lit(bob[CELL].hex()))
    view = lake.stored(spec).withColumn(
        CELL, F.when(F.col("record_key") == "k1", moved).otherwise(F.col(CELL))
    )
    view.write.format("delta").mode("overwrite").save(place.split("`")[1])

    with pytest.raises(PySparkException, match="AES"):
        lake.tables().read(spec.name).collect()
    assert told(lake.tables().read(spec.name).where("record_key = 'k2'").select("email")) == [
        ("bob@example.org",)
    ]


def test_versions_of_one_record_share_a_key_and_two_records_never(lake: Lake) -> None:
    lake.write(CONTACT, [ANN, BOB])
    lake.write(CONTACT, [("k3", "C1", "ann@new.example", "Rome")], 2)

    keys = {row.record_key: row[KEY_ID] for row in lake.stored(CONTACT).collect()}
    assert keys["k1"] == keys["k3"] != keys["k2"]
    assert lake.key_tables().of_records(CONTACT.name).count() == 2


def test_a_row_whose_key_is_dropped_reads_as_null_also_at_an_older_version(lake: Lake) -> None:
    first = lake.write(CONTACT, [ANN, BOB])
    tables = lake.tables()
    tables.delete(CONTACT, lake.frame(CONTACT, [ANN]).select("record_key"))
    encryption = Encryption(lake.spark, lake.key_tables(), b"hash", is_on=True)
    used = tables.key_ids(CONTACT.name)
    assert used is not None

    assert encryption.drop_unused(CONTACT.name, used) == 1
    assert encryption.drop_unused(CONTACT.name, used) == 0

    assert told(lake.tables().read(CONTACT.name, first)) == [("k1", "C1", None, "Rome"), BOB]
    assert told(lake.tables().read(CONTACT.name)) == [BOB]
    # The file that held her key is gone too, whatever version of the table of keys is asked for.
    left = list((lake.keys / "bronze" / "contact").glob("*.parquet"))
    kept = {row.key_id for row in lake.spark.read.parquet(*map(str, left)).collect()}
    assert kept == {row.key_id for row in used.collect()}


@pytest.mark.slow
def test_keys_of_releases_since_the_newest_erasure_are_kept_also_where_it_is_ended_late(
    lake: Lake,
) -> None:
    releases = []
    reasons = ("run", ERASURE, "run", "run")
    for number, reason in enumerate(reasons, start=1):
        version = lake.write(PERSON, [(f"k{number}", f"{number}@example.org")], number)
        row = (number, f"run-{number}", PERSON.name, version, DAY, reason, None)
        releases.append((row, version))
    lake.write(RELEASE, [row for row, _ in releases])
    locks = Locks(str(lake.root), "flock")
    encryption = Encryption(lake.spark, lake.key_tables(), b"hash", is_on=True)
    place = Locations(str(lake.root))
    opened = SimpleNamespace(
        tables=DeltaTables(lake.spark, place, locks, KillPoints(None), encryption),
        encryption=encryption,
        locks=locks,
        specs={PERSON.name: PERSON},
        settings=SimpleNamespace(lake=SimpleNamespace(keep_releases=10)),
    )

    # The erasure of the second release was killed, and is ended now that two more stand.
    assert drop_unused_keys(cast(OpenLake, opened)) == {RUN_KEYS: 1}

    read = [opened.tables.read(PERSON.name, version).collect()[0].email for _, version in releases]
    assert read == [None, "2@example.org", "3@example.org", "4@example.org"]


def test_rows_in_the_clear_and_encrypted_ones_lie_together(lake: Lake) -> None:
    lake.write(CONTACT, [ANN], 1, on=False)
    lake.write(CONTACT, [BOB], 2, on=True)
    lake.write(CONTACT, [("k3", "C3", "cat@example.org", "Bern")], 3, on=False)

    cat = ("k3", "C3", "cat@example.org", "Bern")
    assert told(lake.tables(on=False).read(CONTACT.name)) == [ANN, BOB, cat]
    assert [
        row[KEY_ID] is None for row in lake.stored(CONTACT).orderBy("record_key").collect()
    ] == [
        True,
        False,
        True,
    ]


def test_a_plan_shows_no_key(lake: Lake) -> None:
    lake.write(CONTACT, [ANN])
    lake.write(PERSON, [("k1", "ann@example.org")])
    (record,) = lake.key_tables().of_records(CONTACT.name).collect()
    (run,) = lake.key_tables().of_all_runs().collect()

    shown = ""
    for spec in (CONTACT, PERSON):
        frame = lake.tables().read(spec.name).where("email like 'a%'")
        query = frame._jdf.queryExecution()
        shown += query.toString() + query.explainString(
            lake.spark._jvm.org.apache.spark.sql.execution.ExplainMode.fromString("extended")
        )
    for key in (MASTERS[1], record.data_key, run.data_key):
        for form in (bytes(key).hex(), bytes(key).hex(" "), str(list(key))[1:-1], "1" * 32):
            assert form.lower() not in shown.lower()


def test_another_master_key_wraps_anew_without_a_row_rewritten(lake: Lake) -> None:
    lake.write(CONTACT, [ANN])
    lake.write(PERSON, [("k1", "ann@example.org")])
    both, second = {**MASTERS, 2: b"2" * 32}, {2: b"2" * 32}
    before = {p: p.stat().st_mtime_ns for p in lake.root.rglob("*.parquet")}

    assert lake.key_tables(both).rewrap(CONTACT.name) == 1
    assert lake.key_tables(both).rewrap(CONTACT.name) == 0
    assert lake.key_tables(both).rewrap(RUN_KEYS) == 1

    assert {p: p.stat().st_mtime_ns for p in lake.root.rglob("*.parquet")} == before
    assert told(lake.tables(masters=second).read(CONTACT.name)) == [ANN]
    assert told(lake.tables(masters=second).read(PERSON.name)) == [("k1", "ann@example.org")]
    with pytest.raises((PySparkException, Py4JJavaError), match="not in conf"):
        lake.tables().read(CONTACT.name).collect()
    with pytest.raises(ConfigurationError, match="which conf does not have"):
        lake.tables().read(PERSON.name)


def test_a_held_row_is_deleted_by_what_it_says(lake: Lake) -> None:
    row = ("run", "silver.order", None, None, None, None, ["broken"])
    rows = [(*row, b"first", DAY), (*row, b"second", DAY)]
    lake.write(QUARANTINE, rows)
    keys = lake.frame(QUARANTINE, rows[:1]).select(*QUARANTINE.primary_key, "payload")

    assert lake.tables().delete(QUARANTINE, keys).row_count == 1
    assert [bytes(r.payload) for r in lake.tables().read(QUARANTINE.name).collect()] == [b"second"]


@pytest.mark.parametrize("spec", [CONTACT, PERSON], ids=lambda spec: spec.name)
def test_rows_whose_table_of_keys_is_not_there_are_no_empty_rows(
    lake: Lake, spec: TableSpec
) -> None:
    nothing_to_hide = ("k0", "C0", None, "Rome") if spec is CONTACT else ("k0", None)
    version = lake.write(spec, [nothing_to_hide, ANN if spec is CONTACT else ("k1", ANN[2])])
    shutil.move(lake.keys, lake.keys.with_name("elsewhere"))
    tables = lake.tables()

    assert tables.is_encrypted(spec.name, version)
    assert not tables.is_encrypted(spec.name, 0)
    assert told(tables.read(spec.name).where("record_key = 'k0'")) == [nothing_to_hide]
    with pytest.raises(PySparkException, match=r"data keys of .* not there"):
        tables.read(spec.name).collect()


def test_nothing_begins_where_people_are_encrypted_and_their_keys_are_not_there(
    lake: Lake,
) -> None:
    settings = load_settings("test")
    contact = next(s for s in settings.sources if s.name == "crm_contact").bronze_table
    filled = {"bigint": 1, "timestamp": DAY, "map<string,string>": None}
    row = [filled.get(column.type, "x") for column in contact.columns]
    in_the_clear = lake.write(contact, [row], 1, on=False)
    encrypted = lake.write(contact, [row], 2)

    def begin(version: int) -> None:
        encryption = Encryption(lake.spark, lake.key_tables(), b"hash", is_on=True)
        made = SimpleNamespace(tables=lake.tables(), encryption=encryption, settings=settings)
        require_data_keys(cast(OpenLake, made), Release(1, "day-1", {contact.name: version}))

    begin(encrypted)
    shutil.move(lake.keys, lake.keys.with_name("elsewhere"))
    begin(0)
    begin(in_the_clear)
    with pytest.raises(ConfigurationError, match=r"bronze\.crm_contact has encrypted rows"):
        begin(encrypted)


def test_a_table_that_was_encrypted_value_by_value_is_refused_and_not_read_as_nulls(
    lake: Lake,
) -> None:
    encryption = Encryption(lake.spark, lake.key_tables(), b"hash", is_on=True)
    stored = local_frame(lake.spark, (), "email string, _key_id string, _cipher_email binary")

    with pytest.raises(ConfigurationError, match="encrypted value by value"):
        encryption.decrypted(stored, CONTACT.name)
