"""Which columns the records of a run fill, and which of these a model knows nothing of."""

from collections.abc import Mapping
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.linkage.blocking import columns_of
from lakehouse.linkage.evidence import evidence_by_column
from lakehouse.linkage.model import TrainedModel, used_rules
from lakehouse.settings.linkage import LinkageSettings


@dataclass(frozen=True)
class ColumnFill:
    """How many records there are, by column how many have a value, and the columns whose values differ."""

    records: int
    counts: Mapping[str, int]
    differing: frozenset[str]

    def is_filled(self, column: str, least_fill: float) -> bool:
        """True if at least this share of the records has a value there."""
        return self.counts[column] >= least_fill * self.records

    def is_telling(self, column: str, least_fill: float) -> bool:
        """True if training on these records would learn from the column."""
        has_two = self.counts[column] > 1 and column in self.differing
        return has_two and self.is_filled(column, least_fill)


def column_fill(evidence: DataFrame, settings: LinkageSettings) -> ColumnFill:
    """What one pass over linkage.record_evidence tells of the columns that are compared or blocked on."""
    named = [c for rule in settings.comparisons for c in rule.columns]
    named += [c for rule in settings.blocking for c in sorted(columns_of(rule))]
    columns = list(dict.fromkeys(named))
    told = (
        F.struct(F.count(c).alias("filled"), (F.min(c) < F.max(c)).alias("differs")).alias(c)
        for c in columns
    )
    (row,) = (
        evidence_by_column(evidence, columns).agg(F.count("*").alias("records"), *told).collect()
    )
    differing = frozenset(c for c in columns if row[c].differs)
    return ColumnFill(row.records, {c: row[c].filled for c in columns}, differing)


@dataclass(frozen=True)
class Unlearnt:
    """Columns that a model goes by none of, and contradictions of conf that training would bring back."""

    columns: tuple[str, ...]
    contradictions: tuple[str, ...]


def unlearnt(fill: ColumnFill, model: TrainedModel, settings: LinkageSettings) -> Unlearnt:
    """What these records have and the model does not know, as they had not when it was trained."""
    columns = tuple(
        column
        for column in fill.counts
        if column not in model.present and fill.is_telling(column, settings.least_fill)
    )
    could = {rule.name for rule in used_rules(settings, model.present.union(columns))}
    missing = could - model.comparisons.keys()
    off = (
        rule.name
        for rule in settings.guards.contradictions
        if missing & rule.levels.keys() and rule.levels.keys() <= could
    )
    return Unlearnt(columns, tuple(off))
