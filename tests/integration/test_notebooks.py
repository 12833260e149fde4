"""The notebooks run, cell by cell, on a released lake, and show what the lake holds."""

import json
import re
from pathlib import Path

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.linkage.artefact import latest_model, load_model
from lakehouse.pipeline.audit import audit_log
from lakehouse.settings import load
from lakehouse.storage.releases import current_release
from tests.support.cells import Cell, Shown, cells, run_notebook
from tests.support.lake import DAY_2, FEEDS, SmallLake, copy_of

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"


def released(small: SmallLake, table: str) -> DataFrame:
    versions = current_release(small.lake.tables).versions
    return small.lake.tables.read(table, versions[table])


def root_of(small: SmallLake) -> dict[str, str]:
    return {"lake_root": small.settings.lake.root, "env": "test"}


@pytest.fixture(scope="module")
def tour(small_lake: SmallLake) -> Shown:
    return run_notebook(
        NOTEBOOKS / "customer_360_tour.py", small_lake.lake.spark, root_of(small_lake)
    )


@pytest.fixture(scope="module")
def look(small_lake: SmallLake) -> Shown:
    model = str(latest_model(small_lake.settings.linkage.models))
    return run_notebook(
        NOTEBOOKS / "linkage_model.py",
        small_lake.lake.spark,
        {**root_of(small_lake), "model": model},
    )


def test_the_tour_begins_with_the_customer_of_the_most_records(
    tour: Shown, small_lake: SmallLake
) -> None:
    ((customer_id, records, _),) = tour.table("customer_id", "record_count", "display_name")
    customers = released(small_lake, "gold.customer")

    assert records == customers.agg(F.max("record_count")).collect()[0][0]
    assert customers.where(F.col("customer_id") == customer_id).count() == 1


def test_the_tour_shows_the_source_of_each_golden_attribute(
    tour: Shown, small_lake: SmallLake
) -> None:
    ((customer_id, _),) = tour.table("customer_id", "display_name")
    attributes = (
        released(small_lake, "gold.customer_attribute")
        .where(F.col("customer_id") == customer_id)
        .select("attribute", "source_system")
        .collect()
    )

    shown = tour.table("attribute", "source_system")

    assert attributes
    assert sorted(shown) == sorted(tuple(row) for row in attributes)


def test_the_tour_shows_the_customer_somebody_asks_for(small_lake: SmallLake) -> None:
    customers = released(small_lake, "gold.customer")
    asked = customers.orderBy("record_count", "customer_id").select("customer_id").first()[0]

    tour = run_notebook(
        NOTEBOOKS / "customer_360_tour.py",
        small_lake.lake.spark,
        {**root_of(small_lake), "customer_id": asked},
    )

    assert [row[0] for row in tour.table("customer_id", "display_name")] == [asked]
    assert [row[0] for row in tour.table("customer_id", "order_count")] == [asked]


def test_the_tour_shows_a_role_its_masks_and_leaves_a_row_in_the_audit_for_each_read(
    small_lake: SmallLake,
) -> None:
    lines = len(audit_log(small_lake.settings).content()[0])

    tour = run_notebook(
        NOTEBOOKS / "customer_360_tour.py",
        small_lake.lake.spark,
        {**root_of(small_lake), "role": "default"},
    )

    (shown,) = tour.table("customer_id", "display_name")
    assert "***" in shown[1]
    rows = [json.loads(row) for row in audit_log(small_lake.settings).content()[0][lines:]]
    assert {row["reason"] for row in rows} > {"gold.customer", "gold.customer_order"}
    assert {(row["role"], row["count"]) for row in rows} == {("default", 1)}
    assert len({tuple(row["subjects"]) for row in rows}) == 1


def test_the_charts_say_what_the_model_has_learnt(look: Shown, small_lake: SmallLake) -> None:
    model = load_model(latest_model(small_lake.settings.linkage.models))
    weights, shares, waterfall = look.html

    for chart in (weights, shares):
        assert [name for name in model.comparisons if f'"{name}"' not in chart] == []
    assert "vega" in waterfall


def test_the_waterfall_ends_at_the_weight_that_the_run_has_stored(
    look: Shown, small_lake: SmallLake
) -> None:
    ((left, right, weight),) = look.table("record_key_l", "record_key_r", "match_weight")
    edge = (
        released(small_lake, "linkage.scored_edge")
        .where((F.col("record_key_l") == left) & (F.col("record_key_r") == right))
        .select("match_weight")
        .collect()
    )

    assert [row[0] for row in edge] == [weight]
    assert final_score(look.html[2]) == pytest.approx(weight, abs=1e-6)


def final_score(chart: str) -> float:
    """The log2 Bayes factor of the bar that a waterfall ends with."""
    (final,) = re.findall(r'\{[^{}]*"column_name": ?"Final score"[^{}]*\}', chart)
    return json.loads(final)["log2_bayes_factor"]


def test_every_joining_pair_is_counted_below_some_threshold(
    look: Shown, small_lake: SmallLake
) -> None:
    edges = released(small_lake, "linkage.scored_edge").where("contradiction is null").count()
    by_bit = look.table("from_margin", "pairs", "pairs_joined_from_here")

    assert by_bit[0][2] == edges
    assert sum(row[1] for row in by_bit) == edges


@pytest.mark.slow
def test_the_steps_run_from_a_notebook_as_by_the_command(
    small_lake: SmallLake, company: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = copy_of(small_lake, company, tmp_path)
    # The notebook's environment, with this lake's places and its four feeds.
    monkeypatch.setattr(load, "load_settings", lambda env: mine.settings)
    widgets = {"run_id": "day-2", "as_of": DAY_2.isoformat(), "only": "bronze, silver.product"}

    shown = run_notebook(NOTEBOOKS / "run_the_steps.py", mine.lake.spark, widgets)

    assert {row[0] for row in shown.table("feed", "books")} <= set(FEEDS)
    assert {row[1] for row in shown.table("feed", "books")} == {"balanced"}
    assert shown.table("release", "run", "current") == [("2", "day-2", "yes"), ("1", "day-1", "")]
    assert current_release(mine.lake.tables).run_id == "day-2"


def test_a_cell_that_nothing_here_can_run_is_refused() -> None:
    assert Cell("# MAGIC %md\n# MAGIC text", 1).is_markdown
    assert not Cell("display(frame)", 1).is_markdown
    for text in ("# MAGIC %sql\n# MAGIC select 1", "# MAGIC %md\nx = 1"):
        with pytest.raises(ValueError, match="line 7"):
            _ = Cell(text, 7).is_markdown


@pytest.mark.parametrize("name", sorted(path.name for path in NOTEBOOKS.glob("*.py")))
def test_a_notebook_tells_what_it_shows_and_stores_no_output(name: str) -> None:
    parts = cells(NOTEBOOKS / name)

    assert sum(cell.is_markdown for cell in parts) >= 5
    assert "OUTPUT" not in (NOTEBOOKS / name).read_text(encoding="utf-8")
