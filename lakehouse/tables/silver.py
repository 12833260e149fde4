"""Silver: typed, standardised, one current row per key, whatever order the files came in.

Every silver row starts with the same lineage columns, and every table but `person_record` refers
to people by `person_record_key`: the record_key of the source record that describes the person, or
null where the row names nobody. Linkage and gold turn that into a customer.
"""

from lakehouse.tables.spec import Column, Sensitivity, TableSpec

_PSEUDONYM = Sensitivity.PSEUDONYM
_QUASI = Sensitivity.QUASI_IDENTIFIER
_DIRECT = Sensitivity.DIRECT_IDENTIFIER

LINEAGE = (
    Column(
        "record_key",
        "string",
        "Keyed hash of source system, entity and source id; unique.",
        _PSEUDONYM,
        required=True,
    ),
    Column("source_system", "string", "System that sent the record.", required=True),
    Column(
        "source_record_id",
        "string",
        "The record's id in its source system.",
        _DIRECT,
        required=True,
    ),
    Column(
        "source_feed",
        "string",
        "Feed that the current version came by, as named in conf.",
        required=True,
    ),
    Column("source_file", "string", "Landing file of the current version.", required=True),
    Column(
        "source_row_number",
        "bigint",
        "Row of the current version in its file, from 1.",
        required=True,
    ),
    Column(
        "sequence_at",
        "timestamp",
        "When the source says that the current version came to be.",
        required=True,
    ),
    Column(
        "fresh_until_at",
        "timestamp",
        "From this moment on the row counts as stale by its source's freshness limit.",
    ),
    Column(
        "corrections",
        "array<struct<column:string,rule:string,original:string>>",
        "Values that a rule replaced or removed: the column, the rule, what stood there.",
        _DIRECT,
    ),
)

_PERSON_LINK = Column(
    "person_record_key",
    "string",
    "record_key of the person record that the row names, which silver.person_record lacks once its "
    "person has left; null if it names nobody.",
    _PSEUDONYM,
)

_SERVICE = ("service", "analytics")
_MARKETING = ("service", "analytics", "marketing")


def _silver(
    entity: str,
    description: str,
    *columns: Column,
    owner: str,
    purposes: tuple[str, ...] = _MARKETING,
    retention_days: int = 1095,
    subject_key: str | None = "person_record_key",
) -> TableSpec:
    return TableSpec(
        name=f"silver.{entity}",
        description=description,
        columns=LINEAGE + columns,
        primary_key=("record_key",),
        owner=owner,
        retention_days=retention_days,
        purposes=purposes,
        subject_key=subject_key,
    )


