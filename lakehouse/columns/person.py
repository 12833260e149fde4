"""A person in one standard shape, from whatever text a source has: the one place that says how."""

from collections.abc import Callable, Sequence
from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.columns.addresses import (
    country_code,
    postcode,
    postcode_match,
    street_match,
)
from lakehouse.columns.dates import birth_date_rule, parsed_date
from lakehouse.columns.emails import email_facts
from lakehouse.columns.gender import gender
from lakehouse.columns.keys import national_id
from lakehouse.columns.names import (
    given_name_root,
    name_parts,
    name_sound,
    name_suffix,
    stated_suffix,
    without_suffix,
)
from lakehouse.columns.phones import phone_facts
from lakehouse.columns.text import (
    ascii_text,
    ascii_texts,
    is_placeholder,
    not_blank,
    simplified,
    squashed,
)

RAW_COLUMNS = [
    "full_name",
    "given_name",
    "middle_name",
    "family_name",
    "name_suffix",
    "birth_date",
    "gender",
    "email",
    "secondary_email",
    "phone",
    "secondary_phone",
    "street",
    "city",
    "region",
    "postcode",
    "country",
    "national_id",
    "social_handle",
    "loyalty_number",
    "device_id",
    "stated_channel",
    "stated_category",
    "stated_brand",
    "stated_hour",
    "created_date",
    "is_account_active",
]
"""Raw text that `standardised_people` looks for, by standard name."""

MATCH_COLUMNS = [
    "full_name_match",
    "given_name_match",
    "middle_name_match",
    "family_name_match",
    "given_name_root",
    "given_name_sound",
    "family_name_sound",
    "email_match",
    "phone_match",
    "secondary_phone_match",
    "street_match",
    "city_match",
    "postcode_match",
]
"""What it adds to compare by, in linkage and gold: ASCII only."""

CORRECTIONS_TYPE = "array<struct<column:string,rule:string,original:string>>"

_FORM_RULES = {
    "name_suffix": "suffix_form",
    "given_name": "suffix_split",
    "family_name": "suffix_split",
    "birth_date": "iso_date",
    "created_date": "iso_date",
    "gender": "gender_word",
    "email": "email_form",
    "secondary_email": "email_form",
    "phone": "e164",
    "secondary_phone": "e164",
    "postcode": "postal_form",
    "country": "iso_country",
    "national_id": "letters_and_digits",
    "social_handle": "handle_form",
    "stated_hour": "whole_hour",
    "is_account_active": "true_or_false",
}
"""By column, the rule under which `corrections` names a value that stands in another form."""

FORM_RULES = frozenset(_FORM_RULES.values())
"""Rules of `corrections` that write a value in another form; under all others it was no good."""

_NAMES = ("full_name", "given_name", "middle_name", "family_name", "city", "region")
_PREFERENCES = ("stated_channel", "stated_category", "stated_brand")
_MAY_BE_PLACEHOLDERS = (
    *_NAMES,
    *_PREFERENCES,
    *("street", "postcode", "national_id", "social_handle", "loyalty_number", "device_id"),
)
"""Columns whose placeholders have no rule of their own, as those of dates, e-mails and phones have."""

_SOUNDED = ("given", "family")
_ONLY_SQUASHED = (
    *("street", "city", "region", "loyalty_number", "device_id"),
    *("stated_category", "stated_brand"),
)
_REPLACED = frozenset((*RAW_COLUMNS, *MATCH_COLUMNS, "corrections"))
_HANDLE_DECORATION = r"^https?://[^/]+/|^@|/$"


def standardised_people(
    frame: DataFrame,
    *,
    default_country: Column | None = None,
    date_formats: Sequence[str] = (),
    read_date: Callable[[Column], Column] | None = None,
    as_of: date | None = None,
) -> DataFrame:
    """The frame with every `RAW_COLUMNS` in standard form, every `MATCH_COLUMNS`, `corrections`.

    Args:
        frame: has any subset of `RAW_COLUMNS` as text (a date or number is taken as its text);
            those that are missing come out null. A full name fills the missing parts of a name,
            and the parts a missing full name. All other columns are kept as they are.
        default_country: ISO alpha-2 code per row where the row states no country, for telephone
            numbers and postal codes; the `country` column stays null there.
        date_formats: Spark datetime patterns for `birth_date` and `created_date`, tried in order;
            ISO 8601 is tried when there are none.
        read_date: reads those dates instead of `date_formats`, for a frame of several sources.
        as_of: the day by which a birth date in the future or more than 120 years ago is no birth
            date; without it only placeholders and impossible dates become null.

    Returns:
        One row per row of `frame`. `birth_date` and `created_date` are dates, `stated_hour` is an int,
        `is_account_active` a boolean, everything else a string; `corrections` is an array of
        struct<column, rule, original> (continued) for every value that a rule changed or removed.
    """
    others = [name for name in frame.columns if name not in _REPLACED]
    raw = frame.select(*others, *_raw_columns(frame, default_country))
    written = raw.select("*", F.transform("_raw", squashed).alias("_written"))
    suffixed = written.select("*", _without_placeholders()).select("*", *_suffixes())
    split = suffixed.select("*", *_split_names()).select("*", *_parts_of_full())
    named = split.select(
        "*",
        *_chosen_names(),
        *_read_values(read_date or (lambda text: parsed_date(text, date_formats))),
    )
    checked = named.select("*", *_asked_of_authorities(), *_checked_values(as_of))
    matched = checked.select("*", *_simple_forms())
    standard = matched.select("*", *_standard_forms(), *_standard_match_forms())
    return standard.select(
        *others, *RAW_COLUMNS, *MATCH_COLUMNS, _corrections().alias("corrections")
    )


