"""What happened to customers can be read, and an id that is no more still leads to its people."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from pyspark.sql import DataFrame, SparkSession

from lakehouse.linkage.customer_alias import customer_alias
from lakehouse.linkage.customer_id import identity_map
from lakehouse.linkage.identity_event import erased_event, identity_event
from lakehouse.tables.linkage import CUSTOMER_ALIAS, IDENTITY_EVENT, IDENTITY_MAP
from lakehouse.tables.local_frame import local_frame

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
RETURNS_WITHIN_DAYS = 30
TOUCHED = "record_key string, cause string"
CLUSTER = "record_key string, cluster_id string, component_id string"

# By story its clusters day by day: one record a letter, one cluster a word.
STORIES = {
    "arrival": ("ab", "ab"),
    "a record comes": ("ab", "abc"),
    "a record goes": ("ab", "a"),
    "all go": ("ab", "z"),
    "all are away for a day": ("ab", "z", "ab z"),
    "merge": ("ab cde", "abcde"),
    "split": ("abcde", "cde ab"),
    "move": ("abc defg", "ab cdefg"),
    "merge, then split": ("ab cde", "abcde", "bcde a"),
    "merge, then the merged record goes": ("a bc", "abc", "bc"),
    "merge, then merge on": ("a bc defg", "abc defg", "abcdefg"),
    "merge, the record goes, then merge on": ("a bc defg", "abc defg", "bc defg", "bcdefg"),
    "merge, then all go": ("a bc", "abc", "z"),
    "a part moves, the rest goes and comes back": ("ab cde", "b acde", "acde", "b acde"),
    "a part is split off, the rest goes": ("ab", "a b", "b"),
    "merge, all are away, the merged record stays so": ("a bc", "abc", "z", "bc z"),
    "one record goes, another brings two together": ("abc de", "abcdn"),
    "one record goes, and what it held falls apart": ("abcd", "ab d"),
    "one record goes, two others are parted": ("ab cd", "a c d"),
    "one record moves, two others are parted": ("abc de fg", "ab cde f g"),
}

# Why records are touched, by story, from Tuesday on; those that come and go are told by themselves.
TOUCHES = {
    "merge": ({"b": "changed"},),
    "split": ({"a": "override", "b": "changed"},),
    "move": ({"c": "sharing"},),
    "merge, then split": ({"c": "full"}, {"a": "block_size"}),
    "one record goes, and what it held falls apart": ({"a": "full", "b": "full", "d": "full"},),
    "one record goes, two others are parted": ({"c": "override", "d": "override"},),
    "one record moves, two others are parted": (
        {"c": "changed", "f": "override", "g": "override"},
    ),
}


@dataclass
class Day:
    """What stands after a day, by story: the owner of each record, events and aliases in names."""

    owners: dict[str, dict[str, str]]
    events: dict[str, set[tuple[str, ...]]]
    aliases: dict[str, set[tuple[str, str]]]


def clusters_of(stories: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Rows of linkage.cluster: all records of a story are one component."""
    return [
        (f"{story}/{letter}", f"{story}/{min(word)}", f"{story}/{min(set(words) - {' '})}")
        for story, words in stories.items()
        for word in words.split()
        for letter in word
    ]


@pytest.fixture(scope="module")
def days(spark: SparkSession) -> list[Day]:
    """All stories at once, told day by day as the runner does; events as each day adds them."""
    known = local_frame(spark, [], IDENTITY_MAP.ddl())
    recorded = local_frame(spark, [], IDENTITY_EVENT.ddl())
    last_cluster, told = local_frame(spark, [], CLUSTER), []
    names: dict[str, str] = {}
    for day in range(max(map(len, STORIES.values()))):
        rows = clusters_of({s: words[min(day, len(words) - 1)] for s, words in STORIES.items()})
        cluster = local_frame(spark, rows, CLUSTER)
        at = MONDAY + timedelta(days=day)
        touched = local_frame(spark, touches(day, rows, last_cluster), TOUCHED)
        last_map = known
        known = stored(
            identity_map(cluster, known, at, day + 1, RETURNS_WITHIN_DAYS), IDENTITY_MAP.ddl()
        )
        events = stored(
            identity_event(known, touched, cluster, last_cluster, recorded, last_map, f"day-{day}"),
            IDENTITY_EVENT.ddl(),
        )
        aliases = stored(customer_alias(known, RETURNS_WITHIN_DAYS), CUSTOMER_ALIAS.ddl())
        told.append(day_of(known, events, aliases, names))
        recorded, last_cluster = recorded.unionByName(events), cluster
    return told


