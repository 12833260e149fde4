"""Whom a request is about, looked up in a release; without Spark."""

from collections.abc import Iterable

from lakehouse.columns.plain_keys import keyed_hash_of
from lakehouse.privacy.request_log import Scope
from lakehouse.privacy.subject import (
    IDENTIFIER_COLUMNS,
    Given,
    Identifier,
    Subject,
    connected_subject,
    exact_subject,
)
from lakehouse.settings.models import Settings
from lakehouse.storage.released_tables import ReleasedTables, Row, one_of
from lakehouse.tables.linkage import IDENTITY_MAP, SCORED_EDGE, SHARED_IDENTIFIER
from lakehouse.tables.silver import PERSON_RECORD

SAYS_WHO = (
    *("record_key", "source_system", "given_name_match", "family_name_match", "full_name_match"),
    *("name_suffix", "birth_date"),
    *dict.fromkeys(c for columns in IDENTIFIER_COLUMNS.values() for c in columns),
)
"""Columns of silver.person_record that tell one person from another."""


def find_subject(tables: ReleasedTables, settings: Settings, given: Given, scope: Scope) -> Subject:
    """The records that a request is about; ambiguous where what was given fits several people."""
    shared = [i for i in given.identifiers if _is_shared(tables, settings, i)]
    exact = exact_subject(_matching(tables, given), given, shared)
    if scope is Scope.EXACT or not exact.reasons:
        return exact
    customers = customers_of(tables, exact.record_keys)
    records = records_of(tables, customers.values())
    inside = one_of("record_key_l", records), one_of("record_key_r", records)
    edges = tables.rows(
        SCORED_EDGE,
        f"{inside[0]} AND {inside[1]} AND (join_margin >= 0 OR override = 'same')",
        ("record_key_l", "record_key_r", "match_weight", "match_probability", "override"),
    )
    return connected_subject(exact, records, edges)


def customers_of(tables: ReleasedTables, records: Iterable[str]) -> dict[str, str]:
    """By record, the customer to whom it belongs today."""
    where = f"{one_of('record_key', records)} AND valid_to IS NULL"
    rows = tables.rows(IDENTITY_MAP, where, ("record_key", "customer_id"))
    return {row["record_key"]: row["customer_id"] for row in rows}


def records_of(tables: ReleasedTables, customers: Iterable[str]) -> dict[str, str]:
    """The customer by record, for all records that belong to these customers today."""
    where = f"{one_of('customer_id', customers)} AND valid_to IS NULL"
    rows = tables.rows(IDENTITY_MAP, where, ("record_key", "customer_id"))
    return {row["record_key"]: row["customer_id"] for row in rows}


def _matching(tables: ReleasedTables, given: Given) -> list[Row]:
    conditions = [
        one_of(column, found.forms)
        for found in given.identifiers
        for column in IDENTIFIER_COLUMNS[found.kind]
    ]
    return tables.rows(PERSON_RECORD, " OR ".join(conditions), SAYS_WHO)


def _is_shared(tables: ReleasedTables, settings: Settings, found: Identifier) -> bool:
    """True if linkage found that too many people carry the identifier for it to be evidence."""
    secret = settings.lake.secret.get_secret_value()
    hashes = {
        str(keyed_hash_of(secret, column, form))
        for column in IDENTIFIER_COLUMNS[found.kind]
        for form in found.forms
    }
    return bool(tables.rows(SHARED_IDENTIFIER, one_of("value_hash", hashes), ("identifier",)))
