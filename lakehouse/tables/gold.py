"""Gold: what the company knows of each customer, one conformed table per kind of fact.

Facts whose person nobody knows (guests, anonymous visits) stay, with a null `customer_id`, so that
sums of gold equal sums of silver. Money keeps its currency; recency is stored as dates, never ages.
"""

from lakehouse.tables.spec import Column, Sensitivity, TableSpec

_PSEUDONYM = Sensitivity.PSEUDONYM
_QUASI = Sensitivity.QUASI_IDENTIFIER
_DIRECT = Sensitivity.DIRECT_IDENTIFIER

_CUSTOMER = Column(
    "customer_id",
    "string",
    "Lasting id of the customer, as linkage gives it today.",
    _PSEUDONYM,
    required=True,
)
_KNOWN_CUSTOMER = Column(
    "customer_id",
    "string",
    "Lasting id of the customer, as linkage gives it today; null if nobody knows who it was.",
    _PSEUDONYM,
)
_PERSON_LINK = Column(
    "person_record_key",
    "string",
    "record_key in silver.person_record of the person whom the source names; null if nobody.",
    _PSEUDONYM,
)
_SOURCE = Column("source_system", "string", "System that sent the record.", required=True)

_SERVICE = ("service", "analytics")
_MARKETING = ("service", "analytics", "marketing")

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
)
"""Columns of silver.person_record of which each customer keeps one value, by survivorship."""


def _person(*columns: str) -> tuple[str, ...]:
    return tuple(f"silver.person_record.{name}" for name in columns)


_CONTACTS = _person(
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
    *_person("email", "secondary_email", "phone", "secondary_phone", "national_id"),
    *_person("loyalty_number", "social_handle", "device_id", "source_record_id"),
    "silver.loyalty.loyalty_number",
    "silver.device.device_id",
    "silver.device.cookie_id",
)
_CONTACT_MOMENTS = (
    "silver.web_event.event_at",
    "silver.campaign_event.event_at",
    "silver.support_ticket.opened_at",
    "silver.social_mention.mentioned_at",
    "silver.survey_response.responded_at",
)
_ORDER_DAY, _CONTACT_DAY = (
    "gold.customer_order.order_date",
    "gold.customer_interaction.interaction_date",
)


def _about_customers(
    entity: str,
    description: str,
    *columns: Column,
    primary_key: tuple[str, ...],
    owner: str,
    purposes: tuple[str, ...] = _MARKETING,
    retention_days: int = 1095,
) -> TableSpec:
    return TableSpec(
        name=f"gold.{entity}",
        description=description,
        columns=columns,
        primary_key=primary_key,
        owner=owner,
        retention_days=retention_days,
        purposes=purposes,
        subject_key="customer_id",
        cluster_by=("customer_id",),
    )


def _dimension(
    entity: str, description: str, *columns: Column, primary_key: str, owner: str
) -> TableSpec:
    return TableSpec(
        name=f"gold.{entity}",
        description=description,
        columns=columns,
        primary_key=(primary_key,),
        owner=owner,
        retention_days=3650,
        purposes=_MARKETING,
    )


CUSTOMER_ATTRIBUTE = _about_customers(
    "customer_attribute",
    "One row per customer and golden attribute that any source fills: the value that survived, "
    "the record it came from and the rule that chose it.",
    _CUSTOMER,
    Column("attribute_group", "string", "Attributes that come from one record.", required=True),
    Column("attribute", "string", "Column of gold.customer's golden attributes.", required=True),
    Column(
        "value",
        "string",
        "Value that survived, dates as yyyy-MM-dd.",
        _DIRECT,
        required=True,
        fed_by=_person(*GOLDEN_ATTRIBUTES),
    ),
    Column(
        "record_key",
        "string",
        "record_key in silver.person_record of the record that the whole group came from.",
        _PSEUDONYM,
        required=True,
    ),
    _SOURCE,
    Column("sequence_at", "timestamp", "When that record's version came to be.", required=True),
    Column(
        "rule",
        "string",
        "First rule by which the value beat the next best; only_value if no record says otherwise; "
        "record_key if every rule was even.",
        required=True,
    ),
    primary_key=("customer_id", "attribute"),
    owner="customer-data",
    purposes=(*_MARKETING, "identity"),
)

