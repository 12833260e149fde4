"""What a released lake tells of its links: why two records are one customer, and what was measured."""

import pytest

from lakehouse.errors import NotFoundError
from lakehouse.linkage.artefact import latest_model, load_model
from lakehouse.pipeline.explanations import customer_explained, pair_explained
from lakehouse.settings.linkage import LinkageMetric
from tests.support.lake import SmallLake


@pytest.fixture(scope="module")
def customers(small_lake: SmallLake) -> dict[str, list[str]]:
    """The records of every customer, in order."""
    found: dict[str, list[str]] = {}
    for row in small_lake.lake.tables.read("linkage.identity_map").orderBy("record_key").collect():
        found.setdefault(row.customer_id, []).append(row.record_key)
    return found


def test_two_records_of_a_customer_are_explained_by_their_pair_or_a_chain(
    small_lake: SmallLake, customers: dict[str, list[str]]
) -> None:
    customer, records = max(customers.items(), key=lambda item: (len(item[1]), item[0]))
    report = pair_explained(small_lake.lake, records[0], records[1])
    assert f"Both records are customer {customer}" in report.lines[0]
    assert report.grids
    path = latest_model(small_lake.settings.linkage.models)
    assert path is not None
    prior = load_model(path).prior_weight
    befores = [grid.rows[0][-1] for grid in report.grids if "in bits" in grid.title]
    assert befores == [pytest.approx(prior)] * len(befores)


def test_records_of_two_customers_are_explained_too(
    small_lake: SmallLake, customers: dict[str, list[str]]
) -> None:
    (one, records), (two, others) = sorted(customers.items())[:2]
    (line,) = pair_explained(small_lake.lake, records[0], others[0]).lines
    assert f"two customers, {one} and {two}: " in line


def test_a_customer_is_told_by_its_events_and_the_pairs_that_hold_it(
    small_lake: SmallLake, customers: dict[str, list[str]]
) -> None:
    customer, records = max(customers.items(), key=lambda item: (len(item[1]), item[0]))
    report = customer_explained(small_lake.lake, customer)
    history, together = report.grids
    assert [row[1] for row in history.rows] == ["created"]
    assert len(together.rows) == len(records) - 1
    assert report.lines == [f"The customer has {len(records)} records."]


def test_what_nobody_knows_cannot_be_explained(
    small_lake: SmallLake, customers: dict[str, list[str]]
) -> None:
    with pytest.raises(NotFoundError, match="No such customer"):
        customer_explained(small_lake.lake, "nobody")
    record = next(iter(customers.values()))[0]
    with pytest.raises(NotFoundError, match="No person record nothing"):
        pair_explained(small_lake.lake, record, "nothing")


def test_a_run_measures_its_links(small_lake: SmallLake, customers: dict[str, list[str]]) -> None:
    rows = small_lake.lake.tables.read("ops.linkage_quality").where("run_id = 'day-1'").collect()
    found = {row.metric: row.value for row in rows}
    assert found.keys() == set(LinkageMetric)
    assert found["customers"] == len(customers)
    assert found["records"] == sum(map(len, customers.values()))
    assert found["moved_record_share"] is None
