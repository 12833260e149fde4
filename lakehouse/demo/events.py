"""What people do on the web site and with the company's messages."""

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from lakehouse.demo.drops import SHAPES, Drops
from lakehouse.demo.lines import drawn, json_objects, moments, numbered
from lakehouse.demo.people import Chunk
from lakehouse.demo.population import PersonFeed, spread_days
from lakehouse.demo.range import MEDIA, PAID_CAMPAIGNS, SKUS, medium_of
from lakehouse.demo.rates import VOLUMES

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Texts = NDArray[np.object_]

_TYPES = ("visit", "page_view", "cart", "checkout")
_PATHS = (
    "/",
    "/new",
    "/sale",
    "/kitchen",
    "/garden",
    "/lighting",
    "/textiles",
    "/help",
    "/stores",
    "/delivery",
)
_REFERRERS = (
    "www.google.com",
    "www.bing.com",
    "duckduckgo.com",
    "www.instagram.com",
    "www.facebook.com",
)
_WIDTHS = ("360", "390", "412", "768", "1280", "1440", "1920")
_EMAIL_CAMPAIGNS = tuple(f"EM-{number:03d}" for number in range(1, 61))
_MESSAGE_TYPES = ("send", "open", "click", "unsubscribe")
_GROWN_COLUMN_FROM = 1
_SLICE = 250_000
_IDS_PER_CUSTOMER = 256
_SCRAMBLE = 0x9E3779B1


def _scrambled(numbers: Ints) -> Ints:
    """Distinct numbers for distinct numbers below 2**32, in no visible order."""
    return (numbers * _SCRAMBLE) & 0xFFFFFFFF


def _sessions(drops: Drops, chunk: Chunk, accounts: PersonFeed) -> pd.DataFrame:
    """One row per session: who, on what device, when, logged in as which account, from where."""
    rng, calendar = drops.rng, drops.calendar
    person = np.repeat(
        np.arange(chunk.customers), rng.poisson(VOLUMES.sessions_per_person, chunk.customers)
    )
    n = len(person)
    account = accounts.by_person[person]
    account = np.where(rng.random(n) < 0.38, account, -1)
    known = np.where(account >= 0, accounts.records["day"].to_numpy()[account], 0)
    day = np.maximum(spread_days(rng, n, calendar.days, VOLUMES.first_day_of_events), known)
    device = (chunk.first_customer + person) * 2 + (rng.random(n) < 0.3)
    paid = rng.random(n) < 0.18
    frame = pd.DataFrame(
        {
            "device": _scrambled(device),
            "cookie": _scrambled(device * 2 + (rng.random(n) < 0.25) + 1),
            "account": account,
            "day": day,
            "at": np.minimum(calendar.within(rng, day), calendar.closes(day) - 5400),
            "campaign": np.where(paid, rng.integers(0, len(PAID_CAMPAIGNS), n), -1),
            "referrer": np.where(rng.random(n) < 0.6, rng.integers(0, len(_REFERRERS), n), -1),
            "views": rng.poisson(VOLUMES.page_views_per_session, n),
            "cart": rng.random(n) < 0.25,
            "width": rng.integers(0, len(_WIDTHS), n),
        }
    )
    frame["checkout"] = frame["cart"] & (rng.random(n) < 0.35)
    frame = frame.sort_values(["day", "at"], kind="stable", ignore_index=True)
    frame["number"] = chunk.first_customer * _IDS_PER_CUSTOMER + np.arange(n)
    return frame


def _web_lines(
    rng: np.random.Generator, sessions: pd.DataFrame, ids: Texts, first_event: int, grown: bool
) -> pa.Array:
    """The events of some sessions in order, one JSON line each."""
    s = {name: sessions[name].to_numpy() for name in sessions.columns}
    counts = 1 + s["views"] + s["cart"] + s["checkout"]
    row = np.repeat(np.arange(len(counts)), counts)
    step = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    views = s["views"][row]
    kind = np.where(step == 0, 0, np.where(step <= views, 1, np.where(step == views + 1, 2, 3)))
    at = s["at"][row] + step * 47 + rng.integers(0, 40, len(row))
    on_product = (kind == 2) | ((kind == 1) & (rng.random(len(row)) < 0.6))
    sku = np.where(
        on_product, np.minimum((rng.pareto(1.1, len(row)) * 60).astype(np.int64), len(SKUS) - 1), -1
    )
    place = rng.integers(0, len(_PATHS), len(row))
    paths = (*_PATHS, *(f"/product/{sku.lower()}" for sku in SKUS), "/cart", "/checkout")
    path = np.where(
        on_product & (kind == 1),
        len(_PATHS) + sku,
        np.where(kind < 2, place, len(paths) - 4 + kind),
    )
    opening = kind == 0
    campaign = np.where(opening, s["campaign"][row], -1)
    columns = {
        "event_id": numbered("E", first_event + np.arange(len(row))),
        "event_type": drawn(_TYPES, kind),
        "event_time": moments(at),
        "received_at": moments(at + rng.integers(1, 90, len(row))),
        "session_id": numbered("s", s["number"][row]),
        "cookie_id": numbered("ck", s["cookie"][row]),
        "device_id": numbered("dv", s["device"][row]),
        "page_path": drawn(paths, path),
        "product_id": drawn(SKUS, sku),
        "referrer": drawn(_REFERRERS, np.where(opening, s["referrer"][row], -1)),
        "campaign_id": drawn(PAID_CAMPAIGNS, campaign),
        "medium": drawn(MEDIA, np.where(campaign >= 0, medium_of(campaign), -1)),
        "account_id": drawn(ids, s["account"][row]),
    }
    if grown:
        columns["screen_width"] = drawn(_WIDTHS, s["width"][row])
    return json_objects(columns)


