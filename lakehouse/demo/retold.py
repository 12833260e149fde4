"""Purchases that a till tells of again after the shop did, and receipts that only look like it."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lakehouse.demo.calendar import SECONDS_PER_DAY, Calendar
from lakehouse.demo.drops import Drops
from lakehouse.demo.lines import numbered
from lakehouse.demo.people import Chunk
from lakehouse.demo.population import PersonFeed
from lakehouse.demo.range import SKUS
from lakehouse.demo.rates import VOLUMES
from lakehouse.demo.sales import CANCELLED, PAID, SHIPPED, Sales, rows_of_lines

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Texts = NDArray[np.object_]

TOLD_AGAIN = "told_again"
KINDS = (TOLD_AGAIN, "days_later", "other_basket", "other_total", "after_cancelled")
"""Why a receipt resembles an order: it tells of the same purchase, or differs in just one respect."""

_SHARES = (0.5, 0.15, 0.175, 0.175)
_IDS_PER_CUSTOMER = 64
_HOUR = 3600


@dataclass(frozen=True)
class Retold:
    """Receipts that resemble orders, each with the order's number and the kind of resemblance."""

    receipts: Sales
    order_ids: pa.Array
    kind: Texts

    def truth(self) -> dict[str, pa.Array]:
        """The columns of the truth about purchases."""
        return {
            "order_id": self.order_ids,
            "receipt_id": self.receipts.ids,
            "kind": pa.array(self.kind, pa.string()),
            "is_same_purchase": pa.array(self.kind == TOLD_AGAIN, pa.bool_()),
        }


def draw_retold(
    drops: Drops,
    chunk: Chunk,
    orders: Sales,
    status: Ints,
    accounts: PersonFeed,
    members: PersonFeed,
) -> Retold:
    """Receipts of people who hold an account and a loyalty card, hours or days after an order of theirs."""
    rng = drops.rng
    member = _members_who_ordered(orders, accounts, members)
    can_be = (member >= 0) & np.isin(status, (PAID, SHIPPED))
    chosen = can_be & (rng.random(len(status)) < VOLUMES.retold_orders)
    again = (member >= 0) & (status == CANCELLED) & (rng.random(len(status)) < 0.5)
    kind = np.full(len(status), "", dtype=object)
    kind[chosen] = rng.choice(np.array(KINDS[:-1], dtype=object), int(chosen.sum()), p=_SHARES)
    kind[again] = KINDS[-1]
    hours = np.where(kind == "days_later", rng.integers(72, 200, len(status)), 0)
    at = orders.at + (hours + rng.integers(2, 40, len(status))) * _HOUR
    day = _drop_of(drops.calendar, at)
    rows = np.flatnonzero((kind != "") & (day < drops.calendar.days))
    rows = rows[members.records["day"].to_numpy()[member[rows]] <= day[rows]]
    holder = members.records["record_id"].to_numpy()[member[rows]]
    ids = numbered("TC", _IDS_PER_CUSTOMER * chunk.first_customer + np.arange(len(rows)))
    receipts = _receipts(orders, rows, kind[rows], ids, holder, day[rows], at[rows])
    return Retold(receipts, orders.ids.take(pa.array(rows)), kind[rows])


def _members_who_ordered(orders: Sales, accounts: PersonFeed, members: PersonFeed) -> Ints:
    """Per order the row of its person's loyalty card; -1 for guests and for people without one."""
    person_of = dict(
        zip(
            accounts.records["record_id"].tolist(), accounts.records["person"].tolist(), strict=True
        )
    )
    person = np.array([person_of.get(h, -1) for h in orders.holder.tolist()], dtype=np.int64)
    return np.where(person >= 0, members.by_person[person], -1)


def _drop_of(calendar: Calendar, at: Ints) -> Ints:
    """The drop that delivers what happened then, by the number of its day."""
    late = -(-(at - int(calendar.closes(0))) // SECONDS_PER_DAY)
    return np.maximum(late, 0)


def _receipts(
    orders: Sales, rows: Ints, kind: Texts, ids: pa.Array, holder: Texts, day: Ints, at: Ints
) -> Sales:
    """The orders at `rows` as a till tells of them; what differs does so in the first line."""
    flat, number = rows_of_lines(orders, rows)
    counts = orders.line_counts[rows]
    of_line, is_first = np.repeat(kind, counts), number == 1
    sku, price = orders.sku[flat], orders.price[flat]
    sku = np.where(is_first & (of_line == "other_basket"), (sku + 1) % len(SKUS), sku)
    price = price + (is_first & (of_line == "other_total"))
    quantity = orders.quantity[flat]
    running = np.concatenate([[0], np.cumsum(quantity * price)])
    ends = np.cumsum(counts)
    return Sales(
        ids=ids,
        holder=holder,
        currency=orders.currency.take(pa.array(rows)),
        day=day,
        at=at,
        total=running[ends] - running[ends - counts],
        line_counts=counts,
        sku=sku,
        quantity=quantity,
        price=price,
        is_paid_elsewhere=kind == TOLD_AGAIN,
    )
