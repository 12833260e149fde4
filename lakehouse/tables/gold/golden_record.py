"""Gold: who a customer is, and by what sources know and reach them."""

from lakehouse.tables.gold.parts import (
    CUSTOMER_ID,
    DIRECT,
    MARKETING,
    PSEUDONYM,
    QUASI,
    SERVICE,
    SOURCE_SYSTEM,
    STATED_PREFERENCES,
    about_customers,
    person,
)
from lakehouse.tables.spec import Column

_CONTACTS = person(
    "email",
    "secondary_email",
    "phone",
    "secondary_phone",
    "street",
    "city",
    "region",
    "postcode",
    "country",
)

_IDENTIFIERS = (
    *person("email", "secondary_email", "phone", "secondary_phone", "national_id"),
    *person("loyalty_number", "social_handle", "device_id", "source_record_id"),
    "silver.loyalty.loyalty_number",
    "silver.device.device_id",
    "silver.device.cookie_id",
)

CUSTOMER = about_customers(
    "customer",
    "One row per customer: the golden record; gold.customer_attribute says where values are from.",
    CUSTOMER_ID,
    Column(
        "display_name",
        "string",
        "Name to greet by: given and family name, else the whole name, else what there is.",
        DIRECT,
        fed_by=person("given_name", "family_name", "full_name"),
    ),
    Column("given_name", "string", "Given name.", DIRECT),
    Column("middle_name", "string", "Middle name or initial.", DIRECT),
    Column("family_name", "string", "Family name.", DIRECT),
    Column("name_suffix", "string", "Generation suffix: jr, sr, ii, iii.", QUASI),
    Column("birth_date", "date", "Birth date.", QUASI),
    Column("gender", "string", "female, male or other, as stated.", QUASI),
    Column("email", "string", "Primary e-mail address, lower case.", DIRECT),
    Column("phone", "string", "Primary telephone number in E.164.", DIRECT),
    Column("street", "string", "House number and street.", DIRECT),
    Column("city", "string", "Town.", QUASI),
    Column("region", "string", "State, county or province.", QUASI),
    Column("postcode", "string", "Postal code in the country's usual form.", QUASI),
    Column("country", "string", "Country as ISO 3166-1 alpha-2.", QUASI),
    Column("national_id", "string", "National identity number, letters and digits only.", DIRECT),
    *STATED_PREFERENCES,
    Column(
        "first_seen_date",
        "date",
        "Earliest date since which a source knows the customer.",
        fed_by=person("created_date", "changed_at", "sequence_at"),
    ),
    Column(
        "last_changed_at",
        "timestamp",
        "When one of the customer's records last began to say something else, by its source.",
        fed_by=person("changed_at", "sequence_at"),
    ),
    Column("record_count", "bigint", "Person records.", unit="records", required=True),
    Column("source_count", "bigint", "Systems with a record.", unit="systems", required=True),
    Column(
        "completeness_score",
        "decimal(4,3)",
        "Share, between 0 and 1, of the attributes under conf's completeness that the customer has.",
        required=True,
    ),
    Column(
        "trust_score",
        "decimal(4,3)",
        "Mean, between 0 and 1, over those of the same attributes that the customer has, of starting_trust in "
        "gold.customer_attribute, halved for each half_life_days that had passed in full on the run's day: "
        "so it changes on few days, and not with each. Null if the customer has none of them.",
    ),
    primary_key=("customer_id",),
    owner="customer-data",
)

CUSTOMER_IDENTIFIER = about_customers(
    "customer_identifier",
    "One row per identifier of a customer and record that carries it.",
    CUSTOMER_ID,
    Column(
        "identifier_type",
        "string",
        "email, phone, national_id, loyalty_number, social_handle, device, cookie, source_record.",
        required=True,
    ),
    Column(
        "identifier_value",
        "string",
        "Identifier, normalised.",
        DIRECT,
        required=True,
        fed_by=_IDENTIFIERS,
    ),
    SOURCE_SYSTEM,
    Column("record_key", "string", "Silver record that carries it.", PSEUDONYM, required=True),
    Column(
        "first_seen_at",
        "timestamp",
        "Since when the source knows it.",
        required=True,
        fed_by=(
            *person("created_date", "changed_at", "sequence_at"),
            "silver.loyalty.joined_date",
        ),
    ),
    Column(
        "last_seen_at",
        "timestamp",
        "When the source last said so.",
        required=True,
        fed_by=(*person("sequence_at"), "silver.loyalty.sequence_at"),
    ),
    primary_key=("customer_id", "identifier_type", "identifier_value", "record_key"),
    owner="customer-data",
    purposes=SERVICE,
)

CUSTOMER_RECORD = about_customers(
    "customer_record",
    "One row per person record and customer whose it is, or was last: what was decided of a record that is gone "
    "still holds for its customer.",
    CUSTOMER_ID,
    Column(
        "record_key",
        "string",
        "record_key in silver.person_record, which may be gone from there.",
        PSEUDONYM,
        required=True,
        fed_by=("linkage.identity_map.record_key",),
    ),
    Column(
        "is_current", "boolean", "False where the record is gone from its source.", required=True
    ),
    primary_key=("customer_id", "record_key"),
    owner="customer-data",
    purposes=(*MARKETING, "identity"),
)

CUSTOMER_CONTACT_POINT = about_customers(
    "customer_contact_point",
    "One row per customer, contact type and normalised value, with every source that gives or gave it; "
    "outdated ones stay, with the date they were last seen, until their records are gone.",
    CUSTOMER_ID,
    Column("contact_type", "string", "email, phone or address.", required=True),
    Column(
        "contact_value",
        "string",
        "Normalised: e-mail in lower case, phone in E.164, address in match form.",
        DIRECT,
        required=True,
        fed_by=_CONTACTS,
    ),
    Column(
        "written_value",
        "string",
        "As the newest record writes it.",
        DIRECT,
        required=True,
        fed_by=_CONTACTS,
    ),
    Column("is_primary", "boolean", "True for the one that gold.customer shows.", required=True),
    Column(
        "sources",
        "array<string>",
        "Systems that give or gave it, in order of name; steward where one decided.",
        required=True,
    ),
    Column(
        "record_keys",
        "array<string>",
        "Person records that give or gave it, in order.",
        PSEUDONYM,
        required=True,
    ),
    Column(
        "record_seen_at",
        "map<string,timestamp>",
        "By person record, the version of it that gave it last (its sequence_at).",
        PSEUDONYM,
        required=True,
        fed_by=person("record_key", "sequence_at"),
    ),
    Column(
        "record_first_seen_at",
        "map<string,timestamp>",
        "By person record, since when its source knows it by that record.",
        PSEUDONYM,
        fed_by=person("record_key", "created_date", "changed_at", "sequence_at"),
    ),
    Column(
        "first_seen_at",
        "timestamp",
        "Since when a source knows it.",
        required=True,
        fed_by=person("created_date", "changed_at", "sequence_at"),
    ),
    Column(
        "last_seen_at",
        "timestamp",
        "When a source last said so.",
        required=True,
        fed_by=person("sequence_at"),
    ),
    Column(
        "outdated_at",
        "timestamp",
        "last_seen_at, where no record gives it any more: its retention counts from then. Null while one does, "
        "or a steward has decided it.",
        fed_by=person("sequence_at"),
    ),
    primary_key=("customer_id", "contact_type", "contact_value"),
    retention_from="outdated_at",
    owner="customer-data",
)
