"""A lake that encrypts: no name lies outside of gold, and all that is told is as in a lake that does not."""

from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lakehouse.pipeline import erasure
from lakehouse.pipeline.attribute_stewardship import set_attributes
from lakehouse.pipeline.lake import Lake
from lakehouse.storage.released_tables import Row, released_tables
from lakehouse.storage.releases import current_release
from lakehouse.tables.linkage import RECORD_EVIDENCE
from lakehouse.tables.ops import QUARANTINE
from lakehouse.tables.silver import ORDER, PERSON_RECORD
from lakehouse.tables.spec import Layer, TableSpec
from tests.support.independent_scan import plain_traces
from tests.support.lake import DAY_1, DAY_2, SmallLake, digests, small_lake_at

ENCRYPTS = {"lake.encryption.at_rest": "true"}
CLEARED = ("gold/", "serve/")
"""What the roles that it is made for may see."""
RUN_IDS = ("day-1", "day-2")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def encrypted(
    spark: SparkSession, company: Path, tmp_path_factory: pytest.TempPathFactory
) -> SmallLake:
    """The same two days as `second_day`, in a lake that encrypts."""
    made = small_lake_at(tmp_path_factory.mktemp("encrypted"), company, **ENCRYPTS)
    made.run("day-1", DAY_1)
    made.run("day-2", DAY_2)
    return made


def of_gold(small: SmallLake) -> dict[str, str]:
    return {t: d for t, d in digests(small.lake).items() if t.startswith(("gold.", "serve."))}


def told_values(small: SmallLake) -> set[str]:
    """Addresses, numbers and whole names, as sources wrote them and as silver has them."""
    release = current_release(small.lake.tables)
    specs = [s.bronze_table for s in small.settings.sources if "person" in str(s.feeds)]
    found: set[str] = set()
    for spec in (*specs, PERSON_RECORD):
        texts = [
            name
            for name in spec.encrypted_columns
            # A source's number is a pseudonym, and lies in the clear where the source has it.
            if spec.column(name).type == "string" and name != "source_record_id"
        ]
        for row in small.lake.released(release, spec.name).select(*texts).collect():
            found |= {value for value in row if value and len(value) >= 9}
    return found


def decided_values(lake: Lake) -> set[str]:
    """What a steward decides, and why: of an address that no source has."""
    people = lake.released(lake.release(), PERSON_RECORD.name).select("record_key")
    (somebody,) = people.orderBy("record_key").limit(1).collect()
    street, reason = "14 Nightingale Crescent", "Ann Ostrander wrote from there"
    set_attributes(
        lake, somebody.record_key, "address", {"street": street}, by="maria", reason=reason
    )
    return {street, reason}


def test_gold_is_as_in_a_lake_that_does_not_encrypt(
    encrypted: SmallLake, second_day: SmallLake
) -> None:
    assert of_gold(encrypted) == of_gold(second_day)


def test_no_known_value_lies_outside_of_gold(encrypted: SmallLake, second_day: SmallLake) -> None:
    values = told_values(second_day)
    assert len(values) > 300
    assert told_values(encrypted) == values
    values |= decided_values(encrypted.lake)

    root = Path(encrypted.settings.lake.root)
    assert plain_traces(root, values, CLEARED) == {}
    assert plain_traces(Path(encrypted.settings.lake.keys_root), values) == {}
    # The search finds them where they do lie.
    clear = plain_traces(Path(second_day.settings.lake.root), values, CLEARED)
    assert {name.split("/")[0] for name in clear} >= {"bronze", "silver"}


@pytest.mark.parametrize("spec", [PERSON_RECORD, ORDER, RECORD_EVIDENCE, QUARANTINE, None], ids=str)
def test_without_spark_rows_are_told_as_in_a_lake_that_does_not_encrypt(
    spec: TableSpec | None, encrypted: SmallLake, second_day: SmallLake
) -> None:
    spec = spec or encrypted.lake.specs["bronze.crm_contact"]
    names = [n for n in spec.content_columns if n != "run_id"]

    def rows(small: SmallLake) -> list[Row]:
        found = released_tables(small.settings.lake).rows(spec, columns=names)
        return sorted(found, key=str)

    assert rows(encrypted) == rows(second_day)


def test_who_is_erased_can_be_read_in_no_earlier_version_and_all_others_can(
    encrypted: SmallLake,
) -> None:
    lake = encrypted.lake
    before = lake.release()
    people = lake.released(before, PERSON_RECORD.name).where("source_feed = 'crm_contact'")
    her = people.orderBy("record_key").select("record_key", "source_record_id").collect()[0]
    tables = [t for t in before.versions if t.startswith((f"{Layer.SILVER}.", "linkage."))]

    planned = erasure.plan(lake, [her.record_key], None, "officer")
    erasure.approve(lake, planned.erasure_id, "head")
    (done,) = erasure.execute(lake, [planned.erasure_id])

    assert int(str(done.detail("executed")["dropped_keys"])) > 0
    contacts = lake.read_at("bronze.crm_contact", before.versions["bronze.crm_contact"])
    is_hers = F.col("contact_id") == her.source_record_id
    hers = contacts.where(is_hers).select("first_name", "email", "phone").collect()
    assert hers
    assert all(value is None for row in hers for value in row)
    assert contacts.where(~is_hers & F.col("last_name").isNotNull()).count() > 20
    for table in tables:
        spec = lake.specs[table]
        old = lake.read_at(table, before.versions[table])
        for name in spec.encrypted_columns:
            assert old.where(F.col(name).isNotNull()).count() == 0
    now = lake.released(lake.release(), PERSON_RECORD.name)
    assert now.where("full_name is not null").count() > 0
