"""What a released lake tells of its links: why two records are one customer, and what was measured."""

from dataclasses import replace
from pathlib import Path

import pytest

from lakehouse.errors import InputError, NotFoundError
from lakehouse.linkage.artefact import latest_model, load_model
from lakehouse.linkage.explain import Explanation, ScoredPair
from lakehouse.pipeline import explanations
from lakehouse.pipeline.attempt import kept_release
from lakehouse.pipeline.commands import evaluate_decisions
from lakehouse.pipeline.explanation_page import write_explanation
from lakehouse.pipeline.explanations import PairExplained, customer_explained, pair_explained
from lakehouse.pipeline.stewardship import decide, review_tasks
from lakehouse.report import Report
from lakehouse.settings.linkage import LinkageMetric
from tests.support.lake import SmallLake, copy_of


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
    report = pair_explained(small_lake.lake, records[0], records[1]).report
    assert f"Both records are customer {customer}" in report.lines[0]
    assert report.grids
    path = latest_model(small_lake.settings.linkage.models)
    assert path is not None
    prior = load_model(path).prior_weight
    (pair,) = [grid for grid in report.grids if grid.title == "Their own pair, in bits"]
    told = {row[0]: (row[2], row[4]) for row in pair.rows}
    # Nothing has changed since: what the run found and what is found now is the same.
    assert told["before any comparison"] == (pytest.approx(prior), pytest.approx(prior))
    assert told["together"][0] == pytest.approx(told["together"][1])
    assert {row[0] for row in pair.rows} >= {"given_name", "family_name", "email"}


def test_records_of_two_customers_are_explained_too(
    small_lake: SmallLake, customers: dict[str, list[str]]
) -> None:
    (one, records), (two, others) = sorted(customers.items())[:2]
    report = pair_explained(small_lake.lake, records[0], others[0]).report
    assert f"two customers, {one} and {two}: " in report.lines[0]
    pair = report.grids[0]
    is_dropped = "they were compared" in report.lines[0]
    then = "when it was dropped" if is_dropped else "not kept"
    assert pair.columns[2:] == (then, "reaches", "now")
    assert next(row[4] for row in pair.rows if row[0] == "above what is asked") < 0


