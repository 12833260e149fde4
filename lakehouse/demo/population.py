"""Which feeds know which people, under which record ids, from which day on."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lakehouse.demo.people import Chunk
from lakehouse.demo.rates import FEED_RATES, RECORD_RATES, VOLUMES
from lakehouse.demo.records import Labels, observe
from lakehouse.demo.views import VIEWS

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Texts = NDArray[np.object_]

REJECTED_FEED = "newsletter_subscriber"
"""The feed whose file of day 3 lacks a required column."""
REJECTED_DAY = 2

_ID_HEADS = {
    "crm_contact": "C",
    "shop_account": "A",
    "pos_loyalty_member": "29",
    "support_ticket": "R",
    "newsletter_subscriber": "N",
    "social_profile": "U",
}
_FULL = ("crm_contact", "shop_account", "pos_loyalty_member", "support_ticket")
_IDS_PER_CUSTOMER = 2


@dataclass(frozen=True)
class PersonFeed:
    """The records of one feed of people.

    `records` has what `observe` gives, and record_id, day (of the first delivery, from 0),
    delivered (False: its only file is rejected) and leaves (day from which it is gone, or -1).
    `by_person` is the row of a lasting record per person, or -1.
    """

    feed: str
    records: pd.DataFrame
    labels: Labels
    by_person: Ints


def spread_days(rng: np.random.Generator, count: int, days: int, first: float) -> Ints:
    """Drop numbers from 0: a share of `first` in the first one, the rest evenly over the others."""
    if days == 1:
        return np.zeros(count, dtype=np.int64)
    return np.where(rng.random(count) < first, 0, rng.integers(1, days, size=count))


def _members(rng: np.random.Generator, people: pd.DataFrame) -> dict[str, Ints]:
    """Rows of people per feed; everybody is in one at least, and some are in one feed twice."""
    n = len(people)
    drawn = {feed: rng.random(n) < share for feed, share in vars(FEED_RATES).items()}
    nowhere = ~np.logical_or.reduce([drawn[feed] for feed in _FULL])
    drawn["shop_account"] |= nowhere
    out = {}
    for feed, inside in drawn.items():
        rows = np.flatnonzero(inside)
        again = (
            rows[rng.random(len(rows)) < RECORD_RATES.duplicate_in_source]
            if feed in _FULL[:3]
            else rows[:0]
        )
        out[feed] = np.concatenate([rows, again])
    return out


def _ids(rng: np.random.Generator, feed: str, chunk: Chunk, count: int) -> Texts:
    """Ids that are unique between chunks and say nothing about the person."""
    span = _IDS_PER_CUSTOMER * chunk.customers
    numbers = _IDS_PER_CUSTOMER * chunk.first_customer + rng.permutation(span)[:count]
    return np.array([f"{_ID_HEADS[feed]}{number:08d}" for number in numbers.tolist()], dtype=object)


def _handles(rng: np.random.Generator, people: pd.DataFrame, seen: dict[str, pd.DataFrame]) -> None:
    """A social profile's handle stands in a fuller record of the person, where there is one."""
    has_profile = np.zeros(len(people), dtype=bool)
    has_profile[seen["social_profile"]["person"]] = True
    handle = people["handle"].to_numpy()
    missing = has_profile.copy()
    for feed in _FULL:
        share = VIEWS[feed].fill.get("handle", 0.0)
        person = seen[feed]["person"].to_numpy()
        shown = has_profile[person] & (rng.random(len(person)) < share)
        missing[person[shown]] = False
        seen[feed]["handle"] = np.where(shown, handle[person], "")
    for feed in ("crm_contact", "shop_account", "support_ticket"):
        person = seen[feed]["person"].to_numpy()
        late = missing[person]
        seen[feed]["handle"] = np.where(late, handle[person], seen[feed]["handle"])
        missing[person[late]] = False
    profile = seen["social_profile"]
    profile["handle"] = handle[profile["person"]]
    profile["needs_email"] = missing[profile["person"]]


def _known_emails(
    rng: np.random.Generator, people: pd.DataFrame, seen: dict[str, pd.DataFrame]
) -> Texts:
    """Per person an own address that a fuller record holds, or else the person's first one."""
    usable = []
    for feed in _FULL:
        frame = seen[feed]
        person = frame["person"].to_numpy()
        email = frame["email"].str.lower().to_numpy()
        own = (email == people["email"].to_numpy()[person]) | (
            email == people["second_email"].to_numpy()[person]
        )
        usable.append(pd.DataFrame({"person": person[own], "email": email[own]}))
    together = pd.concat(usable)
    together = together.iloc[rng.permutation(len(together))].drop_duplicates("person")
    known = people["email"].to_numpy().copy()
    known[together["person"]] = together["email"]
    return known


