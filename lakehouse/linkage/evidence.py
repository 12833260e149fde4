"""What linkage looks at of each record, and which records it must look at anew.

A record is touched when what linkage sees of it changed: its own values, a value that too many
people share now or no longer, a block that grew too large or shrank back, a steward's decision. A
pair of two records that are not touched has the weight that it had, so a run scores no such pair.
"""

from collections.abc import Iterable, Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.columns.keys import keyed_hash
from lakehouse.linkage.artefact import conf_hash
from lakehouse.linkage.blocking import block_key, columns_of
from lakehouse.linkage.guards import without_shared_values
from lakehouse.linkage.model import UNIQUE_ID
from lakehouse.settings.linkage import LinkageSettings

SINGLE_SYSTEM = "single_system"
"""What the evidence calls the system of a record, not closed, whose system knows every person once."""
DELETED, NEW, OVERRIDE, FULL = "deleted", "new", "override", "full"
CHANGED, SHARING, BLOCK_SIZE = "changed", "sharing", "block_size"
"""Why a record is touched. `full`: the run looks at every record."""


def evidence_columns(settings: LinkageSettings) -> list[str]:
    """Every column of the person record that comparisons, rules or guards read, in order."""
    read = [c for rule in settings.comparisons for c in rule.columns]
    read += [c for rule in settings.blocking for c in sorted(columns_of(rule))]
    read += [c for rule in settings.training.blocking for c in rule]
    for sharing in settings.guards.sharing:
        read += [*sharing.columns, *sorted(columns_of(sharing.people))]
    return list(dict.fromkeys(read))


def record_evidence(
    people: DataFrame,
    shared: DataFrame,
    overrides: DataFrame,
    settings: LinkageSettings,
    secret: str,
) -> DataFrame:
    """What linkage looks at of each record.

    Args:
        people: silver.person_record, or any frame with record_key and some of its columns.
        shared: linkage.shared_identifier, the values that are no evidence in this run.
        overrides: the decisions that hold: record_key_l, record_key_r, decision.
        settings: conf.
        secret: keys the hashes.

    Returns:
        record_key, evidence (column → value, without nulls), block_keys (one per blocking rule of
        conf, null where the rule does not apply), overrides (other record → decision),
        values_fingerprint (keyed hash of the record's own values, the shared ones included),
        fingerprint (keyed hash of evidence, overrides and conf), conf_hash.
    """
    keyed = _guarded_values(people, shared, settings, secret)
    decided = _decisions_by_record(overrides)
    conf = conf_hash(settings)
    content = F.to_json(F.struct("evidence", "overrides"))
    return (
        keyed.join(F.broadcast(decided), on=UNIQUE_ID, how="left")
        .select(*keyed.columns, F.coalesce("overrides", F.expr("map()")).alias("overrides"))
        .select(
            "*",
            keyed_hash(secret, F.lit(conf), content).alias("fingerprint"),
            F.lit(conf).alias("conf_hash"),
        )
    )


def _guarded_values(
    people: DataFrame, shared: DataFrame, settings: LinkageSettings, secret: str
) -> DataFrame:
    """record_key, evidence, values_fingerprint, block_keys."""
    columns = [*evidence_columns(settings), SINGLE_SYSTEM]
    people = people.select("*", _single_system(people, settings).alias(SINGLE_SYSTEM))
    own = keyed_hash(secret, F.to_json(_known_values(columns)))
    texts = _texts(people, columns).select("*", own.alias("values_fingerprint"))
    return without_shared_values(texts, shared, settings.guards.sharing, secret).select(
        UNIQUE_ID,
        _known_values(columns).alias("evidence"),
        "values_fingerprint",
        F.array(*(block_key(rule, secret) for rule in settings.blocking)).alias("block_keys"),
    )


def _single_system(people: DataFrame, settings: LinkageSettings) -> Column:
    systems = settings.guards.systems_without_duplicates
    if not systems or "source_system" not in people.columns:
        return F.lit(None).cast("string")
    single = F.col("source_system").isin(*systems)
    if "is_account_active" in people.columns:
        # Who closes an account may open another.
        single = single & ~F.col("is_account_active").eqNullSafe(F.lit(False))
    return F.when(single, F.col("source_system"))


def _texts(people: DataFrame, columns: Sequence[str]) -> DataFrame:
    """record_key and the columns as text; null where the frame has no such column."""
    present = (F.col(c) if c in people.columns else F.lit(None) for c in columns)
    return people.select(
        UNIQUE_ID, *(p.cast("string").alias(c) for p, c in zip(present, columns, strict=True))
    )


def _known_values(columns: Sequence[str]) -> Column:
    names, values = F.array(*map(F.lit, columns)), F.array(*map(F.col, columns))
    return F.map_filter(F.map_from_arrays(names, values), lambda _, value: value.isNotNull())