def stored(frame: DataFrame, ddl: str) -> DataFrame:
    return local_frame(
        frame.sparkSession,
        frame.select(*(c.split()[0].strip("`") for c in ddl.split(", "))).collect(),
        ddl,
    )


def touches(
    day: int, rows: list[tuple[str, str, str]], last_cluster: DataFrame
) -> list[tuple[str, str]]:
    now, before = {r[0] for r in rows}, {r.record_key for r in last_cluster.collect()}
    said = {
        f"{story}/{letter}": cause
        for story, turns in TOUCHES.items()
        for letter, cause in (turns[day - 1] if 1 <= day <= len(turns) else {}).items()
    }
    come_and_gone = dict.fromkeys(now - before, "new") | dict.fromkeys(before - now, "deleted")
    return list((said | come_and_gone).items())


def day_of(known: DataFrame, events: DataFrame, aliases: DataFrame, names: dict[str, str]) -> Day:
    """The day in names: a customer is called by its story's records on the day that it came."""
    periods = known.collect()
    first: dict[str, str] = {}
    for period in sorted(periods, key=lambda p: (p.valid_from, p.record_key)):
        story, letter = period.record_key.split("/")
        born = min(p.valid_from for p in periods if p.customer_id == period.customer_id)
        if period.valid_from == born:
            first[period.customer_id] = first.get(period.customer_id, "") + letter
        names.setdefault(period.customer_id + "@story", story)
    for customer, letters in first.items():
        names.setdefault(customer, letters)
    owners: dict[str, dict[str, str]] = {s: {} for s in STORIES}
    for period in periods:
        if period.valid_to is None:
            story, letter = period.record_key.split("/")
            owners[story][letter] = names[period.customer_id]
    happened: dict[str, set[tuple[str, ...]]] = {s: set() for s in STORIES}
    for row in events.collect():
        record = row.record_key.split("/")[1] if row.record_key else None
        whom = names.get(row.other_customer_id)
        detail = [p for p in (record, whom) if p] or [str(row.record_count)]
        story = names[row.customer_id + "@story"]
        happened[story].add((names[row.customer_id], row.event, *detail, row.cause))
    leads: dict[str, set[tuple[str, str]]] = {s: set() for s in STORIES}
    for row in aliases.collect():
        story = names[row.customer_id + "@story"]
        leads[story].add((names[row.customer_id], names[row.current_customer_id]))
    return Day(owners, happened, leads)


def test_a_customer_is_created_by_its_first_records(days: list[Day]) -> None:
    assert days[0].events["arrival"] == {("ab", "created", "2", "new_record")}


def test_a_day_without_changes_has_no_event(days: list[Day]) -> None:
    assert days[1].events["arrival"] == set()
    told = {story for story, events in days[3].events.items() if events}
    assert told == {
        "merge, the record goes, then merge on",
        "a part moves, the rest goes and comes back",
        "merge, all are away, the merged record stays so",
    }


def test_a_record_that_comes_joins_by_its_edge(days: list[Day]) -> None:
    assert days[1].events["a record comes"] == {("ab", "joined", "c", "new_edge")}


def test_a_record_that_goes_leaves(days: list[Day]) -> None:
    assert days[1].events["a record goes"] == {("ab", "left", "b", "deleted_record")}


def test_a_customer_without_records_is_retired(days: list[Day]) -> None:
    assert days[1].events["all go"] == {
        ("ab", "retired", "2", "deleted_record"),
        ("z", "created", "1", "new_record"),
    }
    assert days[1].aliases["all go"] == set()


def test_a_customer_who_comes_back_is_joined_by_its_records(days: list[Day]) -> None:
    story = "all are away for a day"
    assert days[2].owners[story] == days[0].owners[story] | {"z": "z"}
    assert days[2].events[story] == {
        ("ab", "joined", "a", "new_edge"),
        ("ab", "joined", "b", "new_edge"),
    }