def _shares_elsewhere(people: pd.DataFrame, seen: dict[str, pd.DataFrame]) -> Bools:
    """People one of whose fuller records holds their family's address."""
    shares = np.zeros(len(people), dtype=bool)
    shared = people["shared_email"].to_numpy()
    for feed in _FULL:
        person = seen[feed]["person"].to_numpy()
        same = (seen[feed]["email"].str.lower() == shared[person]) & (shared[person] != "")
        shares[person[same.to_numpy()]] = True
    return shares


def _thin_records(
    rng: np.random.Generator,
    people: pd.DataFrame,
    seen: dict[str, pd.DataFrame],
    labels: dict[str, Labels],
) -> None:
    """Subscribers and profiles hold little, so what they hold stands in a fuller record too."""
    known = _known_emails(rng, people, seen)
    letters, profile = seen["newsletter_subscriber"], seen["social_profile"]
    person = letters["person"].to_numpy()
    shared = people["shared_email"].to_numpy()[person]
    in_family = (letters["email"].str.lower() == shared) & _shares_elsewhere(people, seen)[person]
    loud = letters["email"] == letters["email"].str.upper()
    fresh = np.where(
        loud, np.array([e.upper() for e in known[person]], dtype=object), known[person]
    )
    letters["email"] = np.where(in_family, letters["email"], fresh)
    labels["newsletter_subscriber"].clear("shared_family_email", ~in_family.to_numpy())
    person = profile["person"].to_numpy()
    shown = (profile["email"] != "") | profile["needs_email"]
    profile["email"] = np.where(shown, known[person], "")


def _leaving(rng: np.random.Generator, day: Ints, days: int, share: float) -> Ints:
    """The day on which some records go, or -1."""
    goes = (rng.random(len(day)) < share) & (day == 0) & (days > 1)
    return np.where(goes, rng.integers(1, max(days, 2), size=len(day)), -1)


_LEAVING_SHARES = {"crm_contact": 0.01, "shop_account": 0.01, "pos_loyalty_member": 0.008}


def _finish(
    rng: np.random.Generator,
    chunk: Chunk,
    feed: str,
    records: pd.DataFrame,
    labels: Labels,
    arrival: Ints,
    days: int,
) -> PersonFeed:
    n = len(records)
    person = records["person"].to_numpy()
    first = arrival[person]
    later = (rng.random(n) < 0.1) & (first < days - 1)
    day = np.where(later, first + (rng.random(n) * (days - first)).astype(np.int64), first)
    records["record_id"] = _ids(rng, feed, chunk, n)
    records["day"] = day
    records["delivered"] = (day != REJECTED_DAY) | (feed != REJECTED_FEED)
    records["leaves"] = _leaving(rng, day, days, _LEAVING_SHARES.get(feed, 0.0))
    lasting = np.flatnonzero((records["leaves"] < 0).to_numpy() & records["delivered"].to_numpy())
    by_person = np.full(chunk.customers, -1, dtype=np.int64)
    by_person[person[lasting[::-1]]] = lasting[::-1]
    return PersonFeed(feed, records, labels, by_person)


def draw_population(
    rng: np.random.Generator, chunk: Chunk, people: pd.DataFrame, days: int
) -> dict[str, PersonFeed]:
    """Every feed of people, by its name."""
    arrival = spread_days(rng, len(people), days, VOLUMES.first_day_of_people)
    seen, labels = {}, {}
    for feed, person in _members(rng, people).items():
        seen[feed], labels[feed] = observe(rng, people, person, VIEWS[feed])
        repeated = pd.Series(person).duplicated().to_numpy()
        labels[feed].add("duplicate_in_source", repeated)
        if feed in ("newsletter_subscriber", "social_profile"):
            labels[feed].clear("junk_email", np.ones(len(person), dtype=bool))
    labels["social_profile"].clear(
        "shared_family_email", np.ones(len(seen["social_profile"]), dtype=bool)
    )
    _handles(rng, people, seen)
    _thin_records(rng, people, seen, labels)
    return {
        feed: _finish(rng, chunk, feed, seen[feed], labels[feed], arrival, days) for feed in seen
    }
