"""What the `c360` commands and the jobs do, each as one function from settings to a report."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.demo.generate import generate
from lakehouse.disk import free_space
from lakehouse.errors import ConfigurationError, InputError, LinkageError
from lakehouse.linkage.artefact import save_model
from lakehouse.linkage.evaluate_decisions import decision_evaluation, decision_labels
from lakehouse.linkage.evidence import evidence_columns
from lakehouse.linkage.link import guarded_evidence
from lakehouse.linkage.stock_splink import functions_jar
from lakehouse.linkage.train import train
from lakehouse.pipeline import attempt as attempts
from lakehouse.pipeline import runner
from lakehouse.pipeline.assessment import source_grids
from lakehouse.pipeline.audience_destinations import tell_removals
from lakehouse.pipeline.bench import bench_report
from lakehouse.pipeline.bench_linkage import engines_report
from lakehouse.pipeline.bi_server import serve_gold
from lakehouse.pipeline.demo_company import demo_outcome
from lakehouse.pipeline.demo_report import demo_report
from lakehouse.pipeline.held import held_by_latest_runs, held_records
from lakehouse.pipeline.lake import in_parallel, open_lake
from lakehouse.pipeline.people_files import evaluate_files, link_file
from lakehouse.pipeline.replay import replay
from lakehouse.pipeline.reviews import decision_report
from lakehouse.pipeline.run_report import books_grid, run_report
from lakehouse.pipeline.stewardship import (
    overrides,
)
from lakehouse.report import Grid, Report
from lakehouse.settings.linkage import LinkageSettings
from lakehouse.settings.load import load_settings
from lakehouse.settings.models import Settings
from lakehouse.settings.places import local_path
from lakehouse.storage.maintenance import drop_lost, vacuum_before
from lakehouse.storage.maintenance import vacuum as vacuum_tables
from lakehouse.storage.releases import current_release, kept_rows
from lakehouse.tables.linkage import SCORED_EDGE
from lakehouse.tables.ops import COMPACTION
from lakehouse.tables.silver import PERSON_RECORD

_LONGEST_RUN_ID = 100  # characters, as the runner takes them


def run(settings: Settings, *, run_id: str | None, as_of: date, only: Sequence[str] = ()) -> Report:
    """Carries out one run, tells exported audiences who must go, and returns the report of both.

    The results are in the Data Docs too.

    Without a run id its name is the day, with the names in `only` before it (a digest of them where
    they are too many), and with `full` where linkage is: one run a day of each kind.

    Raises:
        ConfigurationError, SuiteError: something that the run needs is wrong; nothing was started.
        PrerequisiteError: the lake's disk is nearly full; nothing was touched.
        LakehouseError: whatever else stops a run; nothing is released then.
    """
    name = run_id or _run_id_of(as_of, only, is_full=settings.linkage.full)
    runner.checked(settings, name, only)
    _require_space(settings)
    lake = open_lake(settings)
    outcome = runner.run(lake, name, as_of, only)
    return run_report(outcome, tell_removals(lake))


def _run_id_of(as_of: date, only: Sequence[str], *, is_full: bool) -> str:
    # A day is linked in full after it was run, by a new model: under the day's own id that is done.
    day = f"{'full-' if is_full else ''}day-{as_of.isoformat()}"
    name = "-".join([*only, day])
    if len(name) <= _LONGEST_RUN_ID:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:12]
    return f"{len(only)}-names-{digest}-{day}"


def _require_space(settings: Settings) -> None:
    """Refuses to begin on a local disk that the run would fill. An object store is not looked at."""
    root = local_path(settings.lake.root)
    if root is not None:
        free_space(root)


def release_list(settings: Settings) -> Report:
    """The releases that are kept, newest first."""
    lake = open_lake(settings)
    newest = current_release(lake.tables).number
    if not newest:
        return Report(lines=["There is no release yet."])
    rows = (
        kept_rows(lake.tables, settings.lake.keep_releases)
        .groupBy("release_number", "run_id", "reason")
        .agg(
            F.date_format(F.max("released_at"), "yyyy-MM-dd HH:mm:ss").alias("released_at"),
            F.count(F.lit(1)).alias("tables"),
        )
        .orderBy(F.col("release_number").desc())
        .collect()
    )
    grid = Grid(
        "Releases",
        ("release", "run", "made by", "released at (UTC)", "tables", "current"),
        [
            (r.release_number, r.run_id, r.reason, r.released_at, r.tables,
             "yes" if r.release_number == newest else "")
            for r in rows
        ],
    )  # fmt: skip
    return Report(grids=[grid])


def release_revert(settings: Settings, release_number: int) -> Report:
    """Makes an earlier release current again."""
    lake = open_lake(settings)
    with lake.locks.run():
        lake.release()
        attempts.revert(lake, release_number)
    return Report(lines=[f"Readers now see what release {release_number} held."])


def quarantine_list(settings: Settings) -> Report:
    """Rows held today, by table, feed and reason: counts, and no value of a row."""
    lake = open_lake(settings)
    versions = lake.release().versions
    columns = ("table_name", "source_feed", "reasons")
    before_bronze = held_records(lake, versions).select(*columns)
    rows = (
        before_bronze.unionByName(held_by_latest_runs(lake, versions).select(*columns))
        .select("table_name", "source_feed", F.explode("reasons").alias("reason"))
        .groupBy("table_name", "source_feed", "reason")
        .agg(F.count(F.lit(1)).alias("rows"))
        .orderBy("table_name", "source_feed", "reason")
        .limit(500)
        .collect()
    )
    heading = ("table_name", "source_feed", "reason", "rows")
    return Report(grids=[Grid("Quarantine", heading, [tuple(row) for row in rows])])


def quarantine_replay(
    settings: Settings, *, table: str | None, reason: str | None, as_of: date
) -> Report:
    """Cuts held bronze records again under today's conf; the next run judges held silver rows."""
    if table is not None and not table.startswith("bronze."):
        raise ConfigurationError(
            f"--table {table}: rows held after bronze are judged again by every run.",
            "fix the rule or the source and run `c360 run`; replay takes bronze tables.",
        )
    lake = open_lake(settings)
    lake.release()
    run_id = f"replay-{datetime.now(UTC):%Y%m%dT%H%M%S}"
    done = replay(lake, run_id, as_of, table, reason)
    return Report(
        grids=[books_grid(done.books)],
        lines=[
            f"{sum(book.good_count for book in done.books)} held records are sound now and were added "
            "to bronze. The next run builds silver, linkage and gold from it."
        ],
        warnings=[
            f"{file} {fault}. Its held records were not tried again; all others were."
            for file, fault in sorted(done.skipped_files.items())
        ],
    )