CUSTOMER = _about_customers(
    "customer",
    "One row per customer: the golden record; gold.customer_attribute says where values are from.",
    _CUSTOMER,
    Column(
        "display_name",
        "string",
        "Name to greet by: given and family name, else the whole name, else what there is.",
        _DIRECT,
        fed_by=_person("given_name", "family_name", "full_name"),
    ),
    Column("given_name", "string", "Given name.", _DIRECT),
    Column("middle_name", "string", "Middle name or initial.", _DIRECT),
    Column("family_name", "string", "Family name.", _DIRECT),
    Column("name_suffix", "string", "Generation suffix: jr, sr, ii, iii.", _QUASI),
    Column("birth_date", "date", "Birth date.", _QUASI),
    Column("gender", "string", "female, male or other, as stated.", _QUASI),
    Column("email", "string", "Primary e-mail address, lower case.", _DIRECT),
    Column("phone", "string", "Primary telephone number in E.164.", _DIRECT),
    Column("street", "string", "House number and street.", _DIRECT),
    Column("city", "string", "Town.", _QUASI),
    Column("region", "string", "State, county or province.", _QUASI),
    Column("postcode", "string", "Postal code in the country's usual form.", _QUASI),
    Column("country", "string", "Country as ISO 3166-1 alpha-2.", _QUASI),
    Column("national_id", "string", "National identity number, letters and digits only.", _DIRECT),
    Column(
        "first_seen_date",
        "date",
        "Earliest date since which a source knows the customer.",
        fed_by=_person("created_date", "sequence_at"),
    ),
    Column(
        "last_changed_at",
        "timestamp",
        "When the newest of the customer's records came to be.",
        fed_by=_person("sequence_at"),
    ),
    Column("record_count", "bigint", "Person records.", unit="records", required=True),
    Column("source_count", "bigint", "Systems with a record.", unit="systems", required=True),
    primary_key=("customer_id",),
    owner="customer-data",
)

CUSTOMER_IDENTIFIER = _about_customers(
    "customer_identifier",
    "One row per identifier of a customer and record that carries it.",
    _CUSTOMER,
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
        _DIRECT,
        required=True,
        fed_by=_IDENTIFIERS,
    ),
    _SOURCE,
    Column("record_key", "string", "Silver record that carries it.", _PSEUDONYM, required=True),
    Column(
        "first_seen_at",
        "timestamp",
        "Since when the source knows it.",
        required=True,
        fed_by=(*_person("created_date", "sequence_at"), "silver.loyalty.joined_date"),
    ),
    Column(
        "last_seen_at",
        "timestamp",
        "When the source last said so.",
        required=True,
        fed_by=(*_person("sequence_at"), "silver.loyalty.sequence_at"),
    ),
    primary_key=("customer_id", "identifier_type", "identifier_value", "record_key"),
    owner="customer-data",
    purposes=_SERVICE,
)

