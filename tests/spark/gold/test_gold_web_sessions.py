"""Visits to the web site: whose they were, which were a machine's, what became of the cart."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.gold.customer_device import customer_device
from lakehouse.gold.customer_web_session import customer_web_session
from lakehouse.gold.web_funnel import web_funnel
from lakehouse.settings.facts import WebSettings
from lakehouse.silver.media_touch import media_touch
from lakehouse.tables.gold import CUSTOMER_DEVICE, CUSTOMER_ORDER, CUSTOMER_WEB_SESSION, WEB_FUNNEL
from lakehouse.tables.silver import WEB_EVENT

Frames = Callable[..., DataFrame]
Rows = Callable[..., Any]

ANN, BEN = {"person_record_key": "ann"}, {"person_record_key": "ben"}


def event(
    key: str, kind: str, moment: str, session: str | None = "s1", **other: Any
) -> dict[str, Any]:
    """One web event on 1 January 2024."""
    return {
        "record_key": key,
        "event_type": kind,
        "event_at": f"2024-01-01T{moment}" if len(moment) == 5 else moment,
        "session_id": session,
        "source_system": "web",
        **other,
    }


@pytest.fixture
def sessions(table: Frames, identity: Frames, text: Rows) -> Rows:
    """gold.customer_web_session as text, by session; ann is customer A, ben B."""

    def of(
        *events: dict[str, Any], orders: Sequence[dict[str, Any]] = (), **web: Any
    ) -> dict[str, Any]:
        frame = customer_web_session(
            table(WEB_EVENT, *events),
            table(CUSTOMER_ORDER, *orders),
            identity({"A": ["ann"], "B": ["ben"]}),
            WebSettings(**web),
            date(2024, 6, 30),
        )
        assert dict(frame.dtypes) == {c.name: c.type for c in CUSTOMER_WEB_SESSION.columns}
        return {row["session_key"]: row for row in text(frame)}

    return of


def test_the_events_of_a_session_are_one_row(sessions: Rows) -> None:
    found = sessions(
        event("e3", "page_view", "10:04", page_path="/sale", product_id="lamp"),
        event("e1", "visit", "10:00", campaign_id="spring", medium="search", page_path="/"),
        event("e2", "page_view", "10:01", page_path="/new"),
        event("e5", "page_view", "10:05", page_path="/new"),
        event("e4", "cart", "10:06", product_id="lamp", **ANN),
    )
    (session,) = found.values()
    assert session["session_key"] == "web:s1"
    assert (session["customer_id"], session["record_key"]) == ("A", "e1")
    assert (session["started_at"], session["ended_at"]) == (
        "2024-01-01 10:00:00",
        "2024-01-01 10:06:00",
    )
    assert (session["event_count"], session["page_count"]) == ("5", "3")
    assert (session["furthest_step"], session["campaign_id"]) == ("cart", "spring")
    assert session["page_paths"] == "[/new, /sale]"
    assert session["viewed_products"] == session["carted_products"] == "[lamp]"


def outside(key: str, moment: str, cookie: str | None = "k", **other: Any) -> dict[str, Any]:
    """A page view of which no source says the session."""
    return event(key, "page_view", moment, None, cookie_id=cookie, **other)


def test_events_that_name_no_session_are_cut_into_runs_by_their_pauses(sessions: Rows) -> None:
    ads = {"event_type": "visit", "campaign_id": "ads", "medium": "search"}
    events = [
        outside("a1", "10:00"), outside("a2", "10:30"), outside("b1", "11:01"),
        # A visit by paid media begins a run.
        outside("c1", "11:05") | ads, outside("c2", "11:06", **ANN),
        outside("d1", "12:00", **BEN), outside("d2", "12:01"),
        # On a device only what has no cookie is put together.
        outside("e1", "10:00", None, device_id="tablet"),
        outside("e2", "10:01", None, device_id="tablet"),
        outside("f1", "10:02", "k2", device_id="tablet"),
        outside("g1", "10:00", None), outside("h1", "10:00", None),
        outside("i1", "10:10", source_system="app"),
        event("s", "page_view", "10:15", "s1", cookie_id="k"),
    ]  # fmt: skip
    runs = {
        "web:a1": "2", "web:b1": "1", "web:c1": "2", "web:d1": "2", "web:e1": "2", "web:f1": "1",
        "web:g1": "1", "web:h1": "1", "app:i1": "1", "web:s1": "1",
    }  # fmt: skip
    found = sessions(*events)
    assert {key: row["event_count"] for key, row in found.items()} == runs
    assert (found["web:c1"]["customer_id"], found["web:d1"]["customer_id"]) == ("A", "B")

    # What comes late into a run leaves all keys as they are; into a pause, it makes one run of two.
    late = sessions(*events, outside("late", "10:20"))
    assert {key: row["event_count"] for key, row in late.items()} == runs | {"web:a1": "3"}
    between = sessions(*events, outside("between", "10:45"))
    assert {key: row["event_count"] for key, row in between.items()} == {
        key: "4" if key == "web:a1" else count for key, count in runs.items() if key != "web:b1"
    }
    cookies_alone = sessions(*events, stitch_devices=False)
    assert cookies_alone.keys() == {*runs, "web:e2"}


def test_another_accounts_login_begins_a_run(sessions: Rows) -> None:
    rug = {"event_type": "cart", "product_id": "rug"}
    found = sessions(
        outside("a1", "10:00", **ANN), outside("b1", "10:10", **BEN) | rug, outside("b2", "10:11"),
        # Who logged in before the run began has no part in it.
        outside("c1", "10:00", "k2", **ANN), outside("d1", "12:00", "k2"),
        outside("d2", "12:05", "k2", **BEN),
        outside("e1", "10:00", None, device_id="tablet", **ANN),
        outside("f1", "10:01", None, device_id="tablet", **BEN),
        outside("g1", "10:00", "k3"), outside("g2", "10:01", "k3", **ANN),
        outside("g3", "10:02", "k3", **ANN),
        # At one moment the login comes first, whatever the keys.
        outside("h1", "10:00", "k4", **ANN), outside("i1", "10:05", "k4"),
        outside("i2", "10:05", "k4", **BEN),
    )  # fmt: skip
    assert {key: (row["customer_id"], row["event_count"]) for key, row in found.items()} == {
        "web:a1": ("A", "1"), "web:b1": ("B", "2"), "web:c1": ("A", "1"), "web:d1": ("B", "2"),
        "web:e1": ("A", "1"), "web:f1": ("B", "1"), "web:g1": ("A", "3"),
        "web:h1": ("A", "1"), "web:i2": ("B", "2"),
    }  # fmt: skip
    carts = {key: row["cart_contents"] for key, row in found.items() if row["cart_state"]}
    assert carts == {"web:b1": "[rug]"}


def test_on_a_device_of_several_accounts_what_is_without_cookie_and_login_is_nobodys_run(
    sessions: Rows,
) -> None:
    unknown, tablet = {"device_id": "unknown"}, {"device_id": "tablet"}
    cart = {"event_type": "cart", "product_id": "rug"}
    events = [
        outside("a1", "10:00", None, **unknown, **ANN),
        outside("stranger", "10:01", None, **unknown),
        outside("another", "10:02", None, **unknown) | cart,
        outside("a2", "10:03", None, **unknown, **ANN),
        outside("b1", "10:05", None, **unknown, **BEN),
        outside("third", "10:06", None, **unknown),
        # Where the other account logged in with a cookie, the device is no less shared.
        outside("c1", "10:00", None, **tablet, **ANN), outside("c2", "10:01", None, **tablet),
        outside("d1", "10:00", "k", **tablet, **BEN), outside("d2", "10:01", "k", **tablet),
    ]  # fmt: skip
    found = sessions(*events)
    assert {key: (row["customer_id"], row["event_count"]) for key, row in found.items()} == {
        "web:a1": ("A", "2"), "web:b1": ("B", "1"), "web:stranger": (None, "1"),
        "web:another": (None, "1"), "web:third": (None, "1"),
        "web:c1": ("A", "1"), "web:c2": (None, "1"), "web:d1": ("B", "2"),
    }  # fmt: skip
    assert found["web:a1"]["cart_state"] is None
    # Of one account alone the device tells, as before; another source's device is another.
    elsewhere = outside("e", "10:00", None, **tablet, **BEN) | {"source_system": "app"}
    of_one = sessions(*events[6:8], elsewhere)
    assert (of_one["web:c1"]["customer_id"], of_one["web:c1"]["event_count"]) == ("A", "2")


def test_at_one_moment_the_paid_visit_comes_before_its_landing_page(sessions: Rows) -> None:
    ads = {"event_type": "visit", "campaign_id": "ads", "medium": "search"}
    found = sessions(
        outside("landing", "10:00"),
        outside("visit", "10:00") | ads,
        event("page", "page_view", "10:00", "s1"),
        event("paid", "page_view", "10:00", "s1") | ads,
    )
    names = ("record_key", "event_count", "campaign_id")
    assert {key: tuple(row[n] for n in names) for key, row in found.items()} == {
        "web:visit": ("visit", "2", "ads"),
        "web:s1": ("paid", "2", "ads"),
    }


def test_a_sessions_campaign_is_of_its_first_visit_that_names_one_as_its_media_touches_are(
    table: Frames, sessions: Rows
) -> None:
    page, ads = {"campaign_id": "of a page", "medium": "display"}, {"campaign_id": "ads"}
    events = [
        event("e1", "page_view", "10:00", "pages", **page),
        event("e2", "page_view", "10:00", "both", **page),
        event("e3", "visit", "10:01", "both"),
        event("e4", "visit", "10:02", "both", **ads),
        event("e5", "visit", "10:03", "both", campaign_id="later", medium="search"),
        outside("e6", "10:00", **page),
        outside("e7", "11:00", medium="social") | {"event_type": "visit"},
    ]
    found = sessions(*events)
    assert {key: (row["campaign_id"], row["medium"]) for key, row in found.items()} == {
        "web:pages": (None, None),
        "web:both": ("ads", None),
        "web:e6": (None, None),
        "web:e7": (None, None),
    }
    touches = {row.campaign_id for row in media_touch(table(WEB_EVENT, *events)).collect()}
    assert touches == {"ads", "later"}


def test_a_session_belongs_to_whoever_logged_in_first_during_it(sessions: Rows) -> None:
    found = sessions(
        event("e1", "visit", "10:00"),
        event("e3", "page_view", "10:02", **BEN),
        event("e2", "page_view", "10:01", **ANN),
    )
    assert found["web:s1"]["customer_id"] == "A"
    assert found["web:s1"]["identified_by"] == "login"
    assert found["web:s1"]["known_from_at"] == "2024-01-01 10:01:00"


COOKIE = (
    event("e1", "visit", "08:00", "before", cookie_id="k"),
    event("e2", "visit", "09:00", "login", cookie_id="k", **ANN),
    event("e3", "visit", "10:00", "after", cookie_id="k"),
    event("e4", "visit", "11:00", "bens", cookie_id="k", **BEN),
    event("e5", "visit", "12:00", "last", cookie_id="k"),
    event("e6", "visit", "12:00", "elsewhere", cookie_id="other"),
    event("e7", "visit", "12:00", "no cookie"),
)


def test_a_visit_without_login_belongs_to_who_logged_in_last_on_its_cookie(sessions: Rows) -> None:
    found = sessions(*COOKIE)
    assert {
        key.removeprefix("web:"): (row["customer_id"], row["identified_by"])
        for key, row in found.items()
    } == {
        "before": ("A", "later_login"),
        "login": ("A", "login"),
        "after": ("A", "earlier_login"),
        "bens": ("B", "login"),
        "last": ("B", "earlier_login"),
        "elsewhere": (None, None),
        "no cookie": (None, None),
    }
    # Of an anonymous past it is known only from the login on.
    assert found["web:before"]["known_from_at"] == "2024-01-01 09:00:00"
    assert found["web:after"]["known_from_at"] == "2024-01-01 10:00:00"


def test_the_anonymous_past_stays_anonymous_if_conf_says_so(sessions: Rows) -> None:
    found = sessions(*COOKIE, attach_anonymous_past=False)
    assert found["web:before"]["customer_id"] is None
    assert found["web:after"]["customer_id"] == "A"


TABLET = (
    event("e1", "visit", "08:00", "other browser", cookie_id="k1", device_id="tablet"),
    event("e2", "visit", "09:00", "login", cookie_id="k2", device_id="tablet", **ANN),
    event("e3", "visit", "10:00", "third browser", cookie_id="k3", device_id="tablet"),
    event("e4", "visit", "11:00", "second cookie visit", cookie_id="k2", device_id="tablet"),
    event("e5", "visit", "12:00", "no device", cookie_id="k4"),
)


def whose(found: dict[str, Any]) -> dict[str, tuple[str | None, str | None, str | None]]:
    return {
        key.removeprefix("web:"): (
            row["customer_id"],
            row["identified_by"],
            (row["known_from_at"] or "")[11:16],
        )
        for key, row in found.items()
    }


def test_a_visit_on_a_cookie_without_login_belongs_to_who_logged_in_on_its_device(
    sessions: Rows,
) -> None:
    assert whose(sessions(*TABLET)) == {
        "other browser": ("A", "later_device_login", "09:00"),
        "login": ("A", "login", "09:00"),
        "third browser": ("A", "earlier_device_login", "10:00"),
        "second cookie visit": ("A", "earlier_login", "11:00"),
        "no device": (None, None, ""),
    }


def test_a_device_on_which_two_accounts_logged_in_tells_of_neither(sessions: Rows) -> None:
    bens = event("e6", "visit", "13:00", "bens", cookie_id="k5", device_id="tablet", **BEN)

    found = whose(sessions(*TABLET, bens))

    assert found["other browser"] == found["third browser"] == (None, None, "")
    assert found["second cookie visit"] == ("A", "earlier_login", "11:00")


def test_after_two_logins_in_one_session_a_visit_on_its_cookie_is_the_last_ones_and_its_device_is_shared(
    sessions: Rows,
) -> None:
    place = {"cookie_id": "k", "device_id": "tablet"}
    found = sessions(
        event("e1", "visit", "08:00", "before", **place),
        event("e2", "visit", "09:00", "both", **place, **ANN),
        event("e3", "page_view", "09:10", "both", **place, **BEN),
        event("e4", "visit", "10:00", "after", **place),
        event("e5", "visit", "11:00", "other browser", cookie_id="k2", device_id="tablet"),
    )
    assert whose(found) == {
        "before": ("A", "later_login", "09:00"),
        "both": ("A", "login", "09:00"),
        "after": ("B", "earlier_login", "10:00"),
        "other browser": (None, None, ""),
    }


def test_a_login_in_a_session_that_goes_on_is_no_earlier_one_of_what_began_before_it(
    sessions: Rows,
) -> None:
    tablet = {"device_id": "tablet"}
    two_browsers = (
        event("e1", "visit", "08:00", "long", cookie_id="k1", **tablet),
        event("e2", "page_view", "19:00", "long", cookie_id="k1", **tablet, **ANN),
        event("e3", "visit", "10:00", "short", cookie_id="k2", **tablet),
        event("e4", "visit", "20:00", "evening", cookie_id="k2", **tablet),
    )
    evening = ("A", "earlier_device_login", "20:00")
    found, no_past = (
        whose(sessions(*two_browsers)),
        whose(sessions(*two_browsers, attach_anonymous_past=False)),
    )
    assert (found["short"], found["evening"]) == (("A", "later_device_login", "19:00"), evening)
    assert (no_past["short"], no_past["evening"]) == ((None, None, ""), evening)

    two_tabs = (
        event("f1", "page_view", "10:00", "first tab", cookie_id="k"),
        *(
            event(f"a{at}", "page_view", at, "first tab", cookie_id="k", **ANN)
            for at in ("10:05", "10:06")
        ),
        event("f2", "page_view", "12:00", "first tab", cookie_id="k", **BEN),
        event("f3", "page_view", "12:30", "first tab", cookie_id="k", **ANN),
        *(
            event(f"s{at}", "visit", at, at, cookie_id="k")
            for at in ("09:00", "10:05", "11:00", "12:10", "13:00")
        ),
    )
    assert {tab: told[:2] for tab, told in whose(sessions(*two_tabs)).items()} == {
        "first tab": ("A", "login"),
        "09:00": ("A", "later_login"),
        "10:05": ("A", "earlier_login"),
        "11:00": ("A", "earlier_login"),
        "12:10": ("B", "earlier_login"),
        "13:00": ("A", "earlier_login"),
    }


def test_devices_tell_nothing_and_their_past_stays_anonymous_if_conf_says_so(
    sessions: Rows,
) -> None:
    by_cookie = whose(sessions(*TABLET, stitch_devices=False))
    no_past = whose(sessions(*TABLET, attach_anonymous_past=False))

    assert by_cookie["other browser"] == by_cookie["third browser"] == (None, None, "")
    assert by_cookie["second cookie visit"][0] == "A"
    assert no_past["other browser"] == (None, None, "")
    assert no_past["third browser"] == ("A", "earlier_device_login", "10:00")


def test_a_device_is_known_from_a_login_until_somebody_elses(
    table: Frames, identity: Frames, text: Rows
) -> None:
    def login(hour: str, person: str, **other: Any) -> dict[str, Any]:
        """A session at `hour` in which the person logged in first."""
        at = f"2024-01-01T{hour}"
        who = {"person_record_key": person, "identified_by": "login"}
        place = {"source_system": "web", "device_id": "tablet"}
        return {"session_key": f"{hour} {person}", "known_from_at": at, **place, **who, **other}

    visit = {"identified_by": "earlier_login", "cookie_id": None}
    frame = customer_device(
        table(
            CUSTOMER_WEB_SESSION,
            login("08:00", "ann", cookie_id="k"),
            login("09:00", "ann's second account"),
            login("10:00", "ben"),
            login("11:00", "ben", **visit),
            login("12:00", "ann"),
            login("13:00", "somebody who has left"),
            login("13:00", "cleo", device_id="phone", source_system="app"),
            login("14:00", "ann", device_id="kiosk", session_key="web:both"),
        ),
        table(
            WEB_EVENT,
            event("e1", "visit", "14:00", "both", **ANN),
            event("e2", "page_view", "14:05", "both", **ANN),
            event("e3", "page_view", "14:10", "both", **BEN),
            event("e4", "page_view", "14:20", "both", **ANN),
            event("e5", "visit", "15:00", "a machine's", device_id="kiosk", **BEN),
        ),
        identity({"A": ["ann", "ann's second account"], "B": ["ben"], "C": ["cleo"]}),
    )

    assert dict(frame.dtypes) == {c.name: c.type for c in CUSTOMER_DEVICE.columns}
    told = text(
        frame,
        "identifier_value",
        "known_from_at",
        "known_to_at",
        "customer_id",
        "login_count",
        "is_shared",
    )
    rows = sorted(
        tuple((value or "-").removeprefix("2024-01-01 ") for value in row.values()) for row in told
    )
    assert rows == [
        ("k", "08:00:00", "-", "A", "1", "false"),
        ("kiosk", "14:00:00", "14:10:00", "A", "1", "true"),
        ("kiosk", "14:10:00", "14:20:00", "B", "1", "true"),
        ("kiosk", "14:20:00", "-", "A", "1", "true"),
        ("phone", "13:00:00", "-", "C", "1", "false"),
        ("tablet", "08:00:00", "10:00:00", "A", "2", "true"),
        ("tablet", "10:00:00", "12:00:00", "B", "1", "true"),
        ("tablet", "12:00:00", "13:00:00", "A", "1", "true"),
        ("tablet", "13:00:00", "-", "-", "1", "true"),
    ]


def test_a_cookie_with_too_many_events_on_a_day_is_a_machine_and_nobodys(sessions: Rows) -> None:
    found = sessions(
        event("e1", "visit", "10:00", "one", cookie_id="k", **ANN),
        event("e2", "visit", "11:00", "two", cookie_id="k"),
        event("e3", "visit", "12:00", "two", cookie_id="k"),
        event("e4", "visit", "2024-01-02T10:00", "next day", cookie_id="k"),
        bot_events_per_day=2,
    )
    assert {key: (row["is_bot"], row["customer_id"]) for key, row in found.items()} == {
        "web:one": ("true", None),
        "web:two": ("true", None),
        "web:next day": ("false", "A"),
    }


def test_a_device_on_which_several_accounts_log_in_on_a_day_may_have_the_events_of_each(
    sessions: Rows,
) -> None:
    kiosk, crawler, scraper = ({"device_id": d} for d in ("kiosk", "crawler", "scraper"))
    found = sessions(
        event("e1", "visit", "10:00", "anns", cookie_id="k1", **kiosk, **ANN),
        event("e2", "visit", "11:00", "bens", cookie_id="k2", **kiosk, **BEN),
        event("e3", "visit", "12:00", "nobodys", cookie_id="k3", **kiosk),
        # A cookie is one browser's, whoever uses it.
        *(event(f"m{n}", "visit", f"13:0{n}", "cookie", cookie_id="k4", **kiosk) for n in range(3)),
        *(event(f"n{n}", "visit", "14:00", f"dropped {n}", **crawler) for n in range(3)),
        # Four people at the kiosk have eight events; a machine with two accounts has five.
        *(
            event(f"k{who}", "visit", "15:00", who, cookie_id=who, **kiosk, person_record_key=who)
            for who in ("cy", "di")
        ),
        *(
            event(f"s{n}", "visit", "16:00", f"scraped {n}", **scraper, **who)
            for n, who in enumerate((ANN, BEN, {}, {}, {}))
        ),
        event("e4", "visit", "2024-01-02T10:00", "next day", **kiosk, **ANN),
        event("e5", "visit", "2024-01-02T11:00", "hers", **kiosk, **ANN),
        event("e6", "visit", "2024-01-02T12:00", "hers too", **kiosk),
        bot_events_per_day=2,
    )
    machines = {key.removeprefix("web:") for key, row in found.items() if row["is_bot"] == "true"}
    of_one_account = {"next day", "hers", "hers too"}
    scraped = {f"scraped {n}" for n in range(5)}
    assert machines == {"cookie", "dropped 0", "dropped 1", "dropped 2", *of_one_account, *scraped}
    assert (found["web:anns"]["customer_id"], found["web:bens"]["customer_id"]) == ("A", "B")


def test_a_session_of_many_days_is_a_machines_only_if_one_of_them_has_too_many_events(
    sessions: Rows,
) -> None:
    def on(day: int, session: str, *minutes: str, **other: Any) -> list[dict[str, Any]]:
        """A page view in each of the minutes after ten."""
        return [
            event(f"{session}{day}{at}", "page_view", f"2024-01-0{day}T10:{at}", session, **other)
            for at in minutes
        ]

    kiosk = {"device_id": "kiosk"}
    found = sessions(
        # An app that names its session by the install.
        *(e for day in (1, 2, 3) for e in on(day, "app", "00", "01", cookie_id="a", **ANN)),
        *on(1, "busy", "00", cookie_id="b"), *on(3, "busy", "00", "01", "02", cookie_id="b"),
        # Two of which neither has too many on any day, and both together on the second.
        *on(1, "from the first", "00", cookie_id="c"),
        *on(2, "from the first", "00", cookie_id="c"),
        *on(2, "from the second", "00", "01", cookie_id="c"), *on(3, "after", "00", cookie_id="c"),
        # A device on which another account logs in on a later day of a session is shared on that.
        *on(1, "anns", "00", **kiosk, **ANN), *on(2, "anns", "00", **kiosk, **ANN),
        *on(2, "bens", "00", "01", **kiosk, **BEN),
        bot_events_per_day=2,
    )  # fmt: skip
    machines = {key.removeprefix("web:") for key, row in found.items() if row["is_bot"] == "true"}
    assert machines == {"busy", "from the first", "from the second"}
    assert found["web:app"]["customer_id"] == "A"
    assert (found["web:app"]["event_count"], found["web:busy"]["event_count"]) == ("6", "4")


def test_a_machine_that_drops_its_cookie_is_found_by_its_device(
    spark: SparkSession, table: Frames, identity: Frames
) -> None:
    robot = spark.range(100_000).select(
        F.concat(F.lit("e"), "id").alias("record_key"),
        F.concat(F.lit("k"), "id").alias("cookie_id"),
        F.lit("crawler").alias("device_id"),
        (
            F.lit("2024-01-01").cast("timestamp") + F.make_dt_interval(secs=F.col("id") % 86_000)
        ).alias("event_at"),
        F.lit("page_view").alias("event_type"),
        F.lit("web").alias("source_system"),
        F.when(F.col("id") % 2 == 0, F.concat(F.lit("s"), "id")).alias("session_id"),
    )
    person = event("person", "page_view", "10:00", "mine", cookie_id="k0", device_id="phone")
    events = table(WEB_EVENT, person).unionByName(robot, allowMissingColumns=True)

    frame = customer_web_session(
        events, table(CUSTOMER_ORDER), identity({}), WebSettings(), date(2024, 6, 30)
    )

    found = frame.groupBy("device_id", "is_bot").agg(F.sum("event_count").alias("events")).collect()
    assert {(row.device_id, row.is_bot, row.events) for row in found} == {
        ("crawler", True, 100_000),
        ("phone", False, 1),
    }


def cart(session: str, *more: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        event(f"cart of {session}", "cart", "10:00", session, product_id="lamp", **ANN),
        *more,
    ]


@pytest.mark.parametrize(
    ("ordered_at", "state"),
    [
        (None, "abandoned"),
        ("2024-01-01T09:00", "abandoned"),
        ("2024-01-03T10:00", "recovered"),
        ("2024-01-04T10:00", "abandoned"),
    ],
)
def test_a_cart_is_abandoned_unless_an_order_follows_in_time(
    sessions: Rows, ordered_at: str | None, state: str
) -> None:
    order = {"record_key": "o", "customer_id": "A", "ordered_at": ordered_at}
    found = sessions(*cart("s1"), orders=[order] if ordered_at else [], cart_recovery_days=2)
    assert found["web:s1"]["cart_state"] == state


def test_an_order_of_days_to_come_recovers_no_cart(sessions: Rows) -> None:
    order = {"record_key": "o", "customer_id": "A", "ordered_at": "2024-01-01T11:00",
             "order_date": "2031-01-01"}  # fmt: skip
    assert sessions(*cart("s1"), orders=[order])["web:s1"]["cart_state"] == "abandoned"


def test_a_checkout_in_the_session_is_no_abandoned_cart(sessions: Rows) -> None:
    found = sessions(
        *cart("s1", event("x", "checkout", "10:05", "s1")), event("v", "visit", "10:00", "s2")
    )
    assert found["web:s1"]["cart_state"] == "checked_out"
    assert found["web:s2"]["cart_state"] is None


def test_what_is_put_into_the_cart_after_the_checkout_is_another_cart(sessions: Rows) -> None:
    rug = event("r", "cart", "10:20", "s1", product_id="rug")
    paid = event("x", "checkout", "10:05", "s1")
    again = event("y", "checkout", "10:25", "s1")
    order = {"record_key": "o", "customer_id": "A", "ordered_at": "2024-01-01T10:05"}
    names = ("cart_state", "carted_products", "cart_contents", "furthest_step")

    (left,) = sessions(*cart("s1", paid, rug), orders=[order]).values()
    (both,) = sessions(*cart("s1", paid, rug, again)).values()
    (told_twice,) = sessions(
        *cart("s1", rug, again, event("z", "checkout", "10:26", "s1"))
    ).values()
    (one,) = sessions(*cart("s1", rug)).values()

    assert [left[n] for n in names] == ["abandoned", "[lamp, rug]", "[rug]", "checkout"]
    assert [both[n] for n in names] == ["checked_out", "[lamp, rug]", "[rug]", "checkout"]
    assert [told_twice[n] for n in names[:3]] == ["checked_out", "[lamp, rug]", "[lamp, rug]"]
    assert [one[n] for n in names] == ["abandoned", "[lamp, rug]", "[lamp, rug]", "cart"]


@pytest.mark.parametrize("smallest_group", [1, 2])
def test_the_funnel_counts_people_by_the_furthest_step_unless_they_are_few(
    smallest_group: int, table: Frames, text: Rows
) -> None:
    def session(key: str, step: str, cart_state: str | None = None, **other: Any) -> dict[str, Any]:
        day = {"session_date": "2024-01-01", "is_bot": False}
        return {"session_key": key, "furthest_step": step, "cart_state": cart_state, **day, **other}

    steps = ["visit", "page_view", "cart", "checkout"]
    carts = [None, None, "abandoned", "checked_out"]
    frame = web_funnel(
        table(
            CUSTOMER_WEB_SESSION,
            *(session(f"direct {s}", s, c) for s, c in zip(steps, carts, strict=True)),
            session("5", "cart", "recovered", medium="search"),
            session("6", "checkout", "checked_out", is_bot=True, event_count=100_000),
            # Two visitors of each kind; and one of whose kind there is no other, though with two sessions.
            *(session(f"{n} {s}", s, c, medium="social")
              for n in (1, 2) for s, c in zip(steps, carts, strict=True)),
            *(session(f"{n} of ann", "visit", customer_id="A", medium="display") for n in (1, 2)),
            # Who bought and filled another cart since is one alone: what became of carts would tell of her.
            *(session(f"{n} left", "cart", "abandoned", medium="affiliate") for n in (1, 2)),
            session("bought", "checkout", "checked_out", medium="affiliate"),
            session("bought, then left", "checkout", "abandoned", medium="affiliate"),
        ),
        smallest_group,
    )  # fmt: skip
    assert dict(frame.dtypes) == {c.name: c.type for c in WEB_FUNNEL.columns}
    told = {
        channel: " ".join(map(str, counts)) for _, channel, *counts in map(dict.values, text(frame))
    }
    exact = {
        "affiliate": "4 4 4 2 3 0 0 0",
        "direct": "4 3 2 1 1 0 1 100000",
        "display": "2 0 0 0 0 0 0 0",
        "search": "1 1 1 0 0 1 0 0",
        "social": "8 6 4 2 2 0 0 0",
    }
    few = {
        "affiliate": "4 4 4 2 None None 0 0",
        "direct": "4 None None None None None 1 100000",
        "display": "None None None None None None 0 0",
        "search": "None None None None None None 0 0",
    }
    assert told == (exact if smallest_group == 1 else exact | few)
