"""`make bench-linkage`: our engines against stock Splink's, in turn, and an increment against a full run."""

import logging
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.columns.dates import parsed_date
from lakehouse.columns.person import standardised_people
from lakehouse.demo.person_table import write_person_table
from lakehouse.linkage.blocking import oversized_block, used_blocking
from lakehouse.linkage.cluster import cluster
from lakehouse.linkage.edge_sql import FOUND_BY_GROUP
from lakehouse.linkage.evaluate import evaluate
from lakehouse.linkage.evidence import touched_record
from lakehouse.linkage.frequency import term_frequency
from lakehouse.linkage.increment import Increment
from lakehouse.linkage.link import DECISION_SCHEMA, LinkageState, guarded_evidence, linked, no_state
from lakehouse.linkage.model import TrainedModel
from lakehouse.linkage.score import scored_edge
from lakehouse.linkage.stock_splink import link_on_duckdb, link_on_spark
from lakehouse.linkage.train import train
from lakehouse.report import Grid, Report
from lakehouse.settings.linkage import Engine, LinkageSettings
from lakehouse.tables.local_frame import local_frame

log = logging.getLogger(__name__)

_SECRET = "bench"  # noqa: S105 (made-up people)
_NEW_PERCENT = 1
_SAME_WEIGHT = 1e-6
_PAUSE = 0.2  # seconds between two looks at the memory
_PAIR = ("record_key_l", "record_key_r")
_TABLE = "scratch/scoring_*/people"
OUR_SPARK, OUR_DUCKDB = "ours on Spark", "ours on DuckDB"
STOCK_SPARK, STOCK_DUCKDB = "stock Splink on Spark", "stock Splink on DuckDB"


@dataclass(frozen=True)
class _People:
    """What all engines start from, written out once: the same people, model and frequencies."""

    spark: SparkSession
    folder: Path
    standardised: DataFrame
    increment: Increment
    model: TrainedModel
    settings: LinkageSettings


@dataclass
class _Engine:
    """One way of scoring and clustering, and what came of it.

    Its seconds count from the table of people on, which our engines make and stock Splink is given.
    """

    name: str
    link: Callable[[Path], tuple[DataFrame, DataFrame]]
    seconds: list[float] = field(default_factory=list)
    table_seconds: float = 0.0
    peak_gib: float = 0.0
    pairs: int = 0
    f1: float = 0.0
    differing: int | None = None
    is_stopped: bool = False


def engines_report(
    spark: SparkSession,
    settings: LinkageSettings,
    home: Path,
    *,
    sizes: Sequence[int],
    rounds: int,
    seed: int,
    patience: int,
) -> Report:
    """Seconds, pairs, F1 and peak memory of each engine, and the cost of an increment, by number of records.

    Args:
        spark: a session that has Splink's jar on its classpath.
        settings: conf.
        home: empty folder to work in.
        sizes: numbers of person records.
        rounds: how often each engine, and each increment, runs in turn; the fastest of its runs counts.
        seed: of the people.
        patience: an engine on Spark is stopped when it has taken so many times our seconds on Spark, and
            those are told as the least that it takes; 0 waits for its end.
    """
    grids, lines = [], []
    for records in sizes:
        folder = home / str(records)
        folder.mkdir()
        began = time.monotonic()
        people = _people(spark, settings, folder, records, seed)
        lines.append(
            f"{records:,} records: {time.monotonic() - began:.0f} s to make and standardise them, find their "
            "evidence and train the model that all engines share."
        )
        engines = _engines(people)
        _race(engines, people, rounds, patience)
        grids += [_engine_grid(records, engines), _increment_grid(people, records, rounds)]
        lines.append(_ratios(records, engines))
        shutil.rmtree(folder)
    return Report(grids, lines)


def _race(engines: Sequence[_Engine], people: _People, rounds: int, patience: int) -> None:
    for number in range(rounds):
        for engine in engines:
            out = people.folder / f"{engine.name.replace(' ', '_')}_{number}"
            _run(engine, people, out, patience * _seconds(engines)[OUR_SPARK])


def _people(
    spark: SparkSession, settings: LinkageSettings, folder: Path, records: int, seed: int
) -> _People:
    write_person_table(folder / "people.parquet", records, seed)
    raw = spark.read.parquet(str(folder / "people.parquet"))
    kept = _keeper(folder)
    people = kept("standardised", standardised_people(raw, read_date=parsed_date))
    undecided = local_frame(spark, (), DECISION_SCHEMA)
    evidence = kept("evidence", guarded_evidence(people, undecided, settings, _SECRET))
    oversized = kept("oversized", oversized_block(evidence, settings, folder))
    nothing = no_state(spark)
    touched = touched_record(
        evidence, nothing.record_evidence, oversized, nothing.oversized_block, is_full=True
    )
    increment = Increment(
        evidence,
        kept("touched", touched),
        oversized,
        kept("frequencies", term_frequency(evidence, settings, _SECRET)),
        nothing.scored_edge,
        nothing.cluster,
    )
    return _People(spark, folder, people, increment, train(evidence, settings), settings)


