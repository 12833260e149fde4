"""An archive has the bronze rows that hers came from, also where a file was overwritten since."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from lakehouse.columns.plain_keys import record_key_of
from lakehouse.pipeline.privacy_rows import held_rows
from lakehouse.privacy.request_log import PrivacyRequest, Scope
from lakehouse.settings.regimes import Right
from lakehouse.storage.released_tables import released_tables
from lakehouse.tables.gold import CUSTOMER_RECOMMENDATION, CUSTOMER_WEB_SESSION
from lakehouse.tables.linkage import IDENTITY_MAP
from lakehouse.tables.silver import PERSON_RECORD, RECOMMENDATION, WEB_EVENT
from tests.support.plain_lake import PlainLake

AT = datetime(2026, 1, 5, tzinfo=UTC)
FILE = "web_event-2026-01-05.jsonl"


def event(number: int, file_hash: str, event_id: str) -> dict[str, Any]:
    """A visit without a login, as bronze has it."""
    place = {"source_file": FILE, "file_hash": file_hash, "source_row_number": number}
    return {"event_id": event_id, "source": "web_event", "content_hash": "c", **place}


def test_a_stranger_s_visit_at_the_place_where_hers_stood_before_is_not_in_it(
    tmp_path: Path,
) -> None:
    lake = PlainLake(tmp_path)
    settings = lake.settings()
    secret = settings.lake.secret.get_secret_value()
    hers = record_key_of(secret, "shop", "account", "A1")
    visit = record_key_of(secret, "web", "event", "E17")
    assert hers
    (feed,) = (s for s in settings.sources if s.name == "web_event")
    person = {"record_key": hers, "source_feed": "shop_account", "source_record_id": "A1"}
    placed = {"source_file": FILE, "source_row_number": 17, "source_system": "web"}
    lake.release(
        date(2026, 1, 5),
        {
            IDENTITY_MAP: [{"record_key": hers, "customer_id": "c" * 32, "valid_from": AT}],
            PERSON_RECORD: [{**person, "source_file": "a.jsonl", "source_row_number": 1}],
            CUSTOMER_WEB_SESSION: [{"session_key": "web:S1", "person_record_key": hers}],
            WEB_EVENT: [{"record_key": visit, "session_id": "S1", **placed}],
            feed.bronze_table: [
                event(17, "as it was delivered", "E17"),
                event(17, "as it was corrected", "E99"),
            ],
        },
    )
    request = PrivacyRequest(
        *("1", Right.ACCESS, Scope.EXACT, "gdpr", AT, AT, None),
        *((hers,), {hers: "exact"}, frozenset(), []),
    )

    found = {h.spec.name: h for h in held_rows(released_tables(settings.lake), settings, request)}

    told = [(r["source_row_number"], r["event_id"]) for r in found["bronze.web_event"].rows]
    assert told == [(17, "E17")]


def test_a_visit_of_hers_that_no_event_names_is_in_it_with_all_its_events(tmp_path: Path) -> None:
    lake = PlainLake(tmp_path)
    settings = lake.settings()
    hers = record_key_of(settings.lake.secret.get_secret_value(), "shop", "account", "A1")
    assert hers
    person = {"record_key": hers, "source_feed": "shop_account", "source_record_id": "A1"}

    def looked(key: str, minute: int, **told: str) -> dict[str, Any]:
        """An event without a session or a login."""
        placed = {"source_file": FILE, "source_row_number": 1, "source_system": "web"}
        return {"record_key": key, "event_at": AT.replace(minute=minute), **placed, **told}

    run = {"record_key": "first", "source_system": "web", "person_record_key": hers}
    times = {"started_at": AT.replace(minute=5), "ended_at": AT.replace(minute=20)}
    on_cookie = {"session_key": "web:first", "cookie_id": "k", "device_id": "d", **run, **times}
    alone = {**run, "session_key": "web:alone", "record_key": "alone"} | dict.fromkeys(times, AT)
    lake.release(
        date(2026, 1, 5),
        {
            IDENTITY_MAP: [{"record_key": hers, "customer_id": "c" * 32, "valid_from": AT}],
            PERSON_RECORD: [{**person, "source_file": "a.jsonl", "source_row_number": 1}],
            CUSTOMER_WEB_SESSION: [on_cookie, alone],
            WEB_EVENT: [
                looked("first", 5, cookie_id="k", device_id="d"),
                looked("last", 20, cookie_id="k"),
                looked("after a pause", 59, cookie_id="k"),
                looked("on another cookie", 10, cookie_id="k2", device_id="d"),
                looked("without a cookie", 10, device_id="d"),
                looked("in a session", 10, cookie_id="k", session_id="S2"),
                looked("alone", 0),
                looked("of a stranger", 0),
            ],
        },
    )
    request = PrivacyRequest(
        *("1", Right.ACCESS, Scope.EXACT, "gdpr", AT, AT, None),
        *((hers,), {hers: "exact"}, frozenset(), []),
    )

    found = {h.spec.name: h for h in held_rows(released_tables(settings.lake), settings, request)}

    told = [row["record_key"] for row in found[WEB_EVENT.name].rows]
    assert told == ["alone", "first", "last"]


def test_a_list_that_was_shown_to_her_before_she_logged_in_is_in_it(tmp_path: Path) -> None:
    lake = PlainLake(tmp_path)
    settings = lake.settings()
    hers = record_key_of(settings.lake.secret.get_secret_value(), "shop", "account", "A1")
    assert hers
    person = {"record_key": hers, "source_feed": "shop_account", "source_record_id": "A1"}
    placed = {"source_file": FILE, "source_row_number": 1, "source_system": "web"}

    def told(key: str, list_id: str, who: str | None = None) -> dict[str, Any]:
        """An event of a list, outside of any session that gold knows the visitor of."""
        ids = {"list_id": list_id, "product_id": "P1", "session_id": "of nobody"}
        return {"record_key": key, "person_record_key": who, **ids, **placed}

    clicked = {"recommendation_key": "web:L1:P1", "person_record_key": hers}
    lake.release(
        date(2026, 1, 5),
        {
            IDENTITY_MAP: [{"record_key": hers, "customer_id": "c" * 32, "valid_from": AT}],
            PERSON_RECORD: [{**person, "source_file": "a.jsonl", "source_row_number": 1}],
            CUSTOMER_RECOMMENDATION: [clicked, {"recommendation_key": "web:L2:P1"}],
            RECOMMENDATION: [
                told("shown", "L1"),
                told("clicked", "L1", who=hers),
                told("shown to a stranger", "L2"),
            ],
        },
    )
    request = PrivacyRequest(
        *("1", Right.ACCESS, Scope.EXACT, "gdpr", AT, AT, None),
        *((hers,), {hers: "exact"}, frozenset(), []),
    )

    found = {h.spec.name: h for h in held_rows(released_tables(settings.lake), settings, request)}

    assert [row["record_key"] for row in found[RECOMMENDATION.name].rows] == ["clicked", "shown"]