def _decisions_by_record(overrides: DataFrame) -> DataFrame:
    """record_key, overrides: the decisions about each record, by the other record."""
    left, right = F.col("record_key_l"), F.col("record_key_r")
    both = overrides.where(left != right).select(
        F.inline(
            F.array(
                F.struct(left.alias(UNIQUE_ID), right.alias("other"), "decision"),
                F.struct(right.alias(UNIQUE_ID), left.alias("other"), "decision"),
            )
        )
    )
    # One decision per pair, whatever the caller hands over: a map takes no key twice.
    single = both.groupBy(UNIQUE_ID, "other").agg(F.min("decision").alias("decision"))
    pairs = F.array_sort(F.collect_list(F.struct("other", "decision")))
    return single.groupBy(UNIQUE_ID).agg(F.map_from_entries(pairs).alias("overrides"))


def evidence_by_column(evidence: DataFrame, columns: Iterable[str]) -> DataFrame:
    """record_key and the values of these columns, as text; null where a record has none."""
    return evidence.select(UNIQUE_ID, *(F.col("evidence")[c].alias(c) for c in columns))


def touched_record(
    evidence: DataFrame,
    previous: DataFrame,
    oversized: DataFrame,
    previous_oversized: DataFrame,
    *,
    is_full: bool,
) -> DataFrame:
    """The records that this run must look at anew, and why.

    Args:
        evidence: linkage.record_evidence of this run.
        previous: the same as the last run left it.
        oversized: linkage.oversized_block of this run.
        previous_oversized: the same as the last run left it.
        is_full: every record is touched.

    Returns:
        record_key, cause: one row per record that is deleted, new, about which a steward decided or
        took back what he had, changed, has a value that too many people share now or no longer, is in
        a block that became too large or is so no longer, or is as it was in a full run. Of several
        causes the first in that order. By another configuration nothing tells a changed record from
        one that is as it was: a full run names them all so then.
    """
    compared = ("fingerprint", "values_fingerprint", "overrides", "conf_hash")
    old = previous.select(UNIQUE_ID, *(F.col(c).alias(f"old_{c}") for c in compared))
    crossed = _members_of_crossed_blocks(evidence, oversized, previous_oversized)
    return (
        evidence.select(UNIQUE_ID, *compared)
        .join(old, on=UNIQUE_ID, how="full_outer")
        .join(crossed, on=UNIQUE_ID, how="left")
        .select(UNIQUE_ID, _cause(is_full).alias("cause"))
        .where(F.col("cause").isNotNull())
    )


def _cause(is_full: bool) -> Column:
    # Maps cannot be compared as they are. A release from before the column was there has null.
    decided, decided_before = (
        F.coalesce(F.to_json(c), F.lit("{}")) for c in ("overrides", "old_overrides")
    )
    full = F.when(F.lit(is_full), FULL)
    is_as_it_was = F.col("fingerprint") == F.col("old_fingerprint")
    return (
        F.when(F.col("fingerprint").isNull(), DELETED)
        .when(F.col("old_fingerprint").isNull(), NEW)
        .when(decided != decided_before, OVERRIDE)
        .when(F.lit(is_full) & (F.col("conf_hash") != F.col("old_conf_hash")), full)
        .when(is_as_it_was, F.when(F.col("is_crossed"), BLOCK_SIZE).otherwise(full))
        .when(F.col("values_fingerprint") == F.col("old_values_fingerprint"), SHARING)
        .otherwise(CHANGED)
    )


def is_full(touched: DataFrame, evidence: DataFrame) -> bool:
    """True if the run looks at every record, as its list of touched records tells."""
    return touched.where(F.col("cause") != DELETED).count() == evidence.count()


def _members_of_crossed_blocks(
    evidence: DataFrame, oversized: DataFrame, previous_oversized: DataFrame
) -> DataFrame:
    """record_key, is_crossed: records in blocks that only one of the two lists holds."""
    now, before = oversized.select("block_key"), previous_oversized.select("block_key")
    crossed = now.unionByName(before).groupBy("block_key").count().where("count = 1")
    return (
        evidence.select(UNIQUE_ID, F.explode("block_keys").alias("block_key"))
        .join(crossed, on="block_key", how="left_semi")
        .select(UNIQUE_ID, F.lit(True).alias("is_crossed"))
        .distinct()
    )


def follows_on(previous: DataFrame, settings: LinkageSettings) -> bool:
    """True if the last run left evidence, by the same configuration: an increment can build on it."""
    last = previous.select("conf_hash").limit(1).collect()
    return bool(last) and last[0].conf_hash == conf_hash(settings)