def sources(settings: Settings) -> Report:
    """The assessment of what there is: every field of every source."""
    return Report(grids=source_grids(open_lake(settings)))


def link(people: Path, out: Path, *, engine: str | None, model: Path | None) -> Report:
    """Clusters of one file of people, by `engine` or else by the one that conf says."""
    with _settings_without_lake({"linkage.engine": engine} if engine else {}) as settings:
        linked = link_file(open_lake(settings).spark, settings, people, out, model)
    return Report(
        lines=[f"{linked.records} records are {linked.people} people; {out} says which."],
        warnings=[
            f"{column}: {lost:,} of {filled:,} values could not be used (unreadable, or a "
            "placeholder), so these records are compared without. The README lists the forms that are "
            "read, under One file of people."
            for column, (lost, filled) in linked.unused.items()
        ],
    )


def evaluate(clusters: Path, truth: Path) -> Report:
    """Pairwise and B-cubed precision, recall and F1."""
    with _settings_without_lake({}) as settings:
        found = evaluate_files(open_lake(settings).spark, clusters, truth)
    grid = Grid(
        f"{found.records} records, {found.true_pairs} true pairs",
        ("measure", "precision", "recall", "F1"),
        [
            ("pairwise", round(found.precision, 4), round(found.recall, 4), round(found.f1, 4)),
            (
                "B-cubed",
                round(found.b3_precision, 4),
                round(found.b3_recall, 4),
                round(found.b3_f1, 4),
            ),
        ],
    )
    return Report(grids=[grid])


def evaluate_decisions(settings: Settings) -> Report:
    """The released links against what stewards decided, as if they had not."""
    lake = open_lake(settings)
    edges = lake.released(lake.release(), SCORED_EDGE.name)
    return decision_report(decision_evaluation(decision_labels(overrides(lake), edges)))


@contextmanager
def _settings_without_lake(overrides: Mapping[str, str]) -> Iterator[Settings]:
    """Settings of a command that needs a session and no lake.

    Its scratch data holds people's values, and is in a temporary folder that goes when the command
    ends.
    """
    with TemporaryDirectory(prefix="c360-", ignore_cleanup_errors=True) as folder:
        yield load_settings("demo", overrides={**overrides, "lake.work_dir": folder})


def demo_generate(out: Path, *, customers: int, seed: int, days: int) -> Report:
    """The demo company's files.

    Raises:
        InputError: the folder cannot be written to, or holds a company already.
    """
    if (out / "landing").exists() or (out / "truth").exists():
        raise InputError(
            f"{out} holds a company already, whose files would stay among the new ones.",
            "name an empty folder, or delete that one first.",
        )
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError:
        raise InputError(f"{out} cannot be written to.", "name a folder of yours.") from None
    generate(customers, seed, out, days)
    return Report(lines=[f"{out / 'landing'} has the feeds, {out / 'truth'} the truth about them."])


def demo_run(settings: Settings, *, customers: int, seed: int, days: int) -> Report:
    """The demo from generated files to a release, held against the truth.

    Raises:
        PrerequisiteError: the disk is nearly full; nothing was touched.
    """
    _require_space(settings)
    return demo_report(demo_outcome(settings, customers=customers, seed=seed, days=days), settings)