def _keeper(folder: Path) -> Callable[[str, DataFrame], DataFrame]:
    def kept(name: str, frame: DataFrame) -> DataFrame:
        frame.write.parquet(str(folder / name))
        return frame.sparkSession.read.parquet(str(folder / name))

    return kept


def _engines(people: _People) -> list[_Engine]:
    """Ours first: stock Splink scores the table of people that our run has written."""
    model = people.model
    rules = list(used_blocking(model, people.settings))

    def ours(engine: Engine) -> Callable[[Path], tuple[DataFrame, DataFrame]]:
        return lambda out: _ours(people, engine, out)

    def stock_duckdb(out: Path) -> tuple[DataFrame, DataFrame]:
        link_on_duckdb(_prepared(people), people.model, people.settings, rules, out)
        return _stock(people.spark, out)

    def stock_spark(out: Path) -> tuple[DataFrame, DataFrame]:
        link_on_spark(people.spark, _prepared(people), people.model, people.settings, rules, out)
        return _stock(people.spark, out)

    return [
        _Engine(OUR_DUCKDB, ours(Engine.DUCKDB)),
        _Engine(STOCK_DUCKDB, stock_duckdb),
        _Engine(OUR_SPARK, ours(Engine.SPARK)),
        _Engine(STOCK_SPARK, stock_spark),
    ]


def _ours(people: _People, engine: Engine, out: Path) -> tuple[DataFrame, DataFrame]:
    settings = people.settings.model_copy(update={"engine": engine})
    kept = _keeper(out)
    increment = people.increment
    edges = kept(
        "edges",
        scored_edge(increment, people.model, settings, secret=_SECRET, work_dir=out / "scratch"),
    )
    clusters = cluster(
        increment.evidence,
        edges,
        increment.touched,
        increment.last_clusters,
        settings,
        out / "scratch",
    )
    return edges, kept("clusters", clusters)


def _prepared(people: _People) -> Path:
    """The table of people that our engines score, as the first run of one of them left it."""
    return next(people.folder.glob(f"*/{_TABLE}"))


def _stock(spark: SparkSession, out: Path) -> tuple[DataFrame, DataFrame]:
    edges, clusters = (spark.read.parquet(str(out / f"{n}.parquet")) for n in ("edges", "clusters"))
    return edges.withColumn("found_by", F.lit("")), clusters


def _run(engine: _Engine, people: _People, out: Path, limit: float) -> None:
    if engine.is_stopped:
        return
    out.mkdir()
    with _peak_memory() as peak, _stopped_after(limit, people.spark) as stopped:
        began = time.time()
        try:
            edges, clusters = engine.link(out)
        except Exception:
            # Splink passes on what Spark raises of a job that is cancelled in one of several forms.
            if not stopped.is_set():
                raise
            engine.is_stopped = True
        whole, engine.table_seconds = time.time() - began, _table_seconds(out, began)
        engine.seconds.append(whole - engine.table_seconds)
    log.info("%s: %.1f s", engine.name, engine.seconds[-1])
    engine.peak_gib = max(engine.peak_gib, peak[0])
    if not engine.is_stopped:
        _judge(engine, people, edges, clusters)


def _table_seconds(out: Path, began: float) -> float:
    """How long after `began` the run in that folder had made the table of people; 0 if it made none."""
    return max((p.stat().st_mtime - began for p in out.glob(f"{_TABLE}/_SUCCESS")), default=0.0)


@contextmanager
def _stopped_after(limit: float, spark: SparkSession) -> Iterator[threading.Event]:
    """Cancels Spark's jobs when so many seconds have passed within, and says so; never where they are 0."""
    stopped = threading.Event()

    def stop() -> None:
        stopped.set()
        spark.interruptAll()

    timer = threading.Timer(limit, stop)
    if limit:
        timer.start()
    try:
        yield stopped
    finally:
        timer.cancel()


def _judge(engine: _Engine, people: _People, edges: DataFrame, clusters: DataFrame) -> None:
    # Stock Splink has no second round, which scores the pairs of a group that share no block.
    first = edges.where(F.col("found_by") != FOUND_BY_GROUP).select(*_PAIR, "match_weight")
    engine.pairs = first.count()
    engine.differing = _differing(people, first)
    found = clusters.select(F.col("record_key").alias("record_id"), "cluster_id")
    truth = people.standardised.select(
        F.col("record_key").alias("record_id"), F.col("person_id").alias("entity_id")
    )
    engine.f1 = evaluate(found, truth).f1


