"""The scan for personal data where specs declare none: what is found per column, in counts, never values."""

import hashlib
import secrets
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from lakehouse.privacy.detectors import kinds_in
from lakehouse.settings.privacy_scan import Kind, PrivacyScanSettings
from lakehouse.tables.silver import PERSON_RECORD
from lakehouse.tables.spec import Sensitivity, TableSpec

KNOWN_BY = tuple(
    c.name
    for c in PERSON_RECORD.columns
    if c.sensitivity is Sensitivity.DIRECT_IDENTIFIER and c.type == "string"
)
"""Columns of silver.person_record by whose values a person is known elsewhere."""

_SHORTEST_WORD = 3
_FEWEST_DIGITS = 7
_FEWEST_WORDS = 3
_LONGEST_NAME_IN_WORDS = 4


@dataclass(frozen=True)
class Finding:
    """How many of a column's values look like a kind, and whether conf lets that be."""

    column: str
    kind: Kind
    value_count: int
    hit_count: int
    limit: float
    reason: str | None

    @property
    def share(self) -> float:
        """Share of the values that were looked at."""
        return self.hit_count / self.value_count

    @property
    def is_over(self) -> bool:
        """True if that is more than conf's limit, and not allowed with a reason."""
        return self.reason is None and self.share > self.limit


class KnownValues:
    """Values by which the lake knows persons, held as hashes under a key that nobody keeps."""

    def __init__(self, values: Iterable[object]) -> None:
        self._key = secrets.token_bytes(32)
        self._hashes = {self._hash(text) for value in values for text in _comparable(value)}

    def __len__(self) -> int:
        return len(self._hashes)

    def in_text(self, text: str) -> tuple[bool, str | None]:
        """Whether the text holds a value that tells a person, and the text if it is a mere word that does.

        A word (a given name, say) can be something else; a whole name, an address or a number cannot.
        """
        folded = _folded(text)
        if self._hash(folded) in self._hashes:
            return (False, folded) if folded.isalpha() else (True, None)
        words = folded.split()
        runs = (
            " ".join(words[start : start + length])
            for length in range(2, min(_LONGEST_NAME_IN_WORDS, len(words) - 1) + 1)
            for start in range(len(words) - length + 1)
        )
        return any(self._hash(run) in self._hashes for run in runs), None

    def _hash(self, text: str) -> bytes:
        return hashlib.blake2b(text.encode(), key=self._key, digest_size=12).digest()


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _comparable(value: object) -> Iterator[str]:
    """The value as it is compared, unless it is so short that anything may equal it."""
    for text in texts_of(value):
        folded = _folded(text)
        letters, digits = (sum(map(is_one, folded)) for is_one in (str.isalpha, str.isdigit))
        is_long = letters + digits >= _SHORTEST_WORD if letters else digits >= _FEWEST_DIGITS
        if is_long:
            yield folded


def texts_of(value: object) -> Iterator[str]:
    """Every text in a value: of an array its elements, of a map keys and values, of a struct its fields."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from (*texts_of(key), *texts_of(inner))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts_of(inner)


def free_columns(spec: TableSpec) -> tuple[str, ...]:
    """The columns with text in them that are declared to hold nothing of persons."""
    return tuple(
        column.name
        for column in spec.columns
        if column.sensitivity is Sensitivity.NONE and "string" in column.type
    )


@dataclass
class _Hits:
    """What the values of one column showed."""

    by_kind: dict[Kind, int] = field(default_factory=dict)
    words: dict[str, int] = field(default_factory=dict)

    def count(self, kind: Kind) -> None:
        self.by_kind[kind] = self.by_kind.get(kind, 0) + 1

    def totals(self) -> dict[Kind, int]:
        """Hits by kind. A word in every row, or a few of them, is a code that happens to be a name."""
        totals = dict(self.by_kind)
        if len(self.words) >= _FEWEST_WORDS:
            known = totals.get(Kind.KNOWN_VALUE, 0) + sum(self.words.values())
            totals[Kind.KNOWN_VALUE] = known
        return totals


def findings(
    table: str,
    rows: Sequence[Mapping[str, object]],
    known: KnownValues,
    settings: PrivacyScanSettings,
    latest_birth_year: int,
) -> list[Finding]:
    """What looks like personal data in those rows, by column and kind; nothing for what nothing looks like.

    Args:
        table: the table's name, for the names of columns.
        rows: by column, values; of all columns that are in them.
        known: values of persons.
        settings: limits and what is allowed.
        latest_birth_year: see `kinds_in`.
    """
    found = []
    for name in rows[0] if rows else ():
        values = [
            texts for row in rows if (texts := tuple(t for t in texts_of(row[name]) if t.strip()))
        ]
        column = f"{table}.{name}"
        for kind, count in sorted(_hits(values, known, settings, latest_birth_year).items()):
            limit, reason = settings.limits[kind], settings.reason(column, kind)
            found.append(Finding(column, kind, len(values), count, limit, reason))
    return found


def _hits(
    values: Iterable[tuple[str, ...]],
    known: KnownValues,
    settings: PrivacyScanSettings,
    latest_birth_year: int,
) -> dict[Kind, int]:
    seen: dict[str, tuple[frozenset[Kind], str | None]] = {}
    hits = _Hits()
    for texts in values:
        for text in texts:
            if text not in seen:
                kinds = kinds_in(text, settings.phone_countries, latest_birth_year)
                is_known, word = known.in_text(text)
                seen[text] = (kinds | {Kind.KNOWN_VALUE} if is_known else kinds), word
        kinds = frozenset().union(*(seen[text][0] for text in texts))
        for kind in kinds:
            hits.count(kind)
        words = sorted({word for text in texts if (word := seen[text][1])})
        if words and Kind.KNOWN_VALUE not in kinds:
            hits.words[words[0]] = hits.words.get(words[0], 0) + 1
    return hits.totals()
