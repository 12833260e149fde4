"""A person in standard shape: hard cases by name, all in one frame, each asked by its test."""

from datetime import date

import pytest
from pyspark.sql import Row, SparkSession
from pyspark.sql import functions as F

from lakehouse.columns.names import name_sound
from lakehouse.columns.person import MATCH_COLUMNS, RAW_COLUMNS, standardised_people
from lakehouse.tables.local_frame import local_frame

AS_OF = date(2026, 1, 10)
PEOPLE: dict[str, dict[str, str | None]] = {
    "nobody": {},
    "blank": {"full_name": " \t ", "email": "", "phone": " ", "birth_date": "\u200b"},
    "whole name": {"full_name": "Dr.  José Q. van der Berg Jr."},
    "family first": {"full_name": "Smith, John Quincy"},
    "family first with suffix": {"full_name": "Smith Jr., John"},
    "suffix after comma": {"full_name": "John Smith, III"},
    "one word": {"full_name": "Sammy"},
    "comma and nothing": {"full_name": "Smith,"},
    "commas only": {"full_name": ", ,"},
    "surname Senior": {"full_name": "Nassau Senior"},
    "John Smith Senior": {"full_name": "John Smith Senior"},
    "father": {"given_name": "John", "family_name": "Smith", "name_suffix": "Senior"},
    "son": {"given_name": "John", "family_name": "Smith Jr"},
    "parts": {"given_name": "SAMMY", "middle_name": "J", "family_name": "O’BRIEN"},
    "middle name in the whole": {
        "full_name": "charles alexander anderson",
        "given_name": "charles",
        "family_name": "anderson",
    },
    "another whole name": {
        "full_name": "lotte anna mayer",
        "given_name": "charles",
        "family_name": "anderson",
    },
    "Cyrillic": {"full_name": "Мария Иванова", "city": "Москва"},
    "bidi": {"given_name": "\u202eAnn\u202c", "family_name": "Le\u200be", "city": "New\u00a0 York"},
    "decomposed": {"given_name": "Jose\u0301", "family_name": "Müller-Lüdenscheidt"},
    "day first": {"birth_date": "12/03/1985"},
    "ISO": {"birth_date": "1985-03-12"},
    "30 February": {"birth_date": "1985-02-30"},
    "new year 1900": {"birth_date": "01/01/1900"},
    "next year": {"birth_date": "2027-01-01"},
    "121 years": {"birth_date": "1904-12-31"},
    "mail": {"email": "Jo.Doe+x@GMail.com", "secondary_email": "none@none.com"},
    "phone by country": {"phone": "0171 2345678", "country": "Germany"},
    "phone by default": {"phone": "(212) 555-0187", "secondary_phone": "+44 7911 123456"},
    "Atlantis": {"country": "Atlantis"},
    "London": {"postcode": "nw16xe", "country": "UK", "street": "221B Baker Street, Flat 2"},
    "Boston": {"postcode": "2134", "country": "US", "street": "5 North Main Avenue"},
    "Boston with four more": {"postcode": "021341234", "country": "USA"},
    "Amsterdam": {"postcode": "1012ab", "country": "NL"},
    "Berlin": {"postcode": "D-10117", "country": "DE", "street": "Lange Straße 5"},
    "Berlin, short": {"street": "Lange Str. 5"},
    "Warsaw": {"postcode": "00950", "country": "PL"},
    "not a postcode": {"postcode": "unknown 1", "country": "DE"},
    "woman": {"gender": "Weiblich"},
    "no gender": {"gender": "?"},
    "ids": {"national_id": "ab-12 34", "social_handle": "@Ann_Lee"},
    "placeholders": {
        "full_name": " N/A  n/a",
        "family_name": "Test",
        "city": "UNKNOWN",
        "region": "-",
        "street": "none",
        "postcode": "n.a.",
        "social_handle": "not provided",
    },
    "no last name": {"full_name": "Ann Lee", "family_name": "xxx"},
    "Mr Null of None": {"given_name": "Na", "family_name": "Null", "city": "None", "region": "NA"},
    "Ms Testa": {"full_name": "Una Testa-Unknown", "city": "Xxxtown", "street": "1 Test Street"},
    "prefers": {
        "stated_channel": " E-Mail ",
        "stated_category": "Home  Garden",
        "stated_brand": "n/a",
        "stated_hour": "09",
    },
    "no hour": {"stated_hour": "24"},
    "open": {"is_account_active": " true "},
    "closed": {"is_account_active": "false"},
    "paused": {"is_account_active": "paused"},
    "wall of words": {"street": "test - " * 10_000},
    "junk ids": {"national_id": "000-000", "social_handle": "https://social.example/Ann_Lee/"},
}


