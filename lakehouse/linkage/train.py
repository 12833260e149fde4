"""Training without labels: chance agreement by random pairs, true agreement by EM.

One model serves both engines: Splink learns on DuckDB in the driver, from a sample of bounded size
that is chosen by hash. Several EM sessions, each blind to the fields that it blocks on, are
averaged by the number of true pairs that each saw, together with what we expect before seeing any.
The prior and the threshold are then read off the scored pairs of the sample themselves.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.linkage.artefact import conf_hash, content_version
from lakehouse.linkage.blocking import (
    columns_of,
    key_column,
    largest_block,
    used_blocking,
    with_block_keys,
)
from lakehouse.linkage.edge_sql import block_sizes_select
from lakehouse.linkage.engine import PEOPLE_TABLE, database, linker, predicted
from lakehouse.linkage.evidence import evidence_columns
from lakehouse.linkage.model import (
    UNIQUE_ID,
    LevelParameters,
    TrainedModel,
    expected_parameters,
    splink_settings,
)
from lakehouse.linkage.training_session import Floats, Session, decided_session, em_sessions
from lakehouse.settings.linkage import LinkageSettings, ThresholdSettings

log = logging.getLogger(__name__)

Shares = dict[str, Floats]

_FIRST_PRIOR = 1e-4
_HASH_BUCKETS = 1_000_000
_HIGHEST_JOIN = 20.0
_DOUBTFUL = 3.0
"""Times the bound of unlike true pairs up to which a session is listened to for want of a better."""
_DIGITS = 9
_LEAST_CHANCE = 1 / 128
"""Share of an identifier's chance agreements that are left when true pairs are taken off."""
_MOST_TRUE = 0.97
"""Share of true pairs among agreements on one identifier beyond which no session is believed."""


def train(evidence: DataFrame, settings: LinkageSettings) -> TrainedModel:
    """A model for these people, from at most `training.max_records` of them.

    Args:
        evidence: linkage.record_evidence.
        settings: conf.

    Returns:
        The model; the same for the same records in any order.
    """
    records = evidence.count()
    sample = _sampled(evidence, records, settings).toArrow()
    limits = settings.limits
    with database(limits.memory_limit, limits.threads) as connection:
        connection.register("sample", sample)
        connection.execute(
            f"create table {PEOPLE_TABLE} as select *, true as is_touched from sample"  # noqa: S608
            f" order by {UNIQUE_ID}"
        )
        connection.unregister("sample")
        present = _present_columns(connection, sample, settings)
        decided = _decided(evidence, present, settings)
        return _trained(connection, sample.num_rows, records, present, decided, settings)


def _sampled(evidence: DataFrame, records: int, settings: LinkageSettings) -> DataFrame:
    most = settings.training.max_records
    values = (F.col("evidence")[c].alias(c) for c in evidence_columns(settings))
    people = evidence.select(UNIQUE_ID, "block_keys", *values)
    keyed = with_block_keys(people, range(len(settings.blocking)))
    if records <= most:
        return keyed
    buckets = int(_HASH_BUCKETS * most / records)
    bucket = F.pmod(
        F.xxhash64(F.col(UNIQUE_ID), F.lit(settings.training.seed)), F.lit(_HASH_BUCKETS)
    )
    return keyed.where(bucket < buckets)


def _decided(
    evidence: DataFrame, present: Sequence[str], settings: LinkageSettings
) -> pa.Table | None:
    """Records that stewards decided about, sampled or not, if conf lets training learn from them."""
    if not settings.training.decisions:
        return None
    values = (F.col("evidence")[c].alias(c) for c in present)
    decided = evidence.where(F.size("overrides") > 0)
    return decided.select(UNIQUE_ID, "overrides", *values).toArrow()


def _present_columns(
    connection: duckdb.DuckDBPyConnection, sample: pa.Table, settings: LinkageSettings
) -> tuple[str, ...]:
    """Columns with enough values, and more than one, to tell people apart."""
    named = {c for rule in settings.comparisons for c in rule.columns}
    named |= {c for rule in settings.blocking for c in columns_of(rule)}
    names = [name for name in sample.column_names if name in named]
    counted = ", ".join(f"count({name}), count(distinct {name})" for name in names)
    row = connection.execute(f"select {counted} from {PEOPLE_TABLE}").fetchall()[0]  # noqa: S608
    least = settings.least_fill * sample.num_rows
    facts = zip(names, row[::2], row[1::2], strict=True)
    return tuple(
        name for name, filled, distinct in facts if filled >= max(least, 2) and distinct > 1
    )


def _tell_blindness(records: int) -> None:
    if records > 1:
        log.warning(
            "Nothing tells these %d records apart: every column that is compared is empty or nearly so, or "
            "has the same value in all of them. No two are joined by their values.",
            records,
        )


