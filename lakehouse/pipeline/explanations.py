"""Answers to `why are these one customer, or not`, read from a release."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from lakehouse.errors import LinkageError, NotFoundError
from lakehouse.linkage.artefact import latest_model, load_model, model_of_version
from lakehouse.linkage.blocking import used_blocking
from lakehouse.linkage.explain import ScoredPair, explanation, joined_by, steward_says
from lakehouse.linkage.guards import shared_values_of
from lakehouse.linkage.model import TrainedModel
from lakehouse.linkage.score import scored_pair
from lakehouse.linkage.waterfall import level_reached
from lakehouse.pipeline.lake import Lake
from lakehouse.report import Grid, Report
from lakehouse.storage.releases import Release
from lakehouse.tables.linkage import (
    CLUSTER,
    CUSTOMER_ALIAS,
    IDENTITY_EVENT,
    IDENTITY_MAP,
    OVERSIZED_BLOCK,
    RECORD_EVIDENCE,
    SCORED_EDGE,
    SHARED_IDENTIFIER,
    TERM_FREQUENCY,
)
from lakehouse.tables.local_frame import local_frame
from lakehouse.tables.ops import RUN
from lakehouse.tables.silver import PERSON_RECORD

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
    owners = _current_owners(lake, release)
    customers = _customers_of(owners, record, other)
    customer = _keys(_of(owners, "customer_id", [customers[record]]))
    component = _component(lake, release, record) or customer
    evidence = _of(lake.released(release, RECORD_EVIDENCE.name), "record_key", [record, other])
    found = explanation(
        _pairs_among(lake, release, component | {record, other}),
        record,
        other,
        customer=customer,
        other=_keys(_of(owners, "customer_id", [customers[other]])),
        component=component,
        unpaired=_why_unpaired(lake, release, evidence, record, other),
        most_records=lake.settings.linkage.guards.max_cluster_records,
    )
    one = f"Both records are customer {customers[record]}"
    two = f"The records are two customers, {customers[record]} and {customers[other]}"
    now = _scored_now(lake, current, record, other)
    grids = _comparisons(lake, found.direct, now)
    if len(found.chain) > 1:
        grids.append(Grid("From one to the other", _PAIR, [_row(pair) for pair in found.chain]))
    # A decision about two whom nothing else brings near each other leaves no pair.
    decided = _decision(evidence, record, other) if found.direct is None else None
    answer = f"{one if found.is_one else two}: {decided or found.reason}."
    told = Report(grids, [answer, *_left_out(lake, release, record, other)])
    own = () if found.direct is None else (found.direct,)
    others = (pair for pair in found.chain if pair not in own)
    return PairExplained(told, (*own, *others), frozenset(customers.values()))


def _customers_of(owners: DataFrame, *records: str) -> dict[str, str]:
    found = {r.record_key: r.customer_id for r in _of(owners, "record_key", records)}
    missing = [key for key in records if key not in found]
    if missing:
        raise NotFoundError(
            f"No person record {' or '.join(missing)} is in the release.",
            "take record keys of linkage.identity_map.",
        )
    return found


def _decision(evidence: Iterable[Row], record: str, other: str) -> str | None:
    """What a steward decided of the two, in words; None if nothing.

    Args:
        evidence: rows of linkage.record_evidence.
        record: a record_key.
        other: another one.
    """
    told = next((row.overrides or {} for row in evidence if row.record_key == record), {})
    return steward_says(told[other]) if other in told else None


def _why_unpaired(
    lake: Lake, release: Release, evidence: Sequence[Row], record: str, other: str
) -> str:
    """Why two records have no pair in the release, in words; `evidence` is what linkage sees of the two."""
    components = _of(lake.released(release, CLUSTER.name), "record_key", [record, other])
    if len({row.component_id for row in components}) == 1:
        return (
            f"pairs lead from one to the other through a group of more than {_MOST_RECORDS} records,"
            " which was cut at its weakest pairs"
        )
    keys = (row.block_keys for row in evidence)
    blocks = list(zip(*keys, strict=False)) if len(evidence) == 2 else []
    shared = {
        n: pair[0] for n, pair in enumerate(blocks) if pair[0] is not None and len({*pair}) == 1
    }
    if not shared:
        return "they were never compared, as no blocking rule finds the two together"
    return _why_not_found(lake, release, shared, _used_rules(lake, release, len(blocks)))


def _why_not_found(
    lake: Lake, release: Release, shared: Mapping[int, int], used: Sequence[frozenset[int]]
) -> str:
    """Why two records that share blocks have no pair, in words.

    Args:
        lake: the lake.
        release: whose links are explained.
        shared: by place of the blocking rule, the key of the block that the two are together in.
        used: what `_used_rules` gives.
    """
    if not used:
        return (
            "no pair of theirs is kept; by which blocking rules pairs were looked for cannot be told any"
            " more, as the file of a model is gone or conf has other rules"
        )
    asked = frozenset().union(*used) & shared.keys()
    if not asked:
        return (
            "they were never compared, as the model does not use the blocking rules that find the two"
            " together: few records have what they read, or next to none of the pairs that they add is true"
        )
    oversized = _oversized(lake, release, {shared[n] for n in asked})
    fitting = {n for n in asked if shared[n] not in oversized}
    if not fitting:
        return "they were never compared, as they are together in blocks alone that hold too many records"
    if fitting.isdisjoint(frozenset.intersection(*used)):
        return (
            "no pair of theirs is kept; whether they were compared cannot be told, as the blocking rules"
            " that find the two together are used by one model of this release and not by another"
            " (`c360 run --full-linkage` goes by the newest alone)"
        )
    return "they were compared, and their pair lies below what is kept for review"


def _oversized(lake: Lake, release: Release, block_keys: Set[int]) -> frozenset[int]:
    """Those of the blocks that are too large to be compared."""
    wanted = local_frame(lake.spark, [(key,) for key in block_keys], "block_key bigint")
    blocks = lake.released(release, OVERSIZED_BLOCK.name)
    found = blocks.join(F.broadcast(wanted), on="block_key", how="left_semi").collect()
    return frozenset(row.block_key for row in found)


def _used_rules(lake: Lake, release: Release, rules: int) -> list[frozenset[int]]:
    """By model of the release, the places of the blocking rules that it looks for pairs by.

    Its pairs may be scored by several, until a full run goes by one. None where one of them cannot be
    read any more, or conf does not have as many rules as the release.
    """
    settings = lake.settings.linkage
    scored = lake.released(release, SCORED_EDGE.name).select("model_version")
    runs = lake.tables.read(RUN.name).where(F.col("run_id") == release.run_id)
    told = scored.unionByName(runs.select("model_version")).distinct().collect()
    versions = [row.model_version for row in told if row.model_version is not None]
    models = [model_of_version(version, settings.models) for version in versions]
    known = [model for model in models if model is not None]
    if len(known) < len(models) or len(settings.blocking) != rules:
        return []
    return [frozenset(used_blocking(model, settings)) for model in known]


def _left_out(lake: Lake, release: Release, *records: str) -> list[str]:
    """What the records carry that too many people share to be evidence, a line each; never a value."""
    if SHARED_IDENTIFIER.name not in release.versions:
        return []
    wanted = local_frame(lake.spark, [(key,) for key in records], "record_key string")
    people = lake.released(release, PERSON_RECORD.name).join(
        F.broadcast(wanted), on="record_key", how="left_semi"
    )
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


def _scored_now(lake: Lake, release: Release, record: str, other: str) -> ScoredPair | None:
    """What today's model says of today's records; None if one is gone or no model fits today's conf."""
    path = latest_model(lake.settings.linkage.models)
    wanted = local_frame(lake.spark, [(record,), (other,)], "record_key string")
    evidence = lake.released(release, RECORD_EVIDENCE.name)
    two = evidence.join(F.broadcast(wanted), on="record_key", how="left_semi")
    if path is None or two.count() < 2:
        return None
    frequencies = lake.released(release, TERM_FREQUENCY.name)
    secret = lake.settings.lake.secret.get_secret_value()
    try:
        return scored_pair(two, frequencies, load_model(path), lake.settings.linkage, secret)
    except LinkageError:
        return None


def customer_explained(lake: Lake, customer_id: str, release: Release | None = None) -> Report:
    """How a customer came together, step by step, and what happened to it up to the release.

    Raises:
        NotFoundError: no such customer ever was. One that is no more is answered by where it went.
    """
    release = release or lake.release()
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


def _comparisons(lake: Lake, pair: ScoredPair | None, now: ScoredPair | None) -> list[Grid]:
    """The waterfall of a pair as a table: what each comparison said when it was scored, and says now."""
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
    scored = "when it was scored" if pair else "never scored"
    heading = ("comparison", "reached", scored, "reaches", "now")
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
