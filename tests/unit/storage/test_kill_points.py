"""A kill point is chosen by name, and dies at that moment alone."""

import pytest

from lakehouse.storage import kill_points
from lakehouse.storage.kill_points import AFTER_COMMIT, BEFORE_WRITE, KillPoints

HELD = "ops.quarantine:silver.order"


@pytest.fixture
def kills(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """One entry for each time that the process would have been killed."""
    found: list[bool] = []
    monkeypatch.setattr(kill_points, "_kill_process_group", lambda: found.append(True))
    return found


def test_a_subject_may_hold_a_colon(kills: list[bool]) -> None:
    points = KillPoints(f"{HELD}.{AFTER_COMMIT}")
    points.passed(HELD, BEFORE_WRITE)
    assert not kills
    points.passed(HELD, AFTER_COMMIT)
    assert kills


def test_a_number_chooses_the_time_that_the_point_is_passed(kills: list[bool]) -> None:
    points = KillPoints(f"{HELD}.{AFTER_COMMIT}:2")
    points.passed(HELD, AFTER_COMMIT)
    assert not kills
    points.passed(HELD, AFTER_COMMIT)
    assert kills


def test_without_a_choice_nobody_is_killed(kills: list[bool]) -> None:
    KillPoints(None).passed(HELD, AFTER_COMMIT)
    assert not kills
