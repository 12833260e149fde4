"""Whom a role sees: who permits one of the purposes for which it reads, whatever the surface."""

import contextlib
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lakehouse.cli import app
from lakehouse.cli.commands import customer
from lakehouse.errors import AccessError, ExitCode, NotFoundError
from lakehouse.pipeline.customer_page import customer_page
from lakehouse.pipeline.customer_reads import read_example
from lakehouse.pipeline.customer_search import find_customers
from lakehouse.pipeline.reader_tables import reader_tables
from lakehouse.privacy.masking import masked_rows, require_permitted
from lakehouse.settings.load import load_settings
from lakehouse.settings.roles import Mask
from lakehouse.storage.plain_log import PlainLog
from lakehouse.tables.gold import (
    CUSTOMER,
    CUSTOMER_CONSENT,
    CUSTOMER_METRIC,
    CUSTOMER_ORDER,
    CUSTOMER_PERMITTED,
    CUSTOMER_RECORD,
    CUSTOMER_RELATION,
    HOUSEHOLD_MEMBER,
)
from lakehouse.tables.linkage import IDENTITY_MAP
from lakehouse.tables.ops import LINK_OVERRIDE, RESTRICTION
from tests.support.permitting import NOBODY, PERMITTED, SEEN, WHO
from tests.support.plain_lake import PlainLake

ROLES = load_settings("demo").roles.roles
DAY = date(2026, 1, 5)
BY_ROLE = pytest.mark.parametrize("role", sorted(ROLES))


@BY_ROLE
def test_a_role_sees_the_orders_of_who_permits_what_it_reads_for(role: str) -> None:
    orders = [{"order_id": str(who), "customer_id": who} for who in WHO]
    reader = ROLES[role].model_copy(update={"overrides": {"order_id": Mask.CLEAR}})

    seen = masked_rows(orders, CUSTOMER_ORDER, reader, permitted=PERMITTED)

    assert {row["order_id"] for row in seen} == {str(who) for who in SEEN[role]}


def test_before_a_release_says_what_is_permitted_nobody_is_told_of_to_who_needs_consent() -> None:
    orders = [{"record_key": f"o-{who}", "customer_id": who} for who in WHO]

    assert masked_rows(orders, CUSTOMER_ORDER, ROLES["marketer"]) == []
    assert len(masked_rows(orders, CUSTOMER_ORDER, ROLES["agent"])) == len(WHO)


def test_a_row_about_two_is_seen_if_both_permit_it_and_a_duty_is_stopped_by_nothing() -> None:
    analyst, default = ROLES["analyst"], ROLES["default"]
    pairs = [("agreed", "withdrew"), ("agreed", "objected"), ("restricted", "agreed")]
    relations = [
        {"customer_id": one, "related_customer_id": other, "relation_type": f"{one}, {other}"}
        for one, other in pairs
    ]
    consents = [{"customer_id": who, "channel": "email"} for who in PERMITTED]
    decided = {"record_key_l": "restricted", "record_key_r": "agreed"}

    seen = masked_rows(relations, CUSTOMER_RELATION, analyst, permitted=PERMITTED)

    assert [row["relation_type"] for row in seen] == ["agreed, withdrew"]
    assert len(masked_rows(consents, CUSTOMER_CONSENT, default, permitted=PERMITTED)) == 4
    assert len(masked_rows([decided], LINK_OVERRIDE, default, permitted=PERMITTED)) == 1


@BY_ROLE
def test_who_permits_nothing_of_it_is_not_explained_either(role: str) -> None:
    told = set()
    for who in PERMITTED:
        with contextlib.suppress(AccessError):
            require_permitted(IDENTITY_MAP, ROLES[role], PERMITTED, [who])
            told.add(who)

    assert told == SEEN[role] - {NOBODY}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> PlainLake:
    """All live in one house; the restricted is known from most systems."""
    made = PlainLake(tmp_path_factory.mktemp("permitting") / "lake")
    people = [
        {
            "customer_id": who,
            "display_name": f"Lee {who}",
            "given_name": "Lee",
            "record_count": 1,
            "source_count": 9 - n,
        }
        for n, who in enumerate(reversed(PERMITTED))
    ]
    lives = {"household_id": "house", "valid_from": datetime(2026, 1, 1, tzinfo=UTC)}
    made.release(
        DAY,
        {
            CUSTOMER: people,
            CUSTOMER_METRIC: [{"customer_id": who, "last_order_date": DAY} for who in PERMITTED],
            CUSTOMER_PERMITTED: [
                {"customer_id": who, "purposes": told} for who, told in PERMITTED.items()
            ],
            CUSTOMER_RECORD: [
                {"customer_id": who, "record_key": f"r-{who}", "is_current": True}
                for who in PERMITTED
            ],
            HOUSEHOLD_MEMBER: [{**lives, "customer_id": who} for who in PERMITTED],
        },
    )
    return made


