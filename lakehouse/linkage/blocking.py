"""Where pairs are looked for: block keys, and how large a block may be."""

import re
from collections.abc import Iterable, Sequence
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.linkage.guards import without_shared_values
from lakehouse.linkage.model import UNIQUE_ID
from lakehouse.settings.linkage import GuardSettings, LinkageSettings

_IDENTIFIER = re.compile(r"'[^']*'|[a-z_][a-z0-9_]*(?!\w*\()")


def columns_of(parts: Iterable[str]) -> set[str]:
    """The columns that key parts read."""
    found = {word for part in parts for word in _IDENTIFIER.findall(part)}
    return {word for word in found if not word.startswith("'")}


def evidence_columns(settings: LinkageSettings) -> list[str]:
    """Every column of the person record that comparisons, rules or guards read, in order."""
    read = [c for rule in settings.comparisons for c in rule.columns]
    read += [c for rule in settings.blocking for c in sorted(columns_of(rule))]
    read += [c for rule in settings.training.blocking for c in rule]
    for sharing in settings.guards.sharing:
        read += [*sharing.columns, *sorted(columns_of(sharing.people))]
    return list(dict.fromkeys(read))


def evidence(people: DataFrame, settings: LinkageSettings) -> DataFrame:
    """What linkage looks at of each record.

    Returns:
        One row per record: record_key and every evidence column as text (null where the frame lacks
        it), values that too many people share set to null.
    """
    columns = evidence_columns(settings)
    texts = people.select(
        UNIQUE_ID,
        *(
            (F.col(c) if c in people.columns else F.lit(None)).cast("string").alias(c)
            for c in columns
        ),
    )
    return without_shared_values(texts, settings.guards.sharing)


def used_blocking(settings: LinkageSettings, present: frozenset[str]) -> list[tuple[str, ...]]:
    """The blocking rules whose columns the data has, in the order of conf."""
    return [rule for rule in settings.blocking if columns_of(rule) <= present]


def key_column(index: int) -> str:
    """Name of the column that holds the key of the rule of that index."""
    return f"block_key_{index:02d}"


def block_key(parts: Sequence[str]) -> Column:
    """The text that records of one block share; null if any of its columns is null."""
    known = reduce(Column.__and__, (F.col(c).isNotNull() for c in sorted(columns_of(parts))))
    key = F.concat_ws("|", *(F.expr(part).cast("string") for part in parts))
    return F.when(known, key)


def with_block_keys(people: DataFrame, rules: Sequence[Sequence[str]]) -> DataFrame:
    """The frame with one key column per rule."""
    keys = [block_key(rule).alias(key_column(i)) for i, rule in enumerate(rules)]
    return people.select("*", *keys)


def largest_block(sizes: Iterable[tuple[int, int]], records: int, guards: GuardSettings) -> int:
    """The size up to which a rule's blocks are used.

    Args:
        sizes: (records in a block, number of such blocks).
        records: number of all records.
        guards: pair budget and cap.

    Blocks are taken from the smallest on while their pairs stay within the budget, all of one size
    or none, so that the choice does not depend on the order of arrival.
    """
    budget = records * guards.pairs_per_record
    pairs, cap = 0, 1
    for size, blocks in sorted(sizes):
        pairs += blocks * size * (size - 1) // 2
        if size > guards.max_block_records or pairs > budget:
            break
        cap = size
    return cap
