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
    columns_of,
    key_column,
    largest_block,
    rule_name,
    used_blocking,
    with_block_keys,
)
from lakehouse.linkage.blocking_choice import RuleYield, chosen_blocking
from lakehouse.linkage.edge_sql import block_sizes_select, set_aside_for
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
from lakehouse.linkage.training_session import Session, decided_session, em_sessions
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
    expected = expected_parameters(settings, frozenset(columns))
    conf = conf_hash(settings)
    model = TrainedModel("untrained", conf, columns, expected, FIRST_PRIOR, 0.0, 0.0)
    if sampled < 2 or not expected:
        _tell_blindness(records)
        return replace(model, version=content_version(expected, FIRST_PRIOR, 0.0, (), conf))
    model = model.with_parameters(with_chance_shares(connection, model, sampled, settings))
    sessions, doubts = em_sessions(connection, model, settings)
    taught = [] if decided is None else decided_session(decided, model, settings)
    shares, warnings = averaged(model, [*sessions, *taught], settings)
    all_pairs = sampled * (sampled - 1) / 2
    _cap_sample_blocks(connection, sampled, settings)
    model = model.with_parameters(shares)
    first = _evidence_pairs(connection, model, settings).weights
    shares = without_true_pairs(model, fitted_prior(first, all_pairs), sessions, settings)
    model = replace(model.with_parameters(shares), unlike=least_unlike(sessions))
    pairs = _evidence_pairs(connection, model, settings)
    model = replace(model, prior=round(fitted_prior(pairs.weights, all_pairs), 15))
    model, found = _with_choices(model, pairs.with_prior(model.prior_weight), settings)
    told = [*doubts, *warnings, *_doubtful(model, settings)]
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
    rules = used_blocking(settings, model.present, ())
    blocking = chosen_blocking(pairs, list(rules), settings.training)
    unused = tuple(rule_name(rules[n]) for n in rules if n not in blocking.used)
    used = pairs.found_by_any(blocking.used)
    join = join_weight(used, settings.thresholds)
    chosen = replace(
        model,
        join_weight=join,
        review_weight=join - settings.thresholds.review,
        unused_blocking=unused,
        version=content_version(model.comparisons, model.prior, join, unused, model.conf_hash),
    )
    of_pairs, of_clusters = estimated_precision(used, join)
    return chosen, {
        "blocked_pairs": len(used.weights),
        "expected_true_pairs": round(float(probabilities(used.weights).sum()), 1),
        "joined_pairs": int((used.weights >= join).sum()),
        "estimated_precision": round(of_pairs, 6),
        "estimated_cluster_precision": round(of_clusters, 6),
        "estimated_blocking_recall_at_most": blocking.recall and round(blocking.recall, 6),
        "blocking": [
            _told_of_rule(rule_name(rules[n]), blocking.yields[n], n in blocking.used)
            for n in rules
        ],
    }


def _told_of_rule(name: str, found: RuleYield, is_used: bool) -> dict[str, Any]:
    counts = {key: round(value, 1) for key, value in asdict(found).items()}
    return {"rule": name, "is_used": is_used, **counts}


def _doubtful(model: TrainedModel, settings: LinkageSettings) -> list[str]:
    """What of a trained model one would not expect: agreement against a match, rules that do not hold."""
    against = [
        f"{name}: agreement speaks against one person"
        for name, levels in model.comparisons.items()
        if levels[0].weight < 0
    ]
    set_aside = (
        (rule, set_aside_for(rule, model.unlike)) for rule in settings.guards.contradictions
    )
    return against + [
        f"the contradiction {rule.name} is set aside: more than {rule.unlike_at_most} of true pairs"
        f" are unlike in {', '.join(comparisons)}"
        for rule, comparisons in set_aside
        if comparisons
    ]


def _tell_doubts(doubts: Sequence[str]) -> None:
    if doubts:
        log.warning("What is doubtful about the new linkage model: %s.", "; ".join(doubts))


def _evidence_pairs(
    connection: duckdb.DuckDBPyConnection, model: TrainedModel, settings: LinkageSettings
) -> SampledPairs:
    """The pairs that blocking finds in the sample, with match weights without prior."""
    rules = list(used_blocking(settings, model.present, ()))
    if not rules:
        return NO_PAIRS
    keys = [key_column(n) for n in rules]
    built = linker(connection, splink_settings(settings, model, blocking_columns=keys))
    scored = sampled_pairs(connection, predicted(built, None), rules)
    return scored.with_prior(-model.prior_weight)


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


def _told(session: Session) -> dict[str, Any]:
    """What the card says of a session."""
    return {
        "blocking": list(session.blocking),
        "pairs": session.pairs,
        "match_share": round(session.match_share, 6),
        "unlike": {name: round(float(m[-1]), 4) for name, m in session.m.items()},
    }
