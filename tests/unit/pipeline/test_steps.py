"""The order in which a run takes its steps, and the model that it scores by."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import DataFrame

from lakehouse.linkage.artefact import latest_model, publish_model, save_model
from lakehouse.linkage.model import LevelParameters, TrainedModel
from lakehouse.pipeline import steps as wiring
from lakehouse.pipeline.steps import (
    Inputs,
    Step,
    all_steps,
    linkage_model,
    made_anew,
    most_awaited_first,
    selected_steps,
)
from lakehouse.settings.linkage import LinkageSettings
from lakehouse.settings.load import load_settings

DAY = date(2026, 1, 5)
LEARNT = {"email": (LevelParameters("exact", 0.9, 0.01), LevelParameters("unlike", 0.1, 0.99))}
MODEL = TrainedModel("0123456789ab", "of a test", (), LEARNT, 0.01, 3.0, 1.0)


def step(table: str, *reads: str) -> Step:
    def build(inputs: Inputs) -> DataFrame:
        raise AssertionError(inputs)

    return Step(table, reads, build)


def test_steps_that_others_wait_for_come_first() -> None:
    steps = [
        step("silver.product"),
        step("silver.person_record"),
        step("linkage.cluster", "silver.person_record"),
        step("gold.product", "silver.product"),
        step("gold.customer", "linkage.cluster", "silver.person_record"),
        step("gold.customer_metric", "gold.customer"),
    ]

    assert [s.table for s in most_awaited_first(steps)] == [
        "silver.person_record",
        "linkage.cluster",
        "silver.product",
        "gold.customer",
        "gold.product",
        "gold.customer_metric",
    ]


def test_a_run_begins_with_people() -> None:
    steps = most_awaited_first(all_steps(load_settings("test").sources))

    assert steps[0].table == "silver.person_record"


def test_a_table_that_no_source_fills_any_more_is_retired_and_made_from_nothing() -> None:
    sources = load_settings("test").sources
    left = [source for source in sources if source.name != "web_event"]

    retired = [step for step in all_steps(left) if step.is_retired]

    assert [s.table for s in retired] == [
        "silver.web_event",
        "silver.device",
        "silver.media_touch",
        "gold.customer_web_session",
        "gold.customer_device",
        "gold.customer_cart",
        "gold.web_funnel",
    ]
    assert {s.reads for s in retired} == {()}
    assert not any(step.is_retired for step in all_steps(sources))
    assert [s.table for s in all_steps(left)] == [s.table for s in all_steps(sources)]


def test_a_fact_of_gold_is_retired_with_the_last_source_that_tells_of_it() -> None:
    told_by = ("web_event", "marketing_event", "support_ticket", "social_mention")
    sources = load_settings("test").sources
    but_surveys = [source for source in sources if source.name not in told_by]
    none = [source for source in but_surveys if source.name != "survey_response"]

    def is_retired(steps: list[Step]) -> bool:
        return {s.table: s.is_retired for s in steps}["gold.customer_interaction"]

    assert not is_retired(all_steps(but_surveys))
    assert is_retired(all_steps(none))


def test_a_table_that_conf_leaves_out_is_made_by_nobody_and_read_as_empty() -> None:
    sources = load_settings("test").sources
    out = ["gold.customer_relation", "gold.customer_web_session"]

    retired = [step.table for step in all_steps(sources, out) if step.is_retired]

    assert retired == [
        "gold.customer_web_session",
        "gold.customer_device",
        "gold.customer_relation",
        "gold.customer_cart",
        "gold.web_funnel",
    ]


def test_what_lost_its_sources_is_emptied_with_what_reads_it() -> None:
    left = [s for s in load_settings("test").sources if s.name != "web_event"]

    assert "silver.web_event" not in [s.table for s in selected_steps(left, ["bronze"])]
    assert {"silver.web_event", "gold.customer_web_session", "gold.web_funnel"} <= {
        s.table for s in selected_steps(left, ["gold"])
    }


def test_contact_points_history_and_households_alone_are_built_on_those_of_the_last_release() -> (
    None
):
    gold = [s for s in all_steps(load_settings("test").sources) if s.table.startswith("gold.")]

    assert {s.table: s.builds_on for s in gold if s.builds_on} == {
        "gold.customer_contact_point": ("gold.customer_contact_point",),
        "gold.customer_history": ("gold.customer_history",),
        "gold.household_member": ("gold.household_member",),
    }


def test_what_a_run_makes_of_silver_and_gold_is_made_anew_but_for_what_it_builds_on_its_own_past() -> (
    None
):
    settings = load_settings("test")
    steps = all_steps(settings.sources, (), settings.products)
    gold = selected_steps(settings.sources, ["gold"], (), settings.products)

    anew = made_anew(steps)

    assert {"silver.person_record", "gold.customer", "gold.customer_360"} <= anew
    assert {table.split(".")[0] for table in anew} == {"silver", "gold"}
    assert {s.table for s in gold if s.layer == "gold"} - made_anew(gold) == {
        *("gold.customer_contact_point", "gold.customer_history", "gold.household_member")
    }


def linkage_settings(models: Path) -> LinkageSettings:
    return load_settings("test", overrides={"linkage.models": str(models)}).linkage


def test_a_model_is_trained_once_by_a_run_and_is_its_own_until_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, models = tmp_path / "run_1" / "models", tmp_path / "models"
    settings, trainings = linkage_settings(models), []
    monkeypatch.setattr(wiring, "train", lambda *given: trainings.append(given) or MODEL)

    found = [linkage_model(None, settings, DAY, own) for _ in ("scored_edge", "cluster")]

    assert [model.version for model in found] == [MODEL.version] * 2
    assert len(trainings) == 1
    assert latest_model(models) is None
    publish_model(latest_model(own), models)
    assert linkage_model(None, settings, DAY, tmp_path / "run_2" / "models") == found[0]
    assert latest_model(models).with_suffix(".md").is_file()
    assert len(trainings) == 1


def test_a_model_that_learnt_nothing_is_not_kept_so_that_the_next_run_trains_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "run_1" / "models"
    monkeypatch.setattr(wiring, "train", lambda *_: replace(MODEL, comparisons={}))

    linkage_model(None, linkage_settings(tmp_path / "models"), DAY, own)

    assert latest_model(own) is None


def test_naming_one_table_of_linkage_names_them_all() -> None:
    sources = load_settings("test").sources
    every = [s.table for s in all_steps(sources) if s.layer == "linkage"]

    assert every[-1] == "ops.review_task"
    assert [s.table for s in selected_steps(sources, ["linkage.cluster"])] == every
    assert [s.table for s in selected_steps(sources, ["linkage"])] == every


def test_a_run_keeps_to_the_model_that_it_has_begun_with(tmp_path: Path) -> None:
    own, models = tmp_path / "run_1" / "models", tmp_path / "models"
    save_model(MODEL, models, DAY.isoformat())
    settings = linkage_settings(models)
    begun_with = linkage_model(None, settings, DAY, own)
    save_model(replace(MODEL, version="of-c360-train"), models, f"{DAY}T120000")

    assert begun_with.version == MODEL.version
    assert linkage_model(None, settings, DAY, own) == begun_with
    later = linkage_model(None, settings, DAY, tmp_path / "run_2" / "models")
    assert later.version == "of-c360-train"


def test_a_product_reads_gold_alone_and_the_consent_that_it_may_not_go_without() -> None:
    settings = load_settings("test")
    steps = all_steps(settings.sources, (), settings.products)

    served = [s for s in steps if s.layer == "serve"]

    assert [s.table for s in served] == [p.table_name for p in settings.products]
    assert {n for s in served for n in s.reads if not n.startswith("gold.")} == set()
    decisive = {"gold.customer_consent", "gold.customer_permitted"}
    assert all(decisive <= {*s.reads} and s.stops_alone for s in served)
    assert not any(s.stops_alone for s in steps if s not in served)
    chosen = selected_steps(settings.sources, ["serve"], (), settings.products)
    assert [s.table for s in chosen] == ["gold.customer_permitted", *(s.table for s in served)]


@pytest.mark.parametrize(
    ("only", "products"),
    [
        ("gold", {"care_customer", "customers_by_area", "marketing_customer"}),
        ("gold.customer_consent", {"care_customer", "customers_by_area", "marketing_customer"}),
        ("gold.customer_record", {"care_customer", "customers_by_area", "marketing_customer"}),
        ("gold.customer_metric", {"care_customer", "customers_by_area", "marketing_customer"}),
        ("gold.customer_360", {"care_customer", "customers_by_area"}),
        ("serve.care_customer", {"care_customer"}),
        ("silver", set()),
    ],
)
def test_a_product_is_made_again_with_whatever_it_is_made_from(
    only: str, products: set[str]
) -> None:
    settings = load_settings("test")

    chosen = selected_steps(settings.sources, [only], (), settings.products)

    assert {s.table.removeprefix("serve.") for s in chosen if s.layer == "serve"} == products
    made_by = {"gold.customer_consent", "gold.customer_record", *(f"serve.{p}" for p in products)}
    is_permission_made = "gold.customer_permitted" in {s.table for s in chosen}
    assert is_permission_made == bool(made_by & {s.table for s in chosen})
    assert len(chosen) == len({s.table for s in chosen})


def test_a_product_of_a_table_that_conf_leaves_out_is_retired_with_it() -> None:
    settings = load_settings("test")

    steps = all_steps(settings.sources, ["gold.customer_360"], settings.products)

    assert {s.table for s in steps if s.is_retired} == {
        *("gold.customer_360", "serve.care_customer", "serve.customers_by_area")
    }
