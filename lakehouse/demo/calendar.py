"""When things happen and in which daily drop they are delivered."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

SECONDS_PER_DAY = 86_400
_HISTORY_DAYS = 365
_DROP_HOUR = 3


@dataclass(frozen=True)
class Calendar:
    """The daily drops, counted from 0: each closes at 03:00 UTC of its date."""

    start_date: date
    days: int

    def day(self, number: int) -> date:
        """The date of a drop."""
        return self.start_date + timedelta(days=number)

    def closes(self, number: Ints | int) -> Ints:
        """Seconds since 1970 at which drops close."""
        first = int(np.datetime64(self.start_date, "s").astype(np.int64)) + _DROP_HOUR * 3600
        return np.asarray(first + np.asarray(number) * SECONDS_PER_DAY, dtype=np.int64)

    def within(self, rng: np.random.Generator, numbers: Ints) -> Ints:
        """A second before each drop closes: of a year for the first, of a day for the others."""
        span = np.where(numbers == 0, _HISTORY_DAYS, 1) * (SECONDS_PER_DAY - 7200)
        ends = self.closes(numbers) - 3600
        seconds: Ints = ends - (rng.random(len(numbers)) * span).astype(np.int64)
        return seconds

    def dates_back(self, rng: np.random.Generator, count: int, years: int) -> NDArray[np.object_]:
        """ISO dates spread over the years before the first drop."""
        back = rng.integers(30, years * 365, size=count).astype("timedelta64[D]")
        return (np.datetime64(self.start_date, "D") - back).astype(str).astype(object)
