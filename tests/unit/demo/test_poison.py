"""Every planted row is looked up in the raw bytes and seen to be wrong as truth says."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from delivered import HEADERLESS

Planted = tuple[str, int, str]
KINDS = {
    "too_few_columns",
    "too_many_columns",
    "bad_encoding",
    "invalid_json",
    "missing_key",
    "impossible_date",
    "negative_amount",
    "orphan_order",
}


@pytest.fixture(scope="session")
def planted(company: Path) -> list[Planted]:
    rows = pq.read_table(company / "truth" / "poison.parquet").to_pylist()
    return [(row["file"], row["row_number"], row["reason"]) for row in rows]


def _feed(file: str) -> str:
    return Path(file).name.split("-")[0]


def _encoding(feed: str) -> str:
    return "windows-1252" if feed == "crm_contact" else "utf-8"


def _records(path: Path) -> list[bytes]:
    """The file's records as bytes: array elements stand on lines of their own in these files."""
    lines = path.read_bytes().removesuffix(b"\n").split(b"\n")
    if path.suffix == ".json":
        return [line.removesuffix(b",") for line in lines[1:-1]]
    return lines[1:] if path.suffix == ".csv" else lines


def _columns(path: Path) -> int:
    feed = _feed(path.name)
    if feed in HEADERLESS:
        return len(HEADERLESS[feed])
    return path.read_bytes().split(b"\n")[0].count(b",") + 1


def _defects(path: Path, record: bytes, accounts: set[str]) -> set[str]:
    """What is wrong with a record, found without the generator's code."""
    feed = _feed(path.name)
    try:
        text = record.decode(_encoding(feed))
    except UnicodeDecodeError:
        return {"bad_encoding"}
    if path.suffix in (".csv", ".txt"):
        return _delimited_defects(path, text)
    try:
        fields = json.loads(text)
    except ValueError:
        return {"invalid_json"}
    return _object_defects(feed, fields, accounts)


def _delimited_defects(path: Path, text: str) -> set[str]:
    delimiter = "|" if path.suffix == ".txt" else ","
    outside_quotes = "".join(text.split('"')[::2])
    cells = outside_quotes.split(delimiter)
    if len(cells) != _columns(path):
        return {"too_few_columns" if len(cells) < _columns(path) else "too_many_columns"}
    wrong = {"missing_key"} if not cells[0] else set()
    if _feed(path.name) == "pos_receipt" and cells[3][4:8] == "0231":
        wrong.add("impossible_date")
    return wrong


_KEYS = {
    "shop_account": "account_id",
    "shop_order": "order_id",
    "web_event": "event_id",
    "marketing_event": "event_id",
    "support_ticket": "ticket_id",
}


def _object_defects(feed: str, fields: dict[str, object], accounts: set[str]) -> set[str]:
    wrong = set()
    if feed in _KEYS and _KEYS[feed] not in fields:
        wrong.add("missing_key")
    if any("-02-31T" in str(fields.get(name)) for name in ("ordered_at", "event_time")):
        wrong.add("impossible_date")
    if feed == "shop_order" and str(fields["total"]).startswith("-"):
        wrong.add("negative_amount")
    if feed == "shop_order" and fields.get("account_id") not in {None, *accounts}:
        wrong.add("orphan_order")
    return wrong


@pytest.fixture(scope="session")
def accounts(landing: Path) -> set[str]:
    ids = set()
    for path in landing.glob("*/shop_account-*"):
        for record in _records(path):
            try:
                ids.add(str(json.loads(record)["account_id"]))
            except (ValueError, KeyError):
                continue
    return ids


def test_each_planted_row_has_just_the_defect_that_truth_names(
    landing: Path, planted: list[Planted], accounts: set[str]
) -> None:
    for file, row_number, reason in planted:
        record = _records(landing / file)[row_number - 1]
        assert _defects(landing / file, record, accounts) == {reason}, (file, row_number, reason)


def test_no_row_of_a_file_that_is_taken_is_wrong_beyond_the_planted_ones(
    company: Path, landing: Path, planted: list[Planted], accounts: set[str]
) -> None:
    truth = company / "truth"
    left_out = {
        row["file"]
        for name in ("duplicate_file", "rejected_file")
        for row in pq.read_table(truth / f"{name}.parquet").to_pylist()
    }
    found = set()
    for path in sorted(landing.glob("*/*")):
        file = str(path.relative_to(landing))
        if path.suffix == ".parquet" or file in left_out:
            continue
        for number, record in enumerate(_records(path), start=1):
            found |= {(file, number, reason) for reason in _defects(path, record, accounts)}
    assert found == set(planted)


def test_every_kind_is_planted_three_times_at_least_in_every_feed_that_has_it(
    planted: list[Planted],
) -> None:
    counts: dict[tuple[str, str], int] = {}
    for file, _, reason in planted:
        key = (_feed(file), reason)
        counts[key] = counts.get(key, 0) + 1
    assert {reason for _, reason in counts} == KINDS
    assert min(counts.values()) >= 3