def bench(settings: Settings, *, customers: int, seed: int, erased: Sequence[int]) -> Report:
    """A run over a generated company, timed stage by stage, and erasures of so many of its customers.

    Raises:
        PrerequisiteError: the disk is nearly full; nothing was touched.
    """
    _require_space(settings)
    return bench_report(settings, customers=customers, seed=seed, erased=erased)


def bench_linkage(
    settings: Settings, *, sizes: Sequence[int], rounds: int, seed: int, patience: int
) -> Report:
    """Our engines and stock Splink's over synthetic people, and an increment against a full run.

    Raises:
        PrerequisiteError: the disk is nearly full; nothing was touched.
    """
    _require_space(settings)
    with TemporaryDirectory(prefix="c360-bench-") as home:
        lake = settings.lake.model_copy(update={"work_dir": Path(home, "work")})
        needed = {
            "spark.driver.extraClassPath": functions_jar(),
            "spark.checkpoint.dir": str(Path(home, "checkpoints")),
        }
        options = {**settings.spark.options, **needed}
        here = {"lake": lake, "spark": settings.spark.model_copy(update={"options": options})}
        spark = open_lake(settings.model_copy(update=here)).spark
        return engines_report(
            spark,
            settings.linkage,
            Path(home),
            sizes=sizes,
            rounds=rounds,
            seed=seed,
            patience=patience,
        )


def bi_server(settings: Settings, *, port: int) -> Report:
    """Gold over JDBC on loopback; returns when the server is interrupted."""
    serve_gold(open_lake(settings), port)
    return Report(lines=["The BI server has ended."])


def compact(settings: Settings) -> Report:
    """Joins small files of every released table, as a run of its own that changes no row."""
    lake = open_lake(settings)
    with lake.locks.run():
        base = lake.release()
        run_id = f"compaction-{datetime.now(UTC):%Y%m%dT%H%M%S}"
        attempt = attempts.begin(lake, run_id, datetime.now(UTC).date())
        names = list(base.versions)
        in_parallel(lake.tables.compact, names, settings.lake.parallel_steps)
        versions = {name: lake.tables.version(name) for name in names}
        attempts.release(lake, attempt, versions, reason=COMPACTION)
        attempts.settle(lake, attempt)
    return Report(lines=[f"Compacted {len(names)} tables; readers follow the new files."])


def vacuum(settings: Settings) -> Report:
    """Deletes files that no live release needs, and of logs outside of releases what retention took out."""
    lake = open_lake(settings)
    with lake.locks.run():
        lake.release()
        keep = settings.lake.keep_releases
        count = vacuum_tables(lake.spark, lake.tables, lake.specs, keep)
        expiring = (n for n, spec in lake.specs.items() if spec.retention_from is not None)
        logs = [n for n in expiring if n in attempts.LOG_TABLES and lake.tables.exists(n)]
        readers_gone = datetime.now(UTC) - timedelta(hours=settings.erasure.retention_hours)
        vacuum_before(lake.spark, lake.tables, logs, readers_gone)
        gone, left = drop_lost(lake.tables, lake.specs, keep)
    told = f"Looked at {count} tables and deleted the files that none of the newest {keep} releases needs"
    products = f", and {gone} data product(s) that conf has lost" if gone else ""
    return Report(
        lines=[f"{told}{products}."],
        warnings=[f"Delete {n} by hand: conf and releases have lost it." for n in left],
    )


def _too_few_people() -> LinkageError:
    return LinkageError(
        "There are too few person records in the release to learn from; no model was kept.",
        "run the feeds that describe people first.",
    )


def train_model(settings: Settings) -> Report:
    """Trains a new linkage model on the released person records; the next run scores by it."""
    lake = open_lake(settings)
    with lake.locks.run():
        versions = lake.release().versions
        if PERSON_RECORD.name not in versions:
            raise _too_few_people()
        people = lake.tables.read(PERSON_RECORD.name, versions[PERSON_RECORD.name])
        _require_columns(people, settings.linkage)
        secret = settings.lake.secret.get_secret_value()
        evidence = guarded_evidence(people, overrides(lake), settings.linkage, secret)
        model = train(evidence, settings.linkage)
        if not model.comparisons:
            raise _too_few_people()
        now = datetime.now(UTC)
        path = save_model(model, settings.linkage.models, f"{now:%Y-%m-%dT%H%M%S}")
    warnings = [f"The model's card warns of {warning}." for warning in model.card["warnings"]]
    return Report(
        lines=[f"Model {model.version} is at {path}, its card beside it."], warnings=warnings
    )


def _require_columns(people: DataFrame, settings: LinkageSettings) -> None:
    """Refuses to train on records from before an upgrade: the model would know nothing of what they lack."""
    missing = [
        name
        for name in evidence_columns(settings)
        if name in PERSON_RECORD.column_names and name not in people.columns
    ]
    if missing:
        raise LinkageError(
            f"The released person records are from before an upgrade and lack {', '.join(missing)}.",
            "run `c360 run --only silver`, which makes them anew, then train.",
        )
