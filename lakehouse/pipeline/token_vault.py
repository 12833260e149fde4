"""From a token back to what it stands for: a call that is recorded, with its reason, before it answers.

There is no table of tokens. The vault is the release itself: the tokens of its values are made again,
and the one that is asked for is among them or not. What has been erased has no token any more.
"""

from lakehouse.errors import InputError, NotFoundError
from lakehouse.pipeline.audit import record
from lakehouse.pipeline.reader_tables import reader_keys
from lakehouse.privacy.masking import require_identifiers
from lakehouse.privacy.tokens import pads_text, resolved_values, token_keys, version_of
from lakehouse.report import Grid, Report
from lakehouse.settings.models import Settings
from lakehouse.storage.released_tables import ReleasedTables, released_tables
from lakehouse.tables.gold import CUSTOMER, CUSTOMER_IDENTIFIER
from lakehouse.tables.linkage import IDENTITY_MAP
from lakehouse.tables.spec import TableSpec

_SHORTEST_REASON = 10
_ASKED = (
    (CUSTOMER, "customer_id"),
    (IDENTITY_MAP, "record_key"),
    (CUSTOMER_IDENTIFIER, "identifier_value"),
)
"""The columns whose values a token may stand for: ids of customers and records, and identifiers."""


def resolve_token(settings: Settings, token: str, *, purpose: str, reason: str) -> Report:
    """What the token stands for, and whose it is.

    Raises:
        AccessError: the session's role may not see identifiers, or the call cannot be recorded.
        InputError: that is no token, of a version that is dropped, or there is no reason.
        NotFoundError: no value of the release has this token for this purpose.
    """
    _require_leave(settings, reason)
    secret = settings.lake.secret.get_secret_value()
    keys = token_keys(purpose, settings.tokens.secrets(secret))
    version_of(keys, token)
    tables = released_tables(settings.lake)
    found: list[tuple[str, str, str]] = []
    for spec, column in _ASKED:
        owners = _owners(tables, spec, column)
        found += [
            (f"{spec.name}.{column}", value, ", ".join(sorted(owners[value])))
            for value in resolved_values(keys, token, owners)
        ]
    whose = {one for _, _, owner in found for one in owner.split(", ")}
    record(
        settings,
        action="resolve",
        surface="privacy resolve",
        subjects=whose,
        purpose=purpose,
        reason=reason.strip(),
        release=tables.number,
    )
    if not found:
        raise NotFoundError(
            f"No value of release {tables.number} has that token for the purpose {purpose}.",
            "check the purpose; what has been erased since has no token any more.",
        )
    return Report([Grid("The token stands for", ("column", "value", "customer"), found)])


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


def _require_leave(settings: Settings, reason: str) -> None:
    require_identifiers(settings.roles.current)
    if len(reason.strip()) < _SHORTEST_REASON:
        raise InputError(
            f"A token is resolved for a reason only, of {_SHORTEST_REASON} characters at least.",
            "say why, in a few words.",
        )


def _owners(tables: ReleasedTables, spec: TableSpec, column: str) -> dict[str, set[str]]:
    """By value of the column, the customers who have it."""
    owners: dict[str, set[str]] = {}
    for row in tables.rows(spec, columns=dict.fromkeys((column, "customer_id")), distinct=True):
        owners.setdefault(row[column], set()).add(row["customer_id"])
    return owners