def _raw_columns(frame: DataFrame, default_country: Column | None) -> list[Column]:
    def raw(name: str) -> Column:
        return (F.col(name) if name in frame.columns else F.lit(None)).cast("string")

    country = F.lit(None).cast("string") if default_country is None else default_country
    before = F.col("corrections") if "corrections" in frame.columns else F.lit(None)
    return [
        F.array(*(raw(name) for name in RAW_COLUMNS)).alias("_raw"),
        country.alias("_default_country"),
        F.coalesce(before.cast(CORRECTIONS_TYPE), F.array()).alias("_corrections_before"),
    ]


def _raw(name: str) -> Column:
    return F.col("_raw")[RAW_COLUMNS.index(name)]


def _written(name: str) -> Column:
    return F.col("_written")[RAW_COLUMNS.index(name)]


def _without_placeholders() -> Column:
    def known(name: str) -> Column:
        text = _written(name)
        if name not in _MAY_BE_PLACEHOLDERS:
            return text
        return F.when(~is_placeholder(text, is_name=name in _NAMES), text)

    return F.array(*(known(name) for name in RAW_COLUMNS)).alias("_tidy")


def _tidy(name: str) -> Column:
    return F.col("_tidy")[RAW_COLUMNS.index(name)]


def _suffixes() -> list[Column]:
    return [
        name_suffix(_tidy("full_name"), of_whole_name=True).alias("_full_suffix"),
        name_suffix(_tidy("given_name")).alias("_given_suffix"),
        name_suffix(_tidy("family_name")).alias("_family_suffix"),
        country_code(_tidy("country")).alias("country"),
    ]


def _split_names() -> list[Column]:
    bare = without_suffix(_tidy("full_name"), F.col("_full_suffix"))
    return [
        F.transform(name_parts(bare), not_blank).alias("_full_parts"),
        without_suffix(_tidy("given_name"), F.col("_given_suffix")).alias("_own_given"),
        without_suffix(_tidy("family_name"), F.col("_family_suffix")).alias("_own_family"),
        F.coalesce("country", "_default_country").alias("_country_used"),
    ]


def _parts_of_full() -> list[Column]:
    family = F.get("_full_parts", F.lit(2))
    return [
        F.get("_full_parts", F.lit(0)).alias("_full_given"),
        F.get("_full_parts", F.lit(1)).alias("_full_middle"),
        without_suffix(family, name_suffix(family)).alias("_full_family"),
        F.coalesce(
            stated_suffix(_tidy("name_suffix")),
            F.col("_family_suffix"),
            F.col("_full_suffix"),
            name_suffix(family),
            F.col("_given_suffix"),
        ).alias("name_suffix"),
    ]


def _chosen_names() -> list[Column]:
    given = F.coalesce("_own_given", "_full_given")
    family = F.coalesce("_own_family", "_full_family")
    same_person = (F.lower(given) == F.lower("_full_given")) & F.coalesce(
        F.lower(family) == F.lower("_full_family"), F.lit(True)
    )
    middle = F.coalesce(_tidy("middle_name"), F.when(same_person, F.col("_full_middle")))
    words = F.when(
        F.col("_full_given").isNotNull(),
        F.concat_ws(" ", "_full_given", "_full_middle", "_full_family"),
    ).otherwise(F.concat_ws(" ", given, middle, family))
    own_parts = (_tidy("given_name"), _tidy("middle_name"), _tidy("family_name"))
    return [
        F.coalesce(_tidy("full_name"), not_blank(F.concat_ws(" ", *own_parts))).alias("full_name"),
        given.alias("given_name"),
        middle.alias("middle_name"),
        family.alias("family_name"),
        not_blank(words).alias("_name_words"),
    ]


def _transliterated() -> dict[str, Column]:
    return {
        "full_name": F.col("_name_words"),
        "given_name": F.col("given_name"),
        "middle_name": F.col("middle_name"),
        "family_name": F.col("family_name"),
        "street": _tidy("street"),
        "city": _tidy("city"),
    }


