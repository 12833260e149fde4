"""A steward's decision is kept, refused if it contradicts others, and read by the next run."""

from dataclasses import replace
from datetime import datetime, tzinfo

import pytest
from pyspark.sql import SparkSession

from lakehouse.errors import ConflictError, InputError, NotFoundError
from lakehouse.pipeline import attempt as attempts
from lakehouse.pipeline import stewardship
from lakehouse.pipeline.lake import Lake
from lakehouse.pipeline.stewardship import decide, decisions, withdraw
from lakehouse.tables.local_frame import local_frame
from lakehouse.tables.ops import LINK_OVERRIDE, RELEASE, RUN
from lakehouse.tables.silver import PERSON_RECORD
from tests.support.lake import DAY_1, small_lake_at


@pytest.fixture(scope="module")
def lake(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake of four tables, whose release has person records with nothing but a key: a to e."""
    home = tmp_path_factory.mktemp("stewardship")
    tables = {spec.name: spec for spec in (RUN, RELEASE, LINK_OVERRIDE, PERSON_RECORD)}
    made = replace(small_lake_at(home, home).lake, specs=tables)
    rows = [
        (*(k if c == "record_key" else None for c in PERSON_RECORD.column_names),) for k in "abcde"
    ]
    nullable = PERSON_RECORD.ddl().replace(" not null", "")
    attempt = attempts.begin(made, "day-1", DAY_1)
    key = attempt.key(PERSON_RECORD.name)
    version = made.tables.write(local_frame(spark, rows, nullable), PERSON_RECORD, key)
    attempts.release(made, attempt, {PERSON_RECORD.name: version})
    return made


def held(lake: Lake) -> set[tuple[str, str, str]]:
    return {(r.record_key_l, r.record_key_r, r.decision) for r in decisions(lake).collect()}


def test_a_decision_holds_until_it_is_withdrawn(lake: Lake) -> None:
    decide(lake, "b", "a", "same", by="maria", reason="one passport")
    assert held(lake) == {("a", "b", "same")}
    withdraw(lake, "a", "b", by="jo", reason="not sure")
    assert held(lake) == set()
    decide(lake, "a", "b", "different", by="maria", reason="twins after all")
    assert held(lake) == {("a", "b", "different")}
    withdraw(lake, "b", "a", by="jo", reason="not sure")
    assert held(lake) == set()
    assert lake.tables.read(LINK_OVERRIDE.name).count() == 4


@pytest.mark.parametrize("otherwise", ["different", "skip"])
def test_a_decision_that_another_about_the_same_two_contradicts_is_refused_until_that_is_withdrawn(
    lake: Lake, otherwise: str
) -> None:
    decide(lake, "a", "c", "same", by="ann", reason="one passport")
    said = r"a and c are same \(ann, 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC\)"
    with pytest.raises(ConflictError, match=rf"{otherwise} of a and c contradicts .*{said}"):
        decide(lake, "c", "a", otherwise, by="bob", reason="two passports")
    assert held(lake) == {("a", "c", "same")}
    withdraw(lake, "a", "c", by="bob", reason="two passports")
    decide(lake, "a", "c", otherwise, by="bob", reason="two passports")
    assert held(lake) == {("a", "c", otherwise)}
    withdraw(lake, "a", "c", by="bob", reason="for the next test")


@pytest.mark.parametrize(("role", "by"), [("default", r"\*\*\*, "), ("agent", "")])
def test_who_decided_is_told_as_the_role_of_the_session_sees_it(
    lake: Lake, role: str, by: str
) -> None:
    roles = lake.settings.roles.model_copy(update={"reader": role})
    other = replace(lake, settings=lake.settings.model_copy(update={"roles": roles}))
    decide(lake, "a", "d", "same", by="ann", reason="one passport")
    with pytest.raises(ConflictError, match=rf"a and d are same \({by}20"):
        decide(other, "a", "d", "different", by="bob", reason="two passports")
    withdraw(lake, "a", "d", by="bob", reason="for the next test")


def test_a_decision_that_contradicts_others_in_turn_is_refused_and_names_them(lake: Lake) -> None:
    decide(lake, "c", "d", "same", by="maria", reason="moved house")
    decide(lake, "d", "e", "different", by="maria", reason="father and son")
    with pytest.raises(ConflictError, match=r"c and d are same \(.*\); d and e are different"):
        decide(lake, "c", "e", "same", by="jo", reason="looks alike")
    assert held(lake) == {("c", "d", "same"), ("d", "e", "different")}


def test_a_decision_about_an_unknown_record_or_none_is_refused(lake: Lake) -> None:
    with pytest.raises(NotFoundError, match="No person record x"):
        decide(lake, "a", "x", "same", by="maria", reason="…")
    with pytest.raises(InputError, match="one and the same"):
        decide(lake, "a", "a", "same", by="maria", reason="…")
    with pytest.raises(InputError, match="same, different, skip"):
        decide(lake, "a", "b", "maybe", by="maria", reason="…")
    with pytest.raises(InputError, match="who made it and why"):
        decide(lake, "a", "b", "same", by=" ", reason="…")
    with pytest.raises(NotFoundError, match="No decision about a and b holds"):
        withdraw(lake, "a", "b", by="maria", reason="…")


def test_the_newest_decision_holds_whatever_the_clock_says(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide(lake, "b", "e", "different", by="maria", reason="by a clock that is right")

    class Slow(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            return datetime(2020, 1, 1, tzinfo=tz)

    monkeypatch.setattr(stewardship, "datetime", Slow)
    withdraw(lake, "b", "e", by="jo", reason="by one that is years behind")
    assert ("b", "e", "different") not in held(lake)


def test_a_run_that_is_rolled_back_takes_no_decision_with_it(lake: Lake) -> None:
    decide(lake, "a", "e", "different", by="maria", reason="two people")
    before = held(lake)
    attempts.fail(lake, attempts.begin(lake, "failing", DAY_1), "C360-030")
    assert held(lake) == before
