"""Survivorship settings: what conf may say, and what is refused."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from lakehouse.settings.survivorship import Rule, Survivorship
from lakehouse.tables.gold import GOLDEN_ATTRIBUTES

SHIPPED = Path(__file__).parents[3] / "conf/base/survivorship.yml"


@pytest.fixture
def conf() -> dict[str, Any]:
    """The shipped settings as plain data, to be spoilt by a test."""
    shipped: dict[str, Any] = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    return shipped


def refusal(conf: dict[str, Any]) -> str:
    """What the settings say when they refuse."""
    with pytest.raises(ValidationError) as caught:
        Survivorship.model_validate(conf)
    return str(caught.value)


def test_the_shipped_rules_cover_every_golden_attribute(conf: dict[str, Any]) -> None:
    settings = Survivorship.model_validate(conf)
    assert sorted(a for g in settings.groups for a in g.attributes) == sorted(GOLDEN_ATTRIBUTES)


def test_the_shipped_address_is_one_group(conf: dict[str, Any]) -> None:
    address = next(g for g in conf["groups"] if g["name"] == "address")
    assert set(address["attributes"]) == {"street", "city", "region", "postcode", "country"}


def test_every_rule_is_used_by_the_shipped_settings(conf: dict[str, Any]) -> None:
    assert {rule for group in conf["groups"] for rule in group["rules"]} == {str(r) for r in Rule}


def test_an_unknown_rule_is_refused(conf: dict[str, Any]) -> None:
    conf["groups"][0]["rules"] = ["tallest"]
    assert "tallest" in refusal(conf)


def test_an_unknown_key_is_refused(conf: dict[str, Any]) -> None:
    conf["groups"][0]["rule"] = ["most_recent"]
    assert "groups.0.rule" in refusal(conf)


def test_a_group_without_rules_or_attributes_is_refused(conf: dict[str, Any]) -> None:
    conf["groups"][0]["rules"] = []
    conf["groups"][1]["attributes"] = []
    said = refusal(conf)
    assert "groups.0.rules" in said
    assert "groups.1.attributes" in said


def test_an_attribute_that_is_not_golden_is_refused(conf: dict[str, Any]) -> None:
    conf["groups"][0]["attributes"].append("shoe_size")
    assert "not golden attributes: shoe_size" in refusal(conf)


def test_a_column_to_compare_that_does_not_exist_is_refused(conf: dict[str, Any]) -> None:
    conf["groups"][0]["compare"] = ["shoe_size"]
    assert "not columns of silver.person_record: shoe_size" in refusal(conf)


def test_a_rule_given_twice_is_refused(conf: dict[str, Any]) -> None:
    conf["groups"][0]["rules"] = ["longest", "longest"]
    assert "rules given twice: longest" in refusal(conf)


def test_a_group_given_twice_is_refused(conf: dict[str, Any]) -> None:
    conf["groups"][1]["name"] = conf["groups"][0]["name"]
    assert "groups given twice: name" in refusal(conf)


def test_an_attribute_in_two_groups_is_refused(conf: dict[str, Any]) -> None:
    conf["groups"][0]["attributes"].append("email")
    assert "attributes in more than one place: email" in refusal(conf)


def test_an_attribute_in_no_group_is_refused(conf: dict[str, Any]) -> None:
    conf["groups"] = [g for g in conf["groups"] if g["name"] != "email"]
    assert "attributes in no group: email" in refusal(conf)


def test_a_group_own_priority_replaces_the_general_one(conf: dict[str, Any]) -> None:
    conf["source_priority"] = ["crm", "shop"]
    conf["groups"][0]["source_priority"] = ["shop"]
    settings = Survivorship.model_validate(conf)
    assert settings.priority_of(settings.groups[0]) == ("shop",)
    assert settings.priority_of(settings.groups[1]) == ("crm", "shop")


def test_verified_first_says_by_whom_and_nobody_verifies_for_nothing(conf: dict[str, Any]) -> None:
    conf["groups"][0]["rules"] = ["verified_first"]
    conf["groups"][1]["verified_by"] = ["crm"]
    assert refusal(conf).count("need each other") == 2


def test_contact_details_grow_stale_and_names_never_do(conf: dict[str, Any]) -> None:
    fresh = {g.name: g.fresh_days for g in Survivorship.model_validate(conf).groups}
    assert (fresh["email"], fresh["phone"], fresh["address"]) == (365, 365, 730)
    assert (fresh["name"], fresh["birth_date"]) == (None, None)


@pytest.mark.parametrize("days", [0, -1, 36501, "a year"])
def test_a_value_is_fresh_for_a_day_at_least(conf: dict[str, Any], days: object) -> None:
    conf["groups"][0]["fresh_days"] = days
    assert "groups.0.fresh_days" in refusal(conf)


@pytest.mark.parametrize("start", [0, 1.1])
def test_trust_is_a_share_and_never_none(conf: dict[str, Any], start: float) -> None:
    conf["trust"]["systems"]["crm"]["start"] = start
    assert "trust.systems.crm.start" in refusal(conf)


def test_history_and_completeness_are_of_what_there_is(conf: dict[str, Any]) -> None:
    assert "history of what are no groups: shoes" in refusal(conf | {"history": ["shoes"]})
    said = refusal(conf | {"completeness": ["shoe_size"]})
    assert "completeness of what are no golden attributes: shoe_size" in said
    assert "given twice" in refusal(conf | {"history": ["name", "name"]})


def test_rules_of_history_are_those_of_its_groups(conf: dict[str, Any]) -> None:
    settings = Survivorship.model_validate(conf | {"history": ["email"]})
    assert settings.of_history().groups == tuple(g for g in settings.groups if g.name == "email")
