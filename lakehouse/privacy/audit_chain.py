"""The audit as a chain: each row bears a keyed hash of itself and of the row before it.

Whoever has no key can neither change a row nor leave one out unseen; that the end was cut is seen by
the head, which is kept elsewhere. A person is named by a token that serves the audit alone.
"""

import hashlib
import hmac
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

Row = dict[str, Any]

BEGINNING = "0" * 64
"""What the first row names as the hash before it."""
_TOKEN_DIGITS = 32


@dataclass(frozen=True)
class Head:
    """How far the chain has come: the number of rows and the hash of the last."""

    count: int
    hash: str


@dataclass(frozen=True)
class Keys:
    """The keys of the audit, made of the lake's secret and used for nothing else."""

    chain: bytes
    subject: bytes

    @classmethod
    def of(cls, secret: str) -> "Keys":
        """The keys that follow from a secret."""
        return cls(_key(secret, "c360 audit chain"), _key(secret, "c360 audit subject"))

    def token(self, customer_id: str) -> str:
        """The token by which the audit names a customer."""
        made = hmac.new(self.subject, customer_id.encode(), hashlib.sha256)
        return made.hexdigest()[:_TOKEN_DIGITS]


def _key(secret: str, use: str) -> bytes:
    return hmac.new(secret.encode(), use.encode(), hashlib.sha256).digest()


def line_of(told: Row, before: Head, keys: Keys) -> tuple[bytes, Head]:
    """The line that follows a chain of that head, and the head with it."""
    row = {**told, "number": before.count + 1, "previous": before.hash}
    row["hash"] = _hash(row, keys)
    return _canonical(row) + b"\n", Head(row["number"], row["hash"])


def _hash(row: Row, keys: Keys) -> str:
    content = {name: value for name, value in row.items() if name != "hash"}
    return hmac.new(keys.chain, _canonical(content), hashlib.sha256).hexdigest()


def _canonical(row: Row) -> bytes:
    return json.dumps(row, sort_keys=True, separators=(",", ":")).encode("ascii")


def read_line(line: bytes, keys: Keys) -> Row | None:
    """The row of a line without its end; None if it is not a line that these keys have made."""
    try:
        row = json.loads(line)
    except ValueError:
        return None
    if not isinstance(row, dict) or _canonical(row) != line:
        return None
    return row if hmac.compare_digest(str(row.get("hash")), _hash(row, keys)) else None


def sealed(head: Head, keys: Keys) -> bytes:
    """The head as it is kept: with a keyed hash of its own."""
    return _canonical({**asdict(head), "seal": _seal(head, keys)})


def unsealed(content: bytes, keys: Keys) -> Head | None:
    """The head that was kept; None if these keys have not made it."""
    try:
        kept = json.loads(content)
        head = Head(kept["count"], kept["hash"])
    except (ValueError, KeyError, TypeError):
        return None
    return head if hmac.compare_digest(str(kept.get("seal")), _seal(head, keys)) else None


def _seal(head: Head, keys: Keys) -> str:
    return hmac.new(keys.chain, f"head {head.count} {head.hash}".encode(), "sha256").hexdigest()


def chain_faults(lines: Sequence[bytes], head: Head | None, keys: Keys) -> Iterator[str]:
    """What is wrong with a chain, in sentences; nothing where it is whole.

    Args:
        lines: its whole lines, without their ends.
        head: what was kept elsewhere. Without it a cut end is not seen.
        keys: the keys of the audit.
    """
    before = Head(0, BEGINNING)
    hashes = [BEGINNING]
    for place, line in enumerate(lines, start=1):
        row = read_line(line, keys)
        if row is None:
            yield f"Line {place} was changed, or was made by another secret."
            return
        if row["number"] != place or row["previous"] != before.hash:
            yield (
                f"Line {place} holds row {row['number']} and does not follow the line before it: rows "
                "are missing, doubled or out of order."
            )
            return
        before = Head(place, row["hash"])
        hashes.append(row["hash"])
    if head is not None and head.count > before.count:
        yield f"{head.count - before.count} rows are missing at the end: there were {head.count}."
    elif head is not None and hashes[head.count] != head.hash:
        yield f"Row {head.count} is not the one of which the head was kept."
