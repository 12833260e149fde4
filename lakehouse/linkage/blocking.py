"""Where pairs are looked for: block keys, and how large a block may be."""

import re
import uuid
from collections.abc import Iterable, Sequence
from functools import reduce
from pathlib import Path

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.columns.keys import hidden
from lakehouse.linkage.model import TrainedModel
from lakehouse.settings.linkage import LinkageSettings

_IDENTIFIER = re.compile(r"'[^']*'|[a-z_][a-z0-9_]*(?!\w*\()")
_SIZE_STEP = 1.25


def columns_of(parts: Iterable[str]) -> set[str]:
    """The columns that key parts read."""
    found = {word for part in parts for word in _IDENTIFIER.findall(part)}
    return {word for word in found if not word.startswith("'")}


def rule_name(parts: Sequence[str]) -> str:
    """What a blocking rule is called: its parts, joined by plus signs."""
    return " + ".join(parts)


def answerable_blocking(
    settings: LinkageSettings, present: frozenset[str]
) -> dict[int, Sequence[str]]:
    """The blocking rules whose columns the data has, by their place in conf."""
    return {n: rule for n, rule in enumerate(settings.blocking) if columns_of(rule) <= present}


def used_blocking(model: TrainedModel, settings: LinkageSettings) -> dict[int, Sequence[str]]:
    """The blocking rules by which pairs are looked for, by their place in conf.

    What the model leaves out stays out as long as conf has all rules that it uses: a rule is not worth its
    pairs beside those that find its true ones already.
    """
    answerable = answerable_blocking(settings, model.present)
    used = {told["rule"] for told in model.card.get("blocking", ()) if told["is_used"]}
    if not used <= {rule_name(rule) for rule in answerable.values()}:
        return answerable
    unused = model.unused_blocking
    return {n: rule for n, rule in answerable.items() if rule_name(rule) not in unused}


def key_column(number: int) -> str:
    """Name of the column that holds the key of the rule at that place in conf."""
    return f"block_key_{number:02d}"


def block_key(parts: Sequence[str], secret: str) -> Column:
    """The 64-bit hash, keyed, that records of one block share; null if any of its columns is null.

    No two rules share keys: the rule's own text is hashed along.
    """
    known = reduce(Column.__and__, (F.col(c).isNotNull() for c in sorted(columns_of(parts))))
    values = (F.expr(part).cast("string") for part in parts)
    return F.when(known, F.xxhash64(hidden(secret), F.lit(rule_name(parts)), *values))


def with_block_keys(people: DataFrame, rules: Iterable[int]) -> DataFrame:
    """The frame, which has block_keys, with one key column per rule in its place."""
    keys = [F.get("block_keys", F.lit(n)).alias(key_column(n)) for n in rules]
    return people.select("*", *keys).drop("block_keys")


def oversized_block(evidence: DataFrame, settings: LinkageSettings, work_dir: Path) -> DataFrame:
    """The blocks that are too large to be compared.

    Args:
        evidence: linkage.record_evidence (block_keys).
        settings: conf, whose guards bound the pairs of a rule and the records of a block.
        work_dir: folder that driver and workers see; the frame reads from it while it is used.

    Returns:
        blocking_rule, block_key, record_count: what the guards cost is what these blocks hold.
    """
    sizes = _block_sizes(evidence, str(work_dir / f"block_sizes_{uuid.uuid4().hex}"))
    records = evidence.agg(F.count("*").alias("records"))
    # One row per rule and size of block: as many as there are sizes, however many records.
    histogram = (
        sizes.groupBy("rule_number", "record_count")
        .agg(F.count("*").alias("blocks"))
        .crossJoin(records)
        .collect()
    )
    caps = [
        largest_block(
            ((r.record_count, r.blocks) for r in histogram if r.rule_number == n),
            max((r.records for r in histogram), default=0) * settings.guards.pairs_per_record,
            settings.guards.max_block_records,
        )
        for n in range(len(settings.blocking))
    ]
    names = F.array(*(F.lit(rule_name(rule)) for rule in settings.blocking))
    cap = F.get(F.array(*(F.lit(cap) for cap in caps)), "rule_number")
    return sizes.where(F.col("record_count") > cap).select(
        F.get(names, "rule_number").alias("blocking_rule"), "block_key", "record_count"
    )


def _block_sizes(evidence: DataFrame, folder: str) -> DataFrame:
    """rule_number, block_key, record_count of each block with two records or more; kept in the folder."""
    (
        evidence.select(F.posexplode("block_keys").alias("rule_number", "block_key"))
        .where(F.col("block_key").isNotNull())
        .groupBy("rule_number", "block_key")
        .agg(F.count("*").alias("record_count"))
        .where(F.col("record_count") > 1)
        .write.parquet(folder)
    )
    return evidence.sparkSession.read.parquet(folder)


def largest_block(sizes: Iterable[tuple[int, int]], budget: float, most_records: int) -> int:
    """The size up to which a rule's blocks are used.

    Args:
        sizes: (records in a block, number of such blocks).
        budget: the most pairs that the rule may cost.
        most_records: of a block that is used, whatever the rule costs.

    Blocks are taken from the smallest on while their pairs stay within the budget, all of a size or
    none, so that the choice does not depend on the order of arrival. The bound moves in steps of a
    quarter: a few more records would else move it by one, and touch all blocks of that size.
    """
    pairs, fitting = 0, most_records
    for size, blocks in sorted(sizes):
        pairs += blocks * size * (size - 1) // 2
        if pairs > budget:
            fitting = min(fitting, size - 1)
            break
    bound = 1.0
    while bound * _SIZE_STEP <= fitting:
        bound *= _SIZE_STEP
    return most_records if fitting == most_records else int(bound)
