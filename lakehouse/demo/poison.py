"""Rows that are wrong in one known way each, made from good rows of the same file."""

import json
from collections.abc import Callable

import numpy as np
import pyarrow as pa

from lakehouse.demo.landing import Poison, Shape

PLANS: dict[str, tuple[str, ...]] = {
    "crm_contact": ("too_few_columns", "too_many_columns", "bad_encoding", "missing_key"),
    "shop_account": ("invalid_json", "bad_encoding", "missing_key"),
    "shop_order": (
        "invalid_json",
        "missing_key",
        "impossible_date",
        "negative_amount",
        "orphan_order",
    ),
    "pos_receipt": ("too_few_columns", "too_many_columns", "bad_encoding", "impossible_date"),
    "pos_receipt_line": ("too_few_columns",),
    "pos_loyalty_member": ("too_few_columns", "bad_encoding"),
    "web_event": ("invalid_json", "bad_encoding", "missing_key", "impossible_date"),
    "marketing_event": ("invalid_json", "impossible_date"),
    "newsletter_subscriber": ("too_few_columns", "too_many_columns"),
    "consent_event": ("too_few_columns",),
    "support_ticket": ("missing_key",),
}
"""The defects that each feed's files bear."""

_DELIMITERS = {"csv": ",", "txt": "|"}
_TIMES = {"shop_order": "ordered_at", "web_event": "event_time", "marketing_event": "event_time"}
_NO_SUCH_DAY = "2026-02-31"


def poison_count(customers: int) -> int:
    """Bad rows per feed and defect in a chunk of that many customers."""
    return max(3, customers // 5000)


def plant(
    rng: np.random.Generator,
    feed: str,
    days: list[int],
    day: int,
    shape: Shape,
    lines: pa.Array,
    count: int,
    tag: str,
) -> tuple[tuple[int, Poison], ...]:
    """Bad rows of a feed for one of its `days`, each with the number of the line it goes before.

    Every defect of the feed gets `count` rows, dealt to the days in turn. `tag` keeps ids apart.
    """
    planted = []
    for kind in PLANS.get(feed, ()):
        for serial in range(count):
            if days[serial % len(days)] != day or len(lines) == 0:
                continue
            good = lines[int(rng.integers(0, len(lines)))].as_py()
            line = _MAKERS[kind](good, feed, shape, f"{tag}{serial}")
            planted.append((int(rng.integers(0, len(lines) + 1)), Poison(line, kind)))
    return tuple(planted)


def _cut_columns(good: str, feed: str, shape: Shape, tag: str) -> bytes:
    delimiter = _DELIMITERS[shape.extension]
    return delimiter.join(good.split(delimiter)[:2]).encode(shape.encoding, errors="demo-plain")


def _extra_column(good: str, feed: str, shape: Shape, tag: str) -> bytes:
    return (good + _DELIMITERS[shape.extension] + "0").encode(shape.encoding, errors="demo-plain")


def _bad_bytes(good: str, feed: str, shape: Shape, tag: str) -> bytes:
    """A byte that the encoding does not have, inside the second column."""
    sound = good.encode(shape.encoding, errors="demo-plain")
    separator = b'":"' if shape.extension == "jsonl" else _DELIMITERS[shape.extension].encode()
    at = sound.index(separator) + len(separator)
    wrong = b"\x81" if shape.encoding == "windows-1252" else b"\xff"
    return sound[:at] + wrong + sound[at:]


def _cut_json(good: str, feed: str, shape: Shape, tag: str) -> bytes:
    return good[: len(good) * 2 // 3].encode()


def _without_key(good: str, feed: str, shape: Shape, tag: str) -> bytes:
    """The row without its id, which is the first column of every feed."""
    if shape.extension in _DELIMITERS:
        delimiter = _DELIMITERS[shape.extension]
        return (delimiter + good.partition(delimiter)[2]).encode(
            shape.encoding, errors="demo-plain"
        )
    fields = json.loads(good)
    del fields[next(iter(fields))]
    return _compact(fields)


def _impossible_date(good: str, feed: str, shape: Shape, tag: str) -> bytes:
    if shape.extension == "txt":
        cells = good.split("|")
        cells[0], cells[3] = f"TX{tag}", "20260231101500"
        return "|".join(cells).encode()
    fields = json.loads(good)
    fields[next(iter(fields))] = f"XD{tag}"
    fields[_TIMES[feed]] = f"{_NO_SUCH_DAY}T10:15:00Z"
    return _compact(fields)


def _negative_amount(good: str, feed: str, shape: Shape, tag: str) -> bytes:
    fields = json.loads(good) | {"order_id": f"XN{tag}", "total": "-49.90"}
    return _compact(fields)


def _orphan_order(good: str, feed: str, shape: Shape, tag: str) -> bytes:
    fields = json.loads(good)
    head = {"order_id": f"XO{tag}", "account_id": f"AX{tag}"}
    return _compact(head | {key: value for key, value in fields.items() if key not in head})


def _compact(fields: dict[str, object]) -> bytes:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()


_MAKERS: dict[str, Callable[[str, str, Shape, str], bytes]] = {
    "too_few_columns": _cut_columns,
    "too_many_columns": _extra_column,
    "bad_encoding": _bad_bytes,
    "invalid_json": _cut_json,
    "missing_key": _without_key,
    "impossible_date": _impossible_date,
    "negative_amount": _negative_amount,
    "orphan_order": _orphan_order,
}
