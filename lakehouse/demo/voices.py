"""What people say: tickets with their threads, posts, survey answers; and what they consent to."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lakehouse.demo.drops import CONSENT_COLUMNS, Drops
from lakehouse.demo.lines import Raw, delimited, drawn, json_arrays, json_objects, moments, numbered
from lakehouse.demo.people import Chunk
from lakehouse.demo.person_feeds import full_names, written_phones
from lakehouse.demo.places import pick
from lakehouse.demo.population import PersonFeed, spread_days
from lakehouse.demo.rates import VOLUMES

Ints = NDArray[np.int64]
Texts = NDArray[np.object_]

_IDS_PER_CUSTOMER = 64
_TICKET_CHANNELS = ("email", "chat", "phone", "web")
_CHAT, _PHONE = 1, 2
_TOPICS = ("delivery", "returns", "payment", "product", "account")
_SUBJECTS = (
    "Where is my order?",
    "Parcel arrived damaged",
    "Refund still missing",
    "Wrong size delivered",
    "I cannot log in",
    "Change of address",
    "Invoice needed",
    "Missing part",
    "Gift card does not work",
    "Please delete my account",
)
_CUSTOMER_TEXTS = (
    "Hello, I have been waiting for two weeks now and nobody answers.",
    "The lamp flickers, is that normal?",
    "Thank you, that solved it!",
    "Bitte rufen Sie mich zurück, es ist dringend.",
    "Bonjour, je n'ai toujours pas reçu mon colis.",
    "I moved house last month, please send it to the new address.",
    "I was charged twice for the same order.",
    "Can I still return it without the box?",
    "Dzień dobry, kiedy dostanę zwrot pieniędzy?",
    "Your colleague in the store told me to write here.",
)
_AGENT_TEXTS = (
    "Thank you for your message, we are looking into it.",
    "We have sent a replacement today.",
    "Your refund is on its way and takes three to five days.",
    "Could you send us a photo of the damage?",
    "Is there anything else that we can do for you?",
)
_POSTS = (
    "Love the new garden range 🌿",
    "Third time my delivery is late, not good enough.",
    "Their store in town has the nicest staff.",
    "Anyone else waiting for a refund?",
    "Great value, would buy again!",
    "Die neue Kollektion ist wunderschön.",
    "Le service client est au top 👍",
)
_COMMENTS = (
    "Fast and friendly.",
    "Too expensive for what it is.",
    "Good range, slow delivery.",
    "Could not find anything in the shop.",
    "Immer wieder gern.",
    "Très satisfaite.",
)


def _ids(rng: np.random.Generator, head: str, chunk: Chunk, count: int) -> pa.Array:
    span = _IDS_PER_CUSTOMER * chunk.customers
    return numbered(head, _IDS_PER_CUSTOMER * chunk.first_customer + rng.permutation(span)[:count])


def _requesters(rng: np.random.Generator, feed: PersonFeed) -> pa.Array:
    r = feed.records
    return json_objects(
        {
            "requester_id": r["record_id"],
            "name": full_names(rng, r, 0.05),
            "email": r["email"],
            "phone": written_phones(rng, feed.feed, r["country"].to_numpy(), r["phone"].to_numpy()),
            "country": r["country"],
            "handle": r["handle"],
        }
    )


def _bodies(rng: np.random.Generator, by_customer: NDArray[np.bool_], contact: Texts) -> Texts:
    """Free text; some customers leave an address or number in it."""
    count = len(by_customer)
    said = pick(rng, count, _CUSTOMER_TEXTS)
    leaves_contact = (rng.random(count) < 0.15) & (contact != "")
    said = np.where(leaves_contact, said + " You reach me at " + contact, said)
    return np.where(by_customer, said, pick(rng, count, _AGENT_TEXTS))


def _talks(
    rng: np.random.Generator, channel: Ints, number: Ints, sent_at: Ints
) -> dict[str, pa.Array]:
    """What the first message of a ticket by chat or telephone is besides: a call or chat.

    One call in ten is missed, by the second of its ticket; the desk then calls back. Null for other messages.
    """
    n = len(number)
    is_missed = (channel == _PHONE) & ((sent_at - number * 5400) % 10 == 0)
    is_talk = np.isin(channel, (_CHAT, _PHONE)) & ((number == 0) | (is_missed & (number == 1)))
    is_taken = is_talk & ~(is_missed & (number == 0))
    waited = sent_at + rng.integers(5, 240, n)
    ended = waited + rng.integers(60, 1500, n) * is_taken
    nothing = pa.scalar(None, pa.string())
    return {
        "channel": drawn(_TICKET_CHANNELS, np.where(is_talk, channel, -1)),
        "answered_at": pc.if_else(pa.array(is_taken), moments(waited), nothing),
        "ended_at": pc.if_else(pa.array(is_talk), moments(ended), nothing),
    }


def _messages(
    rng: np.random.Generator, channel: Ints, number: Ints, opened: Ints, bodies: Texts
) -> pa.Array:
    """One JSON object per message, by the channel and opening of its ticket and its number from 0."""
    sent_at = opened + number * 5400
    return json_objects(
        {
            "number": Raw(number + 1),
            "author": drawn(("customer", "agent"), number % 2),
            "sent_at": moments(sent_at),
            **_talks(rng, channel, number, sent_at),
            "body": bodies,
        }
    )


def write_support_tickets(drops: Drops, chunk: Chunk, feed: PersonFeed) -> None:
    """Tickets with their threads, as JSON arrays; open ones come again when they are closed."""
    rng, calendar, r = drops.rng, drops.calendar, feed.records
    more = np.repeat(np.arange(len(r)), rng.poisson(0.4, len(r)))
    who = np.concatenate([np.arange(len(r)), more])
    n, last, known = len(who), calendar.days - 1, r["day"].to_numpy()[who]
    later = np.maximum(spread_days(rng, n, calendar.days, VOLUMES.first_day_of_events), known)
    day = np.where(np.arange(n) < len(r), known, later)
    opened = np.minimum(calendar.within(rng, day), calendar.closes(day) - 50_000)
    count = 2 + rng.integers(0, 4, n)
    closed_later = (rng.random(n) < 0.2) & (day < last)
    final_day = np.where(closed_later, day + 1, day)
    row = np.repeat(np.arange(n), count)
    number = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    by_customer = number % 2 == 0
    bodies = _bodies(rng, by_customer, r["email"].to_numpy()[who][row])
    ids, people = _ids(rng, "K", chunk, n), _requesters(rng, feed)
    topic, channel = rng.integers(0, len(_TOPICS), n), rng.integers(0, 4, n)
    subject, priority = rng.integers(0, len(_SUBJECTS), n), rng.integers(0, 4, n)
    first_message = np.cumsum(count) - count
    messages = _messages(rng.spawn(1)[0], channel[row], number, opened[row], bodies)

    def lines(rows: Ints, closed: bool) -> pa.Array:
        shown = count[rows] if closed else np.ones(len(rows), dtype=np.int64)
        within = np.arange(int(shown.sum())) - np.repeat(np.cumsum(shown) - shown, shown)
        thread = messages.take(pa.array(np.repeat(first_message[rows], shown) + within))
        end = np.where(
            closed_later[rows], calendar.closes(final_day[rows]) - 900, opened[rows] + 30_000
        )
        return json_objects(
            {
                "ticket_id": ids.take(pa.array(rows)),
                "opened_at": moments(opened[rows]),
                "closed_at": moments(end) if closed else pa.nulls(len(rows), pa.string()),
                "updated_at": moments(end if closed else opened[rows] + 60),
                "channel": drawn(_TICKET_CHANNELS, channel[rows]),
                "topic": drawn(_TOPICS, topic[rows]),
                "priority": drawn(("low", "normal", "high", "urgent"), priority[rows]),
                "status": drawn(("open", "closed"), np.full(len(rows), int(closed))),
                "subject": drawn(_SUBJECTS, subject[rows]),
                "requester": Raw(people.take(pa.array(who[rows]))),
                "messages": Raw(json_arrays(thread, shown)),
            }
        )

    for drop in range(calendar.days):
        done, still_open = (
            np.flatnonzero(final_day == drop),
            np.flatnonzero(closed_later & (day == drop)),
        )
        both = pa.concat_arrays([lines(rng.permutation(done), True), lines(still_open, False)])
        drops.deliver("support_ticket", drop, both)


def write_social_mentions(drops: Drops, chunk: Chunk, feed: PersonFeed) -> None:
    """Public posts that name the company, a fifth of them by people that no list has."""
    rng, calendar = drops.rng, drops.calendar
    rows = feed.by_person[feed.by_person >= 0]
    posts = feed.records.iloc[rng.permutation(np.repeat(rows, rng.poisson(1.4, len(rows))))]
    n = len(posts)
    stranger = rng.random(n) < 0.2
    first = np.where(stranger, 0, posts["day"].to_numpy())
    day = np.maximum(spread_days(rng, n, calendar.days, VOLUMES.first_day_of_events), first)
    unknown = np.array(
        [f"anon{number}" for number in rng.integers(0, 10**6, n).tolist()], dtype=object
    )
    at = calendar.within(rng, day)
    lines = json_objects(
        {
            "mention_id": _ids(rng, "Y", chunk, n),
            "network": pick(rng, n, ("instagram", "facebook", "x", "tiktok")),
            "author_id": np.where(stranger, "", posts["record_id"].to_numpy()),
            "author_handle": np.where(stranger, unknown, posts["handle"].to_numpy()),
            "posted_at": moments(at),
            "collected_at": moments(at + 1800),
            "text": pick(rng, n, _POSTS),
            "likes": Raw(rng.poisson(6, n)),
        }
    )
    for drop in range(calendar.days):
        drops.deliver("social_mention", drop, lines.filter(pa.array(day == drop)))


def write_survey_responses(drops: Drops, chunk: Chunk, accounts: PersonFeed) -> None:
    """How likely account holders are to recommend the company, with a comment or without."""
    rng, calendar = drops.rng, drops.calendar
    rows = accounts.by_person[accounts.by_person >= 0]
    asked = accounts.records.iloc[rows[rng.random(len(rows)) < 0.25]]
    n = len(asked)
    day = np.maximum(
        spread_days(rng, n, calendar.days, VOLUMES.first_day_of_events), asked["day"].to_numpy()
    )
    score = np.minimum(10, rng.binomial(10, 0.8, n))
    at = calendar.within(rng, day)
    lines = json_objects(
        {
            "response_id": _ids(rng, "V", chunk, n),
            "survey": drawn(("nps-2025", "nps-2026", "delivery"), rng.integers(0, 3, n)),
            "account_id": asked["record_id"],
            "email": np.where(rng.random(n) < 0.5, asked["email"].to_numpy(), ""),
            "responded_at": moments(at),
            "submitted_at": moments(at + 60),
            "score": Raw(score),
            "comment": np.where(rng.random(n) < 0.6, pick(rng, n, _COMMENTS), ""),
        }
    )
    for drop in range(calendar.days):
        drops.deliver("survey_response", drop, lines.filter(pa.array(day == drop)))


_SUBJECT_SYSTEMS = {
    "crm": "crm_contact",
    "shop": "shop_account",
    "loyalty": "pos_loyalty_member",
    "newsletter": "newsletter_subscriber",
}


def _consenting(rng: np.random.Generator, population: dict[str, PersonFeed]) -> pd.DataFrame:
    parts = []
    for system, feed in _SUBJECT_SYSTEMS.items():
        rows = population[feed].by_person
        rows = rows[rows >= 0]
        records = population[feed].records.iloc[np.repeat(rows, rng.integers(0, 3, len(rows)))]
        parts.append(records[["record_id", "email", "day"]].assign(system=system))
    together = pd.concat(parts, ignore_index=True)
    return together.iloc[rng.permutation(len(together))].reset_index(drop=True)


def write_consent_events(drops: Drops, chunk: Chunk, population: dict[str, PersonFeed]) -> None:
    """Grants per purpose and channel, and the withdrawals that follow some of them."""
    rng, calendar = drops.rng, drops.calendar
    granted = _consenting(rng, population)
    n = len(granted)
    granted["purpose"] = pick(rng, n, ("marketing", "marketing", "analytics", "personalisation"))
    granted["channel"] = pick(rng, n, ("email", "email", "sms", "phone", "post", "web"))
    granted["drop"] = np.maximum(
        spread_days(rng, n, calendar.days, VOLUMES.first_day_of_events), granted["day"].to_numpy()
    )
    granted["at"] = calendar.within(rng, granted["drop"].to_numpy()) - 4000
    granted["action"] = "grant"
    back = granted[rng.random(n) < 0.2].assign(action="withdraw")
    later = np.minimum(back["drop"].to_numpy() + rng.integers(0, 2, len(back)), calendar.days - 1)
    back["at"] = np.maximum(back["at"] + 1800, calendar.within(rng, later))
    back["drop"] = later
    events = pd.concat([granted, back], ignore_index=True)
    events = events.sort_values(["drop", "at"], kind="stable", ignore_index=True)
    at = events["at"].to_numpy()
    cells = {
        "consent_event_id": _ids(rng, "G", chunk, len(events)),
        "subject_system": events["system"],
        "subject_id": events["record_id"],
        "purpose": events["purpose"],
        "channel": events["channel"],
        "action": events["action"],
        "legal_basis": np.full(len(events), "consent", dtype=object),
        "happened_at": moments(at),
        "received_at": moments(at + 20),
        "email": np.where(rng.random(len(events)) < 0.4, events["email"].to_numpy(), ""),
    }
    lines = delimited({name: cells[name] for name in CONSENT_COLUMNS}, ",")
    for drop in range(calendar.days):
        drops.deliver(
            "consent_event", drop, lines.filter(pa.array(events["drop"].to_numpy() == drop))
        )