def test_the_larger_of_two_that_merge_lives_on(days: list[Day]) -> None:
    assert days[1].events["merge"] == {
        ("ab", "merged", "cde", "changed_record"),
        ("cde", "joined", "a", "ab", "changed_record"),
        ("cde", "joined", "b", "ab", "changed_record"),
    }
    assert days[1].aliases["merge"] == {("ab", "cde")}


def test_the_smaller_part_of_a_split_is_a_new_customer(days: list[Day]) -> None:
    assert days[1].owners["split"] == dict.fromkeys("cde", "abcde") | dict.fromkeys("ab", "ab")
    assert days[1].events["split"] == {
        ("ab", "created", "2", "override"),
        ("ab", "split", "abcde", "override"),
        ("abcde", "left", "a", "ab", "override"),
        ("abcde", "left", "b", "ab", "override"),
    }
    assert days[1].aliases["split"] == set()


def test_a_record_that_moves_leaves_one_and_joins_the_other(days: list[Day]) -> None:
    assert days[1].events["move"] == {
        ("abc", "left", "c", "defg", "guard"),
        ("defg", "joined", "c", "abc", "guard"),
    }


def test_a_cause_is_that_of_its_own_day(days: list[Day]) -> None:
    causes = [{e[-1] for e in day.events["merge, then split"]} for day in days[:3]]
    assert causes == [{"new_record"}, {"model_change"}, {"guard"}]


def test_two_customers_become_one_by_what_came_and_not_by_what_went(days: list[Day]) -> None:
    assert days[1].events["one record goes, another brings two together"] == {
        ("de", "merged", "abc", "new_edge"),
        ("abc", "joined", "d", "de", "new_edge"),
        ("abc", "joined", "n", "new_edge"),
    }


def test_a_customer_falls_apart_by_what_went(days: list[Day]) -> None:
    assert days[1].events["one record goes, and what it held falls apart"] == {
        ("abcd", "left", "c", "deleted_record"),
        ("abcd", "left", "d", "d", "deleted_record"),
        ("d", "created", "1", "deleted_record"),
        ("d", "split", "abcd", "deleted_record"),
    }


def test_a_decision_causes_what_happens_to_its_customers_and_to_no_others_connected_with_them(
    days: list[Day],
) -> None:
    parted = {
        ("d", "created", "1", "override"),
        ("d", "split", "cd", "override"),
        ("cd", "left", "d", "d", "override"),
    }
    assert days[1].events["one record goes, two others are parted"] == parted | {
        ("ab", "left", "b", "deleted_record")
    }
    assert days[1].events["one record moves, two others are parted"] == {
        ("abc", "left", "c", "de", "changed_record"),
        ("de", "joined", "c", "abc", "changed_record"),
        ("g", "created", "1", "override"),
        ("g", "split", "fg", "override"),
        ("fg", "left", "g", "g", "override"),
    }


def test_an_id_leads_to_every_customer_that_its_records_became(days: list[Day]) -> None:
    assert days[2].owners["merge, then split"] == dict.fromkeys("bcde", "cde") | {"a": "a"}
    assert days[2].aliases["merge, then split"] == {("ab", "cde"), ("ab", "a")}


def test_an_id_leads_on_when_its_records_are_gone(days: list[Day]) -> None:
    story = "merge, then the merged record goes"
    assert days[2].aliases[story] == {("a", "bc")}


def test_an_id_leads_through_a_chain_of_merges(days: list[Day]) -> None:
    assert days[2].aliases["merge, then merge on"] == {("a", "defg"), ("bc", "defg")}
    story = "merge, the record goes, then merge on"
    assert days[3].aliases[story] == {("a", "defg"), ("bc", "defg")}


def test_who_left_a_customer_before_its_end_is_not_what_its_id_leads_to(days: list[Day]) -> None:
    story = "a part is split off, the rest goes"
    assert days[1].owners[story] == {"a": "ab", "b": "b"}
    assert days[2].owners[story] == {"b": "b"}
    assert days[2].aliases[story] == set()


def test_an_id_leads_to_a_customer_who_was_away_for_a_day(days: list[Day]) -> None:
    story = "merge, all are away, the merged record stays so"
    assert [day.aliases[story] for day in days[1:]] == [{("a", "bc")}, set(), {("a", "bc")}]


