"""What is kept although its retention has passed, as conf/base/retention.yml says it."""

from collections.abc import Mapping
from datetime import date

from pydantic import field_validator

from lakehouse.settings.base_types import Frozen, Text
from lakehouse.tables.registry import STATIC_TABLES


class Hold(Frozen):
    """A table of which nothing expires, why, and until when; without an end, until the hold is lifted."""

    table: str
    reason: Text
    until: date | None = None

    @field_validator("table")
    @classmethod
    def _is_a_table(cls, table: str) -> str:
        known = {spec.name for spec in STATIC_TABLES}
        if table not in known and not table.startswith("bronze."):
            raise ValueError(f"there is no table {table}: name one as bronze.crm_contact")
        return table


class RetentionSettings(Frozen):
    """The whole of conf/base/retention.yml."""

    holds: tuple[Hold, ...] = ()

    def held(self, day: date) -> Mapping[str, str]:
        """By table that is under a hold on that day, the reason."""
        return {
            hold.table: hold.reason
            for hold in self.holds
            if hold.until is None or day <= hold.until
        }
