"""From a token back to what it stands for: a call that is recorded, with its reason, before it answers.

There is no table of tokens. The vault is the release itself: the tokens of its values are made again,
and the one that is asked for is among them or not. What has been erased has no token any more.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from lakehouse.errors import AccessError, InputError, NotFoundError
from lakehouse.pipeline.audit import record
from lakehouse.pipeline.reader_tables import ReaderTables, reader_keys, reader_tables
from lakehouse.privacy.masking import require_identifiers
from lakehouse.privacy.tokens import TokenKeys, pads_text, resolved_values, token_keys, version_of
from lakehouse.report import Grid, Report
from lakehouse.settings.models import Settings
from lakehouse.storage.released_tables import Row, one_of
from lakehouse.tables.gold import CUSTOMER, CUSTOMER_IDENTIFIER, GOLD_TABLES
from lakehouse.tables.linkage import IDENTITY_MAP
from lakehouse.tables.spec import Sensitivity, TableSpec

_SHORTEST_REASON = 10
_FIRST = (
    (CUSTOMER, "customer_id"),
    (IDENTITY_MAP, "record_key"),
    (CUSTOMER_IDENTIFIER, "identifier_value"),
)
"""Ids of customers and records, and identifiers: what most tokens stand for is looked through first."""
_CUSTOMERS = ("customer_id", "related_customer_id")


def resolvable_columns() -> list[tuple[TableSpec, str]]:
    """The columns whose values a token may stand for: those, and every text of gold that is a pseudonym."""
    pseudonyms = [
        (spec, column.name)
        for spec in GOLD_TABLES
        for column in spec.columns
        if column.sensitivity is Sensitivity.PSEUDONYM and column.type == "string"
    ]
    return list(dict.fromkeys((*_FIRST, *pseudonyms)))


def resolve_token(settings: Settings, token: str, *, purpose: str, reason: str) -> Report:
    """What the token stands for, and whose it is, as the session's role sees them.

    Raises:
        AccessError: the role may not see identifiers or does not read for the purpose, or the call cannot
            be recorded.
        InputError: that is no token, of a version that is dropped, or there is no reason.
        NotFoundError: no value of the release that the role may see has this token for this purpose.
    """
    _require_leave(settings, purpose, reason)
    secret = settings.lake.secret.get_secret_value()
    keys = token_keys(purpose, settings.tokens.secrets(secret))
    version_of(keys, token)
    reader = reader_tables(settings)
    found = _found(reader, keys, token)
    record(
        settings,
        action="resolve",
        surface="privacy resolve",
        subjects=() if found is None else _customers(found.rows),
        purpose=purpose,
        reason=reason.strip(),
        release=reader.clear.number,
    )
    shown = [] if found is None else _shown(reader, found)
    if found is None or not shown:
        raise NotFoundError(
            f"No value of release {reader.clear.number} that the role {reader.role.name} may see has that "
            f"token for the purpose {purpose}.",
            "check the purpose; what has been erased since has no token any more.",
        )
    return Report([Grid("The token stands for", ("column", "value", "customer"), shown)])


def role_token_key(settings: Settings, role: str) -> str:
    """What a catalog needs to make the tokens that the role sees here; see `c360 roles sql`.

    Raises:
        AccessError: the session's role may not see identifiers, or the call cannot be recorded.
        InputError: there is no such role.
    """
    require_identifiers(settings.roles.current)
    if role not in settings.roles.roles:
        raise InputError(f"There is no role {role}.", "`c360 roles list` names those there are.")
    record(settings, action="export", surface="roles token-key", reason=role)
    return pads_text(reader_keys(settings, settings.roles.roles[role]))


def _require_leave(settings: Settings, purpose: str, reason: str) -> None:
    role = settings.roles.current
    require_identifiers(role)
    if not {*purpose.split("+")} <= {*role.purposes}:
        raise AccessError(
            f"The role {role.name} reads for {', '.join(role.purposes)}, and not for {purpose}.",
            "name a role that does by --role or C360_ROLE; conf/base/roles.yml has them.",
        )
    if len(reason.strip()) < _SHORTEST_REASON:
        raise InputError(
            f"A token is resolved for a reason only, of {_SHORTEST_REASON} characters at least.",
            "say why, in a few words.",
        )


@dataclass(frozen=True)
class _Found:
    """Where a value of that token stands, and the rows that have it."""

    spec: TableSpec
    column: str
    rows: list[Row]


def _found(reader: ReaderTables, keys: TokenKeys, token: str) -> _Found | None:
    """The first column that the role may read of and that has such a value; None if there is none."""
    tried: set[str] = set()
    for spec, column in resolvable_columns():
        if not reader.role.may_read(spec):
            continue
        rows = reader.clear.rows(spec, columns=(column,), distinct=True)
        values = {row[column] for row in rows if row[column] is not None} - tried
        tried |= values
        if resolved := resolved_values(keys, token, values):
            return _Found(spec, column, reader.clear.rows(spec, one_of(column, resolved)))
    return None


def _shown(reader: ReaderTables, found: _Found) -> list[tuple[str, ...]]:
    """By value its column and its customers, of the rows that the role may see, as it sees them."""
    visible = reader.visible(_customers(found.rows))
    owners: dict[str, set[str]] = {}
    for row in reader.seen(found.spec, found.rows, visible):
        owners.setdefault(str(row[found.column]), set()).update(_customers([row]))
    name = f"{found.spec.name}.{found.column}"
    return [(name, value, ", ".join(sorted(whose))) for value, whose in sorted(owners.items())]


def _customers(rows: Iterable[Row]) -> set[str]:
    return {row[name] for row in rows for name in _CUSTOMERS if row.get(name) is not None}
