"""Lasting ids: untouched customers keep theirs, none is used twice, history stays readable."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from pyspark.sql import DataFrame, SparkSession

from lakehouse.linkage.customer_id import identity_map
from lakehouse.tables.local_frame import local_frame

MONDAY, TUESDAY, WEDNESDAY = (datetime(2026, 3, day, tzinfo=UTC) for day in (2, 3, 4))
MAP = "record_key string, customer_id string, valid_from timestamp, valid_to timestamp"

# By story the clusters of Monday, Tuesday and Wednesday: one record a letter, one cluster a word.
STORIES = {
    "nothing changes": ("ab c", "ab c", "ab c"),
    "two merge": ("ab cde", "abcde", "abcde"),
    "one splits": ("abcde", "ab cde", "ab cde"),
    "two merge and part": ("a bc", "abc", "a bc"),
    "a record goes": ("ab", "a", "a"),
    "a record goes and comes back": ("ab", "a", "ab"),
    "all are away for a day": ("ab c", "c", "ab c"),
    "all are away, and come back to another": ("ab c", "c", "abc"),
    "all meet": ("ab cd", "abcd", "abcd"),
    "all part": ("ab cd", "a b c d", "a b c d"),
    "all swap": ("ab cd", "ad bc", "ad bc"),
}

# Customers and clusters in a chain, each sharing fewer records with the next than with the last.
_LETTERS = iter(map(chr, range(0x4E00, 0x4E00 + 100)))
LINKS = ["".join(next(_LETTERS) for _ in range(size)) for size in range(11, 0, -1)]
_BEFORE = [LINKS[0]] + [a + b for a, b in zip(LINKS[1::2], LINKS[2::2], strict=True)]
_AFTER = [a + b for a, b in zip(LINKS[0::2], LINKS[1::2], strict=False)] + [LINKS[-1]]
STORIES["a long tangle"] = (" ".join(_BEFORE), " ".join(_AFTER), " ".join(_AFTER))

Period = tuple[str, datetime, datetime | None]
History = list[dict[str, list[Period]]]
"""After each day, by record its periods: customer, begin, end."""


def mapped(
    spark: SparkSession, clusters: Mapping[str, str], known: DataFrame, at: datetime, release: int
) -> DataFrame:
    """The map after a day with these clusters (story → words), as it is stored."""
    rows = [
        (f"{story}/{letter}", f"{story}/{min(word)}")
        for story, words in clusters.items()
        for word in words.split()
        for letter in word
    ]
    frame = local_frame(spark, rows, "record_key string, cluster_id string")
    found = identity_map(frame, known, at, release, returns_within_days=30)
    return local_frame(spark, found.collect(), MAP)


@pytest.fixture(scope="module")
def histories(spark: SparkSession) -> dict[str, History]:
    """Every story, told over three days; all of them at once."""
    known, days = local_frame(spark, [], MAP), []
    for day, at in enumerate((MONDAY, TUESDAY, WEDNESDAY)):
        today = {story: words[day] for story, words in STORIES.items()}
        known = mapped(spark, today, known, at, day + 1)
        days.append(known.collect())
    found: dict[str, History] = {story: [{}, {}, {}] for story in STORIES}
    for day, rows in enumerate(days):
        for row in rows:
            story, letter = row.record_key.split("/")
            period = (row.customer_id, row.valid_from, row.valid_to)
            found[story][day].setdefault(letter, []).append(period)
    return found


def owners(day: Mapping[str, list[Period]]) -> dict[str, str]:
    return {
        record: customer
        for record, periods in day.items()
        for customer, _, end in periods
        if end is None
    }


def test_the_first_run_gives_one_id_per_cluster(histories: dict[str, History]) -> None:
    first = owners(histories["nothing changes"][0])
    assert first["a"] == first["b"] != first["c"]


def test_nothing_changes_when_the_clusters_do_not(histories: dict[str, History]) -> None:
    monday, tuesday, wednesday = histories["nothing changes"]
    assert monday == tuesday == wednesday


def test_on_a_merge_the_larger_history_survives_and_the_other_ends(
    histories: dict[str, History],
) -> None:
    monday, tuesday, _ = histories["two merge"]
    assert set(owners(tuesday).values()) == {owners(monday)["c"]}
    assert [r for r, periods in sorted(tuesday.items()) if len(periods) == 2] == ["a", "b"]


def test_on_a_split_the_larger_part_keeps_the_id_and_the_other_gets_a_new_one(
    histories: dict[str, History],
) -> None:
    monday, tuesday, _ = histories["one splits"]
    assert owners(tuesday)["c"] == owners(monday)["a"]
    assert owners(tuesday)["a"] not in owners(monday).values()


def test_an_id_that_ended_is_never_given_again(histories: dict[str, History]) -> None:
    monday, tuesday, wednesday = histories["two merge and part"]
    before = {customer for periods in tuesday.values() for customer, _, _ in periods}
    assert set(owners(monday).values()) <= before
    assert owners(wednesday)["b"] == owners(tuesday)["b"]
    assert owners(wednesday)["a"] not in before


def test_a_record_that_is_gone_has_its_period_closed(histories: dict[str, History]) -> None:
    _, tuesday, _ = histories["a record goes"]
    assert [end is not None for _, _, end in tuesday["b"]] == [True]


def test_a_record_that_comes_back_begins_a_period_and_keeps_the_one_that_ended(
    histories: dict[str, History],
) -> None:
    _, tuesday, wednesday = histories["a record goes and comes back"]
    ended, current = sorted(wednesday["b"], key=lambda period: period[1])
    assert [ended] == tuesday["b"]
    assert current[0] == owners(wednesday)["a"]
    assert ended[2] < current[1]


def test_a_customer_who_was_away_for_a_day_is_the_same_again(
    histories: dict[str, History],
) -> None:
    monday, tuesday, wednesday = histories["all are away for a day"]
    assert owners(tuesday).keys() == {"c"}
    assert owners(wednesday) == owners(monday)


@pytest.mark.parametrize(("days_away", "is_same"), [(30, True), (31, False)])
def test_a_record_key_that_comes_back_after_more_days_than_conf_says_is_somebody_else(
    spark: SparkSession, days_away: int, is_same: bool
) -> None:
    known = local_frame(spark, [], MAP)
    back = TUESDAY + timedelta(days=days_away)
    for release, (at, words) in enumerate([(MONDAY, "ab c"), (TUESDAY, "c"), (back, "ab c")], 1):
        known = mapped(spark, {"": words}, known, at, release)

    owners = {(row.record_key[1:], row.valid_to is None): row for row in known.collect()}
    for record in "ab":
        before, now = owners[record, False], owners[record, True]
        assert (now.customer_id == before.customer_id) is is_same
        assert (before.valid_from, before.valid_to) == (local(MONDAY), local(TUESDAY))
        assert now.valid_from == local(back)
    assert owners["a", True].customer_id == owners["b", True].customer_id
    assert owners["c", True].valid_from == local(MONDAY)


def test_a_record_that_went_long_before_its_customer_does_not_bring_it_back(
    spark: SparkSession,
) -> None:
    known = local_frame(spark, [], MAP)
    later = MONDAY + timedelta(days=100)
    days = [(MONDAY, "ab"), (TUESDAY, "b"), (later, "z"), (later + timedelta(days=1), "a b z")]
    for release, (at, words) in enumerate(days, 1):
        known = mapped(spark, {"": words}, known, at, release)

    owner = {r.record_key[1:]: r.customer_id for r in known.collect() if r.valid_to is None}
    first = {
        r.record_key[1:]: r.customer_id for r in known.collect() if r.valid_from == local(MONDAY)
    }
    assert owner["b"] == first["b"] == first["a"]
    assert owner["a"] not in first.values()


def test_a_customer_who_comes_back_takes_nobodys_place(histories: dict[str, History]) -> None:
    monday, _, wednesday = histories["all are away, and come back to another"]
    assert set(owners(wednesday).values()) == {owners(monday)["c"]}


@pytest.mark.parametrize("story", ["nothing changes", "all meet", "all part", "all swap"])
def test_ids_are_one_to_one_with_clusters_whatever_the_change(
    histories: dict[str, History], story: str
) -> None:
    groups, now = STORIES[story][1].split(), owners(histories[story][1])
    assert len({now[g[0]] for g in groups}) == len(groups)
    assert all(len({now[letter] for letter in g}) == 1 for g in groups)


def test_a_long_tangle_is_settled_to_its_end(histories: dict[str, History]) -> None:
    before, after = (owners(day) for day in histories["a long tangle"][:2])
    assert [after[ln[0]] == before[ln[0]] for ln in LINKS] == [True, False] * 5 + [True]


def test_a_day_run_twice_and_a_past_day_run_late_lose_no_period_and_overlap_none(
    spark: SparkSession,
) -> None:
    known = local_frame(spark, [], MAP)
    days = ((TUESDAY, "ade"), (TUESDAY, "abc de"), (MONDAY, "a bc de"))
    for release, (at, words) in enumerate(days, 1):
        known = mapped(spark, {"": words}, known, at, release)

    periods: dict[str, list[Period]] = {}
    for row in known.orderBy("valid_from").collect():
        period = (row.customer_id, row.valid_from, row.valid_to)
        periods.setdefault(row.record_key[1:], []).append(period)
    second = timedelta(seconds=1)
    assert len({periods[r][-1][0] for r in "abd"}) == 3
    assert periods["b"] == periods["c"]
    assert [begin for _, begin, _ in periods["a"] + periods["b"]] == [
        *(local(TUESDAY + n * second) for n in range(len(periods["a"]))),
        *(local(TUESDAY + n * second) for n in range(1, len(periods["b"]) + 1)),
    ]
    assert all(
        end == begin for found in periods.values() for (_, _, end), (_, begin, _) in pairwise(found)
    )


def local(moment: datetime) -> datetime:
    """As Spark hands it over: in this machine's own time, without saying so."""
    return moment.astimezone().replace(tzinfo=None)
