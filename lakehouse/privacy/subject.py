"""Whom a request is about: the records that match what a person gave, and nobody else's.

A customer is what linkage believes; a request must not rest on it. Under scope `exact` a record is in
because it says itself what the person said. Where what she gave fits several people, as the address
of a family does, a second thing must single her out, and what cannot be told apart stays out.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from difflib import SequenceMatcher
from itertools import combinations
from typing import Any

from anyascii import anyascii

from lakehouse.columns.emails import email_of
from lakehouse.columns.names import root_of
from lakehouse.columns.phone_number import phone_of
from lakehouse.columns.plain_keys import identity_of, keyed_hash_of, national_id_of

Record = Mapping[str, Any]
"""A row of silver.person_record, by column."""

IDENTIFIER_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "email": ("email_match", "email", "secondary_email"),
    "phone": ("phone_match", "phone", "secondary_phone", "secondary_phone_match"),
    "number": ("source_record_id",),
    "loyalty_number": ("loyalty_number",),
    "national_id": ("national_id",),
    "social_handle": ("social_handle",),
}
"""By kind of identifier, the columns of silver.person_record that hold it."""

_TITLES = {
    "email": "e-mail address",
    "phone": "telephone number",
    "number": "customer number",
    "loyalty_number": "loyalty number",
    "national_id": "national identity number",
    "social_handle": "social handle",
}
_SIMILAR_FAMILY_NAME = 0.8
_ENOUGH = 2
"""Things that a record must have in common with a person whom one thing does not single out."""


@dataclass(frozen=True)
class Identifier:
    """An identifier, and the forms in which silver may hold it."""

    kind: str
    forms: frozenset[str]

    def is_of(self, record: Record) -> bool:
        """True if the record says this identifier."""
        return any(record.get(column) in self.forms for column in IDENTIFIER_COLUMNS[self.kind])

    def hashes(self, secret: str) -> list[str]:
        """Keyed hashes of its forms: what may be kept of it."""
        return sorted(identifier_hash(secret, self.kind, form) for form in self.forms)


def identifier_hash(secret: str, kind: str, form: str) -> str:
    """The keyed hash of an identifier as a request keeps it."""
    return str(keyed_hash_of(secret, "privacy_request", kind, form))


def identifier(kind: str, text: str, country: str = "") -> Identifier | None:
    """What was given, in silver's forms; None where it is no identifier of that kind."""
    return Identifier(kind, frozenset(forms)) if (forms := _forms(kind, text, country)) else None


def _forms(kind: str, text: str, country: str) -> set[str]:
    text = " ".join(text.split())
    found: set[str | None]
    if kind == "email":
        facts = email_of(text)
        found = {facts["address"], facts["match"]}
    elif kind == "phone":
        facts = phone_of(text, country)
        # Without a country the digits alone would match numbers of other countries.
        found = {facts["number"], facts["match"]} if facts["number"] else set()
    elif kind == "number":
        found = {identity_of(text)}
    elif kind == "national_id":
        found = {national_id_of(text)}
    elif kind == "social_handle":
        found = {text.lower().lstrip("@")}
    else:
        found = {text}
    return {form for form in found if form}


@dataclass(frozen=True)
class Given:
    """What a person said of herself. It is not kept."""

    identifiers: tuple[Identifier, ...]
    name: str | None = None
    birth_date: date | None = None


@dataclass(frozen=True)
class Subject:
    """The records that a request is about.

    Attributes:
        reasons: by record_key, why it is in, in words without a value.
        is_ambiguous: what was given fits several people, and nothing singles one out; `reasons` is empty.
        left_out: records that match an identifier and that are not, or may not be, hers.
    """

    reasons: Mapping[str, str] = field(default_factory=dict)
    is_ambiguous: bool = False
    left_out: int = 0

    @property
    def record_keys(self) -> list[str]:
        """The records, in order."""
        return sorted(self.reasons)


def exact_subject(
    records: Iterable[Record], given: Given, shared: Collection[Identifier] = ()
) -> Subject:
    """The records that match what was given directly, of those that match an identifier.

    A record that contradicts something given is not hers. An identifier is in doubt where linkage found
    that too many share it (`shared`), or where records that match it contradict each other: what
    matches no other must have two of the things given. Where the rest still contradict, all must;
    and where those do, nobody's are shown.
    """
    matching = [r for r in records if any(i.is_of(r) for i in given.identifiers)]
    in_doubt = [
        i
        for i in given.identifiers
        if i in shared or _are_several([r for r in matching if i.is_of(r)])
    ]
    certain = [i for i in given.identifiers if i not in in_doubt]
    fitting = [r for r in matching if not _contradicts(r, given)]
    sure = [r for r in fitting if _points(r, given) >= _ENOUGH]
    chosen = [r for r in fitting if r in sure or any(i.is_of(r) for i in certain)]
    if _are_several(chosen):
        chosen = sure
    if _are_several(chosen) or (fitting and not chosen):
        return Subject(is_ambiguous=True, left_out=len(matching))
    reasons = {r["record_key"]: _reason(r, given) for r in chosen}
    return Subject(reasons, left_out=len(matching) - len(chosen))


