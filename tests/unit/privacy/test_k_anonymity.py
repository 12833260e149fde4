"""People of whom too few share what is told are told of more coarsely, and what is left is measured."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.errors import InputError
from lakehouse.privacy.k_anonymity import (
    QUASI_IDENTIFIERS,
    coarsened,
    fewest_alike,
    measured,
)

ANA = {"birth": "1981", "gender": "female", "country": "DE", "city": "bonn", "postcode": "53"}


def told(people: dict[str, dict[str, str | None]], homes: list[list[str]], k: int) -> Counter:
    levels = coarsened(people, homes, k)
    return Counter(
        tuple(levels[one].tells(q, values.get(q)) for q in QUASI_IDENTIFIERS)
        for one, values in people.items()
    )


def test_a_class_of_k_is_told_in_full_by_steps_of_five_years() -> None:
    people = {str(n): {**ANA, "birth": str(1980 + n)} for n in range(5)}

    assert told(people, [], 5) == {("1980", "female", "DE", None, "bonn", "53"): 5}


def test_one_apart_is_told_of_more_coarsely_and_takes_enough_with_her() -> None:
    people = {str(n): dict(ANA) for n in range(10)} | {"eve": {**ANA, "city": "york"}}

    classes = told(people, [], 5)

    assert min(classes.values()) >= 5
    assert sum(classes.values()) == 11


def test_who_shares_a_home_shares_what_is_hidden_of_its_place() -> None:
    crowd = {str(n): dict(ANA) for n in range(10)}
    people = crowd | {"eve": {**ANA, "birth": "1931", "gender": "male"}}

    levels = coarsened(people, [["0", "eve"]], 5)

    assert levels["0"].hidden >= levels["eve"].hidden & {"city", "postcode", "region", "country"}


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.integers(1930, 2005), st.sampled_from(["f", "m", None]), st.sampled_from("abcdef")
        ),
        min_size=5,
        max_size=60,
    ),
    k=st.integers(2, 5),
)
def test_no_class_is_smaller_than_k_whoever_the_people_are(
    rows: list[tuple[int, str | None, str]], k: int
) -> None:
    people = {
        str(n): {"birth": str(year), "gender": gender, "city": city, "country": city.upper()}
        for n, (year, gender, city) in enumerate(rows)
    }
    homes = [[str(n), str(n + 1)] for n in range(0, len(rows) - 1, 3)]

    assert min(told(people, homes, k).values()) >= k


def test_fewer_people_than_k_are_refused() -> None:
    with pytest.raises(InputError, match="too few"):
        coarsened({"ana": ANA}, [], 2)


def test_a_row_fits_all_of_whom_no_less_is_told() -> None:
    people = [ANA] * 3 + [{**ANA, "city": None}] * 2
    part: dict[str, str | None] = {"birth": "1981", "country": "DE"}

    assert fewest_alike(people, [ANA, part]) == 3
    assert fewest_alike(people, [part]) == 5
    assert fewest_alike(people, [ANA, {**ANA, "gender": "male"}]) == 0
    assert fewest_alike(people, []) == 0


def test_k_and_l_are_counted_by_hand() -> None:
    people = [(ANA, {"tier": tier}) for tier in ("gold", "gold", "blue")]
    people += [({**ANA, "city": None}, {"tier": "gold"})] * 2

    found = measured(people)

    assert (found.k, found.classes, found.people, found.l) == (2, 2, 5, {"tier": 1})
    assert found.told["city"] == 3
