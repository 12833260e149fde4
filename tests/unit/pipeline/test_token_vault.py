"""A token is resolved for a reason that is recorded, by whom may see what it stands for."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from lakehouse.errors import AccessError, InputError, NotFoundError
from lakehouse.pipeline.audit import audit_list
from lakehouse.pipeline.reader_tables import reader_keys, reader_tables
from lakehouse.pipeline.token_vault import (
    resolvable_columns,
    resolve_token,
    role_token_key,
)
from lakehouse.privacy.tokens import pads_text, token, token_keys
from lakehouse.settings.models import Settings
from lakehouse.settings.roles import Mask
from lakehouse.tables.gold import CUSTOMER, HOUSEHOLD
from tests.support.plain_lake import PlainLake
from tests.support.plain_people import ANA, people_lake

WHY = "complaint 4711"
DAY = date(2026, 1, 5)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> PlainLake:
    return people_lake(tmp_path_factory.mktemp("lake"))


@pytest.fixture
def settings(lake: PlainLake, tmp_path: Path) -> Settings:
    places = {"audit.folder": str(tmp_path / "a"), "audit.head_file": str(tmp_path / "head")}
    return lake.settings(**places, **{"roles.reader": "privacy_officer", "audit.actor": "pia"})


def marketing(settings: Settings, value: str) -> str:
    secret = settings.lake.secret.get_secret_value()
    return token(token_keys("marketing", settings.tokens.secrets(secret)), value)


@pytest.mark.parametrize("value", [ANA, "ana@example.de"])
def test_a_token_of_the_purpose_gives_the_value_and_its_customer(
    settings: Settings, value: str
) -> None:
    report = resolve_token(settings, marketing(settings, value), purpose="marketing", reason=WHY)

    assert [row[1:] for row in report.grids[0].rows] == [(value, ANA)]


def test_the_call_is_recorded_with_who_and_why_and_without_the_value(
    settings: Settings, tmp_path: Path
) -> None:
    resolve_token(settings, marketing(settings, "ana@example.de"), purpose="marketing", reason=WHY)

    (row,) = audit_list(settings, subject=ANA, most=9).grids[0].rows
    assert {"pia", "privacy_officer", "resolve", WHY} <= set(row)
    assert b"ana@example.de" not in b"".join(p.read_bytes() for p in (tmp_path / "a").iterdir())


def test_a_token_says_nothing_for_another_purpose_and_the_try_is_recorded(
    settings: Settings,
) -> None:
    with pytest.raises(NotFoundError, match="for the purpose service"):
        resolve_token(settings, marketing(settings, ANA), purpose="service", reason=WHY)

    assert len(audit_list(settings, subject=None, most=9).grids[0].rows) == 1


def test_nothing_is_resolved_without_a_reason(settings: Settings) -> None:
    with pytest.raises(InputError, match="for a reason"):
        resolve_token(settings, marketing(settings, ANA), purpose="marketing", reason="  ")


def test_a_role_that_sees_no_identifiers_resolves_nothing(lake: PlainLake) -> None:
    settings = lake.settings(**{"roles.reader": "analyst"})

    with pytest.raises(AccessError, match="role analyst"):
        resolve_token(settings, marketing(settings, ANA), purpose="marketing", reason=WHY)


def as_role(settings: Settings, role: str, **changes: Any) -> Settings:
    """With that role as it is changed for the session."""
    roles = settings.roles
    changed = roles.roles[role].model_copy(update=changes)
    update = {"reader": role, "roles": {**roles.roles, role: changed}}
    return settings.model_copy(update={"roles": roles.model_copy(update=update)})


def of_service(settings: Settings, value: str) -> str:
    secret = settings.lake.secret.get_secret_value()
    return token(token_keys("service", settings.tokens.secrets(secret)), value)


def test_no_role_is_told_by_a_token_what_conf_hides_from_it(settings: Settings) -> None:
    hidden = {"loyalty_number": Mask.FULL}
    agent = as_role(settings, "agent", overrides=hidden)

    report = resolve_token(agent, of_service(settings, "L-77"), purpose="service", reason=WHY)

    assert [row[1:] for row in report.grids[0].rows] == [("***", ANA)]


@pytest.mark.parametrize(("country", "is_told"), [("DE", True), ("GB", False)])
def test_no_role_is_told_by_a_token_of_who_lives_where_it_may_not_look(
    settings: Settings, country: str, is_told: bool
) -> None:
    agent = as_role(settings, "agent", rows={"country": (country,)})
    asked = of_service(settings, "ana@example.de")

    if is_told:
        assert resolve_token(agent, asked, purpose="service", reason=WHY).grids
    else:
        with pytest.raises(NotFoundError, match="the role agent may see"):
            resolve_token(agent, asked, purpose="service", reason=WHY)


@pytest.mark.parametrize("purpose", ["marketing", "service+marketing"])
def test_no_role_is_told_by_a_token_of_a_purpose_that_it_does_not_read_for(
    settings: Settings, purpose: str
) -> None:
    with pytest.raises(AccessError, match="agent reads for service, and not for"):
        resolve_token(
            as_role(settings, "agent"), marketing(settings, ANA), purpose=purpose, reason=WHY
        )


def test_whatever_column_of_gold_a_token_stands_in_it_resolves(tmp_path: Path) -> None:
    lake = PlainLake(tmp_path)
    lake.release(DAY, {HOUSEHOLD: [{"household_id": "h" * 32, "customer_id": ANA}]})
    settings = lake.settings(**{"roles.reader": "privacy_officer"})

    report = resolve_token(settings, marketing(settings, "h" * 32), purpose="marketing", reason=WHY)

    assert report.grids[0].rows == [("gold.household.household_id", "h" * 32, ANA)]
    named = {name for _, name in resolvable_columns()}
    assert {"household_id", "session_key", "list_id", "customer_id", "record_key"} <= named


@pytest.mark.parametrize(
    ("purposes", "named"),
    [(("analytics",), "analytics"), (("service", "analytics"), "analytics+service")],
)
def test_a_token_that_a_role_is_shown_resolves_for_what_the_role_reads_for(
    lake: PlainLake, settings: Settings, purposes: tuple[str, ...], named: str
) -> None:
    roles = lake.settings(**{"roles.reader": "analyst"}).roles
    analyst = roles.current.model_copy(update={"purposes": purposes})
    reads = roles.model_copy(update={"roles": {**roles.roles, "analyst": analyst}})
    (row,) = reader_tables(settings.model_copy(update={"roles": reads})).seen(
        CUSTOMER, [{"customer_id": ANA}]
    )

    report = resolve_token(settings, row["customer_id"], purpose=named, reason=WHY)

    assert [found[1:] for found in report.grids[0].rows] == [(ANA, ANA)]


def test_the_key_of_a_role_is_given_to_whom_may_see_identifiers_and_is_recorded(
    lake: PlainLake, settings: Settings
) -> None:
    key = role_token_key(settings, "analyst")

    assert key == pads_text(reader_keys(lake.settings(**{"roles.reader": "analyst"})))
    assert re.fullmatch("t1:[0-9a-f]{256}", key)
    (row,) = audit_list(settings, subject=None, most=9).grids[0].rows
    assert {"pia", "roles token-key", "analyst"} <= set(row)
    with pytest.raises(AccessError):
        role_token_key(lake.settings(**{"roles.reader": "marketer"}), "analyst")
    with pytest.raises(InputError, match="no role"):
        role_token_key(settings, "boss")
