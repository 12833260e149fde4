"""A proof of an erasure rests on marks that are there and files that are gone, and is given once."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import CommitProperties, Transaction, write_deltalake
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lakehouse.errors import ConflictError, NotErasedError
from lakehouse.pipeline import attempt as attempts
from lakehouse.pipeline import commands, erasure_proof
from lakehouse.pipeline.audit import audit_list
from lakehouse.pipeline.erasure_log import APPROVED, EXECUTED, PLANNED, PROVED, record
from lakehouse.pipeline.forgetting import Forgetting
from lakehouse.pipeline.lake import Lake
from lakehouse.pipeline.reader_tables import reader_keys
from lakehouse.privacy.erasure_marks import CUSTOMER, RECORD
from lakehouse.privacy.tokens import token
from lakehouse.storage.delta_tables import WriteKey
from lakehouse.tables.audience import AUDIENCE_EXPORT, ROLE_EXPORT
from lakehouse.tables.erasure import ERASED_ROW, ERASURE, ERASURE_MARK
from lakehouse.tables.linkage import IDENTITY_EVENT, IDENTITY_MAP
from lakehouse.tables.local_frame import local_frame
from lakehouse.tables.ops import ERASURE as OF_ERASURE
from lakehouse.tables.ops import PRIVACY_REQUEST, RELEASE, RESTRICTION, RUN
from lakehouse.tables.spec import TableSpec
from tests.support.lake import DAY_1, small_lake_at

HER, OTHER = "a" * 64, "b" * 64
HER_CUSTOMER = "c" * 32
AT = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.fixture
def lake(spark: SparkSession, tmp_path: Path) -> Lake:
    """A lake whose log of restrictions knows two people, and an erasure of one of them that is executed.

    Its release names a table that was dropped since.
    """
    # As conf has it: by default vacuum starts 10,000 tasks to list one folder.
    spark.conf.set("spark.sql.sources.parallelPartitionDiscovery.parallelism", "8")
    opened = small_lake_at(tmp_path, tmp_path, **{"erasure.retention_hours": "0"}).lake
    made = replace(opened, specs={spec.name: spec for spec in (RUN, RELEASE, RESTRICTION)})
    write(made, RESTRICTION, *(restriction(key) for key in (HER, OTHER)))
    write(made, ERASURE_MARK, ("e1", RECORD, HER))
    write(made, ERASED_ROW)
    record(made, ["e1"], PLANNED, {"records": 1, "tables": {}})
    record(made, ["e1"], APPROVED, {})
    attempts.begin(made, "erase-1", DAY_1)
    # It was killed after its release, and gone on with two hours later: Delta's vacuum counts whole hours.
    released_at = datetime.now(UTC) - timedelta(hours=2)
    write(made, RELEASE, (1, "erase-1", "gold.dropped", 1, released_at, OF_ERASURE, None, None))
    Forgetting(made, ["e1"]).forget_decisions()
    done = {"erasures": ["e1"], "deleted_rows": {}, "landing_files": {}}
    record(made, ["e1"], EXECUTED, done, run_id="erase-1", release_number=1)
    return made


def write(lake: Lake, spec: TableSpec, *rows: tuple[object, ...]) -> None:
    lake.tables.create(spec)
    key = WriteKey("c360:test", lake.tables.version(spec.name) + 1, "x")
    lake.tables.write(local_frame(lake.spark, rows, spec.ddl()).coalesce(1), spec, key)


def restriction(key: str) -> tuple[object, ...]:
    told = {"record_key": key, "kind": "restriction", "restricted_from": AT, "request_id": "R1"}
    return tuple(told.get(name) for name in RESTRICTION.column_names)


def in_files(lake: Lake, spec: TableSpec, column: str) -> set[object]:
    """What stands in the column in any file of the table, of earlier versions too."""
    folder = Path(lake.settings.lake.root) / spec.name.replace(".", "/")
    return {
        value
        for path in folder.glob("*.parquet")
        for value in pq.ParquetFile(path).read()[column].to_pylist()
    }


def proved(lake: Lake) -> dict[str, object]:
    return erasure_proof.prove(lake, "e1")


def test_what_was_decided_about_her_is_in_no_file_although_it_was_deleted_after_the_release(
    lake: Lake,
) -> None:
    assert in_files(lake, RESTRICTION, "record_key") == {HER, OTHER}

    certificate = proved(lake)

    assert in_files(lake, RESTRICTION, "record_key") == {OTHER}
    assert certificate["hits"] == 0
    # The audit was searched too: its tokens are hers and no trace.
    assert told_of(lake, HER)[-1] == "e1 proved"
    assert "the audit" in certificate["stays"]  # type: ignore[operator]


def told_of(lake: Lake, subject: str) -> list[object]:
    """The steps of erasures that the audit has about a record or a customer, oldest first."""
    rows = [
        row
        for grid in audit_list(lake.settings, subject=subject, most=9).grids
        for row in grid.rows
    ]
    return [row[-1] for row in reversed(rows)]


def test_the_audit_has_each_step_under_her_record_and_under_her_id_as_long_as_that_is_known(
    lake: Lake,
) -> None:
    known = replace(lake, specs={**lake.specs, IDENTITY_MAP.name: IDENTITY_MAP})
    mapped = {"record_key": HER, "customer_id": HER_CUSTOMER, "valid_from": AT}
    write(known, IDENTITY_MAP, tuple(mapped.get(name) for name in IDENTITY_MAP.column_names))
    version = known.tables.version(IDENTITY_MAP.name)
    write(
        known,
        RELEASE,
        (2, "day-2", IDENTITY_MAP.name, version, datetime.now(UTC), None, None, None),
    )
    write(known, ERASURE_MARK, ("e2", RECORD, HER), ("e3", RECORD, OTHER))

    record(known, ["e2", "e3"], PLANNED, {})

    before = ["e1 planned", "e1 approved", "e1 executed"]
    assert told_of(known, HER) == [*before, "e2 planned"]
    assert told_of(known, HER_CUSTOMER) == ["e2 planned"]
    assert told_of(known, OTHER) == ["e3 planned"]


def dying(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_proof_is_given_once_and_no_second_one_by_a_search_for_nothing(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(erasure_proof, "_forget_marks", dying)
        with pytest.raises(KeyboardInterrupt):
            proved(lake)
    first = proved(lake)
    assert lake.tables.read(ERASURE_MARK.name).isEmpty()
    # She is put back from a backup.
    write(lake, RESTRICTION, restriction(HER))

    assert proved(lake) == first
    logged = lake.tables.read(ERASURE.name).where(F.col("step") == PROVED)
    assert logged.count() == 1


def gone(lake: Lake) -> None:
    marks = lake.tables.read(ERASURE_MARK.name).select("erasure_id")
    lake.tables.delete(ERASURE_MARK, marks)


def put_back(lake: Lake) -> None:
    write(lake, RESTRICTION, restriction(HER))


def test_an_export_that_had_begun_before_she_was_erased_goes_with_the_proof_and_so_do_tables_of_roles(
    lake: Lake, tmp_path: Path
) -> None:
    write(lake, ERASURE_MARK, ("e1", CUSTOMER, HER_CUSTOMER))
    place = tmp_path / "outbox" / "marketing_customer"
    files = [place / f"release-{number:06}" / "audience.csv" for number in (0, 1)]
    for file in files:
        file.parent.mkdir(parents=True)
        file.write_text("c1,Ann")
    told = ("marketing_customer", str(tmp_path / "outbox"), 0, HER_CUSTOMER, "added", "h", AT)
    write(lake, AUDIENCE_EXPORT, told)
    archive = tmp_path / "answers" / "anna@post.org" / "Q1.zip"
    archive.parent.mkdir(parents=True)
    archive.write_text("PK")
    write(lake, PRIVACY_REQUEST, *delivered("Q1", archive))
    folder = tmp_path / "readers" / "analyst"
    by_export = CommitProperties(app_transactions=[Transaction("c360:roles", 1)])
    rows = pa.table({"customer_id": [token_of(lake, HER)]})
    write_deltalake(folder / "gold" / "customer", rows, commit_properties=by_export)
    write(lake, ROLE_EXPORT, ("analyst", str(folder), 0, AT))

    certificate = proved(lake)

    # The folder of an archive may name whom it is about.
    assert certificate["exports"] == {str(place): "deleted", "Q1.zip": "deleted"}
    assert "anna" not in json.dumps(certificate)
    assert [file.exists() for file in files] == [False, True]
    assert not archive.exists()
    assert certificate["role_tables"] == {str(folder): "made anew"}
    assert not (folder / "gold" / "customer").exists(), "the release has no such table"


@pytest.mark.slow
def test_a_copy_of_her_token_in_a_folder_of_a_role_fails_the_proof(
    lake: Lake, tmp_path: Path
) -> None:
    folder = tmp_path / "readers" / "analyst"
    folder.mkdir(parents=True)
    (folder / "mine.csv").write_text(f"{token_of(lake, HER)},2026\n{token_of(lake, OTHER)},2026")
    write(lake, ROLE_EXPORT, ("analyst", str(folder), 1, AT))

    with pytest.raises(NotErasedError, match=r"1 values .* tables of analyst in .*/mine\.csv"):
        proved(lake)


def token_of(lake: Lake, key: str) -> str:
    """What an analyst sees in its place."""
    return token(reader_keys(lake.settings, lake.settings.roles.roles["analyst"]), key)


def delivered(request_id: str, archive: Path) -> list[tuple[object, ...]]:
    """The steps of a request about her, whose answer was written there."""
    told = {"request_id": request_id, "kind": "access", "scope": "exact", "regime": "gdpr"}
    row = {**told, "due_at": AT, "actor": "clerk"}
    note = f"archive written to {archive}"
    steps = [
        {**row, "step": "scoped", "record_keys": [HER], "reasons": {}, "at": AT},
        {**row, "step": "delivered", "note": note, "at": AT + timedelta(hours=1)},
    ]
    return [tuple(step.get(name) for name in PRIVACY_REQUEST.column_names) for step in steps]


def tell(lake: Lake, event: str, record_key: str | None) -> None:
    """An event of her customer."""
    told = (f"{event}-1", HER_CUSTOMER, event, record_key, None, 1, AT, "erasure", "erase-1")
    write(lake, IDENTITY_EVENT, told)


def test_of_the_log_of_identities_the_erased_id_stays_and_no_record_of_hers(lake: Lake) -> None:
    write(lake, ERASURE_MARK, ("e1", CUSTOMER, HER_CUSTOMER))
    tell(lake, "left", HER)
    with pytest.raises(NotErasedError, match=IDENTITY_EVENT.name):
        proved(lake)
    shutil.rmtree(Path(lake.settings.lake.root) / "linkage" / "identity_event")
    tell(lake, "erased", None)

    certificate = proved(lake)

    assert IDENTITY_EVENT.name in str(certificate["stays"])


def test_an_erased_id_is_found_anywhere_else(lake: Lake) -> None:
    write(lake, ERASURE_MARK, ("e1", CUSTOMER, HER_CUSTOMER))
    write(lake, RESTRICTION, restriction(HER_CUSTOMER))

    with pytest.raises(NotErasedError):
        proved(lake)


@pytest.mark.slow
@pytest.mark.parametrize(("happened", "error"), [(gone, ConflictError), (put_back, NotErasedError)])
def test_nothing_is_certified_without_marks_or_where_she_is(
    lake: Lake, happened: Callable[[Lake], None], error: type[Exception]
) -> None:
    happened(lake)
    with pytest.raises(error):
        proved(lake)
    assert lake.tables.read(ERASURE.name).where(F.col("step") == PROVED).isEmpty()


@pytest.mark.slow
def test_what_retention_took_out_of_a_log_goes_by_vacuum(lake: Lake) -> None:
    told = {
        "kind": "access",
        "scope": "exact",
        "regime": "gdpr",
        "due_at": AT,
        "actor": "clerk",
        "at": AT,
    }
    rows = [
        tuple({**told, "request_id": i, "step": "received"}.get(n) for n in PRIVACY_REQUEST.column_names)
        for i in ("old", "new")
    ]  # fmt: skip
    write(lake, PRIVACY_REQUEST, *rows)
    expired = local_frame(lake.spark, [("old",)], "request_id string")
    lake.tables.delete(PRIVACY_REQUEST, expired)
    assert in_files(lake, PRIVACY_REQUEST, "request_id") == {"old", "new"}

    commands.vacuum(lake.settings)

    assert in_files(lake, PRIVACY_REQUEST, "request_id") == {"new"}
