"""Answers to `why are these one customer, or not`, read from a release."""

from collections.abc import Iterable
from dataclasses import dataclass

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from lakehouse.errors import NotFoundError
from lakehouse.linkage.explain import Explanation, ScoredPair, explanation, joined_by
from lakehouse.linkage.guards import shared_values_of
from lakehouse.pipeline.keyed_rows import keyed_rows, with_keys
from lakehouse.pipeline.lake import Lake
from lakehouse.pipeline.pair_grids import comparisons_grid, pairs_grid, scored, scored_now
from lakehouse.pipeline.unpaired import MOST_RECORDS, unpaired
from lakehouse.report import Grid, Report
from lakehouse.storage.releases import Release
from lakehouse.tables.linkage import (
    CLUSTER,
    CUSTOMER_ALIAS,
    IDENTITY_EVENT,
    IDENTITY_MAP,
    SCORED_EDGE,
    SHARED_IDENTIFIER,
)
from lakehouse.tables.silver import PERSON_RECORD

_MOST_TOLD = 20
"""Pairs of a chain whose comparisons are told."""


@dataclass(frozen=True)
class PairExplained:
    """Why two records are one customer or not.

    Attributes:
        report: the answer.
        pairs: what it rests on, for charts: the pair of the two, if they were compared, and those that
            lead from one to the other.
        customers: whose the records are.
    """

    report: Report
    pairs: tuple[ScoredPair, ...]
    customers: frozenset[str]


def pair_explained(
    lake: Lake, record: str, other: str, release: Release | None = None
) -> PairExplained:
    """Why two person records are one customer or not, as it was decided, and what today's model says.

    Args:
        lake: the lake.
        record: a record_key.
        other: another one.
        release: whose links are explained; the current ones if it is not given.

    Raises NotFoundError if a record is not in the release.
    """
    current = lake.release()
    release = release or current
    customers = _customers_of(_current_owners(lake, release), record, other)
    apart = unpaired(lake, release, record, other)
    found = _explanation(lake, release, record, other, apart.reason)
    ends = frozenset((record, other))
    dropped = None
    if found.direct is None and apart.model is not None:
        dropped = scored(lake, release, apart.model, ends).get(ends)
    grids = _grids(lake, current, ends, found, dropped)
    one = f"Both records are customer {customers[record]}"
    two = f"The records are two customers, {customers[record]} and {customers[other]}"
    # A decision about two whom nothing else brings near each other leaves no pair.
    reason = apart.decision if found.direct is None and apart.decision else found.reason
    answer = f"{one if found.is_one else two}: {reason}."
    told = Report(grids, [answer, *_left_out(lake, release, record, other)])
    own = tuple(pair for pair in (found.direct, dropped) if pair is not None)
    others = (pair for pair in found.chain if pair not in own)
    return PairExplained(told, (*own, *others), frozenset(customers.values()))


def _grids(
    lake: Lake,
    current: Release,
    ends: frozenset[str],
    found: Explanation,
    dropped: ScoredPair | None,
) -> list[Grid]:
    """The comparisons of the pair of the two, and those of the pairs that lead from one to the other."""
    chain = found.chain[:_MOST_TOLD] if len(found.chain) > 1 else ()
    now = scored_now(lake, current, ends.union(*(pair[:2] for pair in chain)))
    scored_then = "when it was scored"
    when = scored_then if found.direct else "when it was dropped" if dropped else "not kept"
    then = found.direct or dropped
    own = comparisons_grid(lake, "Their own pair", then, now.get(ends), when)
    of_chain = [
        comparisons_grid(
            lake, " and ".join(pair[:2]), pair, now.get(frozenset(pair[:2])), scored_then
        )
        for pair in chain
    ]
    way = [pairs_grid("From one to the other", found.chain)] if chain else []
    return [grid for grid in (own, *way, *of_chain) if grid is not None]


def _explanation(
    lake: Lake, release: Release, record: str, other: str, unpaired: str
) -> Explanation:
    """Why two records, of which each has a customer, are one or not.

    `unpaired` says in words why the two have no pair, for where that is the answer.
    """
    owners = _current_owners(lake, release)
    customers = _customers_of(owners, record, other)
    customer = _keys(keyed_rows(owners, "customer_id", [customers[record]]))
    component = _component(lake, release, record) or customer
    return explanation(
        _pairs_among(lake, release, component | {record, other}),
        record,
        other,
        customer=customer,
        other=_keys(keyed_rows(owners, "customer_id", [customers[other]])),
        component=component,
        unpaired=unpaired,
        most_records=lake.settings.linkage.guards.max_cluster_records,
    )


def _customers_of(owners: DataFrame, *records: str) -> dict[str, str]:
    found = {r.record_key: r.customer_id for r in keyed_rows(owners, "record_key", records)}
    missing = [key for key in records if key not in found]
    if missing:
        raise NotFoundError(
            f"No person record {' or '.join(missing)} is in the release.",
            "take record keys of linkage.identity_map.",
        )
    return found


def _left_out(lake: Lake, release: Release, *records: str) -> list[str]:
    """What the records carry that too many people share to be evidence, a line each; never a value."""
    if SHARED_IDENTIFIER.name not in release.versions:
        return []
    people = with_keys(lake.released(release, PERSON_RECORD.name), "record_key", records)
    found = shared_values_of(
        people,
        lake.released(release, SHARED_IDENTIFIER.name),
        lake.settings.linkage.guards.sharing,
        lake.settings.lake.secret.get_secret_value(),
    )
    return [
        f"{identifier} of {key} is no evidence: {count} different people share it."
        for key, identifier, count in sorted(tuple(row) for row in found.collect())
    ]


def customer_explained(lake: Lake, customer_id: str, release: Release | None = None) -> Report:
    """How a customer came together, step by step, and what happened to it up to the release.

    Raises:
        NotFoundError: no such customer ever was. One that is no more is answered by where it went.
    """
    release = release or lake.release()
    history = _history(lake, release, customer_id)
    customer = _keys(keyed_rows(_current_owners(lake, release), "customer_id", [customer_id]))
    if not customer:
        led = keyed_rows(lake.released(release, CUSTOMER_ALIAS.name), "customer_id", [customer_id])
        where = (
            ", ".join(sorted(row.current_customer_id for row in led)) or "nobody: no record is left"
        )
        return Report([history], [f"This customer is no more. Its id leads to {where}."])
    steps = joined_by(_pairs_among(lake, release, customer), customer)
    together = pairs_grid("How its records came together", steps)
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
    events = keyed_rows(told, "customer_id", [customer_id])
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


def _keys(rows: Iterable[Row]) -> frozenset[str]:
    return frozenset(row.record_key for row in rows)


def _component(lake: Lake, release: Release, record: str) -> frozenset[str]:
    """The records that joining pairs connect with this one; none if they are too many to look at."""
    clusters = lake.released(release, CLUSTER.name)
    own = [row.component_id for row in keyed_rows(clusters, "record_key", [record])]
    members = with_keys(clusters, "component_id", own).limit(MOST_RECORDS + 1)
    keys = _keys(members.select("record_key").collect())
    return keys if len(keys) <= MOST_RECORDS else frozenset()


def _pairs_among(lake: Lake, release: Release, records: frozenset[str]) -> list[ScoredPair]:
    edges = lake.released(release, SCORED_EDGE.name)
    for side in ("record_key_l", "record_key_r"):
        edges = with_keys(edges, side, records)
    return [ScoredPair(*row) for row in edges.select(*ScoredPair._fields).collect()]