@pytest.fixture(scope="module")
def people(spark: SparkSession) -> dict[str, Row]:
    """The standardised `PEOPLE`, by what they are called."""
    names = sorted({name for raw in PEOPLE.values() for name in raw})
    cells = [(who, *(raw.get(name) for name in names)) for who, raw in PEOPLE.items()]
    frame = local_frame(spark, cells, ", ".join(f"`{n}` string" for n in ["who", *names]))
    standard = standardised_people(
        frame,
        default_country=F.lit("US"),
        date_formats=["yyyy-MM-dd", "dd/MM/yyyy"],
        as_of=AS_OF,
    )
    return {row["who"]: row for row in standard.collect()}


def corrections(row: Row) -> list[tuple[str, str, str]]:
    return [(c["column"], c["rule"], c["original"]) for c in row["corrections"]]


def filled(row: Row) -> set[str]:
    return {n for n in (*RAW_COLUMNS, *MATCH_COLUMNS) if row[n] is not None}


@pytest.mark.parametrize("who", ["nobody", "blank"])
def test_nothing_visible_is_nothing(people: dict[str, Row], who: str) -> None:
    assert filled(people[who]) == set()
    assert corrections(people[who]) == []


def test_what_stands_for_no_name_or_place_is_nothing_and_written_down(
    people: dict[str, Row],
) -> None:
    assert filled(people["placeholders"]) == filled(people["commas only"]) == set()
    assert corrections(people["commas only"]) == [("full_name", "placeholder", ", ,")]
    assert sorted(corrections(people["placeholders"])) == [
        ("city", "placeholder", "UNKNOWN"),
        ("family_name", "placeholder", "Test"),
        ("full_name", "placeholder", " N/A  n/a"),
        ("postcode", "placeholder", "n.a."),
        ("region", "placeholder", "-"),
        ("social_handle", "placeholder", "not provided"),
        ("street", "placeholder", "none"),
    ]
    assert people["no last name"]["family_name"] == "Lee"
    assert corrections(people["no last name"]) == [("family_name", "placeholder", "xxx")]


def test_a_name_that_looks_like_a_placeholder_stays(people: dict[str, Row]) -> None:
    null, testa = people["Mr Null of None"], people["Ms Testa"]
    assert (null["given_name"], null["family_name"]) == ("Na", "Null")
    assert (null["city"], null["region"]) == ("None", "NA")
    assert (testa["family_name"], testa["city"]) == ("Testa-Unknown", "Xxxtown")
    assert testa["street"] == "1 Test Street"
    assert corrections(null) == corrections(testa) == []


def test_preferences_are_as_stated_and_an_hour_is_one_of_a_day(people: dict[str, Row]) -> None:
    row = people["prefers"]
    stated = ("stated_channel", "stated_category", "stated_brand", "stated_hour")
    assert [row[name] for name in stated] == ["e-mail", "Home Garden", None, 9]
    assert sorted(corrections(row)) == [
        ("stated_brand", "placeholder", "n/a"),
        ("stated_hour", "whole_hour", "09"),
    ]
    assert people["no hour"]["stated_hour"] is None
    assert corrections(people["no hour"]) == [("stated_hour", "impossible_hour", "24")]


