"""Which customers somebody means: by id, an id that is no more, any identifier, or a name.

They are found by clear values, in tables that the reader has a purpose for, and shown as masks have it.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from anyascii import anyascii

from lakehouse.errors import NotFoundError, SeveralFoundError
from lakehouse.pipeline.reader_tables import ReaderTables
from lakehouse.privacy.masking import require_readable
from lakehouse.storage.released_tables import Row, one_of
from lakehouse.tables.gold import CUSTOMER, CUSTOMER_CONTACT_POINT, CUSTOMER_IDENTIFIER
from lakehouse.tables.linkage import CUSTOMER_ALIAS, ERASED, IDENTITY_EVENT, IDENTITY_MAP
from lakehouse.tables.silver import PERSON_RECORD

_MOST_RECORDS = 1_000
"""Records that a name may fit: whoever asks for more than that has not said whom."""
_DIALLED = re.compile(r"[+\d][\d\s().,/-]{5,}|\(\+?\d[\d\s().,/-]{4,}")
_GOLDEN_NAMES = ("display_name", "given_name", "middle_name", "family_name")
_RECORD_NAMES = (
    "full_name_match",
    "given_name_match",
    "middle_name_match",
    "family_name_match",
)


@dataclass(frozen=True)
class Match:
    """A customer who may be meant, with what tells one from another."""

    customer_id: str
    display_name: str | None
    city: str | None
    birth_year: int | None
    record_count: int


@dataclass(frozen=True)
class Found:
    """The customers who may be meant, those with most records first; at least one.

    `customer_ids` are the ids of `matches`, which show them as the reader sees them. `retired_id` is the id
    that was asked for if it is no more: they are whom its records live on in.
    """

    matches: list[Match]
    customer_ids: list[str]
    retired_id: str | None = None


def find_customers(tables: ReaderTables, asked: str) -> Found:
    """The customers whom `asked` may mean.

    An id comes before an identifier, and that before a name, of which all words must be there, in
    any case and with or without accents: whole words, or else their beginnings. Names and contacts that
    a customer's records give count too, where the golden record shows others.

    Raises:
        NotFoundError: there is none, or none any more.
        SeveralFoundError: a name fits more records than anybody would look through.
        AccessError: the reader has no purpose for gold.customer.
    """
    require_readable(CUSTOMER, tables.role)
    asked = asked.strip()
    if found := _by_id(tables, one_of("customer_id", {asked, asked.lower()})):
        return found
    ids = _by_identifier(tables, asked) or _by_name(tables, asked)
    if found := _found(tables, one_of("customer_id", ids)):
        return found
    raise NotFoundError(
        f"Release {tables.clear.number} has no customer of that id, e-mail address, telephone number, other "
        f"identifier or name whom the role {tables.role.name} sees.",
        "give fewer words of the name, a telephone number with + and country code, or another --as-of.",
    )


def _by_id(tables: ReaderTables, is_asked: str) -> Found | None:
    if found := _found(tables, is_asked):
        return found
    if tables.clear.rows(CUSTOMER, is_asked, ("customer_id",)):
        # Whom the role does not see it is told nothing of.
        return None
    if alias := tables.clear.rows(CUSTOMER_ALIAS, is_asked):
        living = one_of("customer_id", (row["current_customer_id"] for row in alias))
        if found := _found(tables, living):
            return replace(found, retired_id=alias[0]["customer_id"])
    events = {row["event"] for row in tables.clear.rows(IDENTITY_EVENT, is_asked, ("event",))}
    if ERASED in events:
        raise NotFoundError(
            "That customer was erased; nothing is kept but that the id was.",
            "c360 privacy erase list names the erasures.",
        )
    if events:
        raise NotFoundError(
            f"Release {tables.clear.number} has no record of that customer any more.",
            "name a day on which there was one by --as-of.",
        )
    return None


def _found(tables: ReaderTables, condition: str) -> Found | None:
    """Those for whom the condition holds and whom the reader may see; None if there is none."""
    columns = (
        *("customer_id", "display_name", "city", "birth_date", "record_count"),
        *("country", "region"),
    )
    rows = tables.clear.rows(CUSTOMER, condition, columns)
    rows.sort(key=lambda r: (-r["record_count"], r["display_name"] or "", r["customer_id"]))
    pairs = tables.seen_customers(rows)
    if not pairs:
        return None
    return Found([_match(seen) for _, seen in pairs], [customer_id for customer_id, _ in pairs])


def _match(row: Row) -> Match:
    return Match(
        row["customer_id"] or "",
        row["display_name"],
        row["city"],
        row["birth_date"].year if row["birth_date"] else None,
        row["record_count"],
    )


def _by_identifier(tables: ReaderTables, asked: str) -> set[str]:
    values = {asked, asked.lower(), *_phones(tables, asked)}
    places = ((CUSTOMER_IDENTIFIER, "identifier_value"), (CUSTOMER_CONTACT_POINT, "contact_value"))
    return {
        row["customer_id"]
        for spec, column in places
        if tables.role.may_read(spec)
        for row in tables.clear.rows(spec, one_of(column, values), ("customer_id",))
    }


def _phones(tables: ReaderTables, asked: str) -> set[str]:
    """The numbers that the digits are, from abroad or dialled in any country where a customer lives."""
    if not _DIALLED.fullmatch(asked):
        return set()
    # Its tables of numbers take longer to load than a customer to find by name.
    from lakehouse.columns.phone_number import phone_of  # noqa: PLC0415

    rows = tables.clear.rows(CUSTOMER, '"country" IS NOT NULL', ("country",), distinct=True)
    facts = [phone_of(asked, country) for country in {"", *(row["country"] for row in rows)}]
    numbers = {fact["number"] or fact["match"] for fact in facts}
    return {number for number in numbers if number}


def _by_name(tables: ReaderTables, asked: str) -> set[str]:
    words = _folded(asked).split()
    if not words:
        return set()
    golden, records = (
        [
            (key, names)
            for key, names in _named(
                tables.clear.rows(spec, _may_hold(columns, words), (id_, *columns))
            )
            if _begin(names, words)
        ]
        for spec, id_, columns in (
            (CUSTOMER, "customer_id", _GOLDEN_NAMES),
            (PERSON_RECORD, "record_key", _RECORD_NAMES),
        )
    )
    records = [r for r in records if r[1].issuperset(words)] or records
    if len(records) > _MOST_RECORDS:
        raise SeveralFoundError(
            f"More than {_MOST_RECORDS:,} records fit that name.",
            "give more of the name, or an e-mail address or telephone number.",
        )
    named = [*golden, *_of_customers(tables, records)]
    return {key for key, names in named if names.issuperset(words)} or {key for key, _ in named}


def _may_hold(columns: tuple[str, ...], words: Iterable[str]) -> str:
    """The condition that the columns may hold the words: what is not ASCII is folded and looked at later."""
    name = "concat_ws(' ', " + ", ".join(f'"{column}"' for column in columns) + ")"
    plain = " AND ".join(f"replace(lower({name}), '''', '') LIKE '%{word}%'" for word in words)
    return f"regexp_like({name}, '[^ -~]') OR ({plain})"


def _named(rows: Iterable[Row]) -> list[tuple[str, set[str]]]:
    """By row: its key, which is the first column, and the words of its names."""
    found = []
    for row in rows:
        key, *names = row.values()
        found.append((key, set(_folded(" ".join(name for name in names if name)).split())))
    return found


def _of_customers(
    tables: ReaderTables, records: list[tuple[str, set[str]]]
) -> list[tuple[str, set[str]]]:
    """The same by customer, of those records that belong to one."""
    condition = f'"valid_to" IS NULL AND {one_of("record_key", (key for key, _ in records))}'
    belongs = tables.clear.rows(IDENTITY_MAP, condition, ("record_key", "customer_id"))
    customer = {row["record_key"]: row["customer_id"] for row in belongs}
    return [(customer[key], names) for key, names in records if key in customer]


def _begin(names: set[str], words: Iterable[str]) -> bool:
    """True if each word is one of the names, or how one begins."""
    return all(any(name.startswith(word) for name in names) for word in words)


def _folded(text: str) -> str:
    """Lower-case ASCII words, as the match forms of silver."""
    return re.sub("[^a-z0-9]+", " ", anyascii(text).lower().replace("'", ""))
