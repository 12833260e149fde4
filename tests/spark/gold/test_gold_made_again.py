"""Gold after days one by one is gold made again of today's silver, linkage and ops.

A step is given nothing but these and its settings; three tables are given their own last release too, as
they keep what sources no longer tell.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from lakehouse.pipeline.steps import Inputs, Step, selected_steps
from lakehouse.settings.load import load_settings
from lakehouse.tables.conform import conformed
from lakehouse.tables.local_frame import local_frame
from lakehouse.tables.registry import STATIC_TABLES

SPECS = {spec.name: spec for spec in STATIC_TABLES}
KEEPING_A_PAST = {
    "gold.customer_contact_point": "what earlier versions of a record gave",
    "gold.customer_history": "what earlier versions of a record said",
    "gold.household_member": "ended memberships, and the ids of households that go on",
}
FIRST = date(2026, 1, 5)
RECORDS, CUSTOMERS = [f"r{n}" for n in range(30)], "ABCDEFGHIJKLMNOPQRST"
GIVEN: dict[str, list[str | None]] = {
         "email": ["a@x.org", "b@x.org", None], "phone": ["+491", "+492", "+493"],
         "given_name": ["Ann", "Bob"], "family_name": ["Lee", "Ray"], "country": ["DE"],
         "street": ["1 Elm", "2 Elm", "3 Oak"], "postcode": ["10115", "80331"]}  # fmt: skip
MATCHED = ("email", "phone", "given_name", "family_name", "street", "postcode")

Frames = dict[str, DataFrame]
Rows = dict[str, list[Any]]


def days(seed: int, count: int) -> Iterator[tuple[date, dict[str, list[dict[str, Any]]]]]:
    """Days with their people, and whose they are: records come, say something else, go and change hands."""
    dice = Random(seed)  # noqa: S311
    told: dict[str, dict[str, Any]] = {}
    owners: list[dict[str, Any]] = []
    for number in range(count):
        today = FIRST + timedelta(days=number)
        now = datetime.combine(today, datetime.min.time(), tzinfo=UTC)
        for key in RECORDS if number == 0 else dice.sample(RECORDS, 8):
            if dice.random() < 0.2:
                told.pop(key, None)
                continue
            said: dict[str, Any] = {name: dice.choice(values) for name, values in GIVEN.items()}
            match = {f"{name}_match": said[name] and said[name].lower() for name in MATCHED}
            late = timedelta(days=dice.choice([0, 0, 3, 400]))
            told[key] = {"record_key": key, "source_system": dice.choice(["shop", "crm"]),
                         "sequence_at": now - late, **said, **match}  # fmt: skip
        told = {key: repeated(record, now) for key, record in told.items()}
        current = {row["record_key"]: row for row in owners if row["valid_to"] is None}
        for key in sorted({*told, *current}):
            row = current.get(key)
            moves = row is None or key not in told or dice.random() < 0.1
            if row is not None and moves:
                row["valid_to"] = now
            if key in told and moves:
                owners.append({"record_key": key, "customer_id": dice.choice(CUSTOMERS),
                               "valid_from": now, "valid_to": None})  # fmt: skip
        yield (
            today,
            {
                "silver.person_record": [*told.values()],
                "linkage.identity_map": [dict(row) for row in owners],
            },
        )


def repeated(record: dict[str, Any], now: datetime) -> dict[str, Any]:
    """The record as it is told on the day: the CRM's snapshots repeat everybody, whatever has changed."""
    if record["source_system"] != "crm":
        return record
    since = record.get("changed_at", record["sequence_at"])
    return record | {"changed_at": since, "sequence_at": now}


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, list[Step]]:
    """Settings, and the steps of gold."""
    home = tmp_path_factory.mktemp("made_again")
    places = {"lake.root": str(home / "lake"), "lake.landing": str(home / "landing")}
    settings = load_settings("test", overrides=places)
    return settings, selected_steps(settings.sources, ["gold"])


def test_no_other_table_is_given_its_last_release(steps: tuple[Any, list[Step]]) -> None:
    assert {step.table for step in steps[1] if step.builds_on} == KEEPING_A_PAST.keys()


def collected(frames: Frames) -> Rows:
    return {name: frame.collect() for name, frame in frames.items()}


def holding(made: Rows) -> set[Any]:
    """What holds today: contact points that a record gives, values, and who lives together."""
    points, values, homes = (made[table] for table in KEEPING_A_PAST)
    living = [row for row in homes if row.valid_to is None]
    return {
        *((p.customer_id, p.contact_value, p.is_primary) for p in points if p.outdated_at is None),
        *((v.customer_id, repr(v["values"])) for v in values if v.valid_to_at is None),
        *(
            frozenset(o.customer_id for o in living if o.household_id == row.household_id)
            for row in living
        ),
    }


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_what_keeps_a_past_made_again_is_as_the_days_left_it_and_tells_today_without_one(
    spark: SparkSession,
    table: Callable[..., DataFrame],
    steps: tuple[Any, list[Step]],
    tmp_path: Path,
    seed: int,
) -> None:
    settings, gold = steps
    wanted = {*KEEPING_A_PAST, "gold.customer_attribute"}

    def made(name: str, day: date, told: Rows, previous: Frames) -> Frames:
        """The tables, made of what is told on the day and kept under the name."""
        frames: Frames = {}
        for step in (s for s in gold if s.table in wanted):
            for read in {*step.reads} - frames.keys():
                frames[read] = table(SPECS[read], *told.get(read, ()))
            spec = SPECS[step.table]
            nothing = {n: local_frame(spark, (), spec.ddl()) for n in step.builds_on}
            inputs = Inputs(
                spark,
                settings,
                day,
                "run",
                int(day.strftime("%d")),
                tmp_path,
                tmp_path,
                {read: frames[read] for read in step.reads},
                {n: previous.get(n, nothing[n]) for n in step.builds_on},
            )
            place = str(tmp_path / name / step.table)
            rows = conformed(step.build(inputs), spec)
            rows.coalesce(1).write.parquet(place)
            frames[step.table] = spark.read.schema(rows.schema).parquet(place)
        return {name: frames[name] for name in KEEPING_A_PAST}

    left: Frames = {}
    for day, told in days(seed, 3):
        left = made(f"{day}", day, told, left)

    again = collected(made("again", day, told, left))
    alone = collected(made("alone", day, told, {}))

    days_left = collected(left)
    for name in KEEPING_A_PAST:
        assert sorted(map(repr, again[name])) == sorted(map(repr, days_left[name]))
        assert len(days_left[name]) > len(alone[name]) > 10, "no past to keep"
    assert holding(alone) == holding(days_left)
