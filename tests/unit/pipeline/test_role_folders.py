"""An export of a role deletes and replaces what exports wrote, and nothing else that lies in its folder."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pyarrow as pa
import pytest
from deltalake import CommitProperties, Transaction, write_deltalake

from lakehouse.errors import InputError
from lakehouse.pipeline.lake import Lake
from lakehouse.pipeline.role_tables import _make_room, export_role
from lakehouse.storage.delta_tables import DeltaTables
from lakehouse.storage.kill_points import KillPoints
from lakehouse.storage.locations import Locations
from lakehouse.storage.locks import Locks
from tests.support.plain_lake import PlainLake

EXPORT = "c360:roles"


def table(place: Path, app: str | None, customers: tuple[str, ...] = ("Ann",)) -> None:
    """Writes a table, under a key of this app."""
    done = CommitProperties(app_transactions=[Transaction(app, 1)]) if app else None
    rows = pa.table({"customer_id": pa.array(customers, type=pa.string())})
    write_deltalake(str(place), rows, commit_properties=done)


def make_room(folder: Path, *seen: str) -> None:
    """What an export to the folder does before it writes; none of it asks Spark."""
    locks = Locks(str(folder), "flock")
    tables = DeltaTables(cast(Any, None), Locations(str(folder)), locks, KillPoints(None))
    _make_room(cast(Lake, SimpleNamespace(specs={})), tables, str(folder), {*seen})


def tables_in(folder: Path) -> set[str]:
    return {str(log.parent.relative_to(folder)) for log in folder.glob("*/*/_delta_log")}


def test_only_tables_that_an_export_wrote_are_deleted(tmp_path: Path) -> None:
    table(tmp_path / "gold" / "customer", EXPORT)
    table(tmp_path / "gold" / "household", EXPORT)
    table(tmp_path / "gold" / "my_customers", None)
    table(tmp_path / "gold" / "customer_order", "c360:gold.customer_order")
    table(tmp_path / "bronze" / "crm_contact", "c360:bronze.crm_contact")
    table(tmp_path / "work" / "segments", None)
    table(tmp_path / "work" / "v1.2", None)
    table(tmp_path / "gold" / "v1.2", EXPORT)
    (tmp_path / "gold" / "never_made" / "_delta_log").mkdir(parents=True)
    before = tables_in(tmp_path)

    make_room(tmp_path, "gold.customer")

    assert before - tables_in(tmp_path) == {"gold/household"}


def test_nothing_is_touched_where_rows_of_others_are_in_the_way(tmp_path: Path) -> None:
    table(tmp_path / "gold" / "customer", None)
    table(tmp_path / "gold" / "household", EXPORT)

    with pytest.raises(InputError, match=r"gold\.customer below .* not written by an export"):
        make_room(tmp_path, "gold.customer")

    assert tables_in(tmp_path) == {"gold/customer", "gold/household"}


def test_a_table_that_a_killed_export_created_and_did_not_fill_is_in_nobodys_way(
    tmp_path: Path,
) -> None:
    table(tmp_path / "gold" / "customer", None, customers=())

    make_room(tmp_path, "gold.customer")

    assert tables_in(tmp_path) == {"gold/customer"}


def test_a_deletion_that_was_killed_is_finished_by_the_next_export(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    household = tmp_path / "gold" / "household"
    table(household, EXPORT)

    def killed(folder: Path) -> None:
        # The log goes first; the rows are there yet.
        (next(folder.glob("_delta_log/*.json"))).unlink()
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("lakehouse.storage.delta_tables.shutil.rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            make_room(tmp_path)
    assert not household.exists()
    assert len([*tmp_path.rglob("*.parquet")]) == 1

    make_room(tmp_path)

    assert [*tmp_path.rglob("*.parquet")] == []


@pytest.mark.parametrize(
    ("root", "to"),
    [
        ("analyst", "."),
        ("analyst/lake", "."),
        ("lake", "lake"),
        ("lake", "lake/gold"),
        ("lake", "lake-keys"),
        ("lake", "landing"),
        ("lake", "x/../work"),
    ],
)
def test_a_folder_that_is_or_holds_or_lies_in_one_of_the_lake_is_refused(
    tmp_path: Path, root: str, to: str
) -> None:
    lake = PlainLake(tmp_path / root)
    settings = lake.settings(
        **{"lake.landing": f"{tmp_path}/landing", "lake.work_dir": f"{tmp_path}/work"}
    )

    # There is no release: whoever looked at the lake first would say so.
    with pytest.raises(InputError, match="folder of the lake itself"):
        export_role(settings, "analyst", f"{tmp_path}/{to}")

    assert [*tmp_path.iterdir()] == []
