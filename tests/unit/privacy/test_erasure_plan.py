"""What stays of an erasure is named: what every erasure leaves, and what conf says must be kept."""

from collections.abc import Sequence
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from lakehouse.errors import ConflictError
from lakehouse.pipeline import erasure_commands
from lakehouse.pipeline.erasure_plan import stays
from lakehouse.pipeline.forgetting import is_about_people
from lakehouse.privacy.request_log import PrivacyRequest, Scope, Step
from lakehouse.settings.erasure import LandingPolicy
from lakehouse.settings.load import load_settings
from lakehouse.settings.models import Settings
from lakehouse.settings.regimes import Right
from lakehouse.tables.audience import AUDIENCE_EXPORT
from lakehouse.tables.registry import STATIC_TABLES

SETTINGS = load_settings("test")


def under(**changes: object) -> Settings:
    erasure = SETTINGS.erasure.model_copy(update=changes)
    return SETTINGS.model_copy(update={"erasure": erasure})


def test_by_default_nothing_stays_but_logs_by_key_and_the_names_of_files() -> None:
    assert sorted(stays(SETTINGS)) == [
        "ops.audience_export",
        "ops.erasure",
        "ops.landing_file",
        "ops.privacy_request",
        "ops.suppression",
    ]


def test_a_hold_names_the_bronze_table_and_what_silver_makes_of_it_with_the_reason() -> None:
    found = stays(under(holds={"payment_transaction": "accounting, 10 years"}))
    assert found["bronze.payment_transaction"] == "hold: accounting, 10 years"
    assert found["silver.payment"] == "hold: accounting, 10 years"


def test_landing_files_that_are_kept_are_named() -> None:
    assert "landing files" in stays(under(landing=LandingPolicy.KEEP))


def test_every_log_with_rows_about_people_is_among_those_that_lose_them() -> None:
    assert {spec.name for spec in STATIC_TABLES if is_about_people(spec)} >= {
        "linkage.identity_event",
        "ops.link_override",
        "ops.attribute_override",
    }


def requested(monkeypatch: pytest.MonkeyPatch, kind: Right, *steps: Step) -> list[Sequence[str]]:
    """A request of that kind that came to these steps; whose records erasures were planned of."""
    planned: list[Sequence[str]] = []
    at = datetime(2026, 1, 5, tzinfo=UTC)
    rows = [{"step": step, "at": at} for step in steps]
    request = PrivacyRequest(
        "R1", kind, Scope.EXACT, "gdpr", at, at, None, ("k1", "k2"), {}, frozenset(), rows
    )
    plan = {"tables": {}, "stays": {}, "landing_files": {}, "landing_policy": "rewrite"}

    def remember(lake: object, keys: Sequence[str], request_id: str, by: str) -> SimpleNamespace:
        planned.append(keys)
        return SimpleNamespace(erasure_id="e1", detail=lambda step: plan)

    monkeypatch.setattr(erasure_commands, "request_of", lambda settings, request_id: request)
    monkeypatch.setattr(erasure_commands, "open_lake", lambda settings: None)
    monkeypatch.setattr(erasure_commands.erasure, "plan", remember)
    return planned


def plan_of_request() -> None:
    erasure_commands.plan(
        load_settings("test"), record_keys=(), customer=None, request="R1", by="officer"
    )


APPROVED = (Step.RECEIVED, Step.SCOPED, Step.IDENTITY_VERIFIED, Step.APPROVED)


def test_an_approved_request_says_whose_records_are_erased(monkeypatch: pytest.MonkeyPatch) -> None:
    planned = requested(monkeypatch, Right.ERASURE, *APPROVED)
    plan_of_request()
    assert planned == [("k1", "k2")]


def test_a_request_that_nobody_approved_erases_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    planned = requested(monkeypatch, Right.ERASURE, *APPROVED[:-1])
    with pytest.raises(ConflictError, match="approved"):
        plan_of_request()
    assert not planned


def test_a_request_for_access_erases_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    planned = requested(monkeypatch, Right.ACCESS, *APPROVED)
    with pytest.raises(ConflictError, match="asks for access"):
        plan_of_request()
    assert not planned


def test_whom_an_export_told_of_stays_until_its_destination_is_told() -> None:
    assert not is_about_people(AUDIENCE_EXPORT)
    assert AUDIENCE_EXPORT.name in stays(under())
