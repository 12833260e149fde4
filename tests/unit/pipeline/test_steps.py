"""The order in which a run takes its steps."""

from pyspark.sql import DataFrame

from lakehouse.pipeline.steps import Inputs, Step, all_steps, most_awaited_first
from lakehouse.settings.load import load_settings


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
