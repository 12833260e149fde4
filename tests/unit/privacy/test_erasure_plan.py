"""What stays of an erasure is named: what every erasure leaves, and what conf says must be kept."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from lakehouse.errors import ConflictError
from lakehouse.pipeline import erasure_commands, erasure_proof
from lakehouse.pipeline.erasure_plan import require_sources, stays
from lakehouse.pipeline.forgetting import is_about_people
from lakehouse.pipeline.lake import Lake
from lakehouse.privacy.request_log import PrivacyRequest, Scope, Step
from lakehouse.settings.erasure import LandingPolicy
from lakehouse.settings.load import load_settings
from lakehouse.settings.models import Settings
from lakehouse.settings.regimes import Right
from lakehouse.storage.releases import Release
from lakehouse.tables.audience import AUDIENCE_EXPORT
from lakehouse.tables.registry import STATIC_TABLES

SETTINGS = load_settings("test")


def under(**changes: object) -> Settings:
    erasure = SETTINGS.erasure.model_copy(update=changes)
    return SETTINGS.model_copy(update={"erasure": erasure})


def test_by_default_nothing_stays_but_logs_by_key_and_the_names_of_files() -> None:
    assert sorted(stays(SETTINGS)) == [
        "linkage.identity_event",
        "ops.audience_export",
        "ops.erasure",
        "ops.landing_file",
        "ops.privacy_request",
        "ops.suppression",
        "the audit",
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


def requested(
    monkeypatch: pytest.MonkeyPatch,
    kind: Right,
    *steps: Step,
    more: Mapping[str, Any] | None = None,
) -> list[Sequence[str]]:
    """A request of that kind that came to these steps; whose records erasures were planned of.

    `more` is told by the plan beside nothing.
    """
    planned: list[Sequence[str]] = []
    at = datetime(2026, 1, 5, tzinfo=UTC)
    rows = [{"step": step, "at": at} for step in steps]
    request = PrivacyRequest(
        "R1", kind, Scope.EXACT, "gdpr", at, at, None, ("k1", "k2"), {}, frozenset(), rows
    )
    plan: dict[str, Any] = {
        "tables": {},
        "stays": {},
        "landing_files": {},
        "landing_policy": "rewrite",
    }
    plan |= more or {}

    def remember(lake: object, keys: Sequence[str], request_id: str, by: str) -> SimpleNamespace:
        planned.append(keys)
        return SimpleNamespace(erasure_id="e1", detail=lambda step: plan)

    monkeypatch.setattr(erasure_commands, "request_of", lambda settings, request_id: request)
    monkeypatch.setattr(erasure_commands, "open_lake", lambda settings: None)
    monkeypatch.setattr(erasure_commands.erasure, "plan", remember)
    return planned


def plan_of_request(record_keys: Sequence[str] = (), customer: str | None = None) -> None:
    erasure_commands.plan(
        load_settings("test"),
        record_keys=record_keys,
        customer=customer,
        request="R1",
        by="officer",
    )


APPROVED = (Step.RECEIVED, Step.SCOPED, Step.IDENTITY_VERIFIED, Step.APPROVED)


def test_an_approved_request_says_whose_records_are_erased(monkeypatch: pytest.MonkeyPatch) -> None:
    planned = requested(monkeypatch, Right.ERASURE, *APPROVED)
    plan_of_request()
    assert planned == [("k1", "k2")]


@pytest.mark.parametrize(
    ("role", "shown"), [("default", "***"), ("agent", "***"), ("privacy_officer", "Ann's case")]
)
def test_the_reason_of_a_hold_is_shown_on_a_plan_as_the_role_sees_it(
    monkeypatch: pytest.MonkeyPatch, role: str, shown: str
) -> None:
    hold = {"held": {"h1": {"records": 1, "reason": "Ann's case"}}}
    requested(monkeypatch, Right.ERASURE, *APPROVED, more=hold)

    report = erasure_commands.plan(
        load_settings("test", overrides={"roles.reader": role}),
        record_keys=(),
        customer=None,
        request="R1",
        by="officer",
    )

    assert report.grids[-1].rows == [("h1", 1, shown)]


def test_a_request_that_nobody_approved_erases_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    planned = requested(monkeypatch, Right.ERASURE, *APPROVED[:-1])
    with pytest.raises(ConflictError, match="approved"):
        plan_of_request()
    assert not planned


@pytest.mark.parametrize("named", [{"customer": "c1"}, {"record_keys": ("k2", "k1")}])
def test_records_that_are_named_beside_a_request_are_erased_if_it_is_approved_and_about_them_alone(
    monkeypatch: pytest.MonkeyPatch, named: dict[str, Any]
) -> None:
    planned = requested(monkeypatch, Right.ERASURE, *APPROVED)
    monkeypatch.setattr(erasure_commands, "_records_of", lambda lake, customer: ["k1", "k2"])
    plan_of_request(**named)
    assert planned == [("k1", "k2")]

    planned = requested(monkeypatch, Right.ERASURE, *APPROVED[:-1])
    with pytest.raises(ConflictError, match="approved"):
        plan_of_request(**named)
    assert not planned


@pytest.mark.parametrize("named", [{"customer": "c1"}, {"record_keys": ("k1",)}])
def test_a_request_is_not_answered_by_the_erasure_of_other_records(
    monkeypatch: pytest.MonkeyPatch, named: dict[str, Any]
) -> None:
    planned = requested(monkeypatch, Right.ERASURE, *APPROVED)
    # A customer of whom one record more is connected than the request is about.
    monkeypatch.setattr(erasure_commands, "_records_of", lambda lake, customer: ["k1", "k2", "k3"])
    with pytest.raises(ConflictError, match="about other records"):
        plan_of_request(**named)
    assert not planned


def test_a_request_for_access_erases_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    planned = requested(monkeypatch, Right.ACCESS, *APPROVED)
    with pytest.raises(ConflictError, match="asks for access"):
        plan_of_request()
    assert not planned


def test_whom_an_export_told_of_stays_until_its_destination_is_told() -> None:
    assert not is_about_people(AUDIENCE_EXPORT)
    assert AUDIENCE_EXPORT.name in stays(under())


def test_the_search_leaves_out_bronze_of_a_held_feed_and_never_the_table_of_persons() -> None:
    held = under(holds={"crm_contact": "a lawsuit"})
    found = erasure_proof._left_out(cast(Lake, SimpleNamespace(settings=held)))
    root = Path(held.lake.root).absolute()
    names = {str(p.relative_to(root)) for p in found if p.absolute().is_relative_to(root)}
    assert "bronze/crm_contact" in names
    assert "silver/person_record" not in names


@pytest.mark.parametrize(("has_encrypted_rows", "is_refused"), [(True, True), (False, False)])
def test_bronze_that_conf_lost_the_source_of_is_refused_where_no_search_could_see_into_it(
    has_encrypted_rows: bool, is_refused: bool
) -> None:
    known = {"bronze.crm_contact": 3, "bronze.old_feed": 5, "gold.customer": 2, "silver.lost": 1}
    ids = SimpleNamespace(isEmpty=lambda: not has_encrypted_rows)
    asked: list[tuple[str, int]] = []

    def key_ids(table: str, version: int) -> SimpleNamespace:
        asked.append((table, version))
        return ids

    tables = SimpleNamespace(exists=lambda table: True, key_ids=key_ids)
    specs = {"bronze.crm_contact": None, "gold.customer": None}
    lake = cast(Lake, SimpleNamespace(specs=specs, tables=tables))
    if is_refused:
        with pytest.raises(ConflictError, match=r"\] bronze\.old_feed: "):
            require_sources(lake, Release(1, "day-1", known))
    else:
        require_sources(lake, Release(1, "day-1", known))
    assert asked == [("bronze.old_feed", 5)]


@pytest.mark.parametrize(
    ("at_rest", "has_keys", "is_told"),
    [(True, True, True), (True, False, True), (False, True, True), (False, False, False)],
)
def test_a_certificate_says_that_encrypted_values_are_not_searched(
    at_rest: bool, has_keys: bool, is_told: bool
) -> None:
    conf = SimpleNamespace(encryption=SimpleNamespace(at_rest=at_rest))
    lake = SimpleNamespace(
        settings=SimpleNamespace(lake=conf),
        encryption=SimpleNamespace(has_keys=lambda of: has_keys),
    )
    told = erasure_proof._not_searched(cast(Lake, lake))
    assert ("encrypted" in told) is is_told
