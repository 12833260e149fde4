"""Gold: which customers live together, and how customers are related."""

from lakehouse.tables.gold.parts import (
    CUSTOMER_ID,
    DIRECT,
    PSEUDONYM,
    QUASI,
    SERVICE,
    about_customers,
    person,
)
from lakehouse.tables.spec import Column

_HOUSEHOLD_ID = Column(
    "household_id",
    "string",
    "Lasting id of the household, which goes on with most of its members; never given to another.",
    PSEUDONYM,
    required=True,
)

_ADDRESS = person("street_match", "postcode_match", "city_match", "country")

_IDENTIFIERS = person(
    "email", "secondary_email", "phone", "secondary_phone", "loyalty_number", "device_id"
)

_EVIDENCE = (
    *_ADDRESS,
    *person("family_name_match"),
    *_IDENTIFIERS,
    "silver.payment.payment_account_key",
)

_CROWDED = Column(
    "is_crowded_address",
    "boolean",
    "True if more customers live at the address than conf's address_limit, as in a block of flats without "
    "door numbers, a business or a parcel shop: it joins nobody, and each is a household of one.",
    required=True,
    fed_by=_ADDRESS,
)

HOUSEHOLD_MEMBER = about_customers(
    "household_member",
    "One row per customer and period in which the customer belonged to one household; everybody whose current "
    "address is known belongs to one today, alone or with those there who share a family name or an identifier.",
    _HOUSEHOLD_ID,
    Column(
        "customer_id",
        "string",
        "The member; in a period that has ended, by the id of that time, which linkage.customer_alias resolves.",
        PSEUDONYM,
        required=True,
    ),
    Column(
        "role",
        "string",
        "parent of another member, child of one (of any age) or other, by birth dates within a family name; null for one "
        "who is alone or whose birth date nobody knows.",
        QUASI,
        fed_by=person("birth_date", "family_name_match"),
    ),
    Column(
        "evidence",
        "array<string>",
        "What the member shares with another one beside the address, in order of name: device, email, family_name, "
        "loyalty_number, payment_account, phone.",
        required=True,
        fed_by=_EVIDENCE,
    ),
    _CROWDED,
    Column(
        "valid_from",
        "timestamp",
        "From when on the customer belonged to the household (a run's as-of).",
        required=True,
    ),
    Column("valid_to", "timestamp", "Until when (exclusive); null while it does."),
    primary_key=("household_id", "customer_id", "valid_from"),
    retention_from="valid_to",
    owner="customer-data",
    retention_days=3650,
)

HOUSEHOLD = about_customers(
    "household",
    "One row per household that has a member today, under the name and address of the one who has been in it "
    "longest, of these of the oldest.",
    _HOUSEHOLD_ID,
    Column(
        "customer_id",
        "string",
        "The member by whose golden record it is named and addressed.",
        PSEUDONYM,
        required=True,
    ),
    Column(
        "household_name",
        "string",
        "Family name of that member.",
        DIRECT,
        fed_by=("gold.customer.family_name",),
    ),
    Column("street", "string", "House number and street.", DIRECT),
    Column("city", "string", "Town.", QUASI),
    Column("region", "string", "State, county or province.", QUASI),
    Column("postcode", "string", "Postal code in the country's usual form.", QUASI),
    Column("country", "string", "Country as ISO 3166-1 alpha-2.", QUASI),
    Column("member_count", "bigint", "Members today.", unit="customers", required=True),
    Column(
        "child_count",
        "bigint",
        "Members who are the child of another, of any age.",
        unit="customers",
        required=True,
        fed_by=("gold.household_member.role",),
    ),
    Column(
        "evidence",
        "array<string>",
        "What joins its members beside the address, in order of name; empty for a household of one.",
        required=True,
    ),
    _CROWDED,
    Column(
        "first_seen_at",
        "timestamp",
        "Since when it is there.",
        required=True,
        fed_by=("gold.household_member.valid_from",),
    ),
    primary_key=("household_id",),
    owner="customer-data",
)

CUSTOMER_RELATION = about_customers(
    "customer_relation",
    "One row per ordered pair of customers and type of relation that holds today; each pair is there both ways "
    "round.",
    CUSTOMER_ID,
    Column(
        "related_customer_id",
        "string",
        "Lasting id of the other customer.",
        PSEUDONYM,
        required=True,
    ),
    Column(
        "relation_type",
        "string",
        "same_household, same_address (of two households), shared_email, shared_phone, shared_loyalty_number, "
        "shared_device or shared_payment_account.",
        required=True,
        fed_by=("gold.household_member.household_id",),
    ),
    Column(
        "evidence",
        "array<struct<kind:string,value:string>>",
        "What the two share that makes the relation, by kind and value in match form; the address alone for two of a "
        "household who are joined through another.",
        DIRECT,
        required=True,
        fed_by=_EVIDENCE,
    ),
    Column(
        "since",
        "timestamp",
        "Since when both are of the household, else since when a source knows of both records that give the value.",
        required=True,
        fed_by=(
            *person("created_date", "changed_at", "sequence_at"),
            "silver.payment.paid_at",
            "gold.household_member.valid_from",
        ),
    ),
    primary_key=("customer_id", "related_customer_id", "relation_type"),
    owner="customer-data",
    # It tells which customers pay by one account, and payments are not kept for marketing.
    purposes=SERVICE,
    subject_key=("customer_id", "related_customer_id"),
)
