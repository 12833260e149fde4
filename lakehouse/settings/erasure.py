"""Erasure as data: when files may go, what becomes of landing files, which rows the law has us keep."""

from collections.abc import Sequence
from enum import StrEnum

from pydantic import Field

from lakehouse.settings.base_types import Frozen, Name, Text
from lakehouse.settings.sources import Source


class LandingPolicy(StrEnum):
    """What becomes of landing files that hold an erased person's records."""

    REWRITE = "rewrite"
    DELETE = "delete"
    KEEP = "keep"


class ErasureSettings(Frozen):
    """The whole of conf/base/erasure.yml.

    `retention_hours`: how long after an erasure files of earlier versions stay for readers who have them
    open. `holds`: by feed, why its rows stay.
    """

    retention_hours: int = Field(default=168, ge=0, le=8760)
    landing: LandingPolicy = LandingPolicy.REWRITE
    holds: dict[Name, Text] = Field(default_factory=dict)

    def held_tables(self, sources: Sequence[Source]) -> dict[str, str]:
        """By table that rows stay in, why: bronze of the feeds under hold and the silver that it fills."""
        held = {}
        for source in sources:
            if source.name in self.holds:
                reason = self.holds[source.name]
                held[source.bronze_table.name] = reason
                held |= {f"silver.{feed.table}": reason for feed in source.feeds}
        return held
