"""Three people are erased: no trace is left of them, everybody else is as if they had never been there."""

import shutil
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lakehouse.errors import InputError, NotFoundError
from lakehouse.pipeline import attempt as attempts
from lakehouse.pipeline import erasure, erasure_proof, suppression
from lakehouse.pipeline.lake import Lake
from lakehouse.privacy.certificate import is_genuine
from lakehouse.storage.kill_points import AFTER_COMMIT, AFTER_DELETE, AFTER_RECORD
from lakehouse.storage.plain_log import PlainLog
from lakehouse.storage.released_tables import released_tables
from lakehouse.storage.releases import current_release
from lakehouse.tables.audience import AUDIENCE_EXPORT
from tests.support.erased_people import (
    BOUND_ERASED,
    BOUND_STAYING,
    ERASED,
    MERGOLA,
    STAYING,
    TILDA,
    VALUES,
    Person,
    add_people,
    keys_of,
)
from tests.support.independent_scan import traces
from tests.support.lake import DAY_1, DAY_2, SmallLake, digest, generated, small_lake_at
from tests.support.lake_commands import started_erasure

SPARED = ("ops/suppression", "ops/erasure_mark", "ops/erased_row")
"""What may still know the erased: by keyed hashes, and until the proof."""
OF_OTHERS = (
    *("silver.person_record", "linkage.shared_identifier"),
    *("linkage.cluster", "linkage.identity_map"),
    *("gold.customer", "gold.customer_attribute", "gold.customer_identifier"),
    *("gold.customer_contact_point", "gold.customer_history", "gold.customer_order"),
    *("gold.customer_order_line", "gold.customer_metric"),
)
KILLED_AT = (
    f"ops.suppression.{AFTER_COMMIT}",
    f"ops.landing_file.{AFTER_COMMIT}",
    f"bronze.crm_contact.{AFTER_DELETE}",
    f"linkage.identity_map.{AFTER_COMMIT}",
    f"linkage.touched_record.{AFTER_DELETE}",
    f"ops.release.{AFTER_COMMIT}",
    f"erasure.{AFTER_RECORD}",
    f"landing.{AFTER_RECORD}:2",
)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = generated(tmp_path_factory.mktemp("erasure_company"))
    add_people(made, "2026-01-05", [*ERASED, *STAYING, *BOUND_ERASED, *BOUND_STAYING])
    return made


@pytest.fixture(scope="module")
def with_them(
    spark: SparkSession, files: Path, tmp_path_factory: pytest.TempPathFactory
) -> SmallLake:
    made = small_lake_at(tmp_path_factory.mktemp("with_them"), files)
    made.run("day-1", DAY_1)
    return made


@pytest.fixture
def encrypted(spark: SparkSession, files: Path, tmp_path: Path) -> SmallLake:
    """The same in a lake that encrypts, as conf's default is, which the test may change."""
    shutil.copytree(files, tmp_path / "files")
    at_rest = {"lake.encryption.at_rest": "true"}
    made = small_lake_at(tmp_path, tmp_path / "files", **at_rest)
    made.run("day-1", DAY_1)
    return made


@pytest.fixture
def mine(with_them: SmallLake, files: Path, tmp_path: Path) -> SmallLake:
    """A copy of the lake and of its files, which the test may change."""
    original = Path(with_them.settings.lake.root).parent
    shutil.copytree(original / "lake", tmp_path / "lake")
    shutil.copytree(original / "models", tmp_path / "models")
    shutil.copytree(files, tmp_path / "files")
    return small_lake_at(tmp_path, tmp_path / "files")


def approved(small: SmallLake, people: Sequence[Person] = ERASED) -> str:
    planned = erasure.plan(small.lake, keys_of(small, people), "R-1", "officer")
    return erasure.approve(small.lake, planned.erasure_id, "head").erasure_id