PERSON_RECORD = _silver(
    "person_record",
    "One row per source record that describes a person, in one standard shape: the nodes of linkage.",
    Column(
        "changed_at",
        "timestamp",
        "Since when the record says what it says: the first version or snapshot since which all that tell of it read "
        "the same in what silver maps, as far as bronze goes back.",
    ),
    Column("full_name", "string", "Whole name as written, squashed.", _DIRECT),
    Column("given_name", "string", "Given name as written, squashed.", _DIRECT),
    Column("middle_name", "string", "Middle name or initial as written, squashed.", _DIRECT),
    Column("family_name", "string", "Family name as written, squashed.", _DIRECT),
    Column("name_suffix", "string", "Generation suffix in one form: jr, sr, ii, iii.", _QUASI),
    Column(
        "birth_date",
        "date",
        "Birth date; null where it was missing, impossible or a placeholder.",
        _QUASI,
    ),
    Column("gender", "string", "female, male or other, as stated.", _QUASI),
    Column("email", "string", "E-mail address, lower case, syntax checked.", _DIRECT),
    Column("secondary_email", "string", "A second e-mail address of the same record.", _DIRECT),
    Column("phone", "string", "Telephone number in E.164.", _DIRECT),
    Column(
        "secondary_phone",
        "string",
        "A second telephone number of the same record in E.164.",
        _DIRECT,
    ),
    Column("street", "string", "House number and street as written, squashed.", _DIRECT),
    Column("city", "string", "Town as written, squashed.", _QUASI),
    Column("region", "string", "State, county or province as written, squashed.", _QUASI),
    Column("postcode", "string", "Postal code in the country's usual form.", _QUASI),
    Column("country", "string", "Country as ISO 3166-1 alpha-2.", _QUASI),
    Column("national_id", "string", "National identity number, letters and digits only.", _DIRECT),
    Column(
        "social_handle", "string", "Handle on a social network, lower case, without @.", _DIRECT
    ),
    Column("loyalty_number", "string", "Loyalty card number that the record carries.", _DIRECT),
    Column("device_id", "string", "Device that the record was seen on.", _DIRECT),
    Column(
        "stated_channel",
        "string",
        "Channel by which the person says to prefer to be reached, lower case, as the source words it.",
    ),
    Column("stated_category", "string", "Category of the range that the person says to prefer."),
    Column("stated_brand", "string", "Brand that the person says to prefer."),
    Column(
        "stated_hour",
        "int",
        "Hour of the person's own day, 0 to 23, at which they say to prefer to be reached.",
        unit="hours",
    ),
    Column("created_date", "date", "Date since which the source knows the person."),
    Column(
        "is_account_active",
        "boolean",
        "False of an account that is closed while its source still tells of it; null, which counts as active, where "
        "the source has no such state.",
    ),
    Column(
        "full_name_match",
        "string",
        "Whole name in match form: ASCII, lower case, words in order.",
        _DIRECT,
    ),
    Column("given_name_match", "string", "Given name in match form.", _DIRECT),
    Column("middle_name_match", "string", "Middle name in match form.", _DIRECT),
    Column("family_name_match", "string", "Family name in match form.", _DIRECT),
    Column(
        "given_name_root",
        "string",
        "Root of the given name by the nickname table, else the match form.",
        _DIRECT,
    ),
    Column(
        "given_name_sound",
        "string",
        "How the given name sounds, by Soundex of its match form.",
        _QUASI,
    ),
    Column(
        "family_name_sound",
        "string",
        "How the family name sounds, by Soundex of its match form.",
        _QUASI,
    ),
    Column(
        "email_match",
        "string",
        "E-mail after the provider's own rules (dots, plus tags, domain aliases).",
        _DIRECT,
    ),
    Column(
        "phone_match",
        "string",
        "Telephone number as digits only: E.164 without +, or as dialled where its country is not known.",
        _DIRECT,
    ),
    Column("secondary_phone_match", "string", "The second telephone number likewise.", _DIRECT),
    Column(
        "street_match", "string", "Street in match form, common words abbreviated alike.", _DIRECT
    ),
    Column("city_match", "string", "Town in match form.", _QUASI),
    Column("postcode_match", "string", "Postal code, letters and digits only, lower case.", _QUASI),
    owner="customer-data",
    purposes=("service", "analytics", "marketing", "identity"),
    subject_key="record_key",
)

ORDER = _silver(
    "order",
    "One row per order or till receipt, as its source tells it.",
    _PERSON_LINK,
    Column("order_id", "string", "Order number in its source.", _PSEUDONYM, required=True),
    Column("channel", "string", "shop or store.", required=True),
    Column("ordered_at", "timestamp", "When the order was placed.", required=True),
    Column("order_date", "date", "UTC date of ordered_at.", required=True),
    Column("status", "string", "placed, paid, shipped, returned or cancelled."),
    Column("currency", "string", "ISO 4217 code of the amounts.", required=True),
    Column("total_amount", "decimal(18,2)", "Total to pay with tax, in currency.", unit="currency"),
    Column("store_id", "string", "Store of the sale; null for the shop."),
    Column(
        "has_known_person",
        "boolean",
        "False if the row names a person of whom no source ever told.",
        required=True,
    ),
    owner="sales",
)

ORDER_LINE = _silver(
    "order_line",
    "One row per line of an order.",
    _PERSON_LINK,
    Column(
        "order_record_key",
        "string",
        "record_key of the order in silver.order.",
        _PSEUDONYM,
        required=True,
    ),
    Column("line_number", "int", "Position in the order, from 1.", required=True),
    Column("product_id", "string", "Product in the catalogue.", required=True),
    Column("quantity", "int", "Pieces; negative for a return.", unit="pieces"),
    Column("unit_price", "decimal(18,2)", "Price of one piece, in currency.", unit="currency"),
    Column(
        "line_amount", "decimal(18,2)", "Quantity times unit price, in currency.", unit="currency"
    ),
    Column("currency", "string", "ISO 4217 code of the amounts.", required=True),
    Column("has_order", "boolean", "False if silver.order has no such order.", required=True),
    owner="sales",
)