CUSTOMER_CONTACT_POINT = _about_customers(
    "customer_contact_point",
    "One row per customer, contact type and normalised value, with every source that gives or gave it; "
    "outdated ones stay, with the date they were last seen, until their records are gone.",
    _CUSTOMER,
    Column("contact_type", "string", "email, phone or address.", required=True),
    Column(
        "contact_value",
        "string",
        "Normalised: e-mail in lower case, phone in E.164, address in match form.",
        _DIRECT,
        required=True,
        fed_by=_CONTACTS,
    ),
    Column(
        "written_value",
        "string",
        "As the newest record writes it.",
        _DIRECT,
        required=True,
        fed_by=_CONTACTS,
    ),
    Column("is_primary", "boolean", "True for the one that gold.customer shows.", required=True),
    Column(
        "sources", "array<string>", "Systems that give or gave it, in order of name.", required=True
    ),
    Column(
        "record_keys",
        "array<string>",
        "Person records that give or gave it, in order.",
        _PSEUDONYM,
        required=True,
    ),
    Column(
        "record_seen_at",
        "map<string,timestamp>",
        "By person record, the version of it that gave it last (its sequence_at).",
        _PSEUDONYM,
        required=True,
        fed_by=_person("record_key", "sequence_at"),
    ),
    Column(
        "first_seen_at",
        "timestamp",
        "Since when a source knows it.",
        required=True,
        fed_by=_person("created_date", "sequence_at"),
    ),
    Column(
        "last_seen_at",
        "timestamp",
        "When a source last said so.",
        required=True,
        fed_by=_person("sequence_at"),
    ),
    primary_key=("customer_id", "contact_type", "contact_value"),
    owner="customer-data",
)

CUSTOMER_ORDER = _about_customers(
    "customer_order",
    "One row per order or till receipt of silver.order, with its customer; guests' orders stay.",
    Column("record_key", "string", "Order in silver.order.", _PSEUDONYM, required=True),
    _KNOWN_CUSTOMER,
    _PERSON_LINK,
    _SOURCE,
    Column("order_id", "string", "Order number in its source.", _PSEUDONYM, required=True),
    Column("channel", "string", "shop or store.", required=True),
    Column("ordered_at", "timestamp", "When the order was placed.", required=True),
    Column(
        "order_date",
        "date",
        "UTC date of ordered_at.",
        required=True,
        fed_by=("silver.order.ordered_at",),
    ),
    Column("status", "string", "placed, paid, shipped, returned or cancelled."),
    Column("currency", "string", "ISO 4217 code of the amount.", required=True),
    Column("total_amount", "decimal(18,2)", "To pay with tax, in currency.", unit="currency"),
    Column("store_id", "string", "Store of the sale; null for the shop."),
    primary_key=("record_key",),
    owner="sales",
)

CUSTOMER_ORDER_LINE = _about_customers(
    "customer_order_line",
    "One row per line of silver.order_line, with the customer and day of its order.",
    Column("record_key", "string", "Line in silver.order_line.", _PSEUDONYM, required=True),
    _KNOWN_CUSTOMER,
    _PERSON_LINK,
    _SOURCE,
    Column(
        "order_record_key", "string", "Order in gold.customer_order.", _PSEUDONYM, required=True
    ),
    Column("line_number", "int", "Position in the order, from 1.", required=True),
    Column("product_id", "string", "Product in gold.product.", required=True),
    Column("channel", "string", "shop or store; null if the order is missing."),
    Column(
        "order_date",
        "date",
        "UTC date of the order; null if the order is missing.",
        fed_by=("silver.order.ordered_at",),
    ),
    Column("quantity", "int", "Pieces; negative for a return.", unit="pieces"),
    Column("unit_price", "decimal(18,2)", "Price of one piece, in currency.", unit="currency"),
    Column("line_amount", "decimal(18,2)", "Quantity times price, in currency.", unit="currency"),
    Column("currency", "string", "ISO 4217 code of the amounts.", required=True),
    primary_key=("record_key",),
    owner="sales",
)

