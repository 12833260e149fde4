"""What truth says of purchases and recommended lists is what the landing files say."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from delivered import files, sound_rows

Basket = Counter[tuple[str, int]]


def _moment(text: object) -> datetime:
    return datetime.fromisoformat(str(text).replace("Z", ""))


def _rows(landing: Path, feed: str) -> Iterator[dict[str, Any]]:
    for path in files(landing, feed):
        yield from sound_rows(path, feed)


@pytest.fixture(scope="session")
def orders(landing: Path) -> dict[str, dict[str, Any]]:
    """The last version of each order, by its number."""
    found: dict[str, dict[str, Any]] = {}
    for row in _rows(landing, "shop_order"):
        key = str(row.get("order_id"))
        if key not in found or found[key]["updated_at"] <= row["updated_at"]:
            found[key] = row
    return found


@pytest.fixture(scope="session")
def receipts(landing: Path) -> dict[str, dict[str, Any]]:
    return {str(row["receipt_id"]): row for row in _rows(landing, "pos_receipt")}


@pytest.fixture(scope="session")
def baskets(landing: Path) -> dict[str, Basket]:
    """What each receipt is of."""
    found: dict[str, Basket] = {}
    for row in _rows(landing, "pos_receipt_line"):
        line = (str(row["sku"]), int(str(row["quantity"])))
        found.setdefault(str(row["receipt_id"]), Counter())[line] += 1
    return found


def test_a_receipt_that_resembles_an_order_differs_from_it_as_its_kind_says(
    company: Path,
    orders: dict[str, dict[str, Any]],
    receipts: dict[str, dict[str, Any]],
    baskets: dict[str, Basket],
) -> None:
    planted = pq.read_table(company / "truth" / "purchase.parquet").to_pylist()
    kinds = Counter(row["kind"] for row in planted)

    assert set(kinds) == {
        *("told_again", "days_later", "other_basket", "other_total", "after_cancelled")
    }
    assert min(kinds.values()) > 5
    for row in planted:
        order, receipt = orders[row["order_id"]], receipts[row["receipt_id"]]
        sold_at = datetime.strptime(str(receipt["sold_at"]), "%Y%m%d%H%M%S")  # noqa: DTZ007
        wait = sold_at - _moment(order["ordered_at"])
        basket = Counter((line["sku"], line["qty"]) for line in order["lines"])
        seen = {
            *(["days_later"] if wait > timedelta(hours=48) else []),
            *(["other_basket"] if basket != baskets[row["receipt_id"]] else []),
            *(["other_total"] if order["total"] != receipt["total"] else []),
            *(["after_cancelled"] if order["status"] == "CANCELLED" else []),
        }
        assert seen == ({row["kind"]} - {"told_again"})
        assert row["is_same_purchase"] == (row["kind"] == "told_again")
        assert order["currency"] == receipt["currency"]
        assert wait > timedelta(0)


def test_a_list_that_sold_something_showed_it_days_before_to_who_ordered_it(
    company: Path, landing: Path, orders: dict[str, dict[str, Any]]
) -> None:
    planted = pq.read_table(company / "truth" / "recommendation.parquet").to_pylist()
    shown: dict[tuple[str, str], dict[str, Any]] = {}
    clicked: set[tuple[str, str]] = set()
    for path in files(landing, "web_recommendation"):
        for event in map(json.loads, path.read_text().splitlines()):
            for item in event["items"]:
                key = (event["list_id"], item["sku"])
                if event["event_type"] == "clicked":
                    clicked.add(key)
                else:
                    assert shown.setdefault(key, event) is event
    assert clicked <= set(shown)
    assert len(planted) > 100
    for row in planted:
        key, order = (row["list_id"], row["product_id"]), orders[row["order_id"]]
        wait = _moment(order["ordered_at"]) - _moment(shown[key]["event_time"])
        assert timedelta(0) < wait < timedelta(days=7)
        assert shown[key]["account_id"] == order["account_id"]
        assert row["product_id"] in {line["sku"] for line in order["lines"]}
        assert row["is_clicked"] == (key in clicked)


def test_most_lists_are_never_clicked(landing: Path) -> None:
    kinds = Counter(
        json.loads(line)["event_type"]
        for path in files(landing, "web_recommendation")
        for line in path.read_text().splitlines()
    )
    assert 0 < kinds["clicked"] < kinds["shown"] / 2
