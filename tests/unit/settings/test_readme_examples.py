"""What README tells a newcomer to write is right as it stands there."""

import json
import re
import shutil
import textwrap
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from lakehouse.quality.suites import read_suites
from lakehouse.settings.load import load_settings
from lakehouse.settings.places import conf_dir, expectations_dir
from lakehouse.tables.gold import (
    CUSTOMER,
    CUSTOMER_INTERACTION,
    CUSTOMER_METRIC,
    CUSTOMER_ORDER,
)
from lakehouse.tables.registry import GATED_TABLES
from tests.support.plain_lake import PlainLake

README = Path(__file__).resolve().parents[3] / "README.md"


def blocks(language: str) -> list[str]:
    """The blocks of that language, in their order."""
    text = README.read_text(encoding="utf-8")
    found = re.findall(rf"^ *```{language}\n(.*?)^ *```", text, flags=re.MULTILINE | re.DOTALL)
    return [textwrap.dedent(block) for block in found]


@pytest.fixture
def conf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the whole configuration, which a test may add to."""
    shutil.copytree(conf_dir(), tmp_path / "conf")
    monkeypatch.setenv("C360_CONF", str(tmp_path / "conf"))
    return tmp_path / "conf"


def test_the_source_of_guests_is_a_source_that_can_be_run(conf: Path) -> None:
    text, _ = blocks("yaml")
    (name,) = re.findall(r"^# conf/(base/sources/\S+)$", text, flags=re.MULTILINE)
    (conf / name).write_text(text, encoding="utf-8")

    settings = load_settings("test")

    (guest,) = (source for source in settings.sources if source.name == "events_guest")
    assert guest.bronze_table.name in {spec.name for spec in settings.tables}
    assert [feed.table for feed in guest.feeds] == ["person_record"]


def test_the_matching_field_is_a_comparison_and_a_blocking_rule(conf: Path) -> None:
    _, text = blocks("yaml")
    before = load_settings("test").linkage
    file = conf / "base" / "linkage.yml"
    linkage: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    for key, entries in yaml.safe_load(text).items():
        linkage[key] += entries
    file.write_text(yaml.safe_dump(linkage), encoding="utf-8")

    after = load_settings("test").linkage

    assert [rule.name for rule in after.comparisons[len(before.comparisons) :]] == ["second_phone"]
    assert after.blocking[len(before.blocking) :] == (("secondary_phone",),)


def test_the_quality_rule_is_a_rule_of_the_orders(tmp_path: Path) -> None:
    (text,) = blocks("json")
    shutil.copytree(expectations_dir(), tmp_path / "expectations")
    file = tmp_path / "expectations" / "silver" / "order.json"
    suite = json.loads(file.read_text(encoding="utf-8"))
    suite["expectations"].append(json.loads(text))
    file.write_text(json.dumps(suite), encoding="utf-8")

    rules = read_suites(tmp_path / "expectations", GATED_TABLES)["silver.order"].rules

    assert rules[-1].reason == "unusual_currency"


def test_the_first_dashboard_can_be_drawn_from_the_release_of_a_lake(tmp_path: Path) -> None:
    order = {"channel": "shop", "currency": "EUR", "total_amount": Decimal("10.00")}
    orders = [
        {**order, "order_date": date(2026, 1, 5), "customer_id": "c1", "status": "paid"},
        {**order, "order_date": date(2026, 1, 31), "status": None},
        {**order, "order_date": date(2026, 1, 6), "customer_id": "c1", "status": "cancelled"},
        {**order, "order_date": date(2026, 1, 7), "same_purchase_key": "o1"},
        {**order, "order_date": date(2026, 2, 1), "customer_id": "c2", "status": "paid"},
    ]
    mail = {"interaction_type": "campaign", "channel": "email"}
    lake = PlainLake(tmp_path)
    lake.release(
        date(2026, 2, 1),
        {
            CUSTOMER: [{"customer_id": "c1", "record_count": 3}, {"customer_id": "c2"}],
            CUSTOMER_ORDER: orders,
            CUSTOMER_METRIC: [
                {"customer_id": "c1", "order_count": 12},
                {"customer_id": "c2", "order_count": 1},
            ],
            CUSTOMER_INTERACTION: [
                {**mail, "customer_id": "c1"},
                {**mail, "customer_id": "c1"},
                mail,
            ],
        },
    )
    drawn: dict[str, Any] = {}

    for code in blocks("python"):
        exec(code.replace(".c360/demo/lake", str(tmp_path)), drawn)  # noqa: S102 (our own words)

    january, february = drawn["sales"].to_dict("records")
    assert (january["month"].month, january["orders"], january["amount"]) == (1, 2, 20)
    assert (january["share_of_known_customers"], february["orders"]) == (0.5, 1)
    assert drawn["contacts"].values.tolist() == [["campaign", "email", 3, 1]]
    assert drawn["loyal"].values.tolist() == [[1, 1], [10, 1]]