CUSTOMER_INTERACTION = _about_customers(
    "customer_interaction",
    "One row per contact: web session, campaign touch, support ticket, social mention or survey "
    "response; no free text. Contacts with people whom nobody knows stay.",
    Column(
        "interaction_key",
        "string",
        "record_key of the contact; of a web session, source system and session id.",
        _PSEUDONYM,
        required=True,
    ),
    _KNOWN_CUSTOMER,
    _PERSON_LINK,
    _SOURCE,
    Column(
        "record_key",
        "string",
        "Silver record of the contact; of a web session, its first event.",
        _PSEUDONYM,
        required=True,
    ),
    Column(
        "interaction_type",
        "string",
        "web_session, campaign_touch, support_ticket, social_mention or survey_response.",
        required=True,
    ),
    Column("channel", "string", "web, email, sms, push, chat, phone, social or survey."),
    Column(
        "action",
        "string",
        "Furthest step of a session (visit, page_view, cart, checkout), event of a campaign (send, "
        "open, click, unsubscribe), status of a ticket, posted, or answered.",
        fed_by=(
            "silver.web_event.event_type",
            "silver.campaign_event.event_type",
            "silver.support_ticket.status",
        ),
    ),
    Column(
        "topic",
        "string",
        "Topic of a ticket, network of a mention, or name of a survey.",
        fed_by=("silver.social_mention.network", "silver.survey_response.survey"),
    ),
    Column("campaign_id", "string", "Campaign of the touch, or that brought the session."),
    Column(
        "happened_at",
        "timestamp",
        "When the contact began.",
        required=True,
        fed_by=_CONTACT_MOMENTS,
    ),
    Column(
        "ended_at",
        "timestamp",
        "When it ended; null while open or if it took no time.",
        fed_by=("silver.web_event.event_at", "silver.support_ticket.closed_at"),
    ),
    Column(
        "interaction_date",
        "date",
        "UTC date of happened_at.",
        required=True,
        fed_by=_CONTACT_MOMENTS,
    ),
    Column(
        "event_count", "bigint", "Web events of a session, else 1.", unit="events", required=True
    ),
    Column("page_count", "bigint", "Page views of a session, else null.", unit="pages"),
    Column("score", "int", "Score of a survey response, 0 to 10.", unit="points"),
    primary_key=("interaction_key",),
    owner="customer-data",
    purposes=_SERVICE,
)

CUSTOMER_CONSENT = _about_customers(
    "customer_consent",
    "One row per customer, purpose and channel on which the customer decided; no row means never "
    "asked. Where merged records disagree, the withdrawal counts.",
    _CUSTOMER,
    Column("purpose", "string", "What the consent is for.", required=True),
    Column("channel", "string", "email, sms, phone, post or web.", required=True),
    Column(
        "state",
        "string",
        "granted, or withdrawn: whatever is not a grant in plain words.",
        required=True,
        fed_by=("silver.consent_event.action",),
    ),
    Column("legal_basis", "string", "Legal basis of the deciding event, GDPR article 6."),
    Column(
        "decided_at",
        "timestamp",
        "When the decision that counts was made.",
        required=True,
        fed_by=("silver.consent_event.happened_at",),
    ),
    Column(
        "record_key", "string", "Deciding event in silver.consent_event.", _PSEUDONYM, required=True
    ),
    _SOURCE,
    Column(
        "has_conflict",
        "boolean",
        "True if the customer's records hold different latest decisions.",
        required=True,
    ),
    primary_key=("customer_id", "purpose", "channel"),
    owner="privacy",
    purposes=(*_MARKETING, "legal"),
    retention_days=3650,
)