def test_an_account_is_active_or_not_and_a_word_that_is_neither_says_nothing(
    people: dict[str, Row],
) -> None:
    accounts = {
        who: people[who]["is_account_active"] for who in ("open", "closed", "paused", "no hour")
    }
    assert accounts == {"open": True, "closed": False, "paused": None, "no hour": None}
    assert corrections(people["closed"]) == []
    assert corrections(people["paused"]) == [
        ("is_account_active", "unknown_account_state", "paused")
    ]


def test_a_long_text_of_placeholders_is_read_without_overflow(people: dict[str, Row]) -> None:
    assert people["wall of words"]["street"].startswith("test - test - ")


@pytest.mark.parametrize(
    ("who", "given", "middle", "family", "suffix", "match"),
    [
        ("whole name", "José", "Q.", "van der Berg", "jr", "jose q van der berg"),
        ("family first", "John", "Quincy", "Smith", None, "john quincy smith"),
        ("family first with suffix", "John", None, "Smith", "jr", "john smith"),
        ("suffix after comma", "John", None, "Smith", "iii", "john smith"),
        ("one word", "Sammy", None, None, None, "sammy"),
        ("comma and nothing", "Smith", None, None, None, "smith"),
        ("surname Senior", "Nassau", None, "Senior", None, "nassau senior"),
        ("John Smith Senior", "John", None, "Smith", "sr", "john smith"),
        ("father", "John", None, "Smith", "sr", "john smith"),
        ("son", "John", None, "Smith", "jr", "john smith"),
        ("parts", "SAMMY", "J", "O’BRIEN", None, "sammy j obrien"),
        (
            "middle name in the whole",
            "charles",
            "alexander",
            "anderson",
            None,
            "charles alexander anderson",
        ),
        ("another whole name", "charles", None, "anderson", None, "lotte anna mayer"),
        ("Cyrillic", "Мария", None, "Иванова", None, "mariya ivanova"),
        ("bidi", "Ann", None, "Lee", None, "ann lee"),
    ],
)
def test_a_name_falls_into_its_parts(
    people: dict[str, Row],
    who: str,
    given: str,
    middle: str | None,
    family: str | None,
    suffix: str | None,
    match: str,
) -> None:
    row = people[who]
    parts = (row["given_name"], row["middle_name"], row["family_name"], row["name_suffix"])
    assert parts == (given, middle, family, suffix)
    assert row["full_name_match"] == match


def test_match_forms_are_ascii_whatever_the_script(people: dict[str, Row]) -> None:
    assert people["Cyrillic"]["city_match"] == "moskva"
    assert people["decomposed"]["given_name_match"] == "jose"
    assert people["decomposed"]["family_name_match"] == "muller ludenscheidt"
    assert people["bidi"]["city"] == "New York"
    texts = [row[name] or "" for row in people.values() for name in MATCH_COLUMNS]
    assert all(text.isascii() for text in texts)


def test_the_whole_name_as_written_is_kept_or_put_together(people: dict[str, Row]) -> None:
    assert people["whole name"]["full_name"] == "Dr. José Q. van der Berg Jr."
    assert people["parts"]["full_name"] == "SAMMY J O’BRIEN"


def test_a_nickname_keeps_its_form_and_shows_its_root(people: dict[str, Row]) -> None:
    assert people["parts"]["given_name_match"] == "sammy"
    assert people["parts"]["given_name_root"] == "samuel"
    assert people["Cyrillic"]["given_name_root"] == "mariya"


def test_names_that_sound_alike_have_one_sound(spark: SparkSession) -> None:
    names = ["tamika", "tomica", "van der berg", "vanderberg", "6th", "", None]
    frame = local_frame(spark, [(name,) for name in names], "name string")
    sounds = frame.select("name", name_sound(F.col("name")).alias("sound")).collect()
    found = {row.name: row.sound for row in sounds}
    assert found["tamika"] == found["tomica"] == "T520"
    assert found["van der berg"] == found["vanderberg"]
    assert [found[name] for name in ("6th", "", None)] == [None] * 3


