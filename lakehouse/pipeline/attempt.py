"""How a run begins and ends: its number, what it starts from, and what is left of one that died.

A run is a transaction over all tables. Its commit is the one append to `ops.release`; until then
readers and later runs see the last release. A run that was killed is either resumed (same run id, same
settings: what it committed is kept, by its write keys) or rolled back (anything else: every table
is restored to the last release before the new run begins).

Rolled back is a run that readers have not seen. Reverted is a release that they have: an earlier one
is made current again.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable

from pyspark.sql import Row
from pyspark.sql import functions as F

from lakehouse import __version__
from lakehouse.errors import ConfigurationError, NotFoundError, SchemaError
from lakehouse.linkage.artefact import latest_model
from lakehouse.pipeline.lake import Lake, in_parallel
from lakehouse.pipeline.scratch import clear_scratch, own_models, publish_own_model
from lakehouse.settings.places import expectations_dir
from lakehouse.settings.products import redefined
from lakehouse.silver.row_links import describes_people
from lakehouse.storage.delta_tables import WriteKey
from lakehouse.storage.key_places import require_master_keys
from lakehouse.storage.kill_points import AFTER_RECORD
from lakehouse.storage.releases import (
    Release,
    current_release,
    kept_rows,
    release_of,
    released_definitions,
)
from lakehouse.storage.wrapping import keys_of, missing_keys
from lakehouse.tables.local_frame import local_frame
from lakehouse.tables.ops import (
    ATTRIBUTE_OVERRIDE,
    LINK_OVERRIDE,
    LINKAGE_QUALITY,
    QUALITY_RESULT,
    RELEASE,
    REVERTED_TO,
    RUN,
)
from lakehouse.tables.registry import ON_DEMAND_TABLES
from lakehouse.tables.silver import PERSON_RECORD
from lakehouse.tables.spec import Layer, TableSpec, WriteMode

STARTED, SUCCEEDED, FAILED, REVERTED = "started", "succeeded", "failed", "reverted"
_KILLED = "killed"
REVERT_PREFIX = "revert-to-"
"""What the run id of a revert begins with. No other run's may: by its id a run is known as released."""
LOG_TABLES = tuple(
    spec.name
    for spec in (
        *(RUN, RELEASE, QUALITY_RESULT, LINKAGE_QUALITY, LINK_OVERRIDE, ATTRIBUTE_OVERRIDE),
        *ON_DEMAND_TABLES,
    )
)
"""Tables that stand outside of releases: what happened, also to runs that failed, and what people said."""


@dataclass(frozen=True)
class Attempt:
    """One try at a run: what its writes are keyed by and what it starts from."""

    run_id: str
    number: int
    as_of: date
    settings_hash: str
    secret_fingerprint: str | None
    base: Release
    is_done: bool = False

    @property
    def release_number(self) -> int:
        """The number of the release that the attempt will make."""
        return self.base.number + 1

    def base_version(self, table: str) -> int:
        """The table's version in the release that the attempt starts from; 0, the empty one, before."""
        return self.base.versions.get(table, 0)

    def key(self, write: str) -> WriteKey:
        """The idempotence key of one named write of this attempt."""
        digest = f"{self.settings_hash}:{self.as_of}:{self.base.number}"
        return WriteKey(f"c360:{write}", self.number, digest)


def begin(
    lake: Lake, run_id: str, as_of: date, only: Sequence[str] = (), anew: Collection[str] = ()
) -> Attempt:
    """The attempt that this process makes at `run_id`: new, resumed, or already done.

    Rolls back what a dead run left, unless this resumes it: the same run id, day, settings, secret
    and choice of tables. `anew` are the tables that it will write whole, and that may change their types.

    Raises:
        ConfigurationError: the last run that succeeded had another secret, a data product's file changed
            what a version of it stands for, or master or data keys are not the lake's; nothing was touched.
        SchemaError: the type of a column has changed, in a table that is not among these; all are put back.
    """
    _fit_log(lake)
    base = current_release(lake.tables)
    row = _last_row(lake)
    number = row.run_number if row else 0
    fingerprint = lake.settings.lake.secret_fingerprint()
    again = Attempt(run_id, number, as_of, _settings_hash(lake, only), fingerprint, base)
    is_done = _is_done(lake, run_id, fingerprint)
    if row is not None and row.status == SUCCEEDED:
        clear_scratch(lake, row.run_number)  # it may have died right after it had said so
    if is_done:
        return replace(again, is_done=True)
    _require_fitting_settings(lake, base)
    if row is not None and row.status != SUCCEEDED:
        is_open = row.status == STARTED and not _is_released(base, row)
        if is_open and again == _attempt_of(row, base):
            _reconcile(lake, again, anew)
            return again
        _close(lake, base, row)
        if _is_released(base, row):
            return begin(lake, run_id, as_of, only, anew)
    _restore_unreleased(lake, base)
    attempt = replace(again, number=number + 1)
    # First: whoever comes next must know that tables may have been emptied.
    _record(lake, attempt, STARTED, {"input_versions": base.versions})
    if not _is_fit(row, again):
        _reconcile(lake, attempt, anew)
    return attempt


