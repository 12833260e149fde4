"""The day of a landing file: its folder's, or else that of its last change."""

from datetime import UTC, date, datetime

import pytest

from lakehouse.bronze.landing import delivery_day


@pytest.mark.parametrize(
    ("source_file", "day"),
    [
        ("2026-01-05/guest-1.csv", date(2026, 1, 5)),
        ("shop/2026-01-05/late/guest-1.csv", date(2026, 1, 5)),
        ("guest-1.csv", date(2026, 3, 1)),
        ("late/guest-2026-01-05.csv", date(2026, 3, 1)),
        ("2026-02-30/guest-1.csv", date(2026, 3, 1)),
    ],
)
def test_a_dated_folder_says_the_day_of_its_files(source_file: str, day: date) -> None:
    assert delivery_day(source_file, datetime(2026, 3, 1, 23, 59, tzinfo=UTC)) == day
