"""Data products about groups of customers, in which no group is told that is too small.

Groups are told by levels, each within a group of the level above. Who knows the total and all parts but
one knows that one too, so what is not told is told together, as the rest of its level, and the rest is
safe as well: it has as many customers as a group must have, and two groups at least. Below a group that is
not told nothing is told.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import reduce
from operator import and_

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.serve.customer_product import selected
from lakehouse.serve.permitted import Permissions, permitted
from lakehouse.settings.products import CUSTOMER_COUNT, IS_REST, LEVEL, TOTAL, Groups, Product
from lakehouse.settings.purposes import Purpose

UNKNOWN = "unknown"
"""The group of those of whom the column says nothing."""


def group_product(
    gold: Mapping[str, DataFrame],
    decided: Permissions,
    product: Product,
    purpose: Purpose,
    as_of: date,
) -> DataFrame:
    """One row per group of permitted customers that is told, and per rest of groups told together.

    Key: level, the columns of `groups.by`, is_rest. Columns: those of the product's spec. Arguments: those
    of `customer_product`; the product must have groups.
    """
    people = permitted(selected(gold, product, as_of), decided, product, purpose)
    return told_groups(people, product.groups) if product.groups else people


def told_groups(people: DataFrame, groups: Groups) -> DataFrame:
    """The groups of `people` (columns of `by` and `sums`, one row per person) that can be told.

    One row per group or rest: level, the columns of `by` (null where the level does not go by them, and
    in a rest), is_rest, customer_count, the sums. A sum counts as told of those whose number is not 0.
    """
    cells = people.groupBy(*(F.coalesce(F.col(n), F.lit(UNKNOWN)).alias(n) for n in groups.by)).agg(
        F.count(F.lit(1)).alias(CUSTOMER_COUNT),
        *(F.sum(name).alias(name) for name in groups.sums),
        *(F.count_if(F.col(name) != 0).alias(_given(name)) for name in groups.sums),
    )
    above = (
        cells.agg(*_added(groups)).where(_is_safe(groups, F.col)).withColumn(IS_REST, F.lit(False))
    )
    parts = [above.select(*_row(TOTAL, (), groups))]
    for depth in range(1, len(groups.by) + 1):
        names = groups.by[:depth]
        level = _marked(cells.groupBy(*names).agg(*_added(groups)), above, names, groups)
        told_by = F.when(~F.col(IS_REST), F.col(names[-1])).alias(names[-1])
        above = level.groupBy(*names[:-1], told_by, IS_REST).agg(*_added(groups))
        parts.append(above.select(*_row(names[-1], names, groups)))
    return reduce(DataFrame.unionByName, parts)


def _marked(level: DataFrame, above: DataFrame, names: Sequence[str], groups: Groups) -> DataFrame:
    """The groups within those told above, and `is_rest`: whether they are told together.

    From the unsafe ones on, then from the smallest, as many groups go together as make two, and safe.
    """
    outer, told = list(names[:-1]), above.where(~F.col(IS_REST))
    within = level.join(told, on=outer or F.lit(True), how="left_semi")
    siblings = Window.partitionBy(*outer)
    in_turn = siblings.orderBy(F.col("_is_safe"), CUSTOMER_COUNT, names[-1])
    so_far = in_turn.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    ranked = within.withColumn("_is_safe", _is_safe(groups, F.col)).select(
        "*",
        F.row_number().over(in_turn).alias("_rank"),
        F.count_if(~F.col("_is_safe")).over(siblings).alias("_unsafe"),
        _is_safe(groups, lambda name: F.sum(name).over(so_far)).alias("_is_safe_so_far"),
    )
    is_enough = (
        (F.col("_rank") >= 2) & (F.col("_rank") >= F.col("_unsafe")) & F.col("_is_safe_so_far")
    )
    last = F.min(F.when(is_enough, F.col("_rank"))).over(siblings)
    return ranked.withColumn(IS_REST, (F.col("_unsafe") > 0) & (F.col("_rank") <= last))


def _is_safe(groups: Groups, number: Callable[[str], Column]) -> Column:
    """True of what has enough customers, and of each sum enough who add to it, or none."""
    enough = [number(CUSTOMER_COUNT) >= groups.smallest]
    for name in groups.sums:
        given = number(_given(name))
        enough.append((given == 0) | (given >= groups.smallest))
    return reduce(and_, enough)


def _added(groups: Groups) -> list[Column]:
    """Sums of everything that is counted or summed."""
    names = (CUSTOMER_COUNT, *groups.sums, *map(_given, groups.sums))
    return [F.sum(name).alias(name) for name in names]


def _row(level: str, names: Sequence[str], groups: Groups) -> list[Column]:
    return [
        F.lit(level).alias(LEVEL),
        *((F.col(n) if n in names else F.lit(None)).cast("string").alias(n) for n in groups.by),
        F.col(IS_REST),
        F.col(CUSTOMER_COUNT),
        *(F.col(name) for name in groups.sums),
    ]


def _given(name: str) -> str:
    return f"_{name}_given"
