"""Each distortion falls on as many of the people and records that can show it as its dial says."""

import numpy as np
import pandas as pd
import pytest

from lakehouse.demo.names import nicknames
from lakehouse.demo.people import Chunk, draw_people
from lakehouse.demo.rates import DISTORTIONS, PERSON_RATES, RECORD_RATES
from lakehouse.demo.records import observe
from lakehouse.demo.views import View

PEOPLE = 20_000
FULL = View("any_feed", dict.fromkeys(("given", "birth_date", "email", "phone", "address"), 1.0))
"""A feed that states all of it: no record is so short that it gets its own e-mail and telephone back."""

COST_EVIDENCE = (
    "maiden_name",
    "accents_and_scripts",
    "nickname",
    "typo",
    "swapped_names",
    "placeholder_birth_date",
    "shared_family_email",
    "junk_email",
    "new_phone",
    "moved_house",
)
"""In the order in which they fall, and after them `missing_values`: no record bears more than two."""


@pytest.fixture(scope="module")
def drawn() -> pd.DataFrame:
    return draw_people(np.random.default_rng(3), Chunk(0, 0, PEOPLE))


@pytest.fixture(scope="module")
def seen(drawn: pd.DataFrame) -> pd.DataFrame:
    """One record per person, beside what is true (`true_…`), and by distortion whether it shows that."""
    records, labels = observe(np.random.default_rng(4), drawn, np.arange(PEOPLE), FULL)
    marks = pd.DataFrame(labels.marks, columns=list(DISTORTIONS))
    true = drawn.rename(columns=lambda name: f"true_{name}")
    return pd.concat([records, true, marks], axis=1)


def assert_share(shown: pd.Series, dial: float) -> None:
    """A tenth is what rules between distortions may take, four deviations are chance."""
    deviation = (dial * (1 - dial) / len(shown)) ** 0.5
    assert abs(shown.mean() - dial) < dial / 10 + 4 * deviation, (shown.mean(), dial, len(shown))


def test_what_happens_to_people_and_households_happens_at_its_rate(drawn: pd.DataFrame) -> None:
    homes = drawn.groupby("household")
    size = homes["household"].transform("size")
    namesake = drawn["father"] | drawn["son"]
    has_twins = homes["twin"].transform("any")
    has_namesakes = namesake.groupby(drawn["household"]).transform("any")
    is_first = (drawn["position"] == 0) & ~drawn["flat"]
    married = drawn["female"] & (drawn["position"] < 2) & ~drawn["twin"]
    shares_email = drawn["shared_email"] != ""

    assert_share(drawn["moved"][~drawn["twin"] & ~namesake], PERSON_RATES.moved_house)
    assert_share(drawn["has_new_phone"], PERSON_RATES.new_phone)
    assert_share(drawn["has_maiden_name"][married], PERSON_RATES.maiden_name_of_women)
    assert_share(drawn["has_second_email"], PERSON_RATES.second_email)
    assert_share(drawn["recycled"], PERSON_RATES.recycled_phone)
    large, family = is_first & (size >= 4), is_first & (size >= 3) & ~(has_twins & (size < 5))
    assert_share(has_twins[large], PERSON_RATES.twins_per_large_household)
    assert_share(has_namesakes[family], PERSON_RATES.father_and_son_per_family)
    alike = is_first & (size > 1) & ~has_namesakes
    assert_share(shares_email[alike], PERSON_RATES.shared_email_per_household)


def eligible(seen: pd.DataFrame) -> dict[str, pd.Series]:
    """By distortion, which records can show it; of the last, those that show none before it."""
    open_to_all = ~(seen["true_father"] | seen["true_son"] | seen["true_twin"])
    namesake = seen["true_father"] | seen["true_son"]
    family = seen["true_shared_email"]
    maiden = seen["maiden_name"]
    variant = seen["true_family_variant"].where(~maiden, seen["true_maiden_variant"])
    written = seen["true_family"].where(~maiden, seen["true_maiden"])
    burden = seen[list(COST_EVIDENCE)].cumsum(axis=1).shift(1, axis=1, fill_value=0)
    can_bear = burden < 2
    shares = (family != "") & (family != seen["true_email"]) & (seen["email"] != "") & open_to_all
    differs = (seen["true_given"] != seen["true_given_variant"]) | (written != variant)
    has_short = seen["true_given"].isin(nicknames().keys()) & ~seen["accents_and_scripts"]
    told = {
        "maiden_name": seen["true_has_maiden_name"],
        "accents_and_scripts": differs,
        "nickname": has_short & open_to_all,
        "typo": open_to_all & (burden["typo"] == 0),
        "swapped_names": open_to_all,
        "placeholder_birth_date": (seen["birth_date"] != "") & ~namesake,
        "shared_family_email": shares,
        "junk_email": (seen["email"] != "") & ~seen["shared_family_email"] & open_to_all,
        "new_phone": (seen["phone"] != "") & seen["true_has_new_phone"] & ~namesake,
        "moved_house": (seen["street"] != "") & seen["true_moved"],
    }
    return {name: where & can_bear[name] for name, where in told.items()} | {
        "upper_case": seen["given"] != "",
        "date_formats": seen["birth_date"] != "",
        "missing_values": open_to_all & (seen[list(COST_EVIDENCE)].sum(axis=1) == 0),
    }


@pytest.mark.parametrize(
    "distortion", [*COST_EVIDENCE, "upper_case", "date_formats", "missing_values"]
)
def test_a_record_that_can_show_a_distortion_shows_it_at_its_rate(
    distortion: str, seen: pd.DataFrame
) -> None:
    assert_share(seen[distortion][eligible(seen)[distortion]], getattr(RECORD_RATES, distortion))


def test_people_are_in_one_source_twice_at_its_rate(person_truth: pd.DataFrame) -> None:
    feeds = ("crm_contact", "shop_account", "pos_loyalty_member")
    of_feeds = person_truth[person_truth["feed"].isin(feeds)]
    records = of_feeds.groupby(["feed", "person_id"]).size()

    assert_share(records > 1, RECORD_RATES.duplicate_in_source)