def write_web_events(drops: Drops, chunk: Chunk, accounts: PersonFeed) -> pd.DataFrame:
    """Visits with their page views, carts and checkouts; from the second day on a column more.

    Returns the sessions: account (its row, or -1), day, at (when it began) and number of each.
    """
    sessions = _sessions(drops, chunk, accounts)
    ids = accounts.records["record_id"].to_numpy()
    event = chunk.first_customer * _IDS_PER_CUSTOMER
    for day in range(drops.calendar.days):
        of_day = sessions[sessions["day"] == day]
        lines = []
        for start in range(0, len(of_day), _SLICE // 4):
            part = of_day.iloc[start : start + _SLICE // 4]
            lines.append(_web_lines(drops.rng, part, ids, event, day >= _GROWN_COLUMN_FROM))
            event += len(lines[-1])
        if lines:
            drops.deliver("web_event", day, pa.concat_arrays(lines))
    return sessions


def _recipients(
    feed: PersonFeed, system: str, share: float, rng: np.random.Generator
) -> pd.DataFrame:
    rows = feed.by_person[feed.by_person >= 0]
    chosen = feed.records.iloc[rows[rng.random(len(rows)) < share]]
    return pd.DataFrame(
        {
            "system": system,
            "id": chosen["record_id"].to_numpy(),
            "email": chosen["email"].to_numpy(),
            "day": chosen["day"].to_numpy(),
        }
    )


def _messages(
    drops: Drops, subscribers: PersonFeed, accounts: PersonFeed
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Recipients, and one row per event with the recipient's row, the event's kind and time."""
    rng, calendar = drops.rng, drops.calendar
    people = pd.concat(
        [
            _recipients(subscribers, "newsletter", 1.0, rng),
            _recipients(accounts, "shop", 0.75, rng),
        ],
        ignore_index=True,
    )
    who = rng.permutation(
        np.repeat(np.arange(len(people)), rng.poisson(VOLUMES.messages_per_recipient, len(people)))
    )
    day = np.maximum(
        spread_days(rng, len(who), calendar.days, VOLUMES.first_day_of_events),
        people["day"].to_numpy()[who],
    )
    at = np.minimum(calendar.within(rng, day), calendar.closes(day) - 14_400)
    opened = rng.random(len(who)) < VOLUMES.open_rate
    clicked = opened & (rng.random(len(who)) < VOLUMES.click_rate)
    left = opened & (rng.random(len(who)) < VOLUMES.unsubscribe_rate)
    sent = pd.DataFrame(
        {
            "who": who,
            "day": day,
            "at": at,
            "campaign": rng.integers(0, len(_EMAIL_CAMPAIGNS), len(who)),
        }
    )
    parts = []
    for kind, where in enumerate((np.ones(len(who), dtype=bool), opened, clicked, left)):
        wait = kind * 3000 + rng.integers(0, 900, int(where.sum())) * (kind > 0)
        parts.append(sent[where].assign(kind=kind, at=sent["at"][where] + wait))
    events = pd.concat(parts, ignore_index=True).sort_values(
        ["day", "at"], kind="stable", ignore_index=True
    )
    return people, events


def write_marketing_events(
    drops: Drops, chunk: Chunk, subscribers: PersonFeed, accounts: PersonFeed
) -> None:
    """Sends, opens, clicks and unsubscribes; a tenth of the first day's events come a day late."""
    people, events = _messages(drops, subscribers, accounts)
    who, last = events["who"].to_numpy(), drops.calendar.days - 1
    first_number = chunk.first_customer * _IDS_PER_CUSTOMER
    lines = json_objects(
        {
            "event_id": numbered("M", first_number + np.arange(len(events))),
            "event_type": drawn(_MESSAGE_TYPES, events["kind"].to_numpy()),
            "event_time": moments(events["at"].to_numpy()),
            "received_at": moments(events["at"].to_numpy() + 30),
            "campaign_id": drawn(_EMAIL_CAMPAIGNS, events["campaign"].to_numpy()),
            "channel": drawn(("email",), np.zeros(len(events), dtype=np.int64)),
            "recipient_system": people["system"].to_numpy()[who],
            "recipient_id": people["id"].to_numpy()[who],
            "email": people["email"].to_numpy()[who],
        }
    )
    day = events["day"].to_numpy()
    late = (day == 0) & (drops.rng.random(len(day)) < 0.1) & (last > 0)
    feed, shape = "marketing_event", SHAPES["marketing_event"]
    for number in range(last + 1):
        files = drops.deliver(feed, number, lines.filter(pa.array((day == number) & ~late)))
        if number == 1:
            held_back = lines.filter(pa.array(late))
            drops.landing.write(feed, 1, shape, held_back, mark="-late", of=0)
        if number == 1 and last >= 2 and files and not drops.landing.part:
            drops.landing.resend(files[0], 2)
