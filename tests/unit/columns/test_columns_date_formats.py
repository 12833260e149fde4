"""Whether the dates of one column say which of two numbers is the day."""

import pytest

from lakehouse.columns.dates import formats_by_facts


@pytest.mark.parametrize(
    ("first", "second", "is_read", "is_not"),
    [
        (31, 12, "d/M/yyyy", "M/d/yyyy"),
        (12, 31, "M/d/yyyy", "d/M/yyyy"),
    ],
    ids=["a day in the first place", "a day in the second place"],
)
def test_a_number_above_twelve_is_a_day_and_settles_the_order_of_all(
    first: int, second: int, is_read: str, is_not: str
) -> None:
    formats = formats_by_facts(first, second)

    assert {is_read, is_read.replace("/", "."), is_read.replace("/", "-")} <= set(formats)
    assert is_not not in formats


@pytest.mark.parametrize(
    ("first", "second"),
    [(12, 12), (31, 31), (None, None)],
    ids=["no number above twelve", "one in both places", "no such date"],
)
def test_an_order_that_is_not_settled_is_not_guessed(first: int | None, second: int | None) -> None:
    assert formats_by_facts(first, second) == ("yyyyMMdd", "yyyy/MM/dd")
