"""A request from the day that it comes to its answer: what is kept of it, and what it waits for."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from lakehouse.cli import app
from lakehouse.cli.commands import requests
from lakehouse.errors import ConflictError, ExitCode, InputError, NotFoundError, SeveralFoundError
from lakehouse.pipeline.audit import audit_log
from lakehouse.pipeline.erasure import PLANNED
from lakehouse.pipeline.erasure_commands import _tell_request
from lakehouse.pipeline.privacy_archive import deliver_archive
from lakehouse.pipeline.privacy_intake import Asked, open_request
from lakehouse.pipeline.privacy_requests import (
    all_requests,
    approve,
    extend,
    lift,
    record_rectification,
    request_log,
    request_of,
    take_step,
)
from lakehouse.privacy.request_log import PrivacyRequest, Scope, Step
from lakehouse.privacy.subject import Given, identifier
from lakehouse.settings.load import load_settings
from lakehouse.settings.models import Settings
from lakehouse.settings.regimes import Right
from lakehouse.settings.roles import Mask
from lakehouse.storage.plain_log import PlainLog
from lakehouse.tables.linkage import IDENTITY_MAP, SCORED_EDGE
from lakehouse.tables.ops import ATTRIBUTE_OVERRIDE, PRIVACY_REQUEST, RESTRICTION
from lakehouse.tables.silver import PERSON_RECORD
from tests.support.plain_lake import PlainLake

NOW = datetime(2026, 1, 7, 9, tzinfo=UTC)
DAY = NOW.date()
ANN, ANN_2, BOB = "a" * 64, "c" * 64, "b" * 64
EMAIL = "ann@archer.example"

RECORDS = [
    {"source_feed": "crm_contact", "source_file": "f", "source_row_number": 1, **more}
    | {"given_name_match": who, "record_key": key}
    for who, key, more in (
        ("ann", ANN, {"source_record_id": "76", "email_match": EMAIL, "email": EMAIL}),
        ("ann", ANN_2, {"source_record_id": "77"}),
        ("bob", BOB, {"source_record_id": "78", "email": "bob@archer.example"}),
    )
]


@pytest.fixture
def lake(tmp_path: Path) -> PlainLake:
    made = PlainLake(tmp_path)
    edge = {"record_key_l": ANN, "record_key_r": ANN_2, "match_weight": 9.0, "join_margin": 2.0}
    made.release(
        DAY,
        {
            PERSON_RECORD: RECORDS,
            IDENTITY_MAP: [
                {"record_key": key, "customer_id": who, "valid_from": NOW}
                for key, who in ((ANN, "A"), (ANN_2, "A"), (BOB, "B"))
            ],
            SCORED_EDGE: [{**edge, "match_probability": 0.99}],
        },
    )
    return made


@pytest.fixture
def settings(lake: PlainLake) -> Settings:
    return lake.settings()


def asked(kind: Right = Right.ACCESS, **more: Any) -> Asked:
    email = identifier("email", EMAIL)
    assert email
    return Asked(kind, Given((email,)), **({"country": "DE"} | more))


def opened(settings: Settings, kind: Right = Right.ACCESS, **more: Any) -> PrivacyRequest:
    return open_request(settings, asked(kind, **more), by="clerk", now=NOW)[0]


def verified(settings: Settings, kind: Right = Right.ACCESS, **more: Any) -> PrivacyRequest:
    found = opened(settings, kind, **more)
    step = Step.IDENTITY_VERIFIED
    return take_step(settings, found.request_id, step, by="clerk", note="passport", now=NOW)


def test_a_request_is_about_what_matches_and_due_when_the_law_of_the_residence_says(
    settings: Settings,
) -> None:
    of_germany = opened(settings)
    of_california = opened(settings, country="US", region="California")

    assert of_germany.record_keys == (ANN,)
    assert of_germany.reasons == {ANN: "matches the e-mail address given"}
    assert of_germany.due_at == NOW + timedelta(days=30)
    assert of_california.due_at == NOW + timedelta(days=45)
    assert [r.request_id for r in all_requests(settings)] == [
        of_germany.request_id,
        of_california.request_id,
    ]


def test_connected_records_of_the_same_customer_come_with_the_evidence_that_links_them(
    settings: Settings,
) -> None:
    found = opened(settings, scope=Scope.CONNECTED)

    assert found.record_keys == (ANN, ANN_2)
    assert "linked to record aaaaaaaa with probability 0.990" in found.reasons[ANN_2]


def test_what_a_person_gave_is_kept_nowhere(settings: Settings, tmp_path: Path) -> None:
    opened(settings)

    files = [p for p in (tmp_path / "ops" / "privacy_request").rglob("*") if p.is_file()]
    rows = request_log(settings).rows()
    assert files
    assert not any(EMAIL.encode() in p.read_bytes() for p in files)
    assert EMAIL not in repr(rows)
    assert any(row["identifier_hashes"] for row in rows)


def test_a_right_that_the_law_does_not_give_is_refused_with_the_reason(settings: Settings) -> None:
    found = opened(settings, Right.OBJECTION, country="US", region="CA")

    assert found.taken == (Step.RECEIVED, Step.REFUSED)
    assert "gives no right of objection" in found.rows[-1]["note"]
    assert not found.is_open


@pytest.mark.parametrize(
    ("purpose", "why"),
    [
        (
            "legal",
            "Doing what the law asks rests on article 6(1)(c), a duty that the law puts on us",
        ),
        ("service", "Serving our customers rests on article 6(1)(b), a contract with you"),
    ],
)
def test_nobody_can_object_to_what_a_law_or_a_contract_asks_for(
    settings: Settings, purpose: str, why: str
) -> None:
    found = opened(settings, Right.OBJECTION, purpose=purpose)

    assert found.ending
    assert found.taken == (Step.RECEIVED, Step.REFUSED)
    assert found.ending["note"].startswith(why)
    assert found.record_keys == ()


def test_an_objection_to_everything_holds_for_what_can_be_objected_to(settings: Settings) -> None:
    found = verified(settings, Right.OBJECTION)

    approve(settings, found.request_id, by="officer", note="fine")

    limited = {row["purpose"] for row in PlainLog(settings.lake, RESTRICTION).rows()}
    assert limited == {"analytics", "marketing", "identity", "operations"}


@pytest.mark.parametrize("kind", [Right.ACCESS, Right.ERASURE, Right.OPT_OUT_OF_SALE])
def test_only_a_restriction_or_objection_is_about_one_purpose(
    settings: Settings, kind: Right
) -> None:
    with pytest.raises(InputError, match="no single purpose"):
        opened(settings, kind, purpose="marketing")


def test_a_request_that_finds_nobody_is_closed_and_says_so(settings: Settings) -> None:
    zoe = identifier("email", "zoe@archer.example")
    assert zoe

    found, _ = open_request(settings, Asked(Right.ACCESS, Given((zoe,))), by="clerk", now=NOW)

    assert found.record_keys == ()
    assert found.taken == (Step.RECEIVED, Step.CLOSED)
    assert found.ending
    assert found.ending["note"] == "Nothing is held under what was given."


@pytest.mark.parametrize("country", ["XX", "Utopia", "D", "D3"])
def test_a_residence_that_is_no_country_is_refused_and_nothing_is_logged(
    settings: Settings, country: str
) -> None:
    with pytest.raises(InputError, match="no country"):
        opened(settings, country=country)
    assert all_requests(settings) == []


@pytest.mark.parametrize(("country", "law"), [("uk", "uk_gdpr"), ("Germany", "gdpr"), ("", "gdpr")])
def test_a_residence_goes_by_code_or_name_or_is_unknown(
    settings: Settings, country: str, law: str
) -> None:
    assert opened(settings, country=country).regime == law


IN_CALIFORNIA = {"country": "US", "region": "CA"}


def test_who_opts_out_of_sale_is_out_of_every_purpose_that_is_one_and_need_prove_nothing(
    settings: Settings,
) -> None:
    found = opened(settings, Right.OPT_OUT_OF_SALE, **IN_CALIFORNIA)

    done = approve(settings, found.request_id, by="officer", note="fine")

    (row,) = PlainLog(settings.lake, RESTRICTION).rows()
    assert done.taken == (Step.RECEIVED, Step.SCOPED, Step.APPROVED, Step.EXECUTED)
    assert (row["record_key"], row["kind"]) == (ANN, "opt_out_of_sale")
    assert row["purpose"] == "marketing"
    assert settings.purposes.purposes["marketing"].is_sale
    assert found.due_at == NOW + timedelta(days=15)


def test_an_answer_that_is_due_sooner_cannot_be_put_off(settings: Settings) -> None:
    found = opened(settings, Right.OPT_OUT_OF_SALE, **IN_CALIFORNIA)

    with pytest.raises(ConflictError, match="wait longer"):
        extend(settings, found.request_id, by="officer", why="busy")


def test_a_limit_that_is_lifted_has_an_end_also_if_lifting_died_half_way(
    settings: Settings,
) -> None:
    found = verified(settings, Right.RESTRICTION)
    with pytest.raises(ConflictError, match="not executed"):
        lift(settings, found.request_id, by="officer", why="settled")
    approve(settings, found.request_id, by="officer", note="fine")
    take_step(settings, found.request_id, Step.LIFTED, by="officer", note="settled")

    done = lift(settings, found.request_id, by="officer", why="settled")
    lift(settings, found.request_id, by="officer", why="settled")

    rows = PlainLog(settings.lake, RESTRICTION).rows()
    assert sorted(row["restricted_to"] is None for row in rows) == [False, True]
    assert {row["restricted_to"] for row in rows} == {None, done.rows[-1]["at"]}


def test_a_request_for_access_has_nothing_to_lift(settings: Settings) -> None:
    with pytest.raises(ConflictError, match="limits nothing"):
        lift(settings, opened(settings).request_id, by="officer", why="settled")


@pytest.mark.parametrize("who", ["clerk", " Clerk "])
def test_who_registered_a_request_or_verified_the_person_does_not_approve_it(
    settings: Settings, who: str
) -> None:
    found = opened(settings)
    take_step(settings, found.request_id, Step.IDENTITY_VERIFIED, by="cleo", note="passport")

    for one in (who, "CLEO"):
        with pytest.raises(ConflictError, match="does not approve"):
            approve(settings, found.request_id, by=one, note="fine")

    assert approve(settings, found.request_id, by="officer", note="fine").taken[-1] is Step.APPROVED


def test_where_one_person_answers_all_requests_conf_says_so(lake: PlainLake) -> None:
    alone = lake.settings(**{"privacy_requests.four_eyes": "false"})
    found = verified(alone)

    assert approve(alone, found.request_id, by="clerk", note="fine").taken[-1] is Step.APPROVED


def test_what_fits_several_people_is_refused_and_nothing_is_logged(lake: PlainLake) -> None:
    both = {"email": "home@archer.example", "email_match": "home@archer.example"}
    lake.release(DAY, {PERSON_RECORD: [{**record, **both} for record in RECORDS]})
    home = identifier("email", "home@archer.example")
    assert home
    settings = lake.settings()

    with pytest.raises(SeveralFoundError, match="more than one person"):
        open_request(settings, Asked(Right.ACCESS, Given((home,))), by="clerk")
    assert all_requests(settings) == []


def test_steps_come_in_order_and_once(settings: Settings) -> None:
    found = opened(settings)
    with pytest.raises(ConflictError, match="not identity_verified"):
        approve(settings, found.request_id, by="officer", note="fine")
    done = verified(settings)
    with pytest.raises(ConflictError, match="already"):
        take_step(settings, done.request_id, Step.IDENTITY_VERIFIED, by="c", note="again")
    take_step(settings, done.request_id, Step.REFUSED, by="officer", note="manifestly unfounded")
    with pytest.raises(ConflictError, match="has ended"):
        approve(settings, done.request_id, by="officer", note="fine")
    with pytest.raises(InputError):
        take_step(settings, found.request_id, Step.IDENTITY_VERIFIED, by=" ", note="x")
    with pytest.raises(NotFoundError):
        request_of(settings, "none")


def test_a_refused_identity_ends_the_request(settings: Settings) -> None:
    found = opened(settings)

    ended = take_step(settings, found.request_id, Step.IDENTITY_REFUSED, by="c", note="no passport")

    assert not ended.is_open
    assert not ended.is_verified


def test_a_deadline_is_extended_once(settings: Settings) -> None:
    found = opened(settings)

    longer = extend(settings, found.request_id, by="officer", why="complex")

    assert longer.due_at == NOW + timedelta(days=90)
    with pytest.raises(ConflictError):
        extend(settings, found.request_id, by="officer", why="again")


@pytest.mark.parametrize(
    ("days", "steps", "told"),
    [
        (0, 0, ""),
        (10, 0, "unacknowledged"),
        (10, 1, ""),
        (23, 1, "due"),
        (30, 1, "late"),
    ],
)
def test_deadlines_warn_in_time(settings: Settings, days: int, steps: int, told: str) -> None:
    found = verified(settings) if steps else opened(settings)
    regime = settings.regimes.regimes["gdpr"]

    assert found.urgency(regime, NOW + timedelta(days=days)) == told


def test_an_approved_objection_restricts_its_records_from_then_on(settings: Settings) -> None:
    found = verified(settings, Right.OBJECTION, purpose="marketing")

    done = approve(settings, found.request_id, by="officer", note="fine")

    (row,) = PlainLog(settings.lake, RESTRICTION).rows()
    assert done.taken[-1] is Step.EXECUTED
    assert (row["record_key"], row["kind"], row["purpose"]) == (ANN, "objection", "marketing")
    assert row["restricted_to"] is None


def test_an_approval_that_died_half_way_is_carried_out_by_the_next_and_once(
    settings: Settings,
) -> None:
    found = verified(settings, Right.RESTRICTION)
    take_step(settings, found.request_id, Step.APPROVED, by="officer", note="fine")

    done = approve(settings, found.request_id, by="officer", note="fine")

    assert done.taken[-1] is Step.EXECUTED
    assert len(PlainLog(settings.lake, RESTRICTION).rows()) == 1


def test_a_rectification_is_answered_by_the_decision_that_was_made(settings: Settings) -> None:
    found = verified(settings, Right.RECTIFICATION)
    approve(settings, found.request_id, by="officer", note="fine")
    with pytest.raises(ConflictError, match="No attribute"):
        record_rectification(settings, found.request_id, by="clerk", why="told")
    decision = {"record_key": ANN, "attribute_group": "address", "decision": "set"}
    told = {"decided_by": "sam", "reason": "asked", "decided_at": NOW + timedelta(hours=1)}
    PlainLog(settings.lake, ATTRIBUTE_OVERRIDE).append([{**decision, **told}])

    done = record_rectification(settings, found.request_id, by="clerk", why="told")

    assert done.taken[-2:] == (Step.EXECUTED, Step.DELIVERED)
    assert done.rows[-2]["note"] == "decided: address of record aaaaaaaa"


def test_a_request_is_executed_and_ends_with_the_erasure_that_answers_it(
    settings: Settings,
) -> None:
    found = verified(settings, Right.ERASURE)
    approve(settings, found.request_id, by="officer", note="fine")
    planned = SimpleNamespace(request_id=found.request_id, done_by="officer")
    case: Any = SimpleNamespace(steps={PLANNED: planned})

    for step in (Step.EXECUTED, Step.EXECUTED, Step.PROVED):
        _tell_request(settings, case, step, "erasure e1")

    done = request_of(settings, found.request_id)
    assert done.taken[-3:] == (Step.APPROVED, Step.EXECUTED, Step.PROVED)
    assert done.ending
    assert done.ending["note"] == "erasure e1"


Run = Callable[..., Result]


def without_law(settings: Settings, name: str) -> Settings:
    laws = {k: law for k, law in settings.regimes.regimes.items() if k != name}
    regimes = settings.regimes.model_copy(update={"regimes": laws, "default": "ccpa"})
    return settings.model_copy(update={"regimes": regimes})


def test_a_law_that_conf_has_lost_stops_the_answer_of_its_own_requests_and_no_list(
    lake: PlainLake, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    request = verified(lake.settings())
    approve(lake.settings(), request.request_id, by="officer", note="fine")
    settings = without_law(lake.settings(**{"roles.reader": "privacy_officer"}), request.regime)
    monkeypatch.setattr(requests, "loaded", lambda *_, **__: settings)

    told = CliRunner().invoke(app, ["privacy", "request", "list"])

    assert told.exit_code == ExitCode.OK, told.output
    assert "does not have: warned of as under" in " ".join(told.output.split())
    with pytest.raises(ConflictError, match=f"under the law {request.regime}, which conf does not"):
        extend(settings, request.request_id, by="officer", why="many letters")
    with pytest.raises(ConflictError, match="which conf does not have"):
        deliver_archive(settings, request.request_id, tmp_path, by="officer")


@pytest.fixture
def c360(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Run:
    def reading(_env: str, *, role: str | None = None) -> Settings:
        roles = settings.roles.model_copy(update={"reader": role or settings.roles.reader})
        return settings.model_copy(update={"roles": roles})

    monkeypatch.setattr(requests, "loaded", reading)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str, stdin: str = "") -> Result:
        return CliRunner().invoke(app, ["privacy", "request", *arguments], input=stdin)

    return run


def test_identifiers_are_read_from_stdin_and_never_told_again(c360: Run) -> None:
    lines = f"email={EMAIL}\nname=Ann Archer\n"

    told = c360("open", "access", "--from", "-", "--by", "clerk", "--country", "DE", stdin=lines)

    assert told.exit_code == ExitCode.OK, told.output
    assert "1 records" in told.output
    assert EMAIL not in told.output


def test_a_line_that_is_wrong_is_named_by_its_number_alone(c360: Run) -> None:
    told = c360("open", "access", "--from", "-", "--by", "c", stdin="email=not-an-address\n")

    assert told.exit_code == ExitCode.BAD_INPUT
    assert "Number 1" in told.stderr
    assert "not-an-address" not in told.output


def test_how_a_request_ended_and_why_stands_in_the_list_and_with_the_request(c360: Run) -> None:
    told = c360("open", "access", "--email", "zoe@archer.example", "--by", "clerk")
    refused = c360("open", "opt_out_of_sale", "--email", EMAIL, "--by", "clerk", "--country", "DE")

    assert "It has ended (closed): Nothing is held under what was given." in told.output
    assert "It has ended (refused): General Data Protection Regulation" in refused.output
    listed = c360("list", "--all").output
    assert "Nothing is held under what was given." in " ".join(listed.split())
    assert "access" not in c360("list").output


def test_a_kind_or_a_country_that_is_none_is_refused_on_the_command_line(c360: Run) -> None:
    assert c360("open", "silence", "--email", EMAIL, "--by", "clerk").exit_code == 2
    told = c360("open", "access", "--email", EMAIL, "--by", "clerk", "--country", "XX")
    assert told.exit_code == ExitCode.BAD_INPUT
    assert "no country" in told.stderr


def test_the_wider_scope_needs_a_confirmation(c360: Run) -> None:
    arguments = ("open", "access", "--email", EMAIL, "--by", "clerk", "--scope", "connected")

    assert c360(*arguments).exit_code == 2
    assert "2 records" in c360(*arguments, "--confirm").output


def test_a_scheduler_hears_of_a_late_request(c360: Run, settings: Settings) -> None:
    open_request(settings, asked(), by="clerk", now=datetime(2020, 1, 1, tzinfo=UTC))

    told = c360("list", "--check")

    assert told.exit_code == ExitCode.FAILED
    assert "is late" in told.stderr
    assert c360("list").exit_code == ExitCode.OK


def test_a_request_goes_all_its_way_on_the_command_line(
    c360: Run, settings: Settings, tmp_path: Path
) -> None:
    c360("open", "access", "--email", EMAIL, "--by", "clerk")
    (found,) = all_requests(settings)
    one = found.request_id

    assert c360("verify", one, "--by", "clerk", "--how", "passport").exit_code == ExitCode.OK
    assert c360("approve", one, "--by", "officer", "--why", "fine").exit_code == ExitCode.OK
    told = c360("deliver", one, "--to", str(tmp_path), "--by", "clerk")

    assert told.exit_code == ExitCode.OK, told.output
    assert (tmp_path / f"{one}.zip").exists()
    steps = [row["step"] for row in json.loads(c360("show", one, "--json").stdout)]
    assert steps == ["received", "scoped", "identity_verified", "approved", "delivered"]


ROLES = sorted(load_settings("demo").roles.roles)


@pytest.mark.parametrize("command", [("show", "--json"), ("show",), ("list", "--all")])
@pytest.mark.parametrize("role", ROLES)
def test_no_role_sees_of_a_request_what_its_table_hides_from_it(
    c360: Run, settings: Settings, role: str, command: tuple[str, ...]
) -> None:
    told = {"at": NOW, "due_at": NOW, "kind": "access", "scope": "exact", "regime": "gdpr"}
    marks = {"actor": "Zqactor", "note": "Zqnote", "record_keys": ["Zqkey"]}
    more = {"reasons": {"Zqkey": "Zqreason"}, "identifier_hashes": ["Zqhash"]}
    for number, step in enumerate(("scoped", "closed")):
        at = NOW + timedelta(seconds=number)
        row = {"request_id": "R1", "step": step, **told, **marks, **more, "at": at}
        request_log(settings).append([row])

    shown = c360(*command, *(["R1"] if "show" in command else []), "--role", role)

    reader = settings.roles.roles[role]
    assert (shown.exit_code == ExitCode.OK) == reader.may_read(PRIVACY_REQUEST)
    for name in (*marks, *more):
        is_clear = reader.may_read(PRIVACY_REQUEST) and (
            reader.mask(PRIVACY_REQUEST, name) is Mask.CLEAR
        )
        mark = {"record_keys": "Zqkey", "reasons": "Zqreason", "identifier_hashes": "Zqhash"}
        assert is_clear or mark.get(name, f"Zq{name}") not in shown.stdout
    if reader.may_read(PRIVACY_REQUEST) and reader.mask(PRIVACY_REQUEST, "note") is Mask.CLEAR:
        assert "Zqnote" in shown.stdout


def test_who_looks_at_a_request_stands_in_the_audit_and_who_takes_a_step_sees_no_words_of_others(
    c360: Run, settings: Settings
) -> None:
    found = opened(settings)
    took = c360("verify", found.request_id, "--by", "cleo", "--how", "by her passport")
    before = len(audit_log(settings).content()[0])

    c360("show", found.request_id)

    (row,) = [json.loads(line) for line in audit_log(settings).content()[0][before:]]
    assert (row["action"], row["surface"]) == ("read", "privacy request show")
    assert (row["reason"], row["count"]) == (found.request_id, 1)
    assert "passport" not in took.output
    assert "identity verified" in took.output
