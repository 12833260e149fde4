"""A vacuum up to a moment leaves no file from before it, though Delta counts in whole hours."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from lakehouse.storage.maintenance import vacuum_before


@pytest.mark.parametrize(
    ("age", "retained"),
    [
        (timedelta(seconds=1), 0),
        (timedelta(minutes=40), 0),
        (timedelta(hours=168, minutes=5), 168),
        (timedelta(hours=168, minutes=55), 168),
    ],
)
def test_whole_hours_reach_no_further_back_than_the_moment(age: timedelta, retained: int) -> None:
    asked: list[tuple[str, float]] = []
    conf = SimpleNamespace(set=lambda *_: None, unset=lambda _: None)
    tables = SimpleNamespace(vacuum=lambda name, hours: asked.append((name, hours)))

    vacuum_before(
        cast(Any, SimpleNamespace(conf=conf)),
        cast(Any, tables),
        ["bronze.crm_contact"],
        datetime.now(UTC) - age,
    )

    assert asked == [("bronze.crm_contact", retained)]
