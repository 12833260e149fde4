"""Raw text in the types of a table's spec: what cannot be read becomes null and is written down."""

from collections.abc import Callable, Mapping, Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.columns.addresses import country_code
from lakehouse.columns.dates import parsed_date, parsed_moment
from lakehouse.columns.emails import email_facts
from lakehouse.columns.person import CORRECTIONS_TYPE
from lakehouse.columns.text import is_placeholder, not_blank, squashed
from lakehouse.silver.intake import LINEAGE, correction
from lakehouse.tables.spec import TableSpec

_KEYS = frozenset({"person_record_key", "order_record_key", "ticket_record_key"})
_AS_WRITTEN = frozenset({"body", "comment"})
_HUMAN = frozenset(
    {"subject", "product_name", "category", "brand", "campaign_name", "survey", "topic"}
)
"""Texts that people type. Machines' words are only trimmed: there are tens of millions of them."""


def _lower(text: Column) -> Column:
    return F.lower(text)


def _upper(text: Column) -> Column:
    return F.upper(text)


def _letters_and_digits(text: Column) -> Column:
    return not_blank(F.regexp_replace(F.lower(text), "[^a-z0-9]", ""))


def _path_only(text: Column) -> Column:
    path = F.regexp_replace(text, r"^[a-z]+://[^/]*|[?#].*$", "")
    return F.when(text.rlike("[?#]|://"), F.coalesce(not_blank(path), F.lit("/"))).otherwise(text)


def _host_only(text: Column) -> Column:
    return not_blank(F.lower(F.regexp_replace(text, r"^[a-z]+://|[/:?#].*$", "")))


def _unless_placeholder(text: Column) -> Column:
    return F.when(~is_placeholder(text, is_name=False), text)


_EMAIL, _EMAIL_FACTS = "email", "_email_facts"
_LOWER_CASE = (
    *("event_type", "status", "channel", "medium", "method", "purpose", "action", "legal_basis"),
    *("author", "tier", "priority", "condition", "network"),
)

_USUAL_FORMS: Mapping[str, Callable[[Column], Column]] = {
    **dict.fromkeys(_LOWER_CASE, _lower),
    **dict.fromkeys(_HUMAN, _unless_placeholder),
    _EMAIL: lambda _: F.col(_EMAIL_FACTS)["address"],
    "currency": _upper,
    "country": country_code,
    "postcode_area": _letters_and_digits,
    "page_path": _path_only,
    "referrer": _host_only,
    "social_handle": lambda text: not_blank(F.regexp_replace(F.lower(text), "^@", "")),
}
"""By column name, the one form in which every table writes it."""

_MORE_DECIMALS = "decimal(38,18)"

_RULES = {"date": "impossible_date", "timestamp": "impossible_date"}
_RULES_OF_TEXTS = {
    **dict.fromkeys(("country", "referrer", "postcode_area"), "unknown_value"),
    **dict.fromkeys(_HUMAN, "placeholder"),
}
"""By column, the rule that takes a text away; other texts are only given a form."""

_FORM_RULES = {
    "email": "email_form",
    "country": "iso_country",
    "postcode_area": "postal_form",
    "social_handle": "handle_form",
}
"""By column, the rule under which `corrections` names a text that is written in another form.

Not among them is what is cut off a page's path and a referrer: it may say who the visitor is.
"""


