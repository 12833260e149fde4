"""What people buy: shop orders with nested lines, till receipts, and what was paid for both."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from lakehouse.demo.drops import Drops
from lakehouse.demo.lines import (
    Raw,
    delimited,
    drawn,
    json_arrays,
    json_objects,
    moments,
    money,
    numbered,
    text,
)
from lakehouse.demo.people import Chunk
from lakehouse.demo.person_feeds import account_currency
from lakehouse.demo.population import PersonFeed, spread_days
from lakehouse.demo.range import SKUS, STORES, list_prices
from lakehouse.demo.rates import VOLUMES

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Texts = NDArray[np.object_]

PAID, SHIPPED, RETURNED, CANCELLED = range(1, 5)
"""Positions in the list of statuses."""
_STATUSES = ("PLACED", "PAID", "SHIPPED", "RETURNED", "CANCELLED")
_STATUS_SHARES = (0.03, 0.07, 0.82, 0.05, 0.03)
_METHODS = ("card", "wallet", "transfer", "gift_card", "cash")
_WITHOUT_ACCOUNT = ("gift_card", "cash")
_IDS_PER_CUSTOMER = 64


@dataclass(frozen=True)
class Sales:
    """Orders or receipts as parallel arrays; amounts in cents, lines flattened in order."""

    ids: pa.Array
    holder: Texts
    currency: pa.Array
    day: Ints
    at: Ints
    total: Ints
    line_counts: Ints
    sku: Ints
    quantity: Ints
    price: Ints
    is_paid_elsewhere: Bools


def _draw_sales(
    drops: Drops,
    chunk: Chunk,
    head: str,
    holder: Texts,
    country: Texts,
    holder_days: tuple[Ints, Ints],
    mean_lines: float,
) -> Sales:
    rng, calendar = drops.rng, drops.calendar
    n = len(holder)
    spread = spread_days(rng, n, calendar.days, VOLUMES.first_day_of_events)
    day = np.clip(spread, *holder_days)
    lines = 1 + rng.poisson(mean_lines - 1, n)
    sku = np.minimum((rng.pareto(1.1, int(lines.sum())) * 60).astype(np.int64), len(SKUS) - 1)
    quantity = 1 + (rng.random(len(sku)) < 0.18) * rng.integers(1, 4, len(sku))
    price = list_prices()[sku] * np.where(rng.random(len(sku)) < 0.15, 80, 100) // 100
    ends = np.cumsum(lines)
    running = np.concatenate([[0], np.cumsum(quantity * price)])
    total = running[ends] - running[ends - lines]
    numbers = (
        _IDS_PER_CUSTOMER * chunk.first_customer
        + rng.permutation(_IDS_PER_CUSTOMER * chunk.customers)[:n]
    )
    ids = numbered(head, numbers)
    at = calendar.within(rng, day)
    currency, paid = account_currency(country), np.zeros(n, dtype=bool)
    return Sales(ids, holder, currency, day, at, total, lines, sku, quantity, price, paid)


def _with(sales: Sales, others: Sales) -> Sales:
    """The sales and then the others."""
    parts = {name: (values, getattr(others, name)) for name, values in vars(sales).items()}
    return Sales(
        **{
            name: pa.concat_arrays(both) if name in ("ids", "currency") else np.concatenate(both)
            for name, both in parts.items()
        }
    )


def rows_of_lines(sales: Sales, rows: Ints) -> tuple[Ints, Ints]:
    """Flat line positions of the sales at `rows`, in their order, and line numbers from 1."""
    counts = sales.line_counts[rows]
    starts = (np.cumsum(sales.line_counts) - sales.line_counts)[rows]
    number = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.repeat(starts, counts) + number, number + 1


def _holders(
    drops: Drops, feed: PersonFeed, mean: float, nobody: float
) -> tuple[Texts, Texts, tuple[Ints, Ints]]:
    """Per sale: id of a record (empty for `nobody`), its country, its first and its last day.

    Also of a record that leaves, which takes none of what it bought with it.
    """
    rng, leaves = drops.rng, feed.records["leaves"].to_numpy()
    rows = np.concatenate([feed.by_person[feed.by_person >= 0], np.flatnonzero(leaves > 0)])
    bought = np.repeat(rows, rng.poisson(mean, len(rows)))
    bought = rng.permutation(bought)
    frame: pd.DataFrame = feed.records.iloc[bought]
    unknown = rng.random(len(bought)) < nobody
    first = np.where(unknown, 0, frame["day"].to_numpy())
    gone = leaves[bought]
    last = np.where(gone > 0, gone - 1, drops.calendar.days - 1)
    holder = np.where(unknown, "", frame["record_id"].to_numpy())
    return holder, frame["country"].to_numpy(), (first, last)


def _order_lines(sales: Sales, rows: Ints, status: Ints, updated: Ints) -> pa.Array:
    flat, number = rows_of_lines(sales, rows)
    elements = json_objects(
        {
            "line_no": Raw(number),
            "sku": drawn(SKUS, sales.sku[flat]),
            "qty": Raw(sales.quantity[flat]),
            "unit_price": money(sales.price[flat]),
            "amount": money(sales.price[flat] * sales.quantity[flat]),
        }
    )
    return json_objects(
        {
            "order_id": sales.ids.take(pa.array(rows)),
            "account_id": sales.holder[rows],
            "ordered_at": moments(sales.at[rows]),
            "updated_at": moments(updated[rows]),
            "status": drawn(_STATUSES, status[rows]),
            "currency": sales.currency.take(pa.array(rows)),
            "total": money(sales.total[rows]),
            "lines": Raw(json_arrays(elements, sales.line_counts[rows])),
        }
    )


def write_orders(drops: Drops, chunk: Chunk, accounts: PersonFeed) -> tuple[Sales, Ints]:
    """Orders, again on a later day when their status changed; a few old versions come last.

    Returns the orders and their last status, as a position in the list of statuses.
    """
    rng, calendar = drops.rng, drops.calendar
    holder, country, known = _holders(drops, accounts, VOLUMES.orders_per_account, 0.03)
    sales = _draw_sales(drops, chunk, "W", holder, country, known, VOLUMES.lines_per_order)
    n, last = len(holder), calendar.days - 1
    status = rng.choice(len(_STATUSES), n, p=_STATUS_SHARES)
    changed = (
        (rng.random(n) < np.where(sales.day == 0, 0.06, 0.4)) & (sales.day < last) & (status > 0)
    )
    final_day = np.where(
        changed, sales.day + 1 + (rng.random(n) * (last - sales.day)).astype(np.int64), sales.day
    )
    overtaken = changed & (rng.random(n) < 0.15)
    old_day = np.where(overtaken, final_day, sales.day)
    new_day = np.where(overtaken, sales.day, final_day)
    new_at = np.where(changed, calendar.closes(new_day) - 600, sales.at + 900)
    for number in range(calendar.days):
        old = np.flatnonzero(changed & (old_day == number))
        new = np.flatnonzero(new_day == number)
        rows = new[np.argsort(sales.at[new], kind="stable")]
        parts = [
            _order_lines(sales, rows, status, new_at),
            _order_lines(sales, old, status * 0, sales.at),
        ]
        files = drops.deliver("shop_order", number, pa.concat_arrays(parts))
        if number == 0 and last >= 1 and files and not drops.landing.part:
            drops.landing.resend(files[-1], 1)
    return sales, status


def write_receipts(drops: Drops, chunk: Chunk, members: PersonFeed, retold: Sales) -> Sales:
    """Receipts, `retold` among them, and their lines in two pipe-delimited feeds without headers."""
    rng, calendar = drops.rng, drops.calendar
    mean = VOLUMES.receipts_per_member * (1 + VOLUMES.anonymous_receipts)
    nobody = VOLUMES.anonymous_receipts / (1 + VOLUMES.anonymous_receipts)
    holder, country, known = _holders(drops, members, mean, nobody)
    drawn_sales = _draw_sales(drops, chunk, "T", holder, country, known, VOLUMES.lines_per_receipt)
    sales = _with(drawn_sales, retold)
    store = rng.integers(0, len(STORES), len(sales.ids))
    till = rng.integers(1, 9, len(sales.ids))
    for number in range(calendar.days):
        rows = np.flatnonzero(sales.day == number)
        rows = rows[np.argsort(sales.at[rows], kind="stable")]
        exported = moments(calendar.closes(np.full(len(rows), number)), "%Y%m%d%H%M%S")
        cells = {
            "receipt_id": sales.ids.take(pa.array(rows)),
            "store_id": drawn(STORES, store[rows]),
            "till": till[rows],
            "sold_at": moments(sales.at[rows], "%Y%m%d%H%M%S"),
            "loyalty_number": sales.holder[rows],
            "currency": sales.currency.take(pa.array(rows)),
            "total": money(sales.total[rows]),
            "exported_at": exported,
        }
        drops.deliver("pos_receipt", number, delimited(cells, "|"))
        drops.deliver("pos_receipt_line", number, _receipt_lines(sales, rows, exported))
    return sales


def _receipt_lines(sales: Sales, rows: Ints, exported: pa.Array) -> pa.Array:
    flat, number = rows_of_lines(sales, rows)
    sale = pa.array(np.repeat(np.arange(len(rows)), sales.line_counts[rows]))
    owner = pa.array(np.repeat(rows, sales.line_counts[rows]))
    cells = {
        "receipt_id": sales.ids.take(owner),
        "line_no": number,
        "sku": drawn(SKUS, sales.sku[flat]),
        "quantity": sales.quantity[flat],
        "unit_price": money(sales.price[flat]),
        "amount": money(sales.price[flat] * sales.quantity[flat]),
        "currency": sales.currency.take(owner),
        "loyalty_number": sales.holder[np.asarray(owner)],
        "exported_at": exported.take(sale),
    }
    return delimited(cells, "|")


def _payments(
    drops: Drops,
    chunk: Chunk,
    sales: Sales,
    rows: Ints,
    channel: str,
    sign: int,
    accounts: Mapping[str, str],
) -> tuple[pa.Table, Ints]:
    rng = drops.rng
    n = len(rows)
    head = f"{'Q' if sign < 0 else 'P'}{channel[0].upper()}{channel[1]}{chunk.number}-"
    captured = rng.random(n) < 0.97
    status = np.where(captured, "captured" if sign > 0 else "refunded", "failed").astype(object)
    method = np.array(_METHODS, dtype=object)[rng.integers(0, 4 if channel == "shop" else 5, n)]
    payer = sales.holder[rows]
    account = np.array([accounts.get(holder, "") for holder in payer.tolist()], dtype=object)
    system = {"shop": "shop", "store": "pos"}[channel]
    at = sales.at[rows] + (60 if sign > 0 else 600)
    table = pa.table(
        {
            "payment_id": numbered(head, rng.permutation(n)),
            "channel": pa.array([channel] * n, pa.string()),
            "order_id": sales.ids.take(pa.array(rows)),
            "payer_system": text(np.where(payer == "", "", system).astype(object)),
            "payer_id": text(payer),
            "paid_at": pa.array(at).cast(pa.timestamp("s")).cast(pa.timestamp("us", tz="UTC")),
            "method": pa.array(method, pa.string()),
            "payment_account": text(np.where(np.isin(method, _WITHOUT_ACCOUNT), "", account)),
            "status": pa.array(status, pa.string()),
            "currency": sales.currency.take(pa.array(rows)),
            "amount": money(sales.total[rows] * sign).cast(pa.decimal128(12, 2)),
        }
    )
    return table, sales.day[rows]


def write_payments(
    drops: Drops,
    chunk: Chunk,
    orders: Sales,
    status: Ints,
    receipts: Sales,
    accounts: Mapping[str, str],
) -> None:
    """Payments of orders and receipts, and refunds of what came back, as Parquet.

    `accounts` is, by the payer's id, the card or account that pays.
    """
    paid = np.flatnonzero(np.isin(status, (PAID, SHIPPED, RETURNED)))
    parts = [
        _payments(drops, chunk, orders, paid, "shop", 1, accounts),
        _payments(drops, chunk, orders, np.flatnonzero(status == RETURNED), "shop", -1, accounts),
        _payments(
            drops,
            chunk,
            receipts,
            np.flatnonzero(~receipts.is_paid_elsewhere),
            "store",
            1,
            accounts,
        ),
    ]
    table = pa.concat_tables([part for part, _ in parts]).combine_chunks()
    day = np.concatenate([days for _, days in parts])
    for number in range(drops.calendar.days):
        drops.landing.write_parquet(
            "payment_transaction", number, table.filter(pa.array(day == number))
        )
