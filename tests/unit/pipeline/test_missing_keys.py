"""No decision is encrypted by a key that was made where the lake's own are not mounted."""

from types import SimpleNamespace
from typing import Any

import pytest

from lakehouse.errors import ConfigurationError
from lakehouse.pipeline import attempt, stewardship
from lakehouse.settings.load import load_settings
from lakehouse.tables.ops import LINK_OVERRIDE
from lakehouse.tables.silver import PERSON_RECORD


def lake_of(*, keys: set[str], encrypted: set[str]) -> Any:
    """A lake that has data keys of these tables, and encrypted rows in those; it takes no write."""
    tables = SimpleNamespace(
        version=lambda table: 3, is_encrypted=lambda table, version: table in encrypted
    )
    has_keys = SimpleNamespace(has_keys=lambda table: table in keys)
    return SimpleNamespace(settings=load_settings("test"), tables=tables, encryption=has_keys)


@pytest.mark.parametrize(
    ("encrypted", "keys", "lost"),
    [
        # The log is encrypted; and it is the first decision of a lake that is.
        ({LINK_OVERRIDE.name}, set(), LINK_OVERRIDE.name),
        ({PERSON_RECORD.name}, set(), PERSON_RECORD.name),
        ({LINK_OVERRIDE.name}, {LINK_OVERRIDE.name}, None),
        (set(), set(), None),
    ],
)
def test_a_decision_is_refused_where_keys_of_what_is_encrypted_are_not_there(
    encrypted: set[str], keys: set[str], lost: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = SimpleNamespace(versions={PERSON_RECORD.name: 2})
    monkeypatch.setattr(attempt, "current_release", lambda tables: released)
    lake = lake_of(keys=keys, encrypted=encrypted)

    if lost is None:
        attempt.require_keys_of_log(lake, LINK_OVERRIDE)
    else:
        with pytest.raises(ConfigurationError, match=rf"{lost} has encrypted rows"):
            stewardship.append_decision(lake, LINK_OVERRIDE, ("a", "b", "same", "Sam", "seen"))