def test_each_pair_that_leads_from_one_record_to_another_is_told_comparison_by_comparison(
    small_lake: SmallLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The small lake has no customer whom a chain holds together: two pairs of it are told as one."""
    edges = small_lake.lake.tables.read("linkage.scored_edge").select(*ScoredPair._fields)
    way = tuple(ScoredPair(*row) for row in edges.orderBy("record_key_l").limit(2).collect())
    start, end = way[0].record_key_l, way[1].record_key_r
    real = explanations.explanation

    def by_a_chain(*told: object, **more: object) -> Explanation:
        return replace(real(*told, **more), direct=None, chain=way)  # type: ignore[arg-type]

    monkeypatch.setattr(explanations, "explanation", by_a_chain)

    report = pair_explained(small_lake.lake, start, end).report

    grids = {grid.title: grid for grid in report.grids}
    assert len(grids["From one to the other"].rows) == len(way)
    for pair in way:
        told = grids[f"{pair.record_key_l} and {pair.record_key_r}, in bits"]
        rows = {row[0]: (row[2], row[4]) for row in told.rows}
        assert {name: then for name, (then, _) in rows.items() if name in pair.weights} == dict(
            pair.weights
        )
        # Nothing has changed since.
        assert rows["together"] == (pytest.approx(pair.match_weight),) * 2


def test_a_customer_is_told_by_its_events_and_the_pairs_that_hold_it(
    small_lake: SmallLake, customers: dict[str, list[str]]
) -> None:
    customer, records = max(customers.items(), key=lambda item: (len(item[1]), item[0]))
    report = customer_explained(small_lake.lake, customer)
    history, together = report.grids
    assert [row[1] for row in history.rows] == ["created"]
    assert len(together.rows) == len(records) - 1
    assert report.lines == [f"The customer has {len(records)} records."]


def test_an_explanation_is_written_as_a_page_or_a_chart_that_runs_no_script(
    small_lake: SmallLake, customers: dict[str, list[str]], tmp_path: Path
) -> None:
    records = max(customers.values(), key=lambda records: (len(records), records))
    found = pair_explained(small_lake.lake, records[0], records[1])
    page, chart = tmp_path / "why.html", tmp_path / "why.svg"
    write_explanation(small_lake.lake, found, page)
    write_explanation(small_lake.lake, found, chart)
    text, drawn = page.read_text(), chart.read_text()
    assert text.count("<svg") == len(found.pairs)
    assert "Final score" in drawn
    assert "family_name" in drawn
    assert "<script" not in text + drawn
    assert "http" not in text.replace("http://www.w3.org/", "").replace("http-equiv", "")


def test_of_records_that_were_never_compared_there_is_no_chart(
    small_lake: SmallLake, tmp_path: Path
) -> None:
    nothing = PairExplained(Report(lines=["never compared"]), (), frozenset())
    with pytest.raises(InputError, match="never compared"):
        write_explanation(small_lake.lake, nothing, tmp_path / "why.svg")
    write_explanation(small_lake.lake, nothing, tmp_path / "why.html")
    assert "never compared" in (tmp_path / "why.html").read_text()


def test_the_released_links_are_held_against_what_stewards_decided(
    small_lake: SmallLake,
    customers: dict[str, list[str]],
    company: Path,
    tmp_path: Path,
) -> None:
    made = copy_of(small_lake, company, tmp_path)
    edges = made.lake.tables.read("linkage.scored_edge").where("contradiction is null")
    surest = edges.orderBy("join_margin", "record_key_l", ascending=False).first()
    assert surest is not None
    # Of these two there is no pair: nothing brings them near each other.
    strangers = [records[0] for _, records in sorted(customers.items())[:2]]
    decide(made.lake, surest.record_key_l, surest.record_key_r, "same", by="maria", reason="known")
    decide(made.lake, *strangers, "different", by="maria", reason="met both")

    told = evaluate_decisions(made.settings)

    pairs, shares, _ = told.grids
    assert pairs.title == "2 decided pairs, 1 of them never scored"
    assert [tuple(row) for row in pairs.rows] == [("same", 1, 1), ("different", 1, 0)]
    assert tuple(shares.rows[0]) == (1.0, 1.0, pytest.approx(0.0, abs=0.01))


def test_a_release_that_is_not_kept_cannot_be_explained(small_lake: SmallLake) -> None:
    assert kept_release(small_lake.lake, 1) == small_lake.lake.release()
    with pytest.raises(NotFoundError, match="name one of 1 to 1"):
        kept_release(small_lake.lake, 7)


def test_what_nobody_knows_cannot_be_explained(
    small_lake: SmallLake, customers: dict[str, list[str]]
) -> None:
    with pytest.raises(NotFoundError, match="No such customer"):
        customer_explained(small_lake.lake, "nobody")
    record = next(iter(customers.values()))[0]
    with pytest.raises(NotFoundError, match="No person record nothing"):
        pair_explained(small_lake.lake, record, "nothing")


def test_every_doubt_of_a_run_names_records_and_customers_of_its_release(
    small_lake: SmallLake, customers: dict[str, list[str]]
) -> None:
    tasks = review_tasks(small_lake.lake).collect()
    assert small_lake.lake.release().versions["ops.review_task"] > 0
    for task in tasks:
        assert task.record_key_l in customers[task.customer_id_l]
        assert task.record_key_r in customers[task.customer_id_r]
        assert task.masked_l.keys() >= {"country"}


def test_a_run_measures_its_links(small_lake: SmallLake, customers: dict[str, list[str]]) -> None:
    rows = small_lake.lake.tables.read("ops.linkage_quality").where("run_id = 'day-1'").collect()
    found = {row.metric: row.value for row in rows}
    assert found.keys() == set(LinkageMetric)
    assert found["customers"] == len(customers)
    assert found["records"] == sum(map(len, customers.values()))
    assert found["moved_record_share"] is None