PAYMENT = _silver(
    "payment",
    "One row per payment or refund.",
    _PERSON_LINK,
    Column("payment_id", "string", "Payment number in its source.", _PSEUDONYM, required=True),
    Column("order_id", "string", "Order number that was paid.", _PSEUDONYM),
    Column(
        "order_record_key",
        "string",
        "record_key of the paid order in silver.order; null if unknown.",
        _PSEUDONYM,
    ),
    Column("paid_at", "timestamp", "When the payment was made.", required=True),
    Column("method", "string", "card, wallet, transfer, cash or gift_card."),
    Column(
        "payment_account_key",
        "string",
        "Keyed hash of the source and its token of the card or account that paid; null where it gives none.",
        _PSEUDONYM,
    ),
    Column("status", "string", "captured, refunded or failed."),
    Column("currency", "string", "ISO 4217 code of the amount.", required=True),
    Column(
        "amount",
        "decimal(18,2)",
        "Amount paid, negative for a refund, in currency.",
        unit="currency",
    ),
    owner="finance",
    purposes=_SERVICE,
)

PRODUCT = _silver(
    "product",
    "One row per product of the catalogue.",
    Column("product_id", "string", "Stock keeping unit.", required=True),
    Column("product_name", "string", "Name for customers."),
    Column("category", "string", "Category of the range."),
    Column("brand", "string", "Brand."),
    Column("currency", "string", "ISO 4217 code of the price."),
    Column("list_price", "decimal(18,2)", "Price today, in currency.", unit="currency"),
    owner="merchandising",
    subject_key=None,
)

WEB_EVENT = _silver(
    "web_event",
    "One row per event on the web site or in the app.",
    _PERSON_LINK,
    Column("event_id", "string", "Event number in its source.", _PSEUDONYM, required=True),
    Column("event_type", "string", "visit, page_view, cart or checkout.", required=True),
    Column("event_at", "timestamp", "When it happened.", required=True),
    Column("session_id", "string", "Session that the event belongs to.", _PSEUDONYM),
    Column("cookie_id", "string", "Cookie of the browser.", _DIRECT),
    Column("device_id", "string", "Device of the visitor.", _DIRECT),
    Column("page_path", "string", "Path of the page, without query.", _QUASI),
    Column("product_id", "string", "Product that the event is about."),
    Column("referrer", "string", "Host that the visitor came from.", _QUASI),
    Column(
        "campaign_id",
        "string",
        "Paid campaign that brought the visit; null if none did. It counts where event_type is visit, and for nothing "
        "where another event names it.",
    ),
    Column("medium", "string", "search, social, display or affiliate; null if no paid campaign."),
    owner="digital",
    retention_days=395,
)

RECOMMENDATION = _silver(
    "recommendation",
    "One row per product that a recommended list showed, and per click on one.",
    _PERSON_LINK,
    Column("event_id", "string", "Event number in its source.", _PSEUDONYM, required=True),
    Column("event_type", "string", "shown or clicked.", required=True),
    Column("event_at", "timestamp", "When it happened.", required=True),
    Column("list_id", "string", "List, as it was shown once.", _PSEUDONYM, required=True),
    Column("placement", "string", "Where the list stood, such as home or cart."),
    Column("session_id", "string", "Session that the event belongs to.", _PSEUDONYM),
    Column("position", "int", "Place of the product in the list, from 1."),
    Column("product_id", "string", "Recommended product.", required=True),
    owner="digital",
    retention_days=395,
)

CAMPAIGN_EVENT = _silver(
    "campaign_event",
    "One row per send, open, click or unsubscribe of a marketing message.",
    _PERSON_LINK,
    Column("event_id", "string", "Event number in its source.", _PSEUDONYM, required=True),
    Column("event_type", "string", "send, open, click or unsubscribe.", required=True),
    Column("event_at", "timestamp", "When it happened.", required=True),
    Column("campaign_id", "string", "Campaign that the message belongs to.", required=True),
    Column("channel", "string", "email, sms or push."),
    Column("email", "string", "Address that the message went to.", _DIRECT),
    owner="marketing",
    retention_days=730,
)