def _trained(
    connection: duckdb.DuckDBPyConnection,
    sampled: int,
    records: int,
    columns: tuple[str, ...],
    decided: pa.Table | None,
    settings: LinkageSettings,
) -> TrainedModel:
    present = frozenset(columns)
    expected = expected_parameters(settings, present)
    conf = conf_hash(settings)
    model = TrainedModel("untrained", conf, columns, expected, _FIRST_PRIOR, 0.0, 0.0)
    if sampled < 2 or not expected:
        _tell_blindness(records)
        return replace(model, version=content_version(expected, _FIRST_PRIOR, 0.0, conf))
    model = model.with_parameters(_with_chance_shares(connection, model, sampled, settings))
    sessions = em_sessions(connection, model, settings)
    taught = [] if decided is None else decided_session(decided, model, settings)
    shares, warnings = _averaged(model, [*sessions, *taught], settings)
    all_pairs = sampled * (sampled - 1) / 2
    _cap_sample_blocks(connection, sampled, settings)
    model = model.with_parameters(shares)
    first = _evidence_weights(connection, model, settings)
    shares = _without_true_pairs(model, _fitted_prior(first, all_pairs), sessions, settings)
    model = model.with_parameters(shares)
    evidence_weights = _evidence_weights(connection, model, settings)
    prior = round(_fitted_prior(evidence_weights, all_pairs), 15)
    model = replace(model, prior=prior)
    weights = evidence_weights + model.prior_weight
    join = _join_weight(weights, settings.thresholds)
    return replace(
        model,
        join_weight=join,
        review_weight=join - settings.thresholds.review,
        unlike=_least_unlike(sessions),
        version=content_version(shares, prior, join, conf),
        card=_card(weights, join, sampled, records, [*sessions, *taught], warnings),
    )


def _with_chance_shares(
    connection: duckdb.DuckDBPyConnection,
    model: TrainedModel,
    sampled: int,
    settings: LinkageSettings,
) -> dict[str, tuple[LevelParameters, ...]]:
    """`u` by random pairs. A level that none of them reached counts as half a pair."""
    training = settings.training
    built = linker(connection, splink_settings(settings, model, term_frequencies=False))
    built.training.estimate_u_using_random_sampling(
        max_pairs=training.random_pairs, seed=training.seed, min_count_per_level=None, num_chunks=1
    )
    learnt = {c["output_column_name"]: c for c in built.misc.save_model_to_json()["comparisons"]}
    pairs = min(training.random_pairs, sampled * (sampled - 1) / 2)
    found = {}
    for name, levels in model.comparisons.items():
        own = [lv for lv in learnt[name]["comparison_levels"] if not lv.get("is_null_level")]
        seen = np.array([lv.get("u_probability", 0.0) for lv in own])
        smooth = (seen * pairs + 0.5) / (pairs * seen.sum() + 0.5 * len(own))
        found[name] = tuple(
            replace(level, u=round(float(u), _DIGITS + 3))
            for level, u in zip(levels, smooth, strict=True)
        )
    return found


def _averaged(
    model: TrainedModel, sessions: Sequence[Session], settings: LinkageSettings
) -> tuple[dict[str, tuple[LevelParameters, ...]], list[str]]:
    """`m` from all sessions and the expectation, and what is doubtful about it."""
    training = settings.training
    warnings = []
    found = {}
    bounds = {rule.name: rule.unlike_at_most for rule in settings.comparisons}
    for name, levels in model.comparisons.items():
        total = training.expected_pairs * np.array([level.m for level in levels])
        taught = _trusted(sessions, name, bounds[name], training.least_match_share)
        if not taught:
            warnings.append(f"{name}: no session could teach it; expected shares are used")
        for session in taught:
            true_pairs = session.match_share * session.pairs
            total = total + min(true_pairs, training.session_pairs) * session.m[name]
        shares = total / total.sum()
        if shares[-1] > bounds[name]:
            warnings.append(
                f"{name}: {shares[-1]:.2f} of true pairs unlike; bounded to {bounds[name]}"
            )
            shares[:-1] *= (1 - bounds[name]) / shares[:-1].sum()
            shares[-1] = bounds[name]
        found[name] = tuple(
            replace(level, m=round(float(m), _DIGITS))
            for level, m in zip(levels, shares, strict=True)
        )
    return found, warnings


def _trusted(
    sessions: Sequence[Session], name: str, bound: float, least_match_share: float
) -> list[Session]:
    """Sessions that can teach a comparison.

    One that blocks on what households share takes relatives for one person, and then finds more
    true pairs unlike than there can be. Those are left out as long as another session is left.
    """
    able = [s for s in sessions if name in s.m and s.match_share >= least_match_share]
    for most in (bound, bound * _DOUBTFUL):
        trusted = [s for s in able if s.m[name][-1] <= most]
        if trusted:
            return trusted
    return []


