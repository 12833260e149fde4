"""One chunk's way to the landing folder: a feed's rows of a day, with the poison of that day."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from lakehouse.demo.calendar import Calendar
from lakehouse.demo.landing import Landing, Shape
from lakehouse.demo.poison import plant
from lakehouse.demo.population import REJECTED_DAY, REJECTED_FEED

CRM_COLUMNS = [
    "contact_id",
    "first_name",
    "middle_name",
    "last_name",
    "suffix",
    "birth_date",
    "gender",
    "email",
    "email_2",
    "phone",
    "phone_2",
    "street",
    "city",
    "region",
    "postcode",
    "country",
    "social_handle",
    "created_on",
    "snapshot_at",
]
NEWSLETTER_COLUMNS = [
    "subscriber_id",
    "email",
    "first_name",
    "postcode",
    "country",
    "preferred_category",
    "preferred_hour",
    "status",
    "subscribed_on",
    "updated_at",
]
CONSENT_COLUMNS = [
    "consent_event_id",
    "subject_system",
    "subject_id",
    "purpose",
    "channel",
    "action",
    "legal_basis",
    "happened_at",
    "received_at",
    "email",
]
_JSON = Shape("jsonl")
_PIPE = Shape("txt")
SHAPES = {
    "crm_contact": Shape("csv", ",".join(CRM_COLUMNS), "windows-1252"),
    "shop_account": _JSON,
    "shop_order": _JSON,
    "pos_receipt": _PIPE,
    "pos_receipt_line": _PIPE,
    "pos_loyalty_member": _PIPE,
    "web_event": _JSON,
    "web_recommendation": _JSON,
    "marketing_event": _JSON,
    "support_ticket": Shape("json", is_json_array=True),
    "social_mention": _JSON,
    "social_profile": _JSON,
    "newsletter_subscriber": Shape("csv", ",".join(NEWSLETTER_COLUMNS)),
    "consent_event": Shape("csv", ",".join(CONSENT_COLUMNS)),
    "survey_response": _JSON,
}
LOST_COLUMN = "email"


@dataclass(frozen=True)
class Drops:
    """Where and how a chunk's feeds are delivered. `tag` keeps its made-up ids apart."""

    rng: np.random.Generator
    landing: Landing
    poison_rows: int
    tag: str

    @property
    def calendar(self) -> Calendar:
        """The daily drops."""
        return self.landing.calendar

    def deliver(self, feed: str, day: int, lines: pa.Array) -> list[str]:
        """Writes a feed's lines of a day with the poison that falls on it; returns the files."""
        shape = SHAPES[feed]
        if feed == REJECTED_FEED and day == REJECTED_DAY:
            return self._deliver_without_column(feed, day, shape, lines)
        days = [d for d in range(self.calendar.days) if feed != REJECTED_FEED or d != REJECTED_DAY]
        poison = plant(self.rng, feed, days, day, shape, lines, self.poison_rows, self.tag)
        return self.landing.write(feed, day, shape, lines, poison)

    def _deliver_without_column(
        self, feed: str, day: int, shape: Shape, lines: pa.Array
    ) -> list[str]:
        """The lines come without the lost column's cells; the whole file will be rejected."""
        header = [name for name in shape.header.split(",") if name != LOST_COLUMN]
        place = shape.header.split(",").index(LOST_COLUMN)
        rows = [line.split(",") for line in lines.to_pylist()]
        short = pa.array([",".join(row[:place] + row[place + 1 :]) for row in rows], pa.string())
        paths = self.landing.write(feed, day, Shape(shape.extension, ",".join(header)), short)
        for path in paths:
            self.landing.books.rejected_files.append((path, "missing_required_column", LOST_COLUMN))
        return paths