@BY_ROLE
def test_show_finds_and_names_whom_the_role_sees_and_nobody_else(
    role: str, lake: PlainLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = lake.settings(**{"roles.reader": role})
    monkeypatch.setattr(customer, "loaded", lambda _env, **_: settings)
    seen = SEEN[role] - {NOBODY}

    found = {
        who: CliRunner().invoke(app, ["show", who, "--all", "--json", "--env", "test"])
        for who in PERMITTED
    }

    codes = {who: told.exit_code for who, told in found.items()}
    assert codes == {w: ExitCode.OK if w in seen else ExitCode.BAD_INPUT for w in PERMITTED}
    for hidden in PERMITTED.keys() - seen:
        others = {who: told for who, told in found.items() if who != hidden}
        assert not any(hidden in told.output for told in others.values())
        assert "whom the role" in found[hidden].stderr
    assert {*find_customers(reader_tables(settings), "lee").customer_ids} == seen


@BY_ROLE
def test_an_example_is_somebody_whom_the_role_sees(role: str, lake: PlainLake) -> None:
    example = read_example(lake.settings(**{"roles.reader": role}), surface="test")

    assert example is not None
    assert example[0] in SEEN[role]


def test_of_whom_a_role_does_not_see_a_page_tells_no_day_either(lake: PlainLake) -> None:
    page = customer_page(reader_tables(lake.settings(**{"roles.reader": "marketer"})), "withdrew")

    assert {*page.days_since.values()} == {None}
    assert all(rows == [] for rows in page.gold.values())


def test_a_restriction_that_is_approved_holds_at_once(tmp_path: Path) -> None:
    made = PlainLake(tmp_path / "lake")
    ann = {"customer_id": "ann", "record_count": 1, "source_count": 1}
    made.release(
        DAY,
        {
            CUSTOMER: [ann],
            CUSTOMER_PERMITTED: [{"customer_id": "ann", "purposes": ["service", "analytics"]}],
            CUSTOMER_RECORD: [{"customer_id": "ann", "record_key": "r-ann", "is_current": True}],
        },
    )
    settings = made.settings(**{"roles.reader": "agent"})
    limit = {"record_key": "r-ann", "kind": "restriction", "purpose": None, "request_id": "1",
             "restricted_from": datetime(2026, 1, 6, tzinfo=UTC)}  # fmt: skip
    assert find_customers(reader_tables(settings), "ann").customer_ids == ["ann"]

    PlainLog(settings.lake, RESTRICTION).append([limit])

    with pytest.raises(NotFoundError, match="whom the role agent sees"):
        find_customers(reader_tables(settings), "ann")


def test_a_row_about_a_record_is_seen_by_what_all_whose_it_is_or_was_permit(
    lake: PlainLake,
) -> None:
    rows = [{"record_key": f"r-{who}", "customer_id": who} for who in (*PERMITTED, "nobody's")]

    seen = reader_tables(lake.settings(**{"roles.reader": "steward"})).seen(IDENTITY_MAP, rows)

    assert len(seen) == len(rows) - 1, "the restricted one's is left out"
    assert "r-restricted" not in {row["record_key"] for row in seen}


def test_a_restriction_stops_no_duty(tmp_path: Path) -> None:
    made = PlainLake(tmp_path / "lake")
    made.release(
        DAY,
        {
            CUSTOMER_PERMITTED: [{"customer_id": "ann", "purposes": ["legal"]}],
            CUSTOMER_RECORD: [{"customer_id": "ann", "record_key": "r-ann", "is_current": True}],
        },
    )
    settings = made.settings(**{"roles.reader": "default"})
    limit = {"record_key": "r-ann", "kind": "restriction", "purpose": None, "request_id": "1",
             "restricted_from": datetime(2026, 1, 6, tzinfo=UTC)}  # fmt: skip
    PlainLog(settings.lake, RESTRICTION).append([limit])
    consent = {"customer_id": "ann", "channel": "email"}

    assert len(reader_tables(settings).seen(CUSTOMER_CONSENT, [consent])) == 1