def _is_fit(row: Row | None, again: Attempt) -> bool:
    """True if the last run has found every table as the same code and settings want it."""
    last = None if row is None else (row.status, row.settings_hash)
    return last == (SUCCEEDED, again.settings_hash)


def _reconcile(lake: Lake, attempt: Attempt, anew: Collection[str]) -> None:
    """Makes all tables fit, or puts them back where one may not change."""
    try:
        lake.reconcile(anew)
    except SchemaError as error:
        fail(lake, attempt, error.code)
        raise


def _restore_unreleased(lake: Lake, base: Release) -> None:
    """Undoes what a dead run appended for a source that was out of conf ever since: nobody rolled it back."""
    appended = (s.name for s in lake.specs.values() if s.write_mode is WriteMode.APPEND)
    _restore(lake, base, (name for name in appended if name not in base.versions))


def _other_secret() -> ConfigurationError:
    return ConfigurationError(
        "The secret (C360_SECRET, or lake.secret in conf) is not the one by which this lake was made; "
        "nothing was touched.",
        "set that lake's secret, or name an empty lake.root: under another secret every record gets "
        "another key and every customer another id.",
    )


def _require_fitting_settings(lake: Lake, base: Release) -> None:
    require_master_keys(lake.settings.lake)
    require_data_keys(lake, base)
    changed = redefined(lake.settings.products, released_definitions(lake.tables))
    if changed:
        files = ", ".join(f"conf/base/products/{p.name}.yml ({p.version})" for p in changed)
        raise ConfigurationError(
            f"{files}: columns, terms or whom it tells of have changed, and readers have this version as "
            "it was; nothing was touched.",
            "raise `version` in the file: the first number where readers must change something.",
        )


def require_data_keys(lake: Lake, release: Release) -> None:
    """Returns if, where rows about people are encrypted, there is a table of their data keys.

    Dropped keys leave theirs behind. Without one all rows would read as if their keys had been dropped.

    Raises:
        ConfigurationError: the keys of a table are not there.
    """
    people = (s.bronze_table.name for s in lake.settings.sources if describes_people(s))
    for table in (PERSON_RECORD.name, *people):
        place, version = keys_of(table), release.versions.get(table, 0)
        if not version or lake.encryption.has_keys(place):
            continue
        if lake.tables.is_encrypted(table, version):
            raise missing_keys(table)


def require_keys_of_log(lake: Lake, spec: TableSpec) -> None:
    """Returns if a row that is added to this log would be encrypted by a key beside those of the lake.

    Where the folder of keys is not mounted, a new table of keys would be made in its place, and the row be
    lost with it.

    Raises:
        ConfigurationError: the keys of the log, or of the release, are not there.
    """
    require_data_keys(lake, current_release(lake.tables))
    if lake.encryption.has_keys(keys_of(spec.name)):
        return
    if lake.tables.is_encrypted(spec.name, lake.tables.version(spec.name)):
        raise missing_keys(spec.name)


def _fit_log(lake: Lake) -> None:
    """Makes the tables fit that tell of runs: a dead run is closed before all others are made to fit."""
    for spec in (RUN, RELEASE):
        lake.tables.create(spec)
        lake.tables.fit(spec)


def _attempt_of(row: Row, base: Release) -> Attempt:
    return Attempt(
        row.run_id,
        row.run_number,
        row.as_of_date,
        row.settings_hash,
        row.secret_fingerprint,
        base,
    )


def _is_released(base: Release, row: Row) -> bool:
    """True if readers see what the run of this row made, whether it came to say so or not."""
    return (row.status, row.run_id) == (STARTED, base.run_id)


def _close(lake: Lake, base: Release, row: Row) -> None:
    """Ends the last run: settles it if it was released, else rolls it back."""
    last = _attempt_of(row, base)
    if _is_released(base, row):
        before = release_of(lake.tables, base.number - 1)
        settle(lake, replace(last, base=before))
        return
    if row.status == STARTED:
        # Said first: were this killed while it restores, nobody may resume the dead run.
        _record(lake, last, FAILED, {"error_code": _KILLED})
    roll_back(lake, last)


