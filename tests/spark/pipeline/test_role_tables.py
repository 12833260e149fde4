"""A release as a role sees it, in tables of its own: masked, tokenised, filtered, and nothing of before."""

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from pyspark.sql import SparkSession

from lakehouse.errors import AccessError, InputError
from lakehouse.pipeline.audit import audit_log
from lakehouse.pipeline.erased_role_tables import (
    make_role_tables_anew,
    planned_role_tables,
    tokens_in_role_tables,
)
from lakehouse.pipeline.lake import open_lake
from lakehouse.pipeline.reader_tables import reader_keys
from lakehouse.pipeline.role_tables import export_role
from lakehouse.privacy.tokens import token
from lakehouse.settings.models import Settings
from lakehouse.tables.gold import CUSTOMER, CUSTOMER_IDENTIFIER, CUSTOMER_ORDER
from tests.support.independent_scan import plain_traces
from tests.support.plain_lake import PlainLake

DAY = date(2026, 1, 5)
ANN = {"customer_id": "customer-ann", "email": "ann@post.org", "postcode": "LS1 4AP", "country": "GB",
       "birth_date": date(1980, 5, 6)}  # fmt: skip
BOB = {"customer_id": "customer-bob", "email": "bob@post.org", "postcode": "75001", "country": "FR"}
ORDERS = [
    {"record_key": f"order-{n}", "customer_id": p["customer_id"]} for n, p in ((1, ANN), (2, BOB))
]
NUMBERS = [
    {"customer_id": "customer-ann", "identifier_type": "email", "identifier_value": "ann@post.org"}
]


def with_analyst(settings: Settings, **changed: Any) -> Settings:
    """The settings, in which the analyst is another one."""
    analyst = settings.roles.roles["analyst"].model_copy(update=changed)
    roles = {**settings.roles.roles, "analyst": analyst}
    return settings.model_copy(update={"roles": settings.roles.model_copy(update={"roles": roles})})


@pytest.mark.slow
def test_tables_of_a_role_hold_what_it_sees_of_the_release_and_nothing_of_before(
    spark: SparkSession, tmp_path: Path
) -> None:
    # As conf has it: by default vacuum starts 10,000 tasks to list one folder.
    spark.conf.set("spark.sql.sources.parallelPartitionDiscovery.parallelism", "8")
    lake = PlainLake(tmp_path / "lake")
    settings = lake.settings()
    place = lake.root / "roles" / "analyst"
    tokens = reader_keys(settings, settings.roles.roles["analyst"])
    ann, bob = (token(tokens, f"customer-{name}") for name in ("ann", "bob"))

    def export(given: Settings = settings) -> dict[str, tuple[int, str]]:
        (grid,) = export_role(given, "analyst", None).grids
        return {str(table): (rows, done) for table, rows, done in grid.rows}  # type: ignore[misc]

    def seen(table: str, *columns: str) -> set[tuple[Any, ...]]:
        rows = DeltaTable(place / "gold" / table).to_pyarrow_table(columns=[*columns]).to_pylist()
        return {tuple(row.values()) for row in rows}

    # Version 0 of a table is the empty one.
    lake.release(DAY, {CUSTOMER: [], CUSTOMER_ORDER: [], CUSTOMER_IDENTIFIER: []})
    lake.release(DAY, {CUSTOMER: [ANN, BOB], CUSTOMER_ORDER: ORDERS, CUSTOMER_IDENTIFIER: NUMBERS})
    # As an earlier state of the product, of another type, and the analysts themselves wrote them.
    by_export = CommitProperties(app_transactions=[Transaction("c360:roles", 1)])
    numbers = pa.table({"customer_id": pa.array([1], type=pa.int64())})
    write_deltalake(place / "gold" / "customer_identifier", numbers, commit_properties=by_export)
    write_deltalake(place / "gold" / "segment", numbers)
    assert export() == {
        "gold.customer": (2, "written"),
        "gold.customer_order": (2, "written"),
        "gold.customer_identifier": (1, "written"),
    }
    assert seen("customer", "customer_id", "email", "postcode", "birth_date") == {
        (ann, None, "LS1", date(1980, 1, 1)),
        (bob, None, "75***", None),
    }
    assert {owner for (owner,) in seen("customer_order", "customer_id")} == {ann, bob}
    clear = {ANN["customer_id"], BOB["customer_id"], "ann@post.org", "bob@post.org", "LS1 4AP"}
    assert plain_traces(place, map(str, clear)) == {}
    assert b'"roles export"' in audit_log(settings).content()[0][-1]

    assert {done for _, done in export().values()} == {"as it was"}

    french = with_analyst(settings, rows={"country": ("FR",)})
    assert {rows for rows, _ in export(french).values()} == {1, 0}
    assert seen("customer_order", "customer_id") == {(bob,)}
    assert plain_traces(place, [ann]) == {}, "an earlier version is still there"

    lake.release(DAY, {CUSTOMER: [ANN]})
    marketing = with_analyst(settings, purposes=("marketing",))
    assert export(marketing)["gold.customer"] == (1, "written")
    assert not (place / "gold" / "customer_identifier").exists()
    assert (place / "gold" / "segment").exists(), "no export wrote that"
    assert plain_traces(place, [ann, bob]) == {}, "these are the tokens of other purposes"


