"""The folders that audiences were exported to: whom each must still let go, and all of them told again."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.errors import ExitCode, LakehouseError, NotFoundError
from lakehouse.pipeline.audiences import export_audience, tell_removed
from lakehouse.pipeline.lake import Lake
from lakehouse.report import Report
from lakehouse.serve.audience import members
from lakehouse.settings.models import Settings
from lakehouse.storage.plain_log import PlainLog
from lakehouse.storage.released_tables import Row
from lakehouse.tables.audience import AUDIENCE_EXPORT, EXPLAINED
from lakehouse.tables.local_frame import local_frame

_MEMBER = "product string, customer_id string"


@dataclass(frozen=True)
class Removals:
    """By product and folder, how many customers must go: `told` by removed.csv, or `owed` still."""

    told: Mapping[tuple[str, str], int] = field(default_factory=dict)
    owed: Mapping[tuple[str, str], int] = field(default_factory=dict)


def tell_removals(lake: Lake) -> Removals:
    """Tells each folder that an audience was exported to whom it must let go; doing it again tells nothing.

    Where that cannot be done it is owed, and stops nothing: what is released is released.
    """
    told: dict[tuple[str, str], int] = {}
    owed: dict[tuple[str, str], int] = {}
    number = lake.release().number
    for (product, folder), customers in owed_removals(lake).items():
        try:
            is_told = tell_removed(lake.settings, product, Path(folder), customers, number)
        except (LakehouseError, OSError):
            is_told = False
        (told if is_told else owed)[product, folder] = len(customers)
    return Removals(told, owed)


def owed_removals(lake: Lake) -> Mapping[tuple[str, str], Sequence[str]]:
    """By product and folder, the customers whom an export gave it and the release does not have any more.

    Of a product that conf has lost, all. Folders that owe nothing are not named.
    """
    if not lake.tables.exists(AUDIENCE_EXPORT.name):
        return {}
    newest = F.max_by("row_hash", F.struct("release_number", "exported_at"))
    told = lake.logged(AUDIENCE_EXPORT).groupBy("product", "destination", "customer_id")
    there = told.agg(newest.alias("row_hash")).where(F.col("row_hash").isNotNull())
    owed = there.join(_served(lake), on=["product", "customer_id"], how="left_anti")
    found = owed.groupBy("product", "destination").agg(F.sort_array(F.collect_list("customer_id")))
    return {(product, folder): customers for product, folder, customers in found.collect()}


def _served(lake: Lake) -> DataFrame:
    """product, customer_id: whom the data products of the release are about."""
    release = lake.release()
    served = [
        lake.released(release, product.table_name).select(
            F.lit(product.name).alias("product"), "customer_id"
        )
        for product in lake.settings.products
        if product.groups is None
    ]
    return reduce(DataFrame.unionByName, served, local_frame(lake.spark, (), _MEMBER))


def export_again(settings: Settings) -> Report:
    """Exports every audience again to each folder that it was ever exported to.

    Who withdrew, objected or was erased since is in removed.csv there. One that fails stops no other: it is
    told with its error, and the exit code is that of a failure. A folder that is not there is not made, as
    nobody would read it, and is no failure once it has nobody any more.
    """
    lines: list[str] = []
    warnings: list[str] = []
    failed = 0
    for (product, folder), rows in sorted(_told_of(settings).items()):
        count = len(members(rows)[0])
        try:
            if not Path(folder).is_dir():
                if count:
                    raise _not_there()
                continue
            told = export_audience(settings, product, Path(folder))
        except LakehouseError as error:
            failed += 1
            has = f"{product} in {folder} was not told, and has {count:,} customers"
            warnings.append(f"{has}: {error}")
        else:
            lines += told.lines
            warnings += told.warnings
    if not lines and not warnings:
        lines = ["No audience was exported to a folder that has anybody."]
    return Report(
        lines=lines, warnings=warnings, exit_code=ExitCode.FAILED if failed else ExitCode.OK
    )


def _told_of(settings: Settings) -> dict[tuple[str, str], list[Row]]:
    """By product and folder, the rows of the log that tell of exports there."""
    told_of: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in PlainLog(settings.lake, AUDIENCE_EXPORT).rows():
        if row["change"] != EXPLAINED:
            told_of[row["product"], row["destination"]].append(row)
    return told_of


def _not_there() -> NotFoundError:
    return NotFoundError(
        "The folder is not there.",
        "mount it; or, if it was given up, make it again, export once more and see to it that whom "
        "removed.csv names are deleted wherever they were taken to.",
    )