SUPPORT_TICKET = _silver(
    "support_ticket",
    "One row per ticket of the support desk.",
    _PERSON_LINK,
    Column("ticket_id", "string", "Ticket number in its source.", _PSEUDONYM, required=True),
    Column("opened_at", "timestamp", "When the ticket was opened.", required=True),
    Column(
        "closed_at",
        "timestamp",
        "When the ticket was closed; null while open, and where it is not said.",
    ),
    Column(
        "first_closed_at",
        "timestamp",
        "When it was closed first, by any version that the source sent of it; null if none says so.",
    ),
    Column(
        "open_again_at",
        "timestamp",
        "When its source first told of it as open after it had told of it as closed; null if it did not.",
    ),
    Column("channel", "string", "email, chat, phone or web."),
    Column("topic", "string", "What it is about, from the desk's list."),
    Column("priority", "string", "low, normal, high or urgent."),
    Column("status", "string", "open, pending or closed."),
    Column("subject", "string", "Subject line as the customer wrote it.", _DIRECT),
    owner="support",
    purposes=_SERVICE,
)

SUPPORT_MESSAGE = _silver(
    "support_message",
    "One row per message of a ticket, and per call or chat about it.",
    _PERSON_LINK,
    Column(
        "ticket_record_key",
        "string",
        "record_key of the ticket in silver.support_ticket.",
        _PSEUDONYM,
        required=True,
    ),
    Column("message_number", "int", "Position in the thread, from 1.", required=True),
    Column("author", "string", "customer or agent.", required=True),
    Column(
        "sent_at",
        "timestamp",
        "When the message was sent, or the call or chat begun.",
        required=True,
    ),
    Column(
        "channel",
        "string",
        "phone or chat for a single call or chat; of a message null or its own.",
    ),
    Column(
        "answered_at", "timestamp", "When the other side took the call or chat; null if nobody did."
    ),
    Column("ended_at", "timestamp", "When the call or chat ended."),
    Column("body", "string", "Free text as written.", _DIRECT),
    owner="support",
    purposes=_SERVICE,
)

SOCIAL_MENTION = _silver(
    "social_mention",
    "One row per public post that names the company.",
    _PERSON_LINK,
    Column("mention_id", "string", "Post number in its network.", _PSEUDONYM, required=True),
    Column("network", "string", "Social network.", required=True),
    Column("social_handle", "string", "Handle of the author, lower case, without @.", _DIRECT),
    Column("mentioned_at", "timestamp", "When it was posted.", required=True),
    Column("body", "string", "Text of the post as written.", _DIRECT),
    Column("like_count", "bigint", "Likes at the time of the load.", unit="likes"),
    owner="marketing",
    retention_days=730,
)

LOYALTY = _silver(
    "loyalty",
    "One row per loyalty account.",
    _PERSON_LINK,
    Column("loyalty_number", "string", "Card number.", _DIRECT, required=True),
    Column("tier", "string", "basic, silver or gold."),
    Column("points", "bigint", "Points balance.", unit="points"),
    Column("joined_date", "date", "Date of joining."),
    Column(
        "balances",
        "array<struct<told_at:timestamp,tier:string,points:bigint>>",
        "Tier and points as each snapshot or version told them, where either differs from what was told before, "
        "oldest first.",
    ),
    owner="loyalty",
)

DEVICE = _silver(
    "device",
    "One row per pair of a device or cookie and the account that logged in on it.",
    _PERSON_LINK,
    Column("device_id", "string", "Device.", _DIRECT),
    Column("cookie_id", "string", "Cookie.", _DIRECT),
    Column("first_seen_at", "timestamp", "First event of the pair.", required=True),
    Column("last_seen_at", "timestamp", "Last event of the pair.", required=True),
    Column("event_count", "bigint", "Events of the pair.", unit="events"),
    owner="digital",
    retention_days=395,
)

