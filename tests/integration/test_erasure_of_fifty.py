"""Fifty people of the demo company are erased by one run: no trace of them, and nobody else is touched."""

import shutil
from pathlib import Path

import pytest
from pyspark.sql import functions as F

from lakehouse.pipeline import erasure, erasure_proof, stewardship
from lakehouse.pipeline.lake import Lake
from lakehouse.storage.releases import current_release
from tests.support.archive_truth import read_truth
from tests.support.demo_people import own_values, record_keys, sharing, some_people
from tests.support.erased_people import ERASED, VALUES, keys_of
from tests.support.independent_scan import traces
from tests.support.lake import DAY_2, SmallLake, all_feeds, small_lake_at

pytestmark = pytest.mark.slow

PEOPLE = 50
SPARED = ("ops/suppression", "truth/")
"""What may know them: the list of who must not come back, by keyed hashes, and the generator's own notes."""


@pytest.fixture
def mine(demo_company: SmallLake, tmp_path: Path) -> SmallLake:
    """A copy of the company's lake, its files and its truth, which the test may change."""
    original = Path(demo_company.settings.lake.root).parent
    for part in ("lake", "models", "landing", "truth"):
        shutil.copytree(original / part, tmp_path / part)
    return small_lake_at(tmp_path, tmp_path, feeds=all_feeds(), whole=True)


def customers(lake: Lake) -> dict[str, str]:
    """By record, its customer now."""
    known = lake.released(current_release(lake.tables), "linkage.identity_map")
    rows = known.where(F.col("valid_to").isNull()).select("record_key", "customer_id").collect()
    return {row.record_key: row.customer_id for row in rows}


def merge_and_split(small: SmallLake, one: str, other: str) -> None:
    """A steward takes two records for one person's, and a release later for two people's again."""
    for decision, run_id in (("same", "merged"), ("different", "split")):
        if decision == "different":
            stewardship.withdraw(small.lake, one, other, by="maria", reason="a mistake")
        stewardship.decide(small.lake, one, other, decision, by="maria", reason="says so")
        small.run(run_id, DAY_2, ("linkage", "gold"))
        found = customers(small.lake)
        assert (found[one] == found[other]) is (decision == "same")


def test_fifty_people_at_once_leave_no_trace_and_everybody_else_keeps_their_id(
    mine: SmallLake, tmp_path: Path
) -> None:
    truth = read_truth(tmp_path / "lake", tmp_path / "truth")
    people = some_people(truth, PEOPLE - len(ERASED))
    assert any({*group} & {*people} and {*group} - {*people} for group in sharing(truth))
    keys = [key for person in people for key in record_keys(truth, person)]
    keys += keys_of(mine, ERASED)
    staying = min(
        row["record_key"] for row in truth.silver.values() if row["record_key"] not in keys
    )
    merge_and_split(mine, keys[0], staying)
    before = customers(mine.lake)
    values = sorted({*own_values(truth, people), *VALUES, *keys})
    assert len(values) > 10 * PEOPLE
    there = traces(tmp_path, values, SPARED)
    assert {value for found in there.values() for value in found} == {*values}

    planned = erasure.plan(mine.lake, keys, None, "officer")
    erasure.approve(mine.lake, planned.erasure_id, "head")
    erasure.execute(mine.lake, [planned.erasure_id])
    certificate = erasure_proof.prove(mine.lake, planned.erasure_id, retention_hours=0)

    assert traces(tmp_path, values, SPARED) == {}
    assert certificate["records"] == len(keys)
    # A record that is held, or gone from its source, is no customer's; linkage may take two people for one.
    theirs = {before[key] for key in keys if key in before}
    assert len(theirs) >= PEOPLE - 1
    others = {key: customer for key, customer in before.items() if customer not in theirs}
    after = customers(mine.lake)
    assert {key: after.get(key) for key in others} == others
    assert after.keys() == before.keys() - {*keys}
