"""Gold: which value of each attribute survived, and which ones did before."""

from lakehouse.tables.gold.parts import (
    CUSTOMER_ID,
    DIRECT,
    MARKETING,
    PSEUDONYM,
    about_customers,
    person,
)
from lakehouse.tables.spec import Column

GOLDEN_ATTRIBUTES = (
    "full_name",
    "given_name",
    "middle_name",
    "family_name",
    "name_suffix",
    "birth_date",
    "gender",
    "email",
    "phone",
    "street",
    "city",
    "region",
    "postcode",
    "country",
    "national_id",
    "stated_channel",
    "stated_category",
    "stated_brand",
    "stated_hour",
)
"""Columns of silver.person_record of which each customer keeps one value, by survivorship."""

_RECORD_KEY = Column(
    "record_key",
    "string",
    "record_key in silver.person_record of the record that the whole group came from; of a steward's "
    "values, the record by which the customer is known.",
    PSEUDONYM,
    required=True,
)

_SOURCE_SYSTEM = Column(
    "source_system",
    "string",
    "System that sent the record, or steward where one decided.",
    required=True,
)

_RULE = Column(
    "rule",
    "string",
    "First rule by which the value beat the next best; steward if one decided; only_value if no record "
    "says otherwise; record_key if every rule was even.",
    required=True,
)

_TIMES = (*person("changed_at", "sequence_at"), "ops.attribute_override.decided_at")

_SAID = (*person(*GOLDEN_ATTRIBUTES), "ops.attribute_override.values")

CUSTOMER_ATTRIBUTE = about_customers(
    "customer_attribute",
    "One row per customer and golden attribute that any record gives: the value that survived, the record it "
    "came from, the rule that chose it, and the values that lost.",
    CUSTOMER_ID,
    Column("attribute_group", "string", "Attributes that come from one record.", required=True),
    Column("attribute", "string", "Column of gold.customer's golden attributes.", required=True),
    Column(
        "value",
        "string",
        "Value that survived, dates as yyyy-MM-dd; null where the record that won the group leaves the "
        "attribute empty and only others, which are among lost_values, fill it.",
        DIRECT,
        fed_by=_SAID,
    ),
    _RECORD_KEY,
    _SOURCE_SYSTEM,
    Column(
        "sequence_at",
        "timestamp",
        "Since when that record says so by its source (changed_at in silver.person_record), or when the steward "
        "decided: from here on age halves its trust.",
        required=True,
        fed_by=_TIMES,
    ),
    Column(
        "fresh_until_at",
        "timestamp",
        "From this moment on the value counts as stale: the group's fresh_days by conf after the newest record that "
        "says the same began to; null where conf names none, as of names. How late its feed may be does not count.",
        fed_by=_TIMES,
    ),
    _RULE,
    Column(
        "starting_trust",
        "decimal(7,6)",
        "Trust in the value when it was new, between 0 and 1, by conf: trust on a day is this, halved once "
        "for each half_life_days since sequence_at. Stored without age, so that no day changes it.",
        required=True,
    ),
    Column(
        "half_life_days",
        "int",
        "In how many days trust in the value halves, by conf.",
        required=True,
        unit="days",
    ),
    Column(
        "lost_values",
        "array<struct<value:string,record_key:string,source_system:string,sequence_at:timestamp>>",
        "Other values of the attribute that the customer's records give, best first, each from the best "
        "record that gives it; what counts as the same value by conf is not among them.",
        DIRECT,
        required=True,
        fed_by=_SAID,
    ),
    primary_key=("customer_id", "attribute"),
    owner="customer-data",
    purposes=(*MARKETING, "identity"),
)

CUSTOMER_HISTORY = about_customers(
    "customer_history",
    "One row per customer, attribute group and period in which its values held by the sources' clocks: by "
    "what is known today, not what an earlier release showed. Periods never overlap.",
    CUSTOMER_ID,
    Column("attribute_group", "string", "Attributes that come from one record.", required=True),
    Column(
        "valid_from_at",
        "timestamp",
        "Since when the values held: when a record began to say so, or what held before ceased.",
        required=True,
        fed_by=_TIMES,
    ),
    Column(
        "valid_to_at",
        "timestamp",
        "Until when, this moment not included; null for what gold.customer_attribute has.",
        fed_by=_TIMES,
    ),
    Column(
        "values",
        "map<string,string>",
        "By attribute of the group, the value that held, dates as yyyy-MM-dd; empty ones are left out.",
        DIRECT,
        required=True,
        fed_by=_SAID,
    ),
    _RECORD_KEY,
    _SOURCE_SYSTEM,
    Column(
        "sequence_at",
        "timestamp",
        "When the last version of that record that said so came to be (changed_at in silver.person_record), or "
        "the steward decided.",
        required=True,
        fed_by=_TIMES,
    ),
    Column(
        "rule",
        "string",
        "Rule by which the values hold, as in gold.customer_attribute; null once they hold no longer, as "
        "what lost to them then is not kept.",
    ),
    Column(
        "told_by",
        "array<struct<said_from_at:timestamp,said_to_at:timestamp,record_key:string,"
        "source_system:string,sequence_at:timestamp>>",
        "Versions of records, and decisions of stewards, by which the values held, in turn: since when and until "
        "when they said so (null: they still do), as far as is known, and their last sequence_at.",
        PSEUDONYM,
        required=True,
        fed_by=(*person("record_key", "source_system"), *_TIMES),
    ),
    Column(
        "outdated_at",
        "timestamp",
        "When the period and all versions in told_by had ended, where no record says so any more and no steward "
        "decided it: its retention counts from then. Null while it can be told anew.",
        fed_by=_TIMES,
    ),
    primary_key=("customer_id", "attribute_group", "valid_from_at"),
    retention_from="outdated_at",
    owner="customer-data",
    purposes=(*MARKETING, "identity"),
)
