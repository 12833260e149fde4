"""Laws are conf: by residence, and a further one needs no Python."""

from pathlib import Path

import pytest

from lakehouse.settings.load import load_settings
from lakehouse.settings.purposes import LegalBasis
from lakehouse.settings.regimes import Right, Unknown


@pytest.mark.parametrize(
    ("country", "region", "law"),
    [
        ("FR", None, "gdpr"),
        ("NO", None, "gdpr"),
        ("GB", "Kent", "uk_gdpr"),
        ("US", "CA", "ccpa"),
        ("US", " california ", "ccpa"),
        ("US", "NV", "gdpr"),
        ("US", None, "gdpr"),
        ("CA", None, "gdpr"),
        ("BR", None, "gdpr"),
        (None, "CA", "gdpr"),
        (None, None, "gdpr"),
        ("", "", "gdpr"),
    ],
)
def test_a_person_is_under_the_law_of_the_residence_else_under_the_default(
    country: str | None, region: str | None, law: str, conf: Path
) -> None:
    assert load_settings("test", conf).regimes.regime_of(country, region).name == law


def test_the_laws_that_come_along_have_the_deadlines_of_their_texts(conf: Path) -> None:
    laws = load_settings("test", conf).regimes.regimes

    days = {name: (law.deadline_days, law.extension_days) for name, law in laws.items()}

    assert days == {"gdpr": (30, 60), "uk_gdpr": (30, 60), "ccpa": (45, 45)}


MADE_UP = """
regimes:
  utopia:
    title: Law of Utopia
    countries: [UT]
    rights: [access, erasure]
    deadline_days: 12
    extension_days: 0
    acknowledge_days: 2
    warn_days: 3
    bases: {contract: a bargain, consent: a yes, legal_obligation: a duty, legitimate_interest: a need}
    where_unknown: {marketing: opt_out}
    complaint: the prince
  utopia_north:
    title: Law of the north of Utopia
    countries: [UT]
    regions: [North]
    rights: [access]
    deadline_days: 5
    extension_days: 5
    acknowledge_days: 1
    warn_days: 1
    bases: {contract: a bargain, consent: a yes, legal_obligation: a duty, legitimate_interest: a need}
    complaint: the prince
"""


def test_a_further_law_is_a_piece_of_conf(conf: Path) -> None:
    (conf / "test" / "regimes.yml").write_text(MADE_UP, "utf-8")

    regimes = load_settings("test", conf).regimes
    law, north = regimes.regime_of("UT"), regimes.regime_of("UT", "NORTH")

    assert (law.title, law.deadline_days, law.rights) == (
        "Law of Utopia",
        12,
        (Right.ACCESS, Right.ERASURE),
    )
    assert (north.name, north.deadline_days) == ("utopia_north", 5)
    assert regimes.regime_of("FR").name == "gdpr"


def test_nothing_that_needs_consent_is_allowed_of_the_undecided_unless_conf_says_so(
    conf: Path,
) -> None:
    (conf / "test" / "regimes.yml").write_text(MADE_UP, "utf-8")
    regimes = load_settings("test", conf).regimes

    assert regimes.regime_of("UT").unknown("marketing") is Unknown.OPT_OUT
    by_place = regimes.unknown_by_place("marketing")
    assert by_place["UT", ""] is Unknown.OPT_OUT
    assert {by_place[place] for place in (("UT", "north"), ("FR", ""), ("", ""))} == {
        Unknown.OPT_IN
    }
    assert {
        law.unknown("marketing") for law in regimes.regimes.values() if law.name != "utopia"
    } == {Unknown.OPT_IN}


def test_an_environment_can_change_one_number_of_a_law(conf: Path) -> None:
    (conf / "test" / "regimes.yml").write_text("regimes: {gdpr: {warn_days: 14}}\n", "utf-8")

    law = load_settings("test", conf).regimes.regime_of("DE")

    assert (law.name, law.deadline_days, law.warn_days) == ("gdpr", 30, 14)


def test_marketing_needs_consent_and_serving_a_caller_does_not(conf: Path) -> None:
    purposes = load_settings("test", conf).purposes.purposes

    assert (purposes["marketing"].needs_consent, purposes["service"].needs_consent) == (True, False)
    assert purposes["service"].legal_basis is LegalBasis.CONTRACT


@pytest.mark.parametrize(
    ("basis", "may_be_objected_to"),
    [
        ("consent", True),
        ("contract", False),
        ("legal_obligation", False),
        ("vital_interest", False),
        ("public_task", True),
        ("legitimate_interest", True),
    ],
)
def test_every_ground_of_article_6_can_be_a_purpose_s_and_has_words_in_the_laws_that_name_it(
    conf: Path, basis: str, may_be_objected_to: bool
) -> None:
    settings = load_settings("test", conf)
    marketing = settings.purposes.purposes["marketing"]
    ground = LegalBasis(basis)

    changed = marketing.model_copy(update={"legal_basis": ground})

    assert changed.may_be_objected_to is may_be_objected_to
    assert all(ground in settings.regimes.regimes[law].bases for law in ("gdpr", "uk_gdpr"))
