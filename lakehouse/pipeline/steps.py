"""The page to read first: every table after bronze, what it is made from, and by which function.

Bronze is one step per source file in conf and needs no line here; see `ingestion`.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import reduce
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse import gold, linkage
from lakehouse.errors import ConfigurationError
from lakehouse.gold import GOLD_READS
from lakehouse.gold.source import source_rows
from lakehouse.settings.models import Settings
from lakehouse.settings.sources import Source
from lakehouse.silver import SILVER_READS, silver_table
from lakehouse.tables.gold import SOURCE
from lakehouse.tables.registry import GATED_TABLES


@dataclass(frozen=True)
class Inputs:
    """What a step may use: frames at this run's versions, settings, the day, the last release's rows."""

    spark: SparkSession
    settings: Settings
    as_of: date
    run_id: str
    frames: Mapping[str, DataFrame]
    previous: DataFrame

    @property
    def as_of_at(self) -> datetime:
        """The moment from which what this run decides is valid: midnight UTC of its day."""
        return datetime.combine(self.as_of, time(), tzinfo=UTC)


@dataclass(frozen=True)
class Step:
    """One table: the tables it is made from and the function that makes it."""

    table: str
    reads: tuple[str, ...]
    build: Callable[[Inputs], DataFrame]


def all_steps(sources: Sequence[Source]) -> list[Step]:
    """Every step after bronze, in an order that can be carried out."""
    return [*_silver_steps(sources), *_LINKAGE_STEPS, *_gold_steps()]


def selected_steps(sources: Sequence[Source], only: Sequence[str]) -> list[Step]:
    """The steps of the layers and tables that `only` names; all of them if it names none.

    Raises:
        ConfigurationError: a name is neither a layer nor a table; lists all such names.
    """
    steps = all_steps(sources)
    tables = {step.table for step in steps} | {s.bronze_table.name for s in sources}
    layers = {table.split(".")[0] for table in tables}
    unknown = [name for name in only if name not in tables | layers]
    if unknown:
        raise ConfigurationError(
            f"--only: {', '.join(unknown)} is neither a layer nor a table.",
            f"choose from {', '.join(sorted(layers))} or a table such as gold.customer.",
        )
    wanted = set(only)
    return [s for s in steps if not only or {s.table, s.table.split(".")[0]} & wanted]


def _silver_steps(sources: Sequence[Source]) -> list[Step]:
    tables = [spec.name for spec in GATED_TABLES if spec.name.startswith("silver.")]
    return [_silver_step(table, sources) for table in tables]


def _silver_step(table: str, sources: Sequence[Source]) -> Step:
    entity = table.split(".")[1]
    feeds = [s for s in sources if any(feed.table == entity for feed in s.feeds)]
    silver_reads = tuple(f"silver.{name}" for name in SILVER_READS.get(entity, ()))

    def build(inputs: Inputs) -> DataFrame:
        return silver_table(
            entity,
            {s.name: inputs.frames[s.bronze_table.name] for s in feeds},
            inputs.settings.sources,
            {name.split(".")[1]: inputs.frames[name] for name in silver_reads},
            secret=inputs.settings.lake.secret.get_secret_value(),
            as_of=inputs.as_of,
        )

    return Step(table, (*(s.bronze_table.name for s in feeds), *silver_reads), build)