@pytest.mark.slow
@pytest.mark.parametrize("lake", ["mine", "encrypted"])
def test_three_people_leave_no_trace_do_not_come_back_and_may_again_when_that_is_lifted(
    lake: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    mine: SmallLake = request.getfixturevalue(lake)
    assert traces(tmp_path, VALUES, SPARED)
    assert {name.split(".")[0] for name in told(mine)} == {
        "bronze",
        "silver",
        "linkage",
        "gold",
        "ops",
    }
    theirs = customers_of(mine, keys_of(mine, ERASED))
    outbox = exported(mine, min(theirs), tmp_path / "outbox")
    erasure_id = approved(mine)

    (done,) = erasure.execute(mine.lake, [erasure_id])
    assert done.detail("planned")["exports"] == [str(outbox)]
    assert done.detail("executed")["exports"] == {str(outbox): "deleted"}

    # Readers: no release with them can be opened any more.
    number = done.steps["executed"].release_number
    with pytest.raises(NotFoundError, match="erased"):
        attempts.revert(mine.lake, number - 1)
    with pytest.raises(NotFoundError, match="erased"):
        released_tables(mine.settings.lake, number=number - 1)
    with pytest.raises(InputError, match="stay until"):
        erasure_proof.prove(mine.lake, erasure_id)

    certificate = erasure_proof.prove(mine.lake, erasure_id, retention_hours=0, identifiers=VALUES)
    assert traces(tmp_path, [*VALUES, *keys_of(mine, ERASED)], ("ops/suppression",)) == {}
    assert told(mine) == {}
    assert is_genuine(certificate, mine.settings.lake.secret.get_secret_value())
    assert certificate["hits"] == 0
    assert erased_ids(mine.lake) == theirs

    # Delivered again, one under another number: nothing comes in, and the books say so.
    again = (*ERASED, *STAYING, *BOUND_ERASED, *BOUND_STAYING)
    add_people(tmp_path / "files", "2026-01-06", again)
    renumbered = [
        MERGOLA.__class__(**{**vars(MERGOLA), "contact": "C90000095", "account": "A90000095"})
    ]
    add_people(tmp_path / "files", "2026-01-06", renumbered)
    mine.run("day-2", DAY_2)
    assert names_in_gold(mine.lake) & {"Mergola", "Tilda", "Konrad"} == set()
    assert {"Talea", "Ulrike"} <= names_in_gold(mine.lake)
    landed = ("files/landing/2026-01-06", "ops/suppression")
    assert traces(tmp_path, [*VALUES, "C90000095", "A90000095"], landed) == {}
    assert told(mine) == {}
    assert suppressed_counts(mine.lake) == {"crm_contact": 4, "shop_account": 6, "shop_order": 3}

    assert suppression.lift(mine.lake, erasure_id) > 0
    folder = tmp_path / "files" / "landing" / "2026-01-07"
    shutil.copytree(tmp_path / "files" / "landing" / "2026-01-06", folder)
    for path in sorted(folder.iterdir()):
        path.rename(path.with_name(path.name.replace("2026-01-06", "2026-01-07")))
    add_people(tmp_path / "files", "2026-01-07", [TILDA])
    mine.run("day-3", date(2026, 1, 7))
    assert "Tilda" in names_in_gold(mine.lake)


def exported(small: SmallLake, customer: str, to: Path) -> Path:
    """A product's folder with an export of that customer that says all of the values."""
    place = to / "marketing_customer"
    (place / "release-000001").mkdir(parents=True)
    (place / "release-000001" / "audience.csv").write_text("\n".join(VALUES))
    row = {"product": place.name, "destination": str(to), "release_number": 1, "change": "added"}
    told = {**row, "customer_id": customer, "row_hash": "h", "exported_at": datetime.now(UTC)}
    PlainLog(small.settings.lake, AUDIENCE_EXPORT).append([told])
    return place


def told(small: SmallLake) -> dict[str, set[str]]:
    """By table of the release, which of the values its rows tell, with what is encrypted in the clear."""
    tables = released_tables(small.settings.lake)
    texts = {name: str(tables.rows(small.lake.specs[name])).lower() for name in tables.versions}
    found = {name: {value for value in VALUES if value.lower() in texts[name]} for name in texts}
    return {name: values for name, values in found.items() if values}


def customers_of(small: SmallLake, keys: Sequence[str]) -> set[str]:
    """Whose these records are now, where all of a customer's are among them."""
    known = small.lake.released(current_release(small.lake.tables), "linkage.identity_map")
    living = known.where(F.col("valid_to").isNull())
    is_theirs = F.bool_and(F.col("record_key").isin(*keys)).alias("is_theirs")
    rows = living.groupBy("customer_id").agg(is_theirs).where("is_theirs").collect()
    return {row.customer_id for row in rows}


def erased_ids(lake: Lake) -> set[str]:
    events = lake.released(current_release(lake.tables), "linkage.identity_event")
    rows = events.where(F.col("event") == "erased").collect()
    return {row.customer_id for row in rows}


def names_in_gold(lake: Lake) -> set[str]:
    rows = lake.released(current_release(lake.tables), "gold.customer").select("given_name")
    return {row.given_name for row in rows.collect()}


def suppressed_counts(lake: Lake) -> dict[str, int]:
    books = lake.released(current_release(lake.tables), "ops.feed_book")
    rows = books.where((F.col("run_id") == "day-2") & (F.col("suppressed_count") > 0)).collect()
    assert all(row.is_balanced for row in rows)
    return {row.feed: row.suppressed_count for row in rows}


@pytest.mark.slow
def test_everybody_else_is_as_in_a_world_in_which_they_never_were(
    mine: SmallLake, with_them: SmallLake, tmp_path: Path
) -> None:
    def of_others(small: SmallLake) -> dict[str, str]:
        versions = current_release(small.lake.tables).versions
        # Rows of a file lie elsewhere in a world without theirs.
        without = ("source_row_number",)
        return {t: digest(small.lake, t, versions[t], without) for t in OF_OTHERS}

    before = of_others(mine)
    verena = keys_of(mine, [BOUND_ERASED[0], BOUND_STAYING[0]])
    assert customers_of(mine, verena), "one of one customer's two records is to go"
    assert not customers_of(mine, verena[:1])

    erasure.execute(mine.lake, [approved(mine, [*ERASED, *BOUND_ERASED])])
    never = tmp_path / "never"
    company = generated(never / "files")
    add_people(company, "2026-01-05", [*STAYING, *BOUND_STAYING])
    shutil.copytree(tmp_path / "models", never / "models")
    other = small_lake_at(never, company)
    other.run("day-1", DAY_1)

    expected = of_others(other)
    assert of_others(mine) == expected
    # Of each of these tables they had changed something.
    assert {table for table in OF_OTHERS if before[table] != expected[table]} == {*OF_OTHERS}


@pytest.mark.crash_matrix
def test_an_erasure_killed_at_every_step_and_started_again_with_one_more_ends_as_one_that_was_not(
    mine: SmallLake, tmp_path: Path
) -> None:
    first, one_more = approved(mine, ERASED[:2]), approved(mine, ERASED[2:])
    for point in KILLED_AT:
        kill(tmp_path, [first], point)
    # The first is released, and some of its landing files are as they were.
    kill(tmp_path, [first, one_more], f"ops.erasure:executed.{AFTER_RECORD}")
    again = small_lake_at(tmp_path, tmp_path / "files")

    done = erasure.execute(again.lake, [first, one_more])

    assert len({found.run_of("executed") for found in done}) == 2
    for erasure_id in (first, one_more):
        erasure_proof.prove(again.lake, erasure_id, retention_hours=0, identifiers=VALUES)
    assert traces(tmp_path, VALUES, ("ops/suppression",)) == {}
    assert not list((tmp_path / "files").rglob(".erased-*"))


def kill(home: Path, erasure_ids: Sequence[str], point: str) -> None:
    """Carries these erasures out in a process that is killed at the point."""
    killed = started_erasure(home, home / "files", erasure_ids, kill=point)
    output, _ = killed.communicate(timeout=900)
    assert killed.returncode == -9, (point, output[-2000:])