def test_a_customer_that_lives_leads_nowhere_else_also_when_it_was_gone(days: list[Day]) -> None:
    story = "a part moves, the rest goes and comes back"
    # The record that moved had left the day before.
    assert days[2].aliases[story] == set()
    assert days[3].owners[story] == dict.fromkeys("acde", "cde") | {"b": "ab"}
    assert days[3].aliases[story] == set()


def test_an_id_leads_nowhere_when_all_that_it_became_is_gone(days: list[Day]) -> None:
    assert days[2].aliases["merge, then all go"] == set()


def test_an_id_does_not_lead_to_who_got_its_record_key_long_after(spark: SparkSession) -> None:
    tuesday = MONDAY + timedelta(days=1)
    in_time, late = tuesday + timedelta(days=30), tuesday + timedelta(days=31)
    periods = [
        # A shop's number 5 is given to another person; a number 6 was away and is in another's group now.
        ("shop 5", "gone", MONDAY, tuesday),
        ("shop 5", "got the number", late, None),
        ("shop 6", "back", MONDAY, tuesday),
        ("shop 6", "who has it now", in_time, None),
        # Merged, then all gone but one record; the number that was merged is another person's since.
        ("shop 7", "merged", MONDAY, tuesday),
        ("shop 7", "larger", tuesday, tuesday + timedelta(days=1)),
        ("shop 7", "got the other number", late + timedelta(days=1), None),
        ("shop 8", "larger", MONDAY, None),
    ]
    known = local_frame(spark, periods, IDENTITY_MAP.ddl())

    leads = customer_alias(known, RETURNS_WITHIN_DAYS).collect()

    assert {tuple(row) for row in leads} == {("back", "who has it now"), ("merged", "larger")}


def test_events_from_before_the_log_was_kept_have_an_unknown_cause(spark: SparkSession) -> None:
    tuesday, wednesday = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)
    before = [
        ("r1", "c1", MONDAY, tuesday),
        ("r1", "c2", tuesday, None),
        ("r2", "c2", MONDAY, None),
    ]
    since = [("r3", "c3", wednesday, None)]
    members = [(f"r{n}", f"r{n}", f"r{n}") for n in (1, 2, 3)]
    touches_now = [("r1", "full"), ("r2", "full"), ("r3", "new")]
    cluster = local_frame(spark, members, CLUSTER)
    events = identity_event(
        local_frame(spark, [*before, *since], IDENTITY_MAP.ddl()),
        local_frame(spark, touches_now, TOUCHED),
        cluster,
        cluster,
        local_frame(spark, [], IDENTITY_EVENT.ddl()),
        local_frame(spark, before, IDENTITY_MAP.ddl()),
        "first to keep events",
    ).collect()
    assert {(e.customer_id, e.event, e.occurred_at.day, e.cause) for e in events} == {
        ("c1", "created", 2, "unknown"),
        ("c2", "created", 2, "unknown"),
        ("c1", "merged", 3, "unknown"),
        ("c2", "joined", 3, "unknown"),
        ("c3", "created", 4, "new_record"),
    }


def test_who_is_erased_is_told_by_the_id_alone_and_hides_no_event_of_the_same_day(
    spark: SparkSession,
) -> None:
    nobody = local_frame(spark, [], CLUSTER)
    untouched = local_frame(spark, [], TOUCHED)
    erased = local_frame(spark, [("c-erased", 2)], "customer_id string, record_count bigint")
    told = erased_event(erased, "erase-1", MONDAY.date())
    (row,) = told.collect()
    known = local_frame(spark, [("r1", "c-new", MONDAY, None)], IDENTITY_MAP.ddl())

    after = identity_event(
        known, untouched, nobody, nobody, told, local_frame(spark, [], IDENTITY_MAP.ddl()), "day-1"
    )

    assert tuple(told.columns) == IDENTITY_EVENT.column_names
    assert (row.customer_id, row.event, row.cause, row.record_count) == (
        *("c-erased", "erased", "erasure"),
        2,
    )
    assert row.record_key is None
    assert row.other_customer_id is None
    assert [(r.customer_id, r.event) for r in after.collect()] == [("c-new", "created")]
