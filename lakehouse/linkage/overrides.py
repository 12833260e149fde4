"""What stewards decided of two records: which decisions hold, and which cannot hold together."""

from collections.abc import Iterable
from dataclasses import dataclass

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.linkage.components import connected
from lakehouse.linkage.refine import DIFFERENT, SAME

SKIP, WITHDRAWN = "skip", "withdrawn"
"""What else the log can hold of a pair: that nothing is to be decided, or that nothing is any more."""


@dataclass(frozen=True)
class Override:
    """One decision that holds; `left` sorts before `right`."""

    left: str
    right: str
    decision: str


def standing_decisions(log: DataFrame) -> DataFrame:
    """The newest decision of each pair, unless that one withdraws.

    Args:
        log: ops.link_override.

    Returns:
        record_key_l, record_key_r, decision (same, different or skip), decided_by, reason, decided_at.
    """
    newest = Window.partitionBy("record_key_l", "record_key_r").orderBy(F.desc("decided_at"))
    return (
        log.select("*", F.row_number().over(newest).alias("age"))
        .where((F.col("age") == 1) & (F.col("decision") != WITHDRAWN))
        .select("record_key_l", "record_key_r", "decision", "decided_by", "reason", "decided_at")
    )


def effective_overrides(log: DataFrame) -> DataFrame:
    """The standing decisions that linkage goes by: those that say same or different."""
    return standing_decisions(log).where(F.col("decision") != SKIP)


def contradicted(new: Override, others: Iterable[Override]) -> tuple[Override, ...]:
    """The decisions that cannot hold together with `new`; none if it fits all of them.

    Of the same two records that is the one that says otherwise: `skip` neither, as it decided nothing.
    Records that are the same as one are the same as each other, so that `different` cannot hold
    between any two of them. Named are the `same` decisions that lead from one record to the other,
    and the one that says `different`.
    """
    known = list(others)
    own = [o for o in known if (o.left, o.right) == (new.left, new.right)]
    otherwise = tuple(o for o in own if o.decision not in (SKIP, new.decision))
    if otherwise:
        return otherwise
    together = [*(o for o in known if o not in own), new]
    same = [o for o in together if o.decision == SAME]
    group = connected((o.left, o.right) for o in same)
    for override in together:
        if override.decision != DIFFERENT:
            continue
        ends = group.get(override.left, override.left), group.get(override.right, override.right)
        if ends[0] == ends[1]:
            path = _path(override.left, override.right, same)
            involved = (*path, override)
            if new in involved:
                return tuple(o for o in involved if o != new)
    return ()


def _path(start: str, end: str, same: Iterable[Override]) -> list[Override]:
    """The fewest `same` decisions that lead from `start` to `end`, which they connect."""
    by_record: dict[str, list[Override]] = {}
    for override in same:
        by_record.setdefault(override.left, []).append(override)
        by_record.setdefault(override.right, []).append(override)
    paths: dict[str, list[Override]] = {start: []}
    queue = [start]
    for record in queue:
        for override in by_record.get(record, ()):
            other = override.right if override.left == record else override.left
            if other not in paths:
                paths[other] = [*paths[record], override]
                queue.append(other)
    return paths[end]
