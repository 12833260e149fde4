"""One customer's whole story, from the files of many systems to what an agent sees."""

from collections import defaultdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from lakehouse.pipeline.customer_page import customer_page
from lakehouse.pipeline.customer_search import find_customers
from lakehouse.pipeline.reader_tables import reader_tables
from lakehouse.storage.releases import current_release
from tests.support.cells import Shown, run_notebook
from tests.support.lake import DAY_1, SmallLake, digests, generated, small_lake_at
from tests.support.stories import OTHERS, SAM, write_stories

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
FEEDS = (
    "catalogue_product",
    "consent_event",
    "crm_contact",
    "marketing_event",
    "newsletter_subscriber",
    "pos_loyalty_member",
    "shop_account",
    "shop_order",
    "social_mention",
    "social_profile",
    "support_ticket",
    "web_event",
)


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def told(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> SmallLake:
    """A lake in which the stories happened among 200 other people."""
    home = generated(tmp_path_factory.mktemp("stories"), customers=200, days=1)
    write_stories(home / "landing")
    lake = small_lake_at(home, home, feeds=FEEDS, whole=True)
    lake.run("day-1", DAY_1)
    return lake


def rows(told: SmallLake, table: str) -> list[dict[str, Any]]:
    """The rows of a table in the current release."""
    version = current_release(told.lake.tables).versions[table]
    place = Path(told.settings.lake.root) / table.replace(".", "/")
    found: pa.Table = DeltaTable(place, version=version).to_pyarrow_table()
    return found.to_pylist()


@pytest.fixture(scope="module")
def owner(told: SmallLake) -> dict[str, str]:
    """Customer by source system and id of a person record."""
    identifiers = rows(told, "gold.customer_identifier")
    return {
        f"{row['source_system']}:{row['identifier_value']}": row["customer_id"]
        for row in identifiers
        if row["identifier_type"] == "source_record"
    }


def test_sam_samuel_sammy_and_s_smith_are_one_customer(
    told: SmallLake, owner: dict[str, str]
) -> None:
    assert len({owner[record] for record in SAM}) == 1
    (customer,) = [r for r in rows(told, "gold.customer") if r["customer_id"] == owner[SAM[0]]]
    assert customer["display_name"] == "Samuel Smith"
    assert customer["record_count"] == len(SAM)


def test_sams_old_number_stays_among_his_contact_points_and_the_new_one_is_primary(
    told: SmallLake, owner: dict[str, str]
) -> None:
    points = [r for r in rows(told, "gold.customer_contact_point")
              if r["customer_id"] == owner[SAM[0]] and r["contact_type"] == "phone"]  # fmt: skip
    assert {r["contact_value"]: r["is_primary"] for r in points} == {
        "+447911123456": True,
        "+447911654321": False,
    }


def test_samantha_lives_with_sam_and_priya_shares_no_more_than_his_old_number(
    told: SmallLake, owner: dict[str, str]
) -> None:
    sam, samantha, priya = (owner[r] for r in (SAM[0], "shop:A-SAMANTHA", "shop:A-PRIYA"))
    home = {r["customer_id"]: r["household_id"] for r in rows(told, "gold.household_member")}
    assert home[sam] == home[samantha] != home[priya]
    related = {
        (r["customer_id"], r["related_customer_id"]): r["relation_type"]
        for r in rows(told, "gold.customer_relation")
    }
    assert related[sam, samantha] == "same_household"
    assert related[sam, priya] == "shared_phone"


def test_samantha_samuel_senior_and_the_next_owner_of_his_number_stay_apart(
    owner: dict[str, str],
) -> None:
    assert len({owner[record] for record in (SAM[0], *OTHERS)}) == 1 + len(OTHERS)


def test_an_agent_sees_what_sarah_looked_at_left_and_bought(
    told: SmallLake, owner: dict[str, str]
) -> None:
    sarah = owner["shop:A-SARAH"]
    assert owner["support:R-SARAH"] == sarah
    events = [r for r in rows(told, "gold.customer_timeline") if r["customer_id"] == sarah]
    story = [
        (r["event_type"], r["title"])
        for r in sorted(events, key=lambda r: r["happened_at"])
        if not r["event_type"].startswith("customer_")
    ]
    assert story == [
        ("consent_withdrawn", "No longer allows marketing by email"),
        ("consent_granted", "Allowed marketing by email"),
        ("became_new", "Became a new customer"),
        ("order", "Ordered in the web shop, shipped"),
        ("web_session", "Visited the web site, 1 page"),
        ("web_session", "Visited the web site, 1 page, cart abandoned"),
        ("message_sent", "Was sent campaign EM-CART"),
        ("message_clicked", "Clicked in campaign EM-CART"),
        ("ticket_opened", "Asked for help: product"),
        ("ticket_closed", "Ticket closed: product"),
    ]
    sessions = [r for r in rows(told, "gold.customer_web_session") if r["customer_id"] == sarah]
    by_start = sorted(sessions, key=lambda r: r["started_at"])
    assert [r["identified_by"] for r in by_start] == ["later_login", "login"]
    assert by_start[1]["carted_products"] == ["SKU-00079"]
    assert by_start[1]["page_paths"] == ["/product/sku-00079"]
    lines = [r for r in rows(told, "gold.customer_order_line") if r["customer_id"] == sarah]
    assert [r["product_id"] for r in lines] == ["SKU-00010"]
    (glance,) = [r for r in rows(told, "gold.customer_360") if r["customer_id"] == sarah]
    assert glance["abandoned_cart_count"] == glance["order_count"] == 1
    assert glance["granted"] == ["marketing:email"]
    assert not glance["withdrawn"]


def test_her_page_tells_the_agent_the_same(told: SmallLake, owner: dict[str, str]) -> None:
    tables = reader_tables(told.settings)
    (match,) = find_customers(tables, "Sarah Okonkwo").matches
    page = customer_page(tables, match.customer_id)
    assert match.customer_id == owner["shop:A-SARAH"]
    assert [r["product_id"] for r in page.gold["customer_order_line"]] == ["SKU-00010"]
    assert [r["cart_state"] for r in page.gold["customer_web_session"] if r["carted_products"]] == [
        "abandoned"
    ]


def read_by_an_agent(told: SmallLake, customer_id: str) -> Shown:
    """The customer's story as the notebook shows it to somebody who serves the customer."""
    return run_notebook(
        NOTEBOOKS / "one_customers_story.py",
        told.lake.spark,
        {
            "lake_root": told.settings.lake.root,
            "env": "test",
            "role": "agent",
            "customer_id": customer_id,
        },
    )


def test_the_notebook_tells_of_sam_whatever_his_sources_call_him(
    told: SmallLake, owner: dict[str, str]
) -> None:
    shown = read_by_an_agent(told, owner[SAM[0]])
    ((name, _),) = shown.table("display_name", "journey_stage")
    assert name == "Samuel Smith"


def test_the_notebook_tells_sarahs_story(told: SmallLake, owner: dict[str, str]) -> None:
    shown = read_by_an_agent(told, owner["shop:A-SARAH"])
    ((name, stage),) = shown.table("display_name", "journey_stage")
    assert (name, stage) == ("Sarah Okonkwo", "new")
    assert shown.table("page_paths", "cart_state")[0] == (["/product/sku-00079"], "abandoned")
    assert [row[0] for row in shown.table("event_type", "title")][:2] == [
        "ticket_closed",
        "ticket_opened",
    ]


def test_what_gold_tells_adds_up_to_what_silver_tells(told: SmallLake) -> None:
    by_fact = defaultdict(set)
    for row in rows(told, "gold.reconciliation"):
        by_fact[row["fact"]].add(row["is_equal"])
    told_of = ("order", "order_line", "return", "web_event")
    assert dict(by_fact) == {fact: {True} for fact in told_of}


def test_gold_made_again_from_todays_silver_linkage_and_ops_is_the_same(told: SmallLake) -> None:
    before = digests(told.lake)
    told.run("gold-again", DAY_1, only=["gold"])
    after = digests(told.lake)
    gold = {table for table in before if table.startswith("gold.")}
    assert gold
    assert {t for t in gold if before[t] != after[t]} == set()