def release(
    lake: Lake,
    attempt: Attempt,
    versions: Mapping[str, int],
    reason: str = "run",
    definitions: Mapping[str, str] | None = None,
) -> None:
    """Makes these table versions the current release, together, by one commit.

    `definitions` are those of the data products that the run has made. What the run did not write or
    make keeps the version, the definition and the day, of the release before. A data product that conf
    no longer has is in no further release: nothing would take out of it who withdraws.
    """
    number = attempt.release_number
    everything = {
        table: version
        for table, version in {**attempt.base.versions, **versions}.items()
        if table in lake.specs or not table.startswith(f"{Layer.SERVE}.")
    }
    released_at = datetime.now(UTC)
    told = {**attempt.base.definitions, **(definitions or {})}
    days = {**attempt.base.made_for, **dict.fromkeys(definitions or {}, attempt.as_of)}
    run_id = attempt.run_id
    rows = [
        (number, run_id, table, version, released_at, reason, told.get(table), days.get(table))
        for table, version in sorted(everything.items())
    ]
    frame = local_frame(lake.spark, rows, RELEASE.ddl()).coalesce(1)
    lake.tables.write(frame, RELEASE, attempt.key(RELEASE.name))


def settle(
    lake: Lake,
    attempt: Attempt,
    step_seconds: Mapping[str, float] | None = None,
    row_counts: Mapping[str, int] | None = None,
) -> None:
    """Publishes the model that a released run has trained, writes its manifest, clears its scratch.

    Nothing is left to do after it. `row_counts` are those that the run knows; other tables are counted.
    """
    publish_own_model(lake, attempt.number)
    versions = current_release(lake.tables).versions
    known = row_counts or {}
    counted = in_parallel(
        lambda item: (item[0], lake.tables.row_count(*item)),
        [item for item in versions.items() if item[0] not in known],
        lake.settings.lake.parallel_steps,
    )
    counts = {**dict(counted), **{t: n for t, n in known.items() if t in versions}}
    details = {
        "input_versions": attempt.base.versions,
        "output_versions": versions,
        "row_counts": counts,
        "model_version": _model_version(lake, attempt),
        "step_seconds": dict(step_seconds or {}),
    }
    _record(lake, attempt, SUCCEEDED, details)
    # Last: until its manifest is there, a run that scored is known by the model that it keeps here.
    clear_scratch(lake, attempt.number)


def fail(lake: Lake, attempt: Attempt, error_code: str) -> None:
    """Records that the attempt failed and puts every table back to the last release."""
    _record(lake, attempt, FAILED, {"error_code": error_code})
    roll_back(lake, attempt)


def revert(lake: Lake, release_number: int) -> None:
    """Makes an earlier release current again, as a new release that names its versions.

    The next run starts from it: the landing files taken since are taken again.

    Raises:
        NotFoundError: there is no such release, or vacuum may have deleted what it names.
    """
    _fit_log(lake)
    wanted = kept_release(lake, release_number)
    last = _last_row(lake)
    if last is not None and last.status == STARTED:
        _close(lake, current_release(lake.tables), last)
    attempt = Attempt(
        run_id=f"{REVERT_PREFIX}{release_number}",
        number=(last.run_number if last else 0) + 1,
        as_of=last.as_of_date if last else datetime.now(UTC).date(),
        settings_hash=lake.settings.digest(),
        secret_fingerprint=lake.settings.lake.secret_fingerprint(),
        # A table that came later is in no earlier release: with its rows named, while the ledger no
        # longer knows their files, the next run would append them a second time.
        base=replace(
            current_release(lake.tables),
            versions=wanted.versions,
            definitions=wanted.definitions,
            made_for=wanted.made_for,
        ),
    )
    # Not `succeeded`: the next run must put the tables back to what this release names.
    _record(lake, attempt, REVERTED, {"output_versions": wanted.versions})
    release(lake, attempt, wanted.versions, reason=f"{REVERTED_TO}{release_number}")


def kept_release(lake: Lake, release_number: int) -> Release:
    """The release of that number, all of whose versions are still there.

    Raises:
        NotFoundError: there is no such release, or vacuum may have deleted what it names.
    """
    wanted = release_of(lake.tables, release_number)
    keep = lake.settings.lake.keep_releases
    rows = kept_rows(lake.tables, keep).select("release_number").distinct().collect()
    kept = sorted(row.release_number for row in rows)
    if not kept:
        raise NotFoundError("This lake has no release yet.", "run `c360 run` first.")
    # An older release is as good as one that is kept and names the same versions: what was reverted to.
    if wanted.number in kept or any(
        release_of(lake.tables, number).versions == wanted.versions for number in kept
    ):
        return wanted
    raise NotFoundError(
        f"Release {wanted.number} is not among the newest {keep}, which are kept "
        "(conf: lake.keep_releases), or is from before people were erased; nothing was touched.",
        f"name one of {kept[0]} to {kept[-1]}; `c360 release list` tells what they are.",
    )