def _least_unlike(sessions: Sequence[Session]) -> dict[str, float]:
    """Per comparison, the least share of unlike true pairs of any session.

    A session that blocks on a shared address takes households for people, but not all do.
    """
    names = {name for session in sessions for name in session.m}
    return {
        name: round(min(float(s.m[name][-1]) for s in sessions if name in s.m), _DIGITS)
        for name in sorted(names)
    }


def _evidence_weights(
    connection: duckdb.DuckDBPyConnection, model: TrainedModel, settings: LinkageSettings
) -> Floats:
    """Match weights without prior, in bits, of all pairs that blocking finds in the sample."""
    keys = [key_column(n) for n in used_blocking(settings, model.present)]
    if not keys:
        return np.array([])
    built = linker(connection, splink_settings(settings, model, blocking_columns=keys))
    table = predicted(built, None)
    weights = connection.execute(f"select match_weight from {table} order by 1").fetchnumpy()  # noqa: S608
    return np.asarray(weights["match_weight"], dtype=np.float64) - model.prior_weight


def _cap_sample_blocks(
    connection: duckdb.DuckDBPyConnection, sampled: int, settings: LinkageSettings
) -> None:
    """Null the keys of blocks that are too large, in the table `prepared`."""
    capped = []
    for number in range(len(settings.blocking)):
        key = key_column(number)
        sizes = connection.execute(block_sizes_select(key)).fetchall()
        cap = largest_block(sizes, sampled, settings.guards)
        capped.append(
            f"case when count({key}) over (partition by {key}) <= {cap} then {key} end as {key}"
        )
    names = ", ".join(key_column(number) for number in range(len(settings.blocking)))
    connection.execute(
        f"create or replace table {PEOPLE_TABLE} as"  # noqa: S608
        f" select * exclude ({names}), {', '.join(capped)} from {PEOPLE_TABLE}"
    )


def _without_true_pairs(
    model: TrainedModel, prior: float, sessions: Sequence[Session], settings: LinkageSettings
) -> dict[str, tuple[LevelParameters, ...]]:
    """`u` of identifiers without the true pairs among the random pairs, bounded from below.

    Random pairs hold few agreements, and of these what is left is the small difference of two
    larger numbers. A session that blocked on the identifier has seen thousands: by Bayes' rule the
    share of true pairs among them says what chance agreement is at most.
    """
    found = dict(model.comparisons)
    for rule in settings.comparisons:
        name = rule.name
        if not rule.identifier or name not in found:
            continue
        levels = found[name]
        seen = np.array([level.u for level in levels])
        true = prior * np.array([level.m for level in levels])
        left = np.maximum(seen - true, seen * _LEAST_CHANCE)
        for session in sessions:
            if session.blocking == rule.columns:
                share = min(session.match_share, _MOST_TRUE)
                left[0] = min(left[0], true[0] / (1 - prior) * (1 - share) / share)
        left /= left.sum()
        found[name] = tuple(
            replace(level, u=round(float(u), _DIGITS + 3))
            for level, u in zip(levels, left, strict=True)
        )
    return found


def _probabilities(weights: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp2(-np.clip(weights, -500, 500))))


def _fitted_prior(evidence_weights: Floats, all_pairs: float) -> float:
    """The prior under which the model expects as many true pairs as the prior says there are.

    This is the maximum-likelihood prior for the given levels, with pairs that no blocking rule
    found taken as no match. At least one true pair is assumed.
    """
    prior = _FIRST_PRIOR
    for _ in range(500):
        expected = _probabilities(evidence_weights + np.log2(prior / (1 - prior))).sum()
        before, prior = prior, float(min(max(expected, 1.0) / all_pairs, 0.5))
        if abs(prior - before) <= 1e-10 * before:
            break
    return prior


def _join_weight(weights: Floats, thresholds: ThresholdSettings) -> float:
    """The lowest weight from which on the pairs reach the precision, by the model's own
    estimate.
    """
    if thresholds.join != "auto":
        return thresholds.join
    join = thresholds.lowest_join
    while join < _HIGHEST_JOIN:
        above = _probabilities(weights[weights >= join])
        if not len(above) or above.mean() >= thresholds.precision:
            break
        join += 0.5
    return join


def _card(
    weights: Floats,
    join: float,
    sampled: int,
    records: int,
    sessions: Sequence[Session],
    warnings: Sequence[str],
) -> dict[str, Any]:
    joined = _probabilities(weights[weights >= join])
    return {
        "records": records,
        "sampled_records": sampled,
        "blocked_pairs": len(weights),
        "expected_true_pairs": round(float(_probabilities(weights).sum()), 1),
        "joined_pairs": len(joined),
        "estimated_precision": round(float(joined.mean()), 6) if len(joined) else None,
        "sessions": [
            {
                "blocking": list(s.blocking),
                "pairs": s.pairs,
                "match_share": round(s.match_share, 6),
                "unlike": {name: round(float(m[-1]), 4) for name, m in s.m.items()},
            }
            for s in sessions
        ],
        "warnings": list(warnings),
    }