def _asked_of_authorities() -> list[Column]:
    """One struct or array per question, so that each is asked once however many fields are used."""
    country = F.col("_country_used")
    return [
        ascii_texts(_transliterated()).alias("_ascii"),
        email_facts(_tidy("email")).alias("_email"),
        email_facts(_tidy("secondary_email")).alias("_secondary_email"),
        phone_facts(_tidy("phone"), country).alias("_phone"),
        phone_facts(_tidy("secondary_phone"), country).alias("_secondary_phone"),
    ]


def _read_values(read_date: Callable[[Column], Column]) -> list[Column]:
    return [
        read_date(_tidy("birth_date")).alias("_born"),
        read_date(_tidy("created_date")).alias("created_date"),
        postcode(_tidy("postcode"), F.col("_country_used")).alias("postcode"),
    ]


def _checked_values(as_of: date | None) -> list[Column]:
    rule = birth_date_rule(F.col("_born"), _tidy("birth_date"), as_of)
    return [rule.alias("_birth_date_rule")]


def _simple_forms() -> list[Column]:
    texts = _transliterated()
    in_ascii = F.array(*(ascii_text(texts, name, F.col("_ascii")) for name in texts))
    return [F.transform(in_ascii, simplified).alias("_simple")]


def _simple(name: str) -> Column:
    return F.col("_simple")[list(_transliterated()).index(name)]


def _standard_forms() -> list[Column]:
    handle = F.regexp_replace(F.lower(_tidy("social_handle")), _HANDLE_DECORATION, "")
    hour = F.regexp_extract(_tidy("stated_hour"), "^(0?[0-9]|1[0-9]|2[0-3])$", 1)
    return [
        F.when(F.col("_birth_date_rule").isNull(), F.col("_born")).alias("birth_date"),
        gender(_tidy("gender")).alias("gender"),
        F.col("_email.address").alias("email"),
        F.col("_secondary_email.address").alias("secondary_email"),
        F.col("_phone.number").alias("phone"),
        F.col("_secondary_phone.number").alias("secondary_phone"),
        *(_tidy(name).alias(name) for name in _ONLY_SQUASHED),
        national_id(_tidy("national_id")).alias("national_id"),
        not_blank(handle).alias("social_handle"),
        F.lower(_tidy("stated_channel")).alias("stated_channel"),
        hour.try_cast("int").alias("stated_hour"),
        _tidy("is_account_active").try_cast("boolean").alias("is_account_active"),
    ]


def _standard_match_forms() -> list[Column]:
    names = ("full_name", "given_name", "middle_name", "family_name", "city")
    return [
        *(_simple(name).alias(f"{name}_match") for name in names),
        given_name_root(_simple("given_name")).alias("given_name_root"),
        *(name_sound(_simple(f"{part}_name")).alias(f"{part}_name_sound") for part in _SOUNDED),
        F.col("_email.match").alias("email_match"),
        F.col("_phone.match").alias("phone_match"),
        F.col("_secondary_phone.match").alias("secondary_phone_match"),
        street_match(_simple("street")).alias("street_match"),
        postcode_match(F.col("postcode"), F.col("_country_used")).alias("postcode_match"),
    ]


def _removal_rules() -> dict[str, Column]:
    """By column, the rule that took its value away: asked only where a text became null."""
    return {
        "name_suffix": F.lit("unknown_suffix"),
        "given_name": F.lit("suffix_split"),
        "family_name": F.lit("suffix_split"),
        "birth_date": F.col("_birth_date_rule"),
        "created_date": F.lit("impossible_date"),
        "gender": F.lit("unknown_gender"),
        "email": F.col("_email.rule"),
        "secondary_email": F.col("_secondary_email.rule"),
        "phone": F.col("_phone.rule"),
        "secondary_phone": F.col("_secondary_phone.rule"),
        "postcode": F.lit("blank_postcode"),
        "country": F.lit("unknown_country"),
        "national_id": F.lit("junk_national_id"),
        "social_handle": F.lit("blank_handle"),
        "stated_hour": F.lit("impossible_hour"),
        "is_account_active": F.lit("unknown_account_state"),
    }


def _corrections() -> Column:
    removals = _removal_rules()

    def correction(name: str, form: str) -> Column:
        text, standard = _tidy(name), F.col(name).cast("string")
        rule = F.when(standard.isNull(), removals[name]).otherwise(form)
        changed = text.isNotNull() & ~text.eqNullSafe(standard)
        return F.when(changed, _entry(name, rule))

    def placeholder(name: str) -> Column:
        is_one = _written(name).isNotNull() & _tidy(name).isNull()
        return F.when(is_one, _entry(name, F.lit("placeholder")))

    entries = [
        *(correction(name, form) for name, form in _FORM_RULES.items()),
        *(placeholder(name) for name in _MAY_BE_PLACEHOLDERS),
    ]
    return F.concat("_corrections_before", F.array_compact(F.array(*entries))).cast(
        CORRECTIONS_TYPE
    )


def _entry(name: str, rule: Column) -> Column:
    return F.struct(F.lit(name).alias("column"), rule.alias("rule"), _raw(name).alias("original"))