def typed(intake: DataFrame, spec: TableSpec, formats: Sequence[str]) -> DataFrame:
    """The frame from `intake` with every column of the spec, in the spec's type and usual form.

    Dates and timestamps are read by `formats` (ISO 8601 without any), numbers with a decimal point.
    A column that the feed does not have is null, and so is a text that cannot be read; that one
    goes to `corrections` under `impossible_date`, `not_a_number` or `unknown_value`, a text typed by
    people that stands for none (N/A) under `placeholder`, an e-mail address
    that is none or stands for none under `invalid_email` or `junk_email`, and a number with more
    decimals than its column has under `rounded`. No row is dropped: a required value
    that is null is the gate's to quarantine.

    A text in another form is written down too, by `_FORM_RULES`. Usual, and not written down, are
    another case, blanks, the words that the source's `values` translate, and paths and hosts
    without their query or path: bronze has them as they came.
    """
    columns = {c.name: c.type for c in spec.columns if c.name not in (*LINEAGE, "corrections")}
    read = [name for name in columns if name in intake.columns and name not in _KEYS]
    kept = [name for name in intake.columns if name in (*LINEAGE, "corrections", *_KEYS)]
    tidy = intake.select(*kept, *(_tidy(name).alias(f"_{name}") for name in read))
    if _EMAIL in read:
        tidy = tidy.select("*", email_facts(F.col(f"_{_EMAIL}")).alias(_EMAIL_FACTS))
    values = tidy.select("*", *(_value(n, columns[n], formats).alias(n) for n in read))
    missing = [n for n in columns if n not in read and n not in kept]
    return values.select(
        *(name for name in kept if name != "corrections"),
        *read,
        *(F.lit(None).cast(columns[name]).alias(name) for name in missing),
        _corrections({name: columns[name] for name in read}).alias("corrections"),
    )


def _tidy(name: str) -> Column:
    if name in _HUMAN:
        return squashed(F.col(name))
    text = F.col(name).cast("string")
    return not_blank(text if name in _AS_WRITTEN else F.trim(text))


def _value(name: str, kind: str, formats: Sequence[str]) -> Column:
    text = F.col(f"_{name}")
    if kind == "timestamp":
        return parsed_moment(text, formats)
    if kind == "date":
        return parsed_date(text, formats)
    if kind in ("int", "bigint"):
        # A whole number may be written as 2.0 or as 1E2.
        number = _number(text).try_cast("decimal(38,9)")
        return F.when(number == F.floor(number), number).try_cast(kind)
    if kind.startswith("decimal"):
        return _number(text).try_cast(kind)
    if kind != "string":
        return text.try_cast(kind)
    usual_form = _USUAL_FORMS.get(name)
    return text if usual_form is None else usual_form(text)


def _number(text: Column) -> Column:
    # An exponent of nine digits, which is one short text, has Spark compute a power of ten for minutes or
    # fail, in a try_cast too.
    return F.when(text.rlike(r"^[+-]?[0-9.]{1,80}([eE][+-]?[0-9]{1,3})?$"), text)


def _rules_of_removal(kinds: Mapping[str, str]) -> dict[str, str]:
    """By column that can lose a text, the rule that takes it away."""
    texts = {n: _RULES_OF_TEXTS[n] for n, kind in kinds.items() if n in _RULES_OF_TEXTS}
    others = {n: _RULES.get(k, "not_a_number") for n, k in kinds.items() if k != "string"}
    return others | texts


def _corrections(kinds: Mapping[str, str]) -> Column:
    unread = [
        F.when(
            F.col(f"_{name}").isNotNull() & F.col(name).isNull(),
            correction(name, rule, F.col(f"_{name}")),
        )
        for name, rule in _rules_of_removal(kinds).items()
    ]
    rounded = [
        F.when(
            _number(F.col(f"_{name}")).try_cast(_MORE_DECIMALS) != F.col(name),
            correction(name, "rounded", F.col(f"_{name}")),
        )
        for name, kind in kinds.items()
        if kind.startswith("decimal")
    ]
    formed = [
        F.when(
            F.lower(F.col(f"_{name}")) != F.lower(name), correction(name, rule, F.col(f"_{name}"))
        )
        for name, rule in _FORM_RULES.items()
        if name in kinds
    ]
    found = unread + rounded + formed
    if _EMAIL in kinds:
        found += [
            F.when(
                F.col(_EMAIL_FACTS)["rule"] == rule, correction(_EMAIL, rule, F.col(f"_{_EMAIL}"))
            )
            for rule in ("invalid_email", "junk_email")
        ]
    if not found:
        return F.col("corrections")
    return F.concat("corrections", F.array_compact(F.array(*found))).cast(CORRECTIONS_TYPE)