CONSENT_EVENT = _silver(
    "consent_event",
    "One row per grant or withdrawal of consent for a purpose and channel; who unsubscribes or opts out "
    "anywhere withdraws.",
    _PERSON_LINK,
    Column("consent_event_id", "string", "Event number in its source.", _PSEUDONYM, required=True),
    Column("purpose", "string", "What the consent is for.", required=True),
    Column("channel", "string", "email, sms, phone, post or web.", required=True),
    Column(
        "action",
        "string",
        "grant, or what the source says instead (withdraw, or a word not known); all of that withdraws.",
    ),
    Column("legal_basis", "string", "Legal basis under GDPR article 6.", required=False),
    Column(
        "happened_at",
        "timestamp",
        "When the person decided; when the source recorded it, for a withdrawal without such a moment.",
        required=True,
    ),
    Column("email", "string", "Address under which the person decided.", _DIRECT),
    owner="privacy",
    purposes=("service", "analytics", "marketing", "legal"),
    retention_days=3650,
)

MEDIA_TOUCH = _silver(
    "media_touch",
    "One row per visit that paid media brought to the web site.",
    _PERSON_LINK,
    Column("touched_at", "timestamp", "When the visit began.", required=True),
    Column("campaign_id", "string", "Paid campaign.", required=True),
    Column("medium", "string", "search, social, display or affiliate."),
    Column("session_id", "string", "Session that the touch began.", _PSEUDONYM),
    Column("cookie_id", "string", "Cookie of the browser.", _DIRECT),
    owner="marketing",
    retention_days=395,
)

MEDIA_SPEND = _silver(
    "media_spend",
    "One row per paid campaign and day.",
    Column("campaign_id", "string", "Paid campaign.", required=True),
    Column("campaign_name", "string", "Name of the campaign."),
    Column("medium", "string", "search, social, display or affiliate."),
    Column("spend_date", "date", "Day.", required=True),
    Column("impression_count", "bigint", "Times shown.", unit="impressions"),
    Column("click_count", "bigint", "Times clicked.", unit="clicks"),
    Column("spend_amount", "decimal(18,2)", "Money spent, in currency.", unit="currency"),
    Column("currency", "string", "ISO 4217 code of the amount.", required=True),
    owner="marketing",
    subject_key=None,
)

SURVEY_RESPONSE = _silver(
    "survey_response",
    "One row per answer to a survey.",
    _PERSON_LINK,
    Column("response_id", "string", "Answer number in its source.", _PSEUDONYM, required=True),
    Column("survey", "string", "Survey that was answered."),
    Column("responded_at", "timestamp", "When it was answered.", required=True),
    Column("score", "int", "How likely to recommend, 0 to 10.", unit="points"),
    Column("comment", "string", "Free text as written.", _DIRECT),
    Column("email", "string", "Address under which it was answered.", _DIRECT),
    owner="insight",
)

DEMOGRAPHIC = _silver(
    "demographic",
    "One row per postal area, from a third party.",
    Column("country", "string", "Country as ISO 3166-1 alpha-2.", required=True),
    Column(
        "postcode_area",
        "string",
        "Postal area, letters and digits only, lower case.",
        required=True,
    ),
    Column("population", "bigint", "People living there.", unit="people"),
    Column(
        "median_income",
        "decimal(18,2)",
        "Median yearly household income, in currency.",
        unit="currency",
    ),
    Column("currency", "string", "ISO 4217 code of the income."),
    Column("median_age", "decimal(5,1)", "Median age.", unit="years"),
    owner="insight",
    subject_key=None,
)

STORE_WEATHER = _silver(
    "store_weather",
    "One row per store and day.",
    Column("store_id", "string", "Store.", required=True),
    Column("weather_date", "date", "Day.", required=True),
    Column("temperature_celsius", "decimal(5,1)", "Mean temperature.", unit="degrees Celsius"),
    Column("rain_millimetres", "decimal(6,1)", "Rain of the day.", unit="millimetres"),
    Column("condition", "string", "sun, cloud, rain, snow or storm."),
    owner="insight",
    subject_key=None,
)

SILVER_TABLES = (
    PERSON_RECORD,
    ORDER,
    ORDER_LINE,
    PAYMENT,
    PRODUCT,
    WEB_EVENT,
    RECOMMENDATION,
    CAMPAIGN_EVENT,
    SUPPORT_TICKET,
    SUPPORT_MESSAGE,
    SOCIAL_MENTION,
    LOYALTY,
    DEVICE,
    CONSENT_EVENT,
    MEDIA_TOUCH,
    MEDIA_SPEND,
    SURVEY_RESPONSE,
    DEMOGRAPHIC,
    STORE_WEATHER,
)
