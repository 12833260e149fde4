"""An erasure is approved by somebody who neither planned it nor registered or verified its request."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from lakehouse.errors import ConflictError
from lakehouse.pipeline import erasure
from lakehouse.pipeline.lake import Lake
from lakehouse.pipeline.privacy_intake import Asked, open_request
from lakehouse.pipeline.privacy_requests import take_step
from lakehouse.privacy.request_log import Scope, Step
from lakehouse.privacy.subject import Given, identifier
from lakehouse.settings.regimes import Right
from tests.support.plain_lake import PlainLake
from tests.support.planted_people import FAMILY_EMAIL, planted_lake


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("lake")
    planted_lake(root)
    return root


@pytest.fixture
def approvals(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Who approved, in place of the log."""
    given: list[str] = []
    monkeypatch.setattr(erasure, "record", lambda *_, done_by: given.append(done_by))
    return given


def planned_by_officer(
    home: Path, monkeypatch: pytest.MonkeyPatch, *, four_eyes: bool = True
) -> Lake:
    """A lake with an erasure that officer planned, of a request that clerk took in and desk verified."""
    settings = PlainLake(home).settings(**{"privacy_requests.four_eyes": str(four_eyes).lower()})
    email = identifier("email", FAMILY_EMAIL)
    assert email
    given = Given((email,), name="Ann Archer")
    asked = Asked(Right.ERASURE, given, Scope.EXACT, country="GB")
    opened, _ = open_request(settings, asked, by="clerk")
    take_step(settings, opened.request_id, Step.IDENTITY_VERIFIED, by="desk", note="passport")
    plan = SimpleNamespace(done_by="officer", request_id=opened.request_id)
    case = SimpleNamespace(erasure_id="e1", steps={"planned": plan})
    monkeypatch.setattr(erasure, "case", lambda *_: case)
    return cast(Lake, SimpleNamespace(settings=settings))


@pytest.mark.parametrize("name", ["officer", "Clerk", " desk "])
def test_who_looked_at_it_before_does_not_approve_it(
    home: Path, monkeypatch: pytest.MonkeyPatch, approvals: list[str], name: str
) -> None:
    lake = planned_by_officer(home, monkeypatch)

    with pytest.raises(ConflictError, match="does not approve it"):
        erasure.approve(lake, "e1", name)
    assert approvals == []

    erasure.approve(lake, "e1", "head")
    assert approvals == ["head"]


def test_one_person_may_do_all_where_conf_says_so(
    home: Path, monkeypatch: pytest.MonkeyPatch, approvals: list[str]
) -> None:
    lake = planned_by_officer(home, monkeypatch, four_eyes=False)

    erasure.approve(lake, "e1", "officer")

    assert approvals == ["officer"]
