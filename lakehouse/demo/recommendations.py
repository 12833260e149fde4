"""Lists of products that the web site recommends, and what of them is clicked and bought."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from lakehouse.demo.drops import Drops
from lakehouse.demo.lines import Raw, drawn, json_arrays, json_objects, moments, numbered
from lakehouse.demo.people import Chunk
from lakehouse.demo.population import PersonFeed
from lakehouse.demo.range import SKUS
from lakehouse.demo.rates import VOLUMES
from lakehouse.demo.sales import CANCELLED, RETURNED, Sales

Ints = NDArray[np.int64]

_PLACEMENTS = ("home", "product", "cart")
_LENGTH = 4
_STEP = 7
_LONGEST_WAIT = 5 * 86_400
_IDS_PER_CUSTOMER = 256


@dataclass(frozen=True)
class _Lists:
    """Lists as parallel arrays: row of the session, products by place, clicked place or -1, order or -1.

    `bought` is the place of the product that the order is of.
    """

    session: Ints
    sku: Ints
    clicked: Ints
    order: Ints
    bought: Ints


def write_recommendations(
    drops: Drops,
    chunk: Chunk,
    sessions: pd.DataFrame,
    accounts: PersonFeed,
    orders: Sales,
    status: Ints,
) -> dict[str, pa.Array]:
    """Lists shown in some sessions, and clicks on them; returns the truth about those that sold something."""
    lists = _drawn(drops.rng, sessions, _orders_after(sessions, accounts, orders, status))
    first = _IDS_PER_CUSTOMER * chunk.first_customer
    list_ids = numbered("L", first + np.arange(len(lists.session)))
    lines, day = _events(drops.rng, lists, list_ids, sessions, accounts, first)
    for number in range(drops.calendar.days):
        drops.deliver("web_recommendation", number, lines.filter(pa.array(day == number)))
    return _truth(lists, list_ids, orders)


def _events(
    rng: np.random.Generator,
    lists: _Lists,
    list_ids: pa.Array,
    sessions: pd.DataFrame,
    accounts: PersonFeed,
    first: int,
) -> tuple[pa.Array, Ints]:
    """The lines of what was shown and clicked, in order of time, and the day of each."""
    n, is_clicked = len(lists.session), np.flatnonzero(lists.clicked >= 0)
    of_list = np.concatenate([np.arange(n), is_clicked])
    is_click = np.arange(len(of_list)) >= n
    session = lists.session[of_list]
    shown_at = sessions["at"].to_numpy()[lists.session] + rng.integers(20, 200, n)
    at = shown_at[of_list] + is_click * rng.integers(5, 60, len(of_list))
    account = drawn(accounts.records["record_id"], sessions["account"].to_numpy())
    lines = json_objects(
        {
            "event_id": numbered("R", first * 2 + np.arange(len(of_list))),
            "event_type": drawn(("shown", "clicked"), is_click.astype(np.int64)),
            "event_time": moments(at),
            "received_at": moments(at + rng.integers(1, 90, len(of_list))),
            "list_id": list_ids.take(pa.array(of_list)),
            "placement": drawn(_PLACEMENTS, rng.integers(0, len(_PLACEMENTS), n)[of_list]),
            "session_id": numbered("s", sessions["number"].to_numpy()[session]),
            "account_id": account.take(pa.array(session)),
            "items": Raw(_items(lists, is_clicked)),
        }
    )
    in_turn = np.argsort(at, kind="stable")
    return lines.take(pa.array(in_turn)), sessions["day"].to_numpy()[session][in_turn]


def _orders_after(
    sessions: pd.DataFrame, accounts: PersonFeed, orders: Sales, status: Ints
) -> pd.DataFrame:
    """Orders that came of a session while logged in, within days: rows of both, and what was bought."""
    ids = accounts.records["record_id"].to_numpy()
    is_login = sessions["account"].to_numpy() >= 0
    visits = pd.DataFrame(
        {
            "holder": ids[sessions["account"].to_numpy()[is_login]],
            "session": np.flatnonzero(is_login),
            "visited": sessions["at"].to_numpy()[is_login],
        }
    )
    first_lines = np.cumsum(orders.line_counts) - orders.line_counts
    is_sold = (orders.holder != "") & ~np.isin(status, (RETURNED, CANCELLED))
    sold = pd.DataFrame(
        {
            "holder": orders.holder[is_sold],
            "order": np.flatnonzero(is_sold),
            "ordered": orders.at[is_sold],
            "sku": orders.sku[first_lines[is_sold]],
        }
    )
    both = sold.merge(visits, on="holder")
    wait = both["ordered"] - both["visited"]
    both = both[(wait > 600) & (wait < _LONGEST_WAIT)].sort_values(["order", "visited", "session"])
    # Of two orders after one session, one is of its list.
    last = both.drop_duplicates("order", keep="last").drop_duplicates("session")
    return last[["session", "order", "sku"]].reset_index(drop=True)


def _drawn(rng: np.random.Generator, sessions: pd.DataFrame, sold: pd.DataFrame) -> _Lists:
    """A list for each session that sold something, and for some others; who buys has mostly clicked."""
    others = np.flatnonzero(rng.random(len(sessions)) < VOLUMES.recommended_lists)
    others = np.setdiff1d(others, sold["session"].to_numpy())
    session = np.concatenate([sold["session"].to_numpy(dtype=np.int64), others])
    n, nobodys = len(session), np.full(len(others), -1)
    order = np.concatenate([sold["order"].to_numpy(dtype=np.int64), nobodys])
    is_sold, place = order >= 0, rng.integers(0, _LENGTH, n)
    drawn_sku = np.minimum((rng.pareto(1.1, n) * 60).astype(np.int64), len(SKUS) - 1)
    wanted = np.where(
        is_sold, np.concatenate([sold["sku"].to_numpy(dtype=np.int64), nobodys]), drawn_sku
    )
    # The products of a list stand a step apart in the range, so that they differ.
    sku = (wanted[:, None] + (np.arange(_LENGTH) - place[:, None]) * _STEP) % len(SKUS)
    clicks = rng.random(n) < np.where(is_sold, 0.7, 0.2)
    return _Lists(session, sku, np.where(clicks, place, -1), order, np.where(is_sold, place, -1))


def _items(lists: _Lists, is_clicked: Ints) -> pa.Array:
    """Per event the products that it is about, as JSON: all of a list, then the one of each click."""
    n = len(lists.session)
    clicked = lists.clicked[is_clicked]
    place = np.concatenate([np.tile(np.arange(_LENGTH), n), clicked])
    sku = np.concatenate([lists.sku.ravel(), lists.sku[is_clicked, clicked]])
    elements = json_objects({"position": Raw(place + 1), "sku": drawn(SKUS, sku)})
    return json_arrays(elements, np.where(np.arange(n + len(is_clicked)) < n, _LENGTH, 1))


def _truth(lists: _Lists, list_ids: pa.Array, orders: Sales) -> dict[str, pa.Array]:
    """The columns of the truth about lists that sold something."""
    rows = np.flatnonzero(lists.order >= 0)
    sku = lists.sku[rows, lists.bought[rows]]
    return {
        "list_id": list_ids.take(pa.array(rows)),
        "product_id": drawn(SKUS, sku),
        "order_id": orders.ids.take(pa.array(lists.order[rows])),
        "is_clicked": pa.array(lists.clicked[rows] >= 0, pa.bool_()),
    }
