"""Training without labels: chance agreement by random pairs, true agreement by EM.

One model serves both engines: Splink learns on DuckDB in the driver, from a sample of bounded size
that is chosen by hash. Several EM sessions, each blind to the fields that it blocks on, are
averaged by the number of true pairs that each saw, together with what we expect before seeing any.
The prior and the threshold are then read off the scored pairs of the sample themselves.
"""

import logging
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import duckdb
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.linkage.artefact import conf_hash, content_version
from lakehouse.linkage.blocking import (
    answerable_blocking,
    columns_of,
    key_column,
    rule_name,
    with_block_keys,
)
from lakehouse.linkage.blocking_choice import RuleYield, chosen_blocking
from lakehouse.linkage.doubts import doubtful
from lakehouse.linkage.engine import PEOPLE_TABLE, database, linker, predicted
from lakehouse.linkage.evidence import evidence_columns
from lakehouse.linkage.model import (
    UNIQUE_ID,
    TrainedModel,
    expected_parameters,
    splink_settings,
)
from lakehouse.linkage.sampled_pairs import (
    NO_PAIRS,
    SampledPairs,
    cap_blocks,
    pair_weights,
    probabilities,
    sampled_pairs,
)
from lakehouse.linkage.shares import averaged, least_unlike, with_chance_shares, without_true_pairs
from lakehouse.linkage.threshold import (
    FIRST_PRIOR,
    estimated_precision,
    fitted_prior,
    join_weight,
)
from lakehouse.linkage.training_session import Floats, Session, decided_session, em_sessions
from lakehouse.settings.linkage import LinkageSettings

log = logging.getLogger(__name__)

_HASH_BUCKETS = 1_000_000


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
        present, rare = _filled_columns(connection, sample, settings)
        decided = _decided(evidence, present, settings)
        return _trained(connection, sample.num_rows, records, present, rare, decided, settings)


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


def _filled_columns(
    connection: duckdb.DuckDBPyConnection, sample: pa.Table, settings: LinkageSettings
) -> tuple[tuple[str, ...], frozenset[str]]:
    """Columns with enough values, and more than one, to tell people apart; and those with too few of them."""
    named = {c for rule in settings.comparisons for c in rule.columns}
    named |= {c for rule in settings.blocking for c in columns_of(rule)}
    names = [name for name in sample.column_names if name in named]
    counted = ", ".join(f"count({name}), count(distinct {name})" for name in names)
    row = connection.execute(f"select {counted} from {PEOPLE_TABLE}").fetchall()[0]  # noqa: S608
    least = settings.least_fill * sample.num_rows
    facts = zip(names, row[::2], row[1::2], strict=True)
    telling = {name: filled for name, filled, distinct in facts if filled >= 2 and distinct > 1}
    present = tuple(name for name, filled in telling.items() if filled >= least)
    return present, frozenset(telling) - set(present)


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
    rare: frozenset[str],
    decided: pa.Table | None,
    settings: LinkageSettings,
) -> TrainedModel:
    expected = expected_parameters(settings, frozenset(columns))
    conf = conf_hash(settings)
    asked = {rule.name: rule.columns for rule in settings.comparisons}
    model = TrainedModel("untrained", conf, columns, expected, FIRST_PRIOR, 0.0, 0.0, asked=asked)
    if sampled < 2 or not expected:
        _tell_blindness(records)
        return replace(model, version=content_version(expected, FIRST_PRIOR, 0.0, (), conf))
    model = model.with_parameters(with_chance_shares(connection, model, sampled, settings))
    sessions, doubts = em_sessions(connection, model, settings)
    taught = [] if decided is None else decided_session(decided, model, settings)
    shares, warnings = averaged(model, [*sessions, *taught], settings)
    all_pairs = sampled * (sampled - 1) / 2
    cap_blocks(connection, sampled, records, settings)
    model = model.with_parameters(shares)
    first = fitted_prior(_evidence_weights(connection, model, settings), all_pairs)
    shares = without_true_pairs(model, first, sessions, settings)
    model = replace(model.with_parameters(shares), unlike=least_unlike(sessions))
    pairs = _evidence_pairs(connection, model, settings)
    model = replace(model, prior=round(fitted_prior(pairs.weights, all_pairs), 15))
    model, found = _with_choices(model, pairs.with_prior(model.prior_weight), settings)
    told = [*doubts, *warnings, *doubtful(model, rare, found["blocking"], settings)]
    _tell_doubts(told)
    facts = {
        "records": records,
        "sampled_records": sampled,
        **found,
        "sessions": [_told(session) for session in (*sessions, *taught)],
        "warnings": told,
    }
    return replace(model, card=facts)