CUSTOMER_METRIC = _about_customers(
    "customer_metric",
    "One row per customer: recency as dates, frequency and value of orders, last contact. Counts "
    "and dates only. Cancelled and returned orders neither count nor have value.",
    _CUSTOMER,
    Column(
        "first_order_date",
        "date",
        "Date of the first order that counts.",
        fed_by=(_ORDER_DAY, "gold.customer_order.status"),
    ),
    Column(
        "last_order_date",
        "date",
        "Date of the last order that counts.",
        fed_by=(_ORDER_DAY, "gold.customer_order.status"),
    ),
    Column(
        "order_count",
        "bigint",
        "Orders that count.",
        unit="orders",
        required=True,
        fed_by=("gold.customer_order.status",),
    ),
    Column(
        "returned_order_count",
        "bigint",
        "Returned orders.",
        unit="orders",
        required=True,
        fed_by=("gold.customer_order.status",),
    ),
    Column(
        "cancelled_order_count",
        "bigint",
        "Cancelled orders.",
        unit="orders",
        required=True,
        fed_by=("gold.customer_order.status",),
    ),
    Column(
        "order_values",
        "array<struct<currency:string,order_count:bigint,total_amount:decimal(28,2)>>",
        "Orders that count and their sum, one element per currency in order of its code.",
        unit="currency of the element",
        required=True,
        fed_by=tuple(
            f"gold.customer_order.{name}" for name in ("currency", "total_amount", "status")
        ),
    ),
    Column("interaction_count", "bigint", "Contacts of any kind.", unit="contacts", required=True),
    Column(
        "last_contact_date",
        "date",
        "Date of the last contact by either side.",
        fed_by=(_CONTACT_DAY,),
    ),
    Column(
        "last_active_date",
        "date",
        "Date on which the customer last did something: any contact but a send, or any order.",
        fed_by=(_CONTACT_DAY, "gold.customer_interaction.action", _ORDER_DAY),
    ),
    primary_key=("customer_id",),
    owner="insight",
)

PRODUCT = _dimension(
    "product",
    "One row per product: the newest version that any catalogue holds.",
    Column("product_id", "string", "Stock keeping unit.", required=True),
    Column("product_name", "string", "Name for customers."),
    Column("category", "string", "Category of the range."),
    Column("brand", "string", "Brand."),
    Column("currency", "string", "ISO 4217 code of the price."),
    Column("list_price", "decimal(18,2)", "Price today, in currency.", unit="currency"),
    _SOURCE,
    primary_key="product_id",
    owner="merchandising",
)

DATE = _dimension(
    "date",
    "One row per day of every year in which there is an order or a contact.",
    Column("calendar_date", "date", "Day.", required=True, fed_by=(_ORDER_DAY, _CONTACT_DAY)),
    Column("year", "int", "Calendar year.", required=True),
    Column("quarter", "int", "Quarter, 1 to 4.", required=True),
    Column("month", "int", "Month, 1 to 12.", required=True),
    Column("month_start_date", "date", "First day of the month.", required=True),
    Column("day_of_month", "int", "Day of the month, 1 to 31.", required=True),
    Column("iso_year", "int", "Year that the ISO week belongs to.", required=True),
    Column("iso_week", "int", "ISO 8601 week, 1 to 53.", required=True),
    Column("iso_weekday", "int", "Day of the week, 1 is Monday.", required=True),
    Column("is_weekend", "boolean", "True on Saturday and Sunday.", required=True),
    primary_key="calendar_date",
    owner="insight",
)

SOURCE = _dimension(
    "source",
    "One row per source feed, as conf describes it.",
    Column("source_feed", "string", "Name of the feed.", required=True),
    Column("source_system", "string", "System that sends it.", required=True),
    Column("entity", "string", "What its rows are, in the source's words.", required=True),
    Column("description", "string", "What the feed holds.", required=True),
    Column("owner", "string", "Who answers for it.", required=True),
    Column("readers", "array<string>", "Who may read it.", required=True),
    Column("file_format", "string", "csv, jsonl, json_array or parquet.", required=True),
    Column("load_kind", "string", "snapshot, delta or event.", required=True),
    Column("freshness_limit_hours", "int", "Age at which its rows are stale.", unit="hours"),
    Column("silver_tables", "array<string>", "Silver tables that it fills.", required=True),
    primary_key="source_feed",
    owner="customer-data",
)

GOLD_TABLES = (
    CUSTOMER_ATTRIBUTE,
    CUSTOMER,
    CUSTOMER_IDENTIFIER,
    CUSTOMER_CONTACT_POINT,
    CUSTOMER_ORDER,
    CUSTOMER_ORDER_LINE,
    CUSTOMER_INTERACTION,
    CUSTOMER_CONSENT,
    CUSTOMER_METRIC,
    PRODUCT,
    DATE,
    SOURCE,
)
"""All gold tables, each after the gold tables that it reads."""
