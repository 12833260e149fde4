"""Ids that last: today's groups go on under the ids that their members had before."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import pyarrow as pa
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.errors import words_withheld

_ID_BITS = 256


def kept_ids(overlap: DataFrame) -> DataFrame:
    """Which group goes on under which id, one to one.

    Args:
        overlap: group_id, lasting_id, shared (members that the two have in common), since (from when on
            the id is there): one row per pair that shares a member.

    Returns:
        group_id, lasting_id for every group that keeps one.

    Of all pairs, most shared members first, then the older id, then the one that sorts first, each is
    taken whose group and id are both still free. A pair without a rival is taken whatever the order: on
    a usual day nearly all are such. The others, of groups that merged, split or swapped members in this
    run, meet in one task, which takes them in order and holds 300 bytes for each pair that it takes.
    """
    has_no_rival = (_pairs_of("lasting_id") == 1) & (_pairs_of("group_id") == 1)
    order = (F.desc("shared"), F.asc("since"), F.asc("lasting_id"), F.asc("group_id"))
    return (
        overlap.select("*", has_no_rival.alias("has_no_rival"))
        # Rivals have no key of their own here, and what has none lies in one partition.
        .repartition(F.when(F.col("has_no_rival"), F.col("group_id")))
        .sortWithinPartitions(*order)
        .select("group_id", "lasting_id", "has_no_rival")
        .mapInArrow(_taken, "group_id string, lasting_id string")
    )


def new_id(kind: str, release_number: int, group: Column) -> Column:
    """An id for a group, which no release gave before: 32 hex digits.

    A release has each group once and no number twice, so neither has what is hashed of both.
    """
    content = F.concat_ws("|", F.lit(kind), F.lit(release_number), group)
    return F.substring(F.sha2(content, _ID_BITS), 1, 32)


def periods(
    assigned: DataFrame,
    previous: DataFrame,
    member: str,
    lasting_id: str,
    as_of: datetime,
    details: Sequence[str] = (),
) -> DataFrame:
    """The periods that hold after this run, and those that it ends; not those that ended before.

    Args:
        assigned: member, lasting_id and `details` of this run, one row per member.
        previous: the same with valid_from and valid_to, as the last release has them.
        member: the column that names who is under an id.
        lasting_id: the column of the id.
        as_of: the run's moment, from when on changes hold.
        details: columns that follow the run while a period lasts; what ends keeps its last ones.

    Returns:
        member, lasting_id, valid_from, valid_to, then `details`. A member who goes on under its id has
        its period go on; one who left, or is gone, has it closed.

    Both come from one pass over the members: two selections would compute all of it twice.
    """
    kept = (lasting_id, "valid_from", *details)
    old = previous.where(F.col("valid_to").isNull()).select(
        member, *(F.col(c).alias(f"old_{c}") for c in kept)
    )
    return (
        assigned.join(old, on=member, how="full_outer")
        .crossJoin(F.broadcast(_moment_of_change(previous, as_of)))
        .select(member, F.inline(F.array(*_opened_and_closed(lasting_id, details))))
        .where(F.col(lasting_id).isNotNull())
    )


def _opened_and_closed(lasting_id: str, details: Sequence[str]) -> tuple[Column, Column]:
    """The period that a member is in now, and the one that ends: the id is null where there is none."""
    same = F.col(lasting_id).eqNullSafe(F.col(f"old_{lasting_id}"))
    opened = F.struct(
        lasting_id,
        F.when(same, F.col("old_valid_from")).otherwise(F.col("now")).alias("valid_from"),
        F.lit(None).cast("timestamp").alias("valid_to"),
        *details,
    )
    closed = F.struct(
        F.when(~same, F.col(f"old_{lasting_id}")).alias(lasting_id),
        F.col("old_valid_from").alias("valid_from"),
        F.col("now").alias("valid_to"),
        *(F.col(f"old_{c}").alias(c) for c in details),
    )
    return opened, closed


def _moment_of_change(previous: DataFrame, as_of: datetime) -> DataFrame:
    """One row, `now`: as_of, or the second after the last moment that the periods of `previous` know.

    So no period overlaps another or is lost, also by a run for a past day or a second one for a day.
    """
    newest = F.max(F.greatest("valid_from", "valid_to"))
    after = newest + F.make_dt_interval(secs=F.lit(1))
    return previous.agg(F.greatest(F.lit(as_of).cast("timestamp"), after).alias("now"))


def _pairs_of(side: str) -> Column:
    return F.count("*").over(Window.partitionBy(side))


def _taken(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Of pairs in order, those without a rival and those of which neither side is taken before."""
    groups: set[str] = set()
    ids: set[str] = set()
    with words_withheld():
        for batch in batches:
            is_taken = []
            for group, lasting, alone in zip(*(c.to_pylist() for c in batch.columns), strict=True):
                is_free = alone or (group not in groups and lasting not in ids)
                if is_free and not alone:
                    groups.add(group)
                    ids.add(lasting)
                is_taken.append(is_free)
            yield batch.select([0, 1]).filter(pa.array(is_taken, pa.bool_()))
