"""All that a release and the logs hold of the person whom a request is about, by table; without Spark.

Which tables, and by which columns, is for their specs to say. Rows are read by conditions on keys: files
of gold are opened by their statistics of customer_id, tables by person record are scanned in a stream.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from lakehouse.pipeline.privacy_quarantine import held_of
from lakehouse.pipeline.privacy_subject import SAYS_WHO, customers_of, records_of
from lakehouse.privacy.bronze_persons import BronzePersons, may_name, names_persons
from lakehouse.privacy.own_rows import Own, Redactor, own_row
from lakehouse.privacy.request_log import PrivacyRequest
from lakehouse.privacy.subject import IDENTIFIER_COLUMNS, are_different_people, identifier_hash
from lakehouse.privacy.subject_paths import SubjectKeys, SubjectPath, subject_path
from lakehouse.settings.models import Settings
from lakehouse.settings.sources import Source
from lakehouse.storage.released_tables import ReleasedTables, Row, logged_rows, one_of
from lakehouse.tables.gold import (
    CUSTOMER_ATTRIBUTE,
    CUSTOMER_RECOMMENDATION,
    CUSTOMER_WEB_SESSION,
)
from lakehouse.tables.linkage import CUSTOMER_ALIAS
from lakehouse.tables.ops import QUARANTINE
from lakehouse.tables.silver import PERSON_RECORD, RECOMMENDATION, SILVER_TABLES, WEB_EVENT
from lakehouse.tables.spec import Layer, TableSpec

_PARENTS = ("order_record_key", "ticket_record_key")
_VISIT = (
    *("session_key", "source_system", "record_key", "started_at", "ended_at"),
    *("cookie_id", "device_id"),
)


@dataclass(frozen=True)
class Held:
    """What a table holds of her: rows as she may see them, in order of key.

    `withheld` rows are of a customer of hers and come from others' records; `redacted` values were
    somebody else's.
    """

    spec: TableSpec
    rows: Sequence[Row]
    withheld: int = 0
    redacted: int = 0


def held_rows(tables: ReleasedTables, settings: Settings, request: PrivacyRequest) -> list[Held]:
    """What is held of the person, table by table from bronze to ops; tables without rows are left out."""
    own = own_of(tables, request.record_keys)
    silver = {spec: _silver_rows(tables, spec, own) for spec in SILVER_TABLES if spec.subject_keys}
    own = replace(own, rows=frozenset(r["record_key"] for rows in silver.values() for r in rows))
    silver = _with_parts(tables, silver, own)
    own = replace(own, rows=frozenset(r["record_key"] for rows in silver.values() for r in rows))
    people = silver[PERSON_RECORD]
    places = {(r["source_file"], r["source_row_number"]) for rows in silver.values() for r in rows}
    sources = {source.name: source for source in settings.sources}
    persons = BronzePersons(sources, settings.lake.secret.get_secret_value())
    found = [
        *_bronze(tables, persons, own, people, places),
        *(Held(spec, rows) for spec, rows in silver.items()),
        *(_held(tables, spec, own) for spec in _other_tables(settings)),
        Held(QUARANTINE, held_of(_all_rows(tables, QUARANTINE), own, people, persons)),
    ]
    redactor = _redactor(tables, settings, request, people)
    return [_redacted(held, redactor) for held in found if held.rows or held.withheld]


def own_of(tables: ReleasedTables, record_keys: Iterable[str]) -> Own:
    """Whose rows are asked for: the records, and what they are part of today."""
    records = frozenset(record_keys)
    customers = frozenset(customers_of(tables, records).values())
    mixed = {c for key, c in records_of(tables, customers).items() if key not in records}
    whole = customers - mixed
    former = tables.rows(CUSTOMER_ALIAS, one_of("current_customer_id", whole), ("customer_id",))
    attributes: dict[str, frozenset[str]] = {}
    where = f"{one_of('customer_id', mixed)} AND {one_of('record_key', records)}"
    for row in tables.rows(CUSTOMER_ATTRIBUTE, where, ("customer_id", "attribute")):
        before = attributes.get(row["customer_id"], frozenset())
        attributes[row["customer_id"]] = before | {row["attribute"]}
    ids = frozenset(row["customer_id"] for row in former)
    return Own(records, customers, whole, ids, attributes=attributes)


def _other_tables(settings: Settings) -> list[TableSpec]:
    """Tables about persons beyond bronze, silver and quarantine, data products among them."""
    apart = (Layer.BRONZE, Layer.SILVER)
    return [
        spec
        for spec in settings.tables
        if spec.subject_keys and spec.layer not in apart and spec.name != QUARANTINE.name
    ]


def _path(spec: TableSpec) -> SubjectPath:
    path = subject_path(spec)
    if path is None:
        raise ValueError(f"{spec.name} is about nobody")
    return path


def _all_rows(tables: ReleasedTables, spec: TableSpec, where: str = "true") -> list[Row]:
    """Rows of a table of the release, or of a log that stands outside of it."""
    if spec.name in tables.versions or spec.layer is not Layer.OPS:
        return tables.rows(spec, where)
    return logged_rows(tables.locations, spec, spec.column_names, tables.keys)


def _held(tables: ReleasedTables, spec: TableSpec, own: Own) -> Held:
    path = _path(spec)
    is_list = any(spec.column(c).type.startswith("array") for c in path.columns)
    where = "true" if is_list else " OR ".join(one_of(c, own.keys(path)) for c in path.columns)
    rows = _all_rows(tables, spec, where)
    candidates = [row for row in rows if _names_her(path, row, own)]
    shown = [own_row(spec, path, row, own) for row in candidates]
    kept = [row for row, _ in shown if row is not None]
    return Held(spec, _ordered(spec, kept), len(shown) - len(kept), sum(n for _, n in shown))


def _names_her(path: SubjectPath, row: Row, own: Own) -> bool:
    keys = own.keys(path)
    said = [row[column] for column in path.columns]
    return any(not keys.isdisjoint(s if isinstance(s, list) else [s]) for s in said if s)


def _silver_rows(tables: ReleasedTables, spec: TableSpec, own: Own) -> list[Row]:
    path = _path(spec)
    if path.keys is not SubjectKeys.PERSON_RECORD_KEY:
        return []
    return tables.rows(spec, " OR ".join(one_of(column, own.records) for column in path.columns))


def _with_parts(
    tables: ReleasedTables, silver: Mapping[TableSpec, list[Row]], own: Own
) -> dict[TableSpec, list[Row]]:
    """The same and rows that name nobody, but belong to an order, ticket, visit or list of hers."""
    whose = one_of("person_record_key", own.records)
    sessions = tables.rows(CUSTOMER_WEB_SESSION, whose, _VISIT)
    visits = one_of("visit", (row["session_key"] for row in sessions))
    lists = tables.rows(CUSTOMER_RECOMMENDATION, whose, ("recommendation_key",))
    shown = one_of("list", (row["recommendation_key"] for row in lists))
    found: dict[TableSpec, list[Row]] = {}
    for spec, rows in silver.items():
        conditions = [one_of(c, own.rows) for c in _PARENTS if c in spec.column_names]
        if "session_id" in spec.column_names:
            visit = "concat(source_system, ':', coalesce(session_id, record_key))"
            conditions.append(visits.replace('"visit"', visit))
        if spec == RECOMMENDATION:
            of_list = "concat_ws(':', source_system, list_id, product_id)"
            conditions.append(shown.replace('"list"', of_list))
        parts: list[Row] = []
        if conditions and "person_record_key" in spec.column_names:
            nobody = f"person_record_key IS NULL AND ({' OR '.join(conditions)})"
            parts = tables.rows(spec, nobody)
        if spec == WEB_EVENT:
            there = {row["record_key"] for row in parts}
            of_runs = _events_of_runs(tables, sessions)
            parts += [row for row in of_runs if row["record_key"] not in there]
        found[spec] = _ordered(spec, [*rows, *parts])
    return found


def _events_of_runs(tables: ReleasedTables, sessions: Iterable[Row]) -> list[Row]:
    """Events without a login in those of the sessions that no event names: such a session is what lies on
    its cookie, or on its device without one, from its start to its end.
    """
    runs = [s for s in sessions if s["session_key"] == f"{s['source_system']}:{s['record_key']}"]
    if not runs:
        return []
    meanwhile = " OR ".join(
        f"event_at BETWEEN TIMESTAMP '{r['started_at']}' AND TIMESTAMP '{r['ended_at']}'"
        for r in runs
    )
    nobodys = f"person_record_key IS NULL AND session_id IS NULL AND ({meanwhile})"
    rows = tables.rows(WEB_EVENT, nobodys)
    return [row for row in rows if any(_is_part(row, run) for run in runs)]


def _is_part(event: Row, run: Row) -> bool:
    place = _VISIT[-2:] if event["cookie_id"] is None else ("cookie_id",)
    is_there = any(event[name] is not None for name in place) and all(
        event[name] == run[name] for name in ("source_system", *place)
    )
    return is_there and run["started_at"] <= event["event_at"] <= run["ended_at"]


def _ordered(spec: TableSpec, rows: Iterable[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: [str(row[name]) for name in spec.primary_key])


def _bronze(
    tables: ReleasedTables,
    persons: BronzePersons,
    own: Own,
    people: Sequence[Row],
    places: set[tuple[str, int]],
) -> Iterator[Held]:
    sources = persons.sources
    ids: dict[str, set[str]] = {name: set() for name in sources}
    for row in people:
        ids.setdefault(row["source_feed"], set()).add(row["source_record_id"])
    # A record that silver has no more tells no id: then every row is looked at.
    are_known = len(people) == len(own.records)
    for source in sources.values():
        if names_persons(source):
            named = may_name(source, ids, sources) if are_known else "true"
            yield _bronze_of(tables, source, (named, _at_places(places)), persons, own)


def _at_places(places: set[tuple[str, int]]) -> str:
    by_file: dict[str, set[int]] = {}
    for file, number in places:
        by_file.setdefault(file, set()).add(number)
    conditions = [
        f"({one_of('source_file', [file])} AND source_row_number IN ({', '.join(map(str, sorted(n)))}))"
        for file, n in sorted(by_file.items())
    ]
    return " OR ".join(conditions) or "false"


def _bronze_of(
    tables: ReleasedTables,
    source: Source,
    where: tuple[str, str],
    persons: BronzePersons,
    own: Own,
) -> Held:
    """Rows that name her and nobody else; and those that name nobody and from which a row of hers comes.

    At the same place another file may have stood: the row itself says which record it tells.
    """
    spec = source.bronze_table
    kept, withheld = [], 0
    for row in tables.rows(spec, " OR ".join(f"({condition})" for condition in where)):
        named = persons.named(source, row)
        if named <= own.records and (named or not own.rows.isdisjoint(persons.told(source, row))):
            kept.append(row)
        elif named & own.records:
            withheld += 1
    return Held(spec, _ordered(spec, kept), withheld)


def _redactor(
    tables: ReleasedTables, settings: Settings, request: PrivacyRequest, people: Sequence[Row]
) -> Redactor:
    """Takes out identifiers that her records share with records of other people, unless she gave them."""
    secret = settings.lake.secret.get_secret_value()
    values: set[str] = set()
    for kind, columns in IDENTIFIER_COLUMNS.items():
        held = {row[c] for row in people for c in columns if row[c]}
        where = " OR ".join(one_of(column, held) for column in columns)
        others = [
            row
            for row in tables.rows(PERSON_RECORD, where, SAYS_WHO)
            if row["record_key"] not in request.record_keys
        ]
        theirs = {
            row[c]
            for row in others
            if all(are_different_people(row, p) for p in people)
            for c in columns
            if row[c]
        }
        given = {v for v in held if identifier_hash(secret, kind, v) in request.identifier_hashes}
        # A customer number is the same word in many systems, and no secret of anybody.
        values |= _forms_of(people, columns, theirs) - given if kind != "number" else set()
    return Redactor(values)


def _forms_of(people: Sequence[Row], columns: Sequence[str], shared: set[str]) -> set[str]:
    """What her records share, as they write it too: match form and address, the first two, are one."""
    return {
        row[column]
        for row in people
        for number, column in enumerate(columns)
        if row[column] and (row[column] in shared or (number < 2 and row[columns[0]] in shared))
    }


def _redacted(held: Held, redactor: Redactor) -> Held:
    done = [redactor.of(row) for row in held.rows]
    return replace(
        held, rows=[row for row, _ in done], redacted=held.redacted + sum(n for _, n in done)
    )
