"""What the `c360` commands and the jobs do, each as one function from settings to a report."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from pyspark.sql import functions as F

from lakehouse.demo.generate import generate
from lakehouse.errors import ConfigurationError, InputError, NotFoundError
from lakehouse.linkage.artefact import save_model
from lakehouse.linkage.link import DECISION_SCHEMA, guarded_evidence
from lakehouse.linkage.train import train
from lakehouse.pipeline import attempt as attempts
from lakehouse.pipeline import runner
from lakehouse.pipeline.assessment import source_grids
from lakehouse.pipeline.bench import bench_report
from lakehouse.pipeline.bi_server import serve_gold
from lakehouse.pipeline.demo_company import demo_outcome
from lakehouse.pipeline.demo_report import demo_report
from lakehouse.pipeline.held import held_by_latest_runs, held_records
from lakehouse.pipeline.lake import Lake, in_parallel, open_lake
from lakehouse.pipeline.people_files import evaluate_files, link_file
from lakehouse.pipeline.replay import replay
from lakehouse.pipeline.run_report import books_grid, run_report
from lakehouse.report import Grid, Report
from lakehouse.settings.load import load_settings
from lakehouse.settings.models import Settings
from lakehouse.storage.maintenance import vacuum as vacuum_tables
from lakehouse.storage.releases import RELEASE, Release, current_release


def run(settings: Settings, *, run_id: str | None, as_of: date, only: Sequence[str] = ()) -> Report:
    """Carries out one run, whose results also stand in the Data Docs.

    Without a run id its name is the day, with the names in `only` before it: one run a day.

    Raises:
        LakehouseError: whatever stops a run; nothing is released then.
    """
    name = run_id or "-".join([*only, f"day-{as_of.isoformat()}"])
    return run_report(runner.run(open_lake(settings), name, as_of, only))


def release_list(settings: Settings) -> Report:
    """The releases, newest first."""
    lake = open_lake(settings)
    if not lake.tables.exists(RELEASE):
        return Report(lines=["There is no release yet."])
    newest = current_release(lake.tables)
    rows = (
        lake.tables.read(RELEASE)
        .groupBy("release_number", "run_id", "reason")
        .agg(
            F.date_format(F.max("released_at"), "yyyy-MM-dd HH:mm:ss").alias("released_at"),
            F.count(F.lit(1)).alias("tables"),
        )
        .orderBy(F.col("release_number").desc())
        .limit(settings.lake.keep_releases)
        .collect()
    )
    grid = Grid(
        "Releases",
        ("release", "run", "made by", "released at (UTC)", "tables", "current"),
        [
            (r.release_number, r.run_id, r.reason, r.released_at, r.tables,
             "yes" if newest and r.release_number == newest.number else "")
            for r in rows
        ],
    )  # fmt: skip
    return Report(grids=[grid])


def release_revert(settings: Settings, release_number: int) -> Report:
    """Makes an earlier release current again."""
    lake = open_lake(settings)
    with lake.locks.run():
        _current(lake)
        attempts.revert(lake, release_number)
    return Report(lines=[f"Readers now see what release {release_number} held."])


def quarantine_list(settings: Settings) -> Report:
    """Rows held today, by table, feed and reason."""
    lake = open_lake(settings)
    versions = _current(lake).versions
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
            "mend the rule or the source and run `c360 run`; replay takes bronze tables.",
        )
    lake = open_lake(settings)
    _current(lake)
    run_id = f"replay-{datetime.now(UTC):%Y%m%dT%H%M%S}"
    done = replay(lake, run_id, as_of, table, reason)
    return Report(
        grids=[books_grid(done.books)],
        lines=[
            f"{sum(book.good_count for book in done.books)} held records are sound now and stand in "
            "bronze. The next run builds silver, linkage and gold from it."
        ],
        warnings=[
            f"{file} {fault}. Its held records were not tried, all others were."
            for file, fault in sorted(done.skipped_files.items())
        ],
    )


def sources(settings: Settings) -> Report:
    """The assessment of what there is: every field of every source."""
    return Report(grids=source_grids(open_lake(settings)))


def link(people: Path, out: Path, *, engine: str | None, model: Path | None) -> Report:
    """Clusters of one file of people, by `engine` or else by the one that conf says."""
    settings = load_settings("demo", overrides={"linkage.engine": engine} if engine else None)
    records, clusters = link_file(open_lake(settings).spark, settings, people, out, model)
    return Report(lines=[f"{records} records are {clusters} people; {out} says which."])


def evaluate(clusters: Path, truth: Path) -> Report:
    """Pairwise and B-cubed precision, recall and F1."""
    found = evaluate_files(open_lake(load_settings("demo")).spark, clusters, truth)
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
    """The demo from generated files to a release, held against the truth."""
    return demo_report(demo_outcome(settings, customers=customers, seed=seed, days=days), settings)


def bench(settings: Settings, *, customers: int, seed: int) -> Report:
    """A run over a generated company, timed stage by stage."""
    return bench_report(settings, customers=customers, seed=seed)


def bi_server(settings: Settings, *, port: int) -> Report:
    """Gold over JDBC on loopback; comes back when the server was interrupted."""
    serve_gold(open_lake(settings), port)
    return Report(lines=["The BI server has ended."])


def compact(settings: Settings) -> Report:
    """Joins small files of every released table, as a run of its own that changes no row."""
    lake = open_lake(settings)
    with lake.locks.run():
        base = _current(lake)
        run_id = f"compaction-{datetime.now(UTC):%Y%m%dT%H%M%S}"
        attempt = attempts.begin(lake, run_id, datetime.now(UTC).date())
        names = list(base.versions)
        in_parallel(lake.tables.compact, names, settings.lake.parallel_steps)
        versions = {name: lake.tables.version(name) for name in names}
        attempts.release(lake, attempt, versions, reason="compaction")
        attempts.settle(lake, attempt)
    return Report(lines=[f"Compacted {len(names)} tables; readers follow the new files."])


def vacuum(settings: Settings) -> Report:
    """Deletes files that no live release needs."""
    lake = open_lake(settings)
    with lake.locks.run():
        _current(lake)
        count = vacuum_tables(lake.spark, lake.tables, lake.specs, settings.lake.keep_releases)
    return Report(
        lines=[
            f"Looked at {count} tables and deleted the files that none of the newest "
            f"{settings.lake.keep_releases} releases needs."
        ]
    )


def train_model(settings: Settings) -> Report:
    """Trains a new linkage model on the released person records; the next run scores by it."""
    lake = open_lake(settings)
    with lake.locks.run():
        people = lake.tables.read("silver.person_record", _released(lake, "silver.person_record"))
        undecided = lake.spark.createDataFrame([], DECISION_SCHEMA)
        secret = settings.lake.secret.get_secret_value()
        evidence = guarded_evidence(people, undecided, settings.linkage, secret)
        model = train(evidence, settings.linkage)
        now = datetime.now(UTC)
        path = save_model(model, settings.linkage.models, f"{now:%Y-%m-%dT%H%M%S}")
    return Report(lines=[f"Model {model.version} is at {path}, its card beside it."])


def _released(lake: Lake, table: str) -> int:
    return _current(lake).versions.get(table, 0)


def _current(lake: Lake) -> Release:
    release = current_release(lake.tables) if lake.tables.exists(RELEASE) else None
    if release is None:
        raise NotFoundError("This lake has no release yet.", "run `c360 run` first.")
    return release