def roll_back(lake: Lake, attempt: Attempt) -> None:
    """Undoes an attempt: its scratch goes, every table is put back to the release it started from.

    A table that this release does not know is put back to its empty version. One that only the release
    knows, of a source that conf no longer has, is put back too.
    """
    clear_scratch(lake, attempt.number)
    _restore(lake, attempt.base, {*lake.specs, *attempt.base.versions})


def _restore(lake: Lake, base: Release, tables: Iterable[str]) -> None:
    def restore(table: str) -> None:
        if lake.tables.exists(table):
            lake.tables.restore(table, base.versions.get(table, 0))

    named = [table for table in tables if table not in LOG_TABLES]
    in_parallel(restore, named, lake.settings.lake.parallel_steps)


def _settings_hash(lake: Lake, only: Sequence[str]) -> str:
    """What decides a run's result beside its day and its files: settings, secret, code, suites, tables."""
    settings = f"{lake.settings.digest()}:{lake.settings.lake.secret_fingerprint()}"
    # Encryption is no part of the settings' digest, and adds columns to tables.
    tables = (sorted(lake.specs.items()), lake.settings.lake.encryption.at_rest)
    decisive = (
        settings,
        sha256(repr(tables).encode()).hexdigest(),
        ",".join(sorted(only)),
        _digest(files("lakehouse")),
        _digest(expectations_dir()),
    )
    return sha256(":".join(decisive).encode()).hexdigest()


def _digest(place: Traversable) -> str:
    digest = sha256()
    for name, content in sorted(_texts(place)):
        digest.update(f"{name}:{len(content)}:".encode() + content)
    return digest.hexdigest()


def _texts(folder: Traversable) -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from ((f"{entry.name}/{name}", text) for name, text in _texts(entry))
        elif entry.name.endswith((".py", ".json")):
            yield entry.name, entry.read_bytes()


def _model_version(lake: Lake, attempt: Attempt) -> str | None:
    """The model that the run has scored by; None if it scored nothing."""
    path = latest_model(own_models(lake, attempt.number))
    # By the name of its file: one of another format must not keep a released run from being settled.
    return None if path is None else path.stem.rpartition("-")[2]


def _last_row(lake: Lake) -> Row | None:
    rows = (
        lake.tables.read(RUN.name)
        # A run's end comes after its start, whatever the clock said.
        .orderBy(F.col("run_number").desc(), F.col("status") == STARTED, F.desc("recorded_at"))
        .select(
            "run_id",
            "run_number",
            "status",
            "as_of_date",
            "settings_hash",
            "secret_fingerprint",
        )
        .limit(1)
        .collect()
    )
    return rows[0] if rows else None


def _is_done(lake: Lake, run_id: str, fingerprint: str | None) -> bool:
    """True if this run is among those that succeeded, the last of which had this secret.

    Raises:
        ConfigurationError: it had another one.
    """
    (found,) = (
        lake.tables.read(RUN.name)
        .where(F.col("status") == SUCCEEDED)
        .agg(
            F.bool_or(F.col("run_id") == run_id).alias("is_done"),
            F.max_by("secret_fingerprint", "run_number").alias("secret_fingerprint"),
        )
        .collect()
    )
    # Runs from before the column was there tell nothing.
    if found.secret_fingerprint not in (None, fingerprint):
        raise _other_secret()
    return bool(found.is_done)


def _record(lake: Lake, attempt: Attempt, status: str, details: Mapping[str, object]) -> None:
    values: dict[str, object] = {
        "run_id": attempt.run_id,
        "run_number": attempt.number,
        "status": status,
        "as_of_date": attempt.as_of,
        "recorded_at": datetime.now(UTC),
        "code_version": f"{__version__}+{_digest(files('lakehouse'))[:12]}",
        "settings_hash": attempt.settings_hash,
        "secret_fingerprint": attempt.secret_fingerprint,
        **details,
    }
    row = tuple(values.get(column.name) for column in RUN.columns)
    frame = local_frame(lake.spark, [row], RUN.ddl()).coalesce(1)
    lake.tables.write(frame, RUN, attempt.key(f"{RUN.name}:{status}"))
    lake.kill_points.passed(f"{RUN.name}:{status}", AFTER_RECORD)
