"""Answers to `why are these one customer, or not`, read from the release."""

from collections.abc import Iterable

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from lakehouse.errors import NotFoundError
from lakehouse.linkage.explain import ScoredPair, explanation, joined_by
from lakehouse.pipeline.lake import Lake
from lakehouse.report import Grid, Report
from lakehouse.storage.releases import Release
from lakehouse.tables.linkage import (
    CLUSTER,
    CUSTOMER_ALIAS,
    IDENTITY_EVENT,
    IDENTITY_MAP,
    SCORED_EDGE,
)
from lakehouse.tables.local_frame import local_frame

_MOST_RECORDS = 5_000
"""Records of a component whose pairs are read into the driver; of a larger one, those of the customer."""
_PAIR = (
    "record",
    "other record",
    "match weight",
    "above what is asked",
    "found by",
    "release",
    "model",
)


def pair_explained(lake: Lake, record: str, other: str) -> Report:
    """Why two person records are one customer or not, by the numbers of the run that decided.

    Raises:
        NotFoundError: a record is not in the release.
    """
    release = lake.release()
    owners = _current_owners(lake, release)
    customers = {r.record_key: r.customer_id for r in _of(owners, "record_key", [record, other])}
    missing = [key for key in (record, other) if key not in customers]
    if missing:
        raise NotFoundError(
            f"No person record {' or '.join(missing)} is in the release.",
            "take record keys of linkage.identity_map.",
        )
    customer = _keys(_of(owners, "customer_id", [customers[record]]))
    component = _component(lake, release, record) or customer
    pairs = _pairs_among(lake, release, component | {record, other})
    found = explanation(pairs, record, other, customer=customer, component=component)
    one = f"Both records are customer {customers[record]}"
    two = f"The records are two customers, {customers[record]} and {customers[other]}"
    grids = [] if found.direct is None else [_comparisons(found.direct)]
    if len(found.chain) > 1:
        grids.append(Grid("From one to the other", _PAIR, [_row(pair) for pair in found.chain]))
    return Report(grids, [f"{one if found.is_one else two}: {found.reason}."])


def customer_explained(lake: Lake, customer_id: str) -> Report:
    """How a customer came together, step by step, and what happened to it.

    Raises:
        NotFoundError: no such customer ever was. One that is no more is answered by where it went.
    """
    release = lake.release()
    history = _history(lake, release, customer_id)
    customer = _keys(_of(_current_owners(lake, release), "customer_id", [customer_id]))
    if not customer:
        led = _of(lake.released(release, CUSTOMER_ALIAS.name), "customer_id", [customer_id])
        where = (
            ", ".join(sorted(row.current_customer_id for row in led)) or "nobody: no record is left"
        )
        return Report([history], [f"This customer is no more. Its id leads to {where}."])
    steps = joined_by(_pairs_among(lake, release, customer), customer)
    together = Grid("How its records came together", _PAIR, [_row(pair) for pair in steps])
    count = f"{len(customer)} record{'s' if len(customer) > 1 else ''}"
    return Report([history, together] if steps else [history], [f"The customer has {count}."])


def _history(lake: Lake, release: Release, customer_id: str) -> Grid:
    if IDENTITY_EVENT.name not in release.versions:
        raise NotFoundError(
            "The release is from before customers had a history.",
            "run `c360 run` once, then ask again.",
        )
    told = lake.released(release, IDENTITY_EVENT.name).withColumn(
        "moment", F.date_format("occurred_at", "yyyy-MM-dd HH:mm:ss")
    )
    events = _of(told, "customer_id", [customer_id])
    if not events:
        raise NotFoundError(
            "No such customer is or was in this lake.", "take an id of linkage.identity_map."
        )
    happened = [
        (
            e.moment,
            e.event,
            e.record_key,
            e.other_customer_id,
            e.record_count,
            e.cause,
            e.run_id,
        )
        for e in sorted(events, key=lambda e: (e.occurred_at, e.event, e.record_key or ""))
    ]
    heading = ("when (UTC)", "event", "record", "other customer", "records", "cause", "run")
    return Grid("What happened", heading, happened)


def _current_owners(lake: Lake, release: Release) -> DataFrame:
    return lake.released(release, IDENTITY_MAP.name).where(F.col("valid_to").isNull())


def _of(frame: DataFrame, column: str, values: Iterable[str]) -> list[Row]:
    """The rows with one of the values, joined and not filtered by a literal: no key reaches a log."""
    wanted = local_frame(frame.sparkSession, [(v,) for v in values], f"{column} string")
    return frame.join(F.broadcast(wanted), on=column, how="left_semi").collect()


def _keys(rows: Iterable[Row]) -> frozenset[str]:
    return frozenset(row.record_key for row in rows)


def _component(lake: Lake, release: Release, record: str) -> frozenset[str]:
    """The records that joining pairs connect with this one; none if they are too many to look at."""
    clusters = lake.released(release, CLUSTER.name)
    own = [row.component_id for row in _of(clusters, "record_key", [record])]
    members = clusters.join(
        F.broadcast(local_frame(clusters.sparkSession, [(c,) for c in own], "component_id string")),
        on="component_id",
        how="left_semi",
    ).limit(_MOST_RECORDS + 1)
    keys = _keys(members.select("record_key").collect())
    return keys if len(keys) <= _MOST_RECORDS else frozenset()


def _pairs_among(lake: Lake, release: Release, records: frozenset[str]) -> list[ScoredPair]:
    edges = lake.released(release, SCORED_EDGE.name)
    for side in ("record_key_l", "record_key_r"):
        wanted = local_frame(edges.sparkSession, [(r,) for r in records], f"{side} string")
        edges = edges.join(F.broadcast(wanted), on=side, how="left_semi")
    return [ScoredPair(*row) for row in edges.select(*ScoredPair._fields).collect()]


def _row(pair: ScoredPair) -> tuple[object, ...]:
    return (
        pair.record_key_l,
        pair.record_key_r,
        pair.match_weight,
        pair.verdict if pair.override else pair.join_margin,
        pair.found_by,
        pair.scored_in_release,
        pair.model_version,
    )


def _comparisons(pair: ScoredPair) -> Grid:
    """The waterfall of a pair as a table: what each comparison says, the strongest first."""
    told = sorted(pair.weights.items(), key=lambda item: (-abs(item[1]), item[0]))
    rows = [
        (name, "not comparable" if pair.gammas[name] < 0 else f"level {pair.gammas[name]}", weight)
        for name, weight in told
    ]
    before = pair.match_weight - sum(pair.weights.values())
    rows = [("before any comparison", "", before), *rows, ("together", "", pair.match_weight)]
    return Grid("Their own pair, in bits", ("comparison", "reached", "weight"), rows)
