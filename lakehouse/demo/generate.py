"""The demo company's landing files and their truth, by number of customers and seed."""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from lakehouse.demo.calendar import Calendar
from lakehouse.demo.drops import Drops
from lakehouse.demo.events import write_marketing_events, write_web_events
from lakehouse.demo.landing import Landing
from lakehouse.demo.payment_accounts import draw_payment_accounts
from lakehouse.demo.people import Chunk, at_businesses, draw_people
from lakehouse.demo.person_feeds import (
    write_crm_contacts,
    write_loyalty_members,
    write_newsletter_subscribers,
    write_shop_accounts,
    write_social_profiles,
)
from lakehouse.demo.poison import poison_count
from lakehouse.demo.population import draw_population
from lakehouse.demo.recommendations import write_recommendations
from lakehouse.demo.reference import write_reference_feeds
from lakehouse.demo.retold import draw_retold
from lakehouse.demo.sales import write_orders, write_payments, write_receipts
from lakehouse.demo.truth import Truth, write_truth
from lakehouse.demo.voices import (
    write_consent_events,
    write_social_mentions,
    write_support_tickets,
    write_survey_responses,
)

CUSTOMERS_PER_CHUNK = 25_000
_PREFERENCES, _PAYMENT_ACCOUNTS = 1_000, 1_001
"""Numbers of streams of their own, beyond those that the stream of a chunk spawns by itself."""
_WORKERS = 2


def generate(
    customers: int, seed: int, out: Path, days: int, start_date: date = date(2026, 1, 5)
) -> None:
    """Writes `out/landing/<date>/<feed>-<date>…` for `days` drops, and `out/truth/*.parquet`.

    The same arguments give the same bytes. Customers are drawn in independent chunks, so memory
    does not grow with their number; more than one chunk is spread over two processes.
    """
    calendar = Calendar(start_date, days)
    chunks = _chunks(customers)
    seeds = np.random.SeedSequence(seed).spawn(len(chunks) + 1)
    shared = Truth()
    root = out / "landing"
    write_reference_feeds(
        np.random.default_rng(seeds[0]), Landing(root, calendar, None, shared.books)
    )
    jobs = [(chunk, seeds[chunk.number + 1], root, calendar, len(chunks) > 1) for chunk in chunks]
    write_truth(out / "truth", (truth for truth in (shared, *_run(jobs))))


_Job = tuple[Chunk, np.random.SeedSequence, Path, Calendar, bool]


def _chunks(customers: int) -> list[Chunk]:
    starts = range(0, customers, CUSTOMERS_PER_CHUNK)
    return [Chunk(i, s, min(CUSTOMERS_PER_CHUNK, customers - s)) for i, s in enumerate(starts)]


def _run(jobs: list[_Job]) -> Iterator[Truth]:
    if len(jobs) == 1:
        yield _write_chunk(jobs[0])
        return
    with ProcessPoolExecutor(_WORKERS, mp_context=get_context("spawn")) as pool:
        yield from pool.map(_write_chunk, jobs)


def _write_chunk(job: _Job) -> Truth:
    """Draws the people of a chunk and writes everything that the feeds say of them."""
    chunk, seed, root, calendar, is_part = job
    rng = np.random.default_rng(seed)
    preferring = _own_stream(seed, _PREFERENCES)
    truth = Truth()
    landing = Landing(root, calendar, chunk.number if is_part else None, truth.books)
    drops = Drops(rng, landing, poison_count(chunk.customers), f"{chunk.number}-")
    people = at_businesses(draw_people(rng, chunk))
    feeds = draw_population(rng, chunk, people, calendar.days)
    truth.add_people(people, feeds)
    write_crm_contacts(drops, feeds["crm_contact"])
    write_shop_accounts(drops, feeds["shop_account"], preferring)
    write_loyalty_members(drops, feeds["pos_loyalty_member"])
    write_newsletter_subscribers(drops, feeds["newsletter_subscriber"], preferring)
    write_social_profiles(drops, feeds["social_profile"])
    orders, status = write_orders(drops, chunk, feeds["shop_account"])
    retold = draw_retold(
        drops, chunk, orders, status, feeds["shop_account"], feeds["pos_loyalty_member"]
    )
    truth.add("purchase", retold.truth())
    receipts = write_receipts(drops, chunk, feeds["pos_loyalty_member"], retold.receipts)
    payers = (feeds["shop_account"], feeds["pos_loyalty_member"])
    paying = _own_stream(seed, _PAYMENT_ACCOUNTS)
    payment_accounts = draw_payment_accounts(paying, chunk, people, payers)
    write_payments(drops, chunk, orders, status, receipts, payment_accounts)
    sessions = write_web_events(drops, chunk, feeds["shop_account"])
    write_marketing_events(drops, chunk, feeds["newsletter_subscriber"], feeds["shop_account"])
    write_support_tickets(drops, chunk, feeds["support_ticket"])
    write_social_mentions(drops, chunk, feeds["social_profile"])
    write_survey_responses(drops, chunk, feeds["shop_account"])
    write_consent_events(drops, chunk, feeds)
    sold = write_recommendations(drops, chunk, sessions, feeds["shop_account"], orders, status)
    truth.add("recommendation", sold)
    return truth


def _own_stream(seed: np.random.SeedSequence, number: int) -> np.random.Generator:
    """A stream beside the chunk's own, so that what is drawn from it leaves all else as it was."""
    key = (*seed.spawn_key, number)
    return np.random.default_rng(np.random.SeedSequence(seed.entropy, spawn_key=key))
