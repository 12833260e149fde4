"""Answers to `why are these one customer, or not`, read from a release."""

from collections.abc import Iterable
from dataclasses import dataclass

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from lakehouse.errors import LinkageError, NotFoundError
from lakehouse.linkage.artefact import latest_model, load_model, model_of_version
from lakehouse.linkage.explain import Explanation, ScoredPair, explanation, joined_by
from lakehouse.linkage.guards import shared_values_of
from lakehouse.linkage.model import TrainedModel
from lakehouse.linkage.score import scored_pair
from lakehouse.linkage.waterfall import level_reached
from lakehouse.pipeline.keyed_rows import keyed_rows, with_keys
from lakehouse.pipeline.lake import Lake
from lakehouse.pipeline.unpaired import MOST_RECORDS, unpaired
from lakehouse.report import Grid, Report
from lakehouse.storage.releases import Release
from lakehouse.tables.linkage import (
    CLUSTER,
    CUSTOMER_ALIAS,
    IDENTITY_EVENT,
    IDENTITY_MAP,
    RECORD_EVIDENCE,
    SCORED_EDGE,
    SHARED_IDENTIFIER,
    TERM_FREQUENCY,
)
from lakehouse.tables.silver import PERSON_RECORD

_PAIR = (
    "record",
    "other record",
    "match weight",
    "above what is asked",
    "found by",
    "release",
    "model",
)


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
    direct = found.direct or _dropped(lake, release, apart.model, record, other)
    now = _scored_now(lake, current, record, other)
    grids = _comparisons(lake, direct, now, is_kept=direct is found.direct)
    if len(found.chain) > 1:
        grids.append(Grid("From one to the other", _PAIR, [_row(pair) for pair in found.chain]))
    one = f"Both records are customer {customers[record]}"
    two = f"The records are two customers, {customers[record]} and {customers[other]}"
    # A decision about two whom nothing else brings near each other leaves no pair.
    reason = apart.decision if found.direct is None and apart.decision else found.reason
    answer = f"{one if found.is_one else two}: {reason}."
    told = Report(grids, [answer, *_left_out(lake, release, record, other)])
    own = () if direct is None else (direct,)
    others = (pair for pair in found.chain if pair not in own)
    return PairExplained(told, (*own, *others), frozenset(customers.values()))


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


def model_that_scored(lake: Lake, pair: ScoredPair) -> TrainedModel | None:
    """The model that scored the pair, if its file is still in the configured folder."""
    return model_of_version(pair.model_version, lake.settings.linkage.models)


def _dropped(
    lake: Lake, release: Release, model: TrainedModel | None, record: str, other: str
) -> ScoredPair | None:
    """The pair of two records that the model has compared for the release, and that was not kept."""
    return None if model is None else _scored(lake, release, model, record, other)


def _scored_now(lake: Lake, release: Release, record: str, other: str) -> ScoredPair | None:
    """What today's model says of today's records; None if one is gone or no model fits today's conf."""
    path = latest_model(lake.settings.linkage.models)
    try:
        return None if path is None else _scored(lake, release, load_model(path), record, other)
    except LinkageError:
        return None


def _scored(
    lake: Lake, release: Release, model: TrainedModel, record: str, other: str
) -> ScoredPair | None:
    """What the model says of two records as they are in the release.

    None if one is not there, or the model does not fit today's conf.
    """
    two = with_keys(lake.released(release, RECORD_EVIDENCE.name), "record_key", [record, other])
    if two.count() < 2:
        return None
    frequencies = lake.released(release, TERM_FREQUENCY.name)
    secret = lake.settings.lake.secret.get_secret_value()
    try:
        return scored_pair(two, frequencies, model, lake.settings.linkage, secret)
    except LinkageError:
        return None


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


def _comparisons(
    lake: Lake, pair: ScoredPair | None, now: ScoredPair | None, *, is_kept: bool
) -> list[Grid]:
    """The waterfall of a pair as a table: what each comparison said when it was scored, and says now.

    `is_kept` tells a pair of the release from one that was compared and dropped.
    """
    if pair is None and now is None:
        return []
    weights = {**(now.weights if now else {}), **(pair.weights if pair else {})}
    names = sorted(weights, key=lambda name: (-abs(weights[name]), name))
    models = [None if p is None else model_that_scored(lake, p) for p in (pair, now)]
    rows: list[tuple[object, ...]] = [
        (
            name,
            *_told(pair, name, models[0]),
            *_told(now, name, models[1]),
        )
        for name in names
    ]
    before = ("before any comparison", "", _before(pair), "", _before(now))
    together = ("together", "", pair and pair.match_weight, "", now and now.match_weight)
    margin = ("above what is asked", "", pair and pair.join_margin, "", now and now.join_margin)
    kept = "when it was scored" if is_kept else "when it was dropped"
    heading = ("comparison", "reached", kept if pair else "never scored", "reaches", "now")
    return [Grid("Their own pair, in bits", heading, [before, *rows, together, margin])]


def _told(
    pair: ScoredPair | None, comparison: str, model: TrainedModel | None
) -> tuple[str, float | None]:
    """What the pair reached in the comparison, and what that weighs."""
    if pair is None:
        return "", None
    return level_reached(pair, comparison, model), pair.weights.get(comparison)


def _before(pair: ScoredPair | None) -> float | None:
    return None if pair is None else pair.match_weight - sum(pair.weights.values())