def _differing(people: _People, first: DataFrame) -> int | None:
    """How many weights are not the first engine's; None where their pairs differ."""
    path = people.folder / "first_edges"
    if not path.exists():
        first.write.parquet(str(path))
        return 0
    other = people.spark.read.parquet(str(path)).withColumnRenamed("match_weight", "other")
    both = first.join(other, on=list(_PAIR), how="full_outer")
    row = both.agg(
        F.count_if(F.abs(F.col("match_weight") - F.col("other")) > _SAME_WEIGHT).alias("differing"),
        F.count_if(F.col("other").isNull() | F.col("match_weight").isNull()).alias("single"),
    ).collect()[0]
    return None if row.single else int(row.differing)


def _engine_grid(records: int, engines: Sequence[_Engine]) -> Grid:
    heading = (
        "engine",
        "seconds",
        "to make the table of people",
        "pairs",
        "other weights",
        "F1",
        "peak memory, GiB",
    )
    rows = [
        (
            engine.name,
            ("over " if engine.is_stopped else "") + f"{min(engine.seconds):.1f}",
            f"{engine.table_seconds:.1f}" if engine.table_seconds else "is given",
            None if engine.is_stopped else engine.pairs,
            None if engine.is_stopped else _told(engine.differing),
            None if engine.is_stopped else round(engine.f1, 4),
            round(engine.peak_gib, 1),
        )
        for engine in engines
    ]
    title = f"{records:,} records: scoring and clustering by one model, from one table of people on"
    return Grid(title, heading, rows)


def _told(differing: int | None) -> object:
    return "other pairs" if differing is None else differing


def _seconds(engines: Sequence[_Engine]) -> dict[str, float]:
    """The fastest run of each engine; 0 before its first."""
    return {engine.name: min(engine.seconds, default=0.0) for engine in engines}


def _ratios(records: int, engines: Sequence[_Engine]) -> str:
    seconds = _seconds(engines)
    ours = seconds[OUR_SPARK]
    is_stopped = any(engine.is_stopped for engine in engines)
    return (
        f"{records:,} records: {OUR_SPARK} is {'more than ' if is_stopped else ''}"
        f"{seconds[STOCK_SPARK] / ours:.1f} times faster than {STOCK_SPARK} and takes "
        f"{ours / seconds[STOCK_DUCKDB]:.1f} times {STOCK_DUCKDB}."
    )


def _increment_grid(people: _People, records: int, rounds: int) -> Grid:
    """What an increment costs: nothing new, 1 % new records, all records anew."""
    is_new = F.pmod(F.xxhash64("record_key"), F.lit(100)) < _NEW_PERCENT
    some = people.standardised.where(~is_new)
    start, _ = _linked(people, some, no_state(people.spark), 1)
    nothing, new, full = "nothing new", f"{_NEW_PERCENT} % new records", "full run"
    taken: dict[str, list[float]] = {nothing: [], new: [], full: []}
    pairs = {}
    for name in (nothing, new, full) * rounds:
        number = 2 + sum(map(len, taken.values()))
        frame = some if name == nothing else people.standardised
        state, seconds = _linked(people, frame, start, number, full=name == full)
        pairs[name] = state.scored_edge.where(F.col("scored_in_release") == number).count()
        taken[name].append(seconds)
        log.info("%s: %.1f s, %d pairs scored", name, seconds, pairs[name])
    least = {name: min(seconds) for name, seconds in taken.items()}
    share = 100 * (least[new] - least[nothing]) / max(least[full] - least[nothing], 1e-9)
    rows: list[tuple[object, ...]] = [(n, round(s, 1), pairs[n]) for n, s in least.items()]
    rows.append(("share of a full run, percent, idle time taken off", round(share, 1), None))
    return Grid(f"{records:,} records: increments", ("run", "seconds", "pairs scored"), rows)


def _linked(
    people: _People, frame: DataFrame, last: LinkageState, number: int, *, full: bool = False
) -> tuple[LinkageState, float]:
    began = time.monotonic()
    state = linked(
        frame,
        last,
        local_frame(people.spark, (), DECISION_SCHEMA),
        lambda _: people.model,
        people.settings.model_copy(update={"full": full}),
        secret=_SECRET,
        work_dir=people.folder,
        release_number=number,
    )
    return state, time.monotonic() - began


@contextmanager
def _peak_memory() -> Iterator[list[float]]:
    """GiB that this process and all below it held at most, looked at a few times a second."""
    peak, is_over = [0.0], threading.Event()

    def watch() -> None:
        while not is_over.wait(_PAUSE):
            peak[0] = max(peak[0], _resident_gib())

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield peak
    finally:
        is_over.set()
        watcher.join()


def _resident_gib() -> float:
    """What this process and its descendants hold in memory now, by Linux's /proc."""
    parents, pages = {}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(stat.parent.name)] = int(fields[1])
        pages[int(stat.parent.name)] = int(fields[21])
    below, found = {os.getpid()}, 0
    while len(below) > found:
        found = len(below)
        below |= {pid for pid, parent in parents.items() if parent in below}
    return sum(pages.get(pid, 0) for pid in below) * os.sysconf("SC_PAGE_SIZE") / 2**30