@pytest.mark.slow
def test_an_erasure_makes_tables_of_roles_anew_wherever_exports_have_put_them(
    spark: SparkSession, tmp_path: Path
) -> None:
    spark.conf.set("spark.sql.sources.parallelPartitionDiscovery.parallelism", "8")
    lake = PlainLake(tmp_path / "lake")
    settings = lake.settings()
    lake.release(DAY, {CUSTOMER: []})
    lake.release(DAY, {CUSTOMER: [ANN, BOB]})
    for role, to in (("analyst", None), ("agent", "desk"), ("marketer", "carried_off")):
        export_role(settings, role, to and str(tmp_path / to))
    shutil.rmtree(tmp_path / "carried_off")
    analyst, agent = lake.root / "roles" / "analyst", tmp_path / "desk" / "agent"
    opened = open_lake(settings)
    hers = tokens_in_role_tables(opened, ["customer-ann"]) | {"customer-ann", "ann@post.org"}
    assert plain_traces(analyst, hers)
    assert plain_traces(agent, hers)

    planned = planned_role_tables(opened)
    lake.release(DAY, {CUSTOMER: [BOB]})
    done = make_role_tables_anew(opened)

    assert planned == {
        f"{place}/gold/customer": {"rows": 2, "files": 1} for place in (agent, analyst)
    }
    assert done == {
        str(analyst): "made anew",
        str(agent): "made anew",
        str(tmp_path / "carried_off" / "marketer"): "out of reach: not there",
    }
    assert plain_traces(lake.root / "roles", hers) == {}
    assert plain_traces(tmp_path / "desk", hers) == {}
    assert DeltaTable(agent / "gold" / "customer").to_pyarrow_table()["email"].to_pylist() == [
        "bob@post.org"
    ]

    roles = {n: role for n, role in settings.roles.roles.items() if n != "agent"}
    known = settings.model_copy(
        update={"roles": settings.roles.model_copy(update={"roles": roles})}
    )
    done = make_role_tables_anew(replace(opened, settings=known))
    assert done[str(agent)] == "deleted: conf has no such role"
    assert not (agent / "gold" / "customer").exists()


def test_who_sees_no_identifiers_exports_none_and_a_role_must_be_there(tmp_path: Path) -> None:
    lake = PlainLake(tmp_path / "lake")
    with pytest.raises(AccessError, match="does not see identifiers"):
        export_role(lake.settings(**{"roles.reader": "marketer"}), "privacy_officer", None)
    with pytest.raises(InputError, match="no role reader"):
        export_role(lake.settings(), "reader", None)
    assert not lake.root.exists()