@pytest.mark.parametrize("who", ["day first", "ISO"])
def test_a_birth_date_is_read_in_any_of_the_forms(people: dict[str, Row], who: str) -> None:
    assert people[who]["birth_date"] == date(1985, 3, 12)


@pytest.mark.parametrize(
    ("who", "rule"),
    [
        ("30 February", "impossible_date"),
        ("new year 1900", "placeholder_date"),
        ("next year", "out_of_range_date"),
        ("121 years", "out_of_range_date"),
    ],
)
def test_a_birth_date_not_to_be_believed_is_null_and_written_down(
    people: dict[str, Row], who: str, rule: str
) -> None:
    assert people[who]["birth_date"] is None
    assert corrections(people[who]) == [("birth_date", rule, PEOPLE[who]["birth_date"])]


def test_a_changed_value_keeps_the_original_beside_it(people: dict[str, Row]) -> None:
    mail = people["mail"]
    assert (mail["email"], mail["email_match"]) == ("jo.doe+x@gmail.com", "jodoe@gmail.com")
    assert mail["secondary_email"] is None
    assert corrections(mail) == [
        ("email", "email_form", "Jo.Doe+x@GMail.com"),
        ("secondary_email", "junk_email", "none@none.com"),
    ]
    assert corrections(people["son"]) == [("family_name", "suffix_split", "Smith Jr")]
    assert corrections(people["ISO"]) == []


def test_a_phone_is_read_by_the_records_country_and_then_by_the_default(
    people: dict[str, Row],
) -> None:
    german = people["phone by country"]
    assert (german["phone"], german["country"]) == ("+491712345678", "DE")
    american = people["phone by default"]
    assert (american["phone"], american["phone_match"]) == ("+12125550187", "12125550187")
    assert (american["secondary_phone"], american["country"]) == ("+447911123456", None)
    assert american["secondary_phone_match"] == "447911123456"
    assert corrections(people["Atlantis"]) == [("country", "unknown_country", "Atlantis")]


@pytest.mark.parametrize(
    ("who", "postcode", "match"),
    [
        ("London", "NW1 6XE", "nw16xe"),
        ("Boston", "02134", "02134"),
        ("Boston with four more", "02134-1234", "02134"),
        ("Amsterdam", "1012 AB", "1012ab"),
        ("Berlin", "10117", "10117"),
        ("Warsaw", "00-950", "00950"),
        ("not a postcode", "UNKNOWN 1", "unknown1"),
    ],
)
def test_a_postcode_takes_its_countrys_form(
    people: dict[str, Row], who: str, postcode: str, match: str
) -> None:
    assert (people[who]["postcode"], people[who]["postcode_match"]) == (postcode, match)


def test_words_for_streets_are_abbreviated_alike(people: dict[str, Row]) -> None:
    assert people["London"]["street_match"] == "221b baker st fl 2"
    assert people["Boston"]["street_match"] == "5 n main ave"
    assert people["Berlin"]["street_match"] == people["Berlin, short"]["street_match"]


def test_gender_and_ids_take_one_form(people: dict[str, Row]) -> None:
    assert people["woman"]["gender"] == "female"
    assert corrections(people["no gender"]) == [("gender", "unknown_gender", "?")]
    assert people["ids"]["national_id"] == "AB1234"
    assert people["ids"]["social_handle"] == people["junk ids"]["social_handle"] == "ann_lee"
    assert people["junk ids"]["national_id"] is None


def test_other_columns_and_earlier_corrections_stay_and_a_date_may_come_as_a_date(
    spark: SparkSession,
) -> None:
    row = (
        spark.sql(
            "select 7 as record_id, date'1985-03-12' as birth_date, 'M' as gender,"
            " array(named_struct('column', 'tier', 'rule', 'unlisted_value', 'original', 'Z'))"
            " as corrections"
        )
        .transform(standardised_people)
        .collect()[0]
    )
    assert (row["record_id"], row["birth_date"]) == (7, date(1985, 3, 12))
    assert corrections(row) == [("tier", "unlisted_value", "Z"), ("gender", "gender_word", "M")]