def _are_several(records: Sequence[Record]) -> bool:
    return any(are_different_people(a, b) for a, b in combinations(records, 2))


def are_different_people(left: Record, right: Record) -> bool:
    """True if the two records say what one person cannot: another birth date, name or number.

    A typing error counts as another: whoever asks is asked for more then, and shown no less.
    """
    if any(_differ(left, right, c) for c in ("birth_date", "national_id", "name_suffix")):
        return True
    words = name_words(left), name_words(right)
    return all(words) and not (_is_named(left, words[1]) or _is_named(right, words[0]))


def _differ(left: Record, right: Record, column: str) -> bool:
    known = left.get(column), right.get(column)
    return None not in known and known[0] != known[1]


def _points(record: Record, given: Given) -> int:
    return (
        sum(i.is_of(record) for i in given.identifiers)
        + (given.name is not None and _is_named(record, _folded(given.name)))
        + (given.birth_date is not None and record.get("birth_date") == given.birth_date)
    )


def _contradicts(record: Record, given: Given) -> bool:
    born = record.get("birth_date")
    if given.birth_date and born and born != given.birth_date:
        return True
    return bool(given.name and name_words(record)) and not _is_named(
        record, _folded(given.name or "")
    )


def _reason(record: Record, given: Given) -> str:
    matched = [_TITLES[i.kind] for i in given.identifiers if i.is_of(record)]
    if given.name and _is_named(record, _folded(given.name)):
        matched.append("name")
    if given.birth_date and record.get("birth_date") == given.birth_date:
        matched.append("birth date")
    return f"matches the {' and '.join(matched)} given"


def name_words(record: Record) -> list[str]:
    """The words of a record's name in match form: given, then family name, or else the whole."""
    parts = [record.get("given_name_match"), record.get("family_name_match")]
    return " ".join(p for p in parts if p).split() or (record.get("full_name_match") or "").split()


def _folded(name: str) -> list[str]:
    return re.sub("[^a-z0-9]+", " ", anyascii(name).lower().replace("'", "")).split()


def _is_named(record: Record, words: Sequence[str]) -> bool:
    """True if the record's names, as far as it has them, are among the words."""
    given, family = record.get("given_name_match"), record.get("family_name_match")
    if not given and not family:
        own = name_words(record)
        return bool(own) and all(any(_same_given(w, word) for word in words) for w in own)
    rest = list(words)
    for name in (family or "").split():
        # A word is one name: the initial of a given name is not that of the family name.
        found = next((word for word in rest if _alike(name, word)), None)
        if found is None:
            return False
        rest.remove(found)
    return all(
        any(_same_given(first, word) for word in rest) for first in (given or "").split()[:1]
    )


def _same_given(one: str, other: str) -> bool:
    """Names of twins are often alike: here only a nickname and an initial count as the same."""
    if one == other or (root_of(one) or one) == (root_of(other) or other):
        return True
    return min(len(one), len(other)) == 1 and one[:1] == other[:1]


def _alike(one: str, other: str) -> bool:
    return one == other or SequenceMatcher(None, one, other).ratio() >= _SIMILAR_FAMILY_NAME


def connected_subject(
    exact: Subject, customers: Mapping[str, str], edges: Iterable[Mapping[str, Any]]
) -> Subject:
    """The same records and all others of their customers.

    Args:
        exact: what matches directly.
        customers: by record_key, the customer, of all records of those customers.
        edges: rows of linkage.scored_edge between those records.
    """
    evidence: dict[str, str] = {}
    for edge in sorted(
        edges, key=lambda e: (e["match_weight"], e["record_key_l"], e["record_key_r"])
    ):
        for own, other in (("record_key_l", "record_key_r"), ("record_key_r", "record_key_l")):
            # The last, which is the strongest, stays.
            evidence[edge[own]] = _linked_by(edge, edge[other])
    reasons = dict(exact.reasons)
    for record in sorted(customers.keys() - reasons.keys()):
        others = [r for r in exact.record_keys if customers.get(r) == customers[record]]
        why = evidence.get(record, "linked by way of others")
        reasons[record] = f"same customer as record {others[0][:8]}, {why}"
    return Subject(reasons, left_out=0)


def _linked_by(edge: Mapping[str, Any], other: str) -> str:
    if edge.get("override") == "same":
        return f"by a steward's decision on record {other[:8]}"
    return f"linked to record {other[:8]} with probability {edge['match_probability']:.3f}"