def _with_choices(
    model: TrainedModel, pairs: SampledPairs, settings: LinkageSettings
) -> tuple[TrainedModel, dict[str, Any]]:
    """The model with blocking rules and thresholds chosen by its pairs, and what its card says of that."""
    rules = answerable_blocking(settings, model.present)
    blocking = chosen_blocking(pairs, list(rules), settings.training)
    unused = tuple(rule_name(rules[n]) for n in rules if n not in blocking.used)
    used = pairs.found_by_any(blocking.used)
    join = join_weight(used, pairs, settings.thresholds)
    chosen = replace(
        model,
        join_weight=join,
        review_weight=join - settings.thresholds.review,
        unused_blocking=unused,
        version=content_version(model.comparisons, model.prior, join, unused, model.conf_hash),
    )
    of_pairs, of_clusters = estimated_precision(used, pairs, join)
    return chosen, {
        "blocked_pairs": len(used.weights),
        "expected_true_pairs": round(float(probabilities(used.weights).sum()), 1),
        "joined_pairs": len(used.from_weight(join).weights),
        "estimated_precision": _rounded(of_pairs),
        "estimated_cluster_precision": _rounded(of_clusters),
        "estimated_blocking_recall": _rounded(blocking.recall),
        "blocking": [
            _told_of_rule(rule_name(rules[n]), found, n in blocking.used)
            for n, found in blocking.yields.items()
        ],
    }


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 6)


def _told_of_rule(name: str, found: RuleYield, is_used: bool) -> dict[str, Any]:
    """What the card says of a blocking rule."""
    counts = {key: round(value, 1) for key, value in asdict(found).items()}
    return {"rule": name, "is_used": is_used, **counts}


def _tell_doubts(doubts: Sequence[str]) -> None:
    if doubts:
        log.warning("What is doubtful about the new linkage model: %s.", "; ".join(doubts))


def _evidence_pairs(
    connection: duckdb.DuckDBPyConnection, model: TrainedModel, settings: LinkageSettings
) -> SampledPairs:
    """The pairs that blocking finds in the sample, with match weights without prior."""
    rules = list(answerable_blocking(settings, model.present))
    if not rules:
        return NO_PAIRS
    scored = sampled_pairs(connection, _scored(connection, model, rules, settings), rules)
    return scored.with_prior(-model.prior_weight)


def _evidence_weights(
    connection: duckdb.DuckDBPyConnection, model: TrainedModel, settings: LinkageSettings
) -> Floats:
    """The weights of the same pairs alone."""
    rules = list(answerable_blocking(settings, model.present))
    if not rules:
        return NO_PAIRS.weights
    weights = pair_weights(connection, _scored(connection, model, rules, settings))
    return weights - model.prior_weight


def _scored(
    connection: duckdb.DuckDBPyConnection,
    model: TrainedModel,
    rules: Sequence[int],
    settings: LinkageSettings,
) -> str:
    """Splink's table of the pairs that the rules find in the sample."""
    keys = [key_column(n) for n in rules]
    built = linker(connection, splink_settings(settings, model, blocking_columns=keys))
    return predicted(built, None)


def _told(session: Session) -> dict[str, Any]:
    """What the card says of a session."""
    return {
        "blocking": list(session.blocking),
        "pairs": session.pairs,
        "match_share": round(session.match_share, 6),
        "unlike": {name: round(float(m[-1]), 4) for name, m in session.m.items()},
    }
