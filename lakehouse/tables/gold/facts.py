"""Gold: what customers did and decided, and what it comes to."""

from lakehouse.tables.gold.parts import (
    CONTACT_DAY,
    CONTACT_KIND,
    CUSTOMER_ID,
    KNOWN_CUSTOMER_ID,
    MARKETING,
    ORDER_DAY,
    PERSON_LINK,
    PSEUDONYM,
    SERVICE,
    SOURCE_SYSTEM,
    about_customers,
)
from lakehouse.tables.spec import Column

_CONTACT_MOMENTS = (
    "gold.customer_web_session.started_at",
    "silver.campaign_event.event_at",
    "silver.support_ticket.opened_at",
    "silver.support_message.sent_at",
    "silver.social_mention.mentioned_at",
    "silver.survey_response.responded_at",
)

_ANSWERED = tuple(
    f"silver.support_message.{name}" for name in ("sent_at", "answered_at", "ended_at")
)

CUSTOMER_ORDER = about_customers(
    "customer_order",
    "One row per order or till receipt of silver.order, with its customer; guests' orders stay.",
    Column("record_key", "string", "Order in silver.order.", PSEUDONYM, required=True),
    KNOWN_CUSTOMER_ID,
    PERSON_LINK,
    SOURCE_SYSTEM,
    Column("order_id", "string", "Order number in its source.", PSEUDONYM, required=True),
    Column("channel", "string", "shop or store.", required=True),
    Column("ordered_at", "timestamp", "When the order was placed.", required=True),
    Column(
        "order_date",
        "date",
        "UTC date of ordered_at.",
        required=True,
        fed_by=("silver.order.ordered_at",),
    ),
    Column(
        "status",
        "string",
        "placed, paid, shipped, returned or cancelled; returned where a later telling of the same purchase is.",
    ),
    Column("currency", "string", "ISO 4217 code of the amount.", required=True),
    Column("total_amount", "decimal(18,2)", "To pay with tax, in currency.", unit="currency"),
    Column(
        "reporting_amount",
        "decimal(18,2)",
        "Total in the reporting currency at the rate of its day; null if there is none.",
        unit="reporting currency",
        fed_by=tuple(f"silver.order.{name}" for name in ("total_amount", "currency", "order_date")),
    ),
    Column("store_id", "string", "Store of the sale, as in gold.store; null for the shop."),
    Column(
        "weather_condition",
        "string",
        "Weather at the store on that day: sun, cloud, rain, snow or storm; null for the shop.",
        fed_by=("silver.store_weather.condition",),
    ),
    Column(
        "temperature_celsius",
        "decimal(5,1)",
        "Mean temperature at the store on that day.",
        unit="degrees Celsius",
    ),
    Column(
        "same_purchase_key",
        "string",
        "record_key of the earlier order by which another system told of the same purchase; such an order "
        "counts in no measure. Null for all others.",
        PSEUDONYM,
        fed_by=tuple(f"silver.order_line.{name}" for name in ("product_id", "quantity")),
    ),
    primary_key=("record_key",),
    owner="sales",
)

CUSTOMER_ORDER_LINE = about_customers(
    "customer_order_line",
    "One row per line of silver.order_line, with the customer and day of its order.",
    Column("record_key", "string", "Line in silver.order_line.", PSEUDONYM, required=True),
    KNOWN_CUSTOMER_ID,
    PERSON_LINK,
    SOURCE_SYSTEM,
    Column("order_record_key", "string", "Order in gold.customer_order.", PSEUDONYM, required=True),
    Column("line_number", "int", "Position in the order, from 1.", required=True),
    Column("product_id", "string", "Product in gold.product.", required=True),
    Column("channel", "string", "shop or store; null if the order is missing."),
    Column(
        "order_date",
        "date",
        "UTC date of the order; null if the order is missing.",
        fed_by=("gold.customer_order.order_date",),
    ),
    Column("quantity", "int", "Pieces; negative for a return.", unit="pieces"),
    Column("unit_price", "decimal(18,2)", "Price of one piece, in currency.", unit="currency"),
    Column("line_amount", "decimal(18,2)", "Quantity times price, in currency.", unit="currency"),
    Column("currency", "string", "ISO 4217 code of the amounts.", required=True),
    Column(
        "reporting_amount",
        "decimal(18,2)",
        "Line amount in the reporting currency at the rate of the order's day; null if there is none.",
        unit="reporting currency",
        fed_by=(
            "silver.order_line.line_amount",
            "silver.order_line.currency",
            "gold.customer_order.order_date",
        ),
    ),
    Column(
        "is_counted",
        "boolean",
        "False if its order was cancelled or returned, or is the second telling of a purchase.",
        required=True,
        fed_by=("gold.customer_order.same_purchase_key", "gold.customer_order.status"),
    ),
    primary_key=("record_key",),
    owner="sales",
)

CUSTOMER_INTERACTION = about_customers(
    "customer_interaction",
    "One row per contact: web session, campaign touch, support ticket, single call or chat about one, social "
    "mention or survey response; no free text. Contacts with people whom nobody knows stay; visits of machines are none.",
    Column(
        "interaction_key",
        "string",
        "record_key of the contact; of a web session, its session_key.",
        PSEUDONYM,
        required=True,
        fed_by=("gold.customer_web_session.session_key",),
    ),
    KNOWN_CUSTOMER_ID,
    PERSON_LINK,
    SOURCE_SYSTEM,
    Column(
        "record_key",
        "string",
        "Silver record of the contact; of a web session, its first event.",
        PSEUDONYM,
        required=True,
    ),
    Column(
        "interaction_type",
        "string",
        "web_session, campaign_touch, support_ticket, call, chat, social_mention or survey_response.",
        required=True,
        fed_by=("silver.support_message.channel",),
    ),
    Column("channel", "string", "web, email, sms, push, chat, phone, social or survey."),
    Column(
        "action",
        "string",
        "Furthest step of a session (visit, page_view, cart, checkout), event of a campaign (send, "
        "open, click, unsubscribe), status of a ticket, posted, or answered. Of a call or chat answered, unanswered "
        "(no answer is told), or, of those that the desk began, outbound and outbound_unanswered.",
        fed_by=(
            "gold.customer_web_session.furthest_step",
            "silver.campaign_event.event_type",
            "silver.support_ticket.status",
            "silver.support_message.author",
            "silver.support_message.answered_at",
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
        fed_by=("gold.customer_web_session.ended_at", "silver.support_ticket.closed_at"),
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
    Column(
        "ticket_record_key",
        "string",
        "Ticket in gold.customer_ticket that a call or chat is about.",
        PSEUDONYM,
    ),
    Column("answered_at", "timestamp", "When the other side took a call or chat."),
    Column(
        "response_seconds",
        "bigint",
        "From the beginning of a call or chat to its answer.",
        unit="seconds",
        fed_by=_ANSWERED,
    ),
    Column(
        "handling_seconds",
        "bigint",
        "From the answer of a call or chat to its end.",
        unit="seconds",
        fed_by=_ANSWERED,
    ),
    primary_key=("interaction_key",),
    owner="customer-data",
    purposes=SERVICE,
)

CUSTOMER_CONSENT = about_customers(
    "customer_consent",
    "One row per customer, purpose and channel on which the customer decided; no row means never "
    "asked. Where merged records disagree, the withdrawal counts.",
    CUSTOMER_ID,
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
        "record_key", "string", "Deciding event in silver.consent_event.", PSEUDONYM, required=True
    ),
    SOURCE_SYSTEM,
    Column(
        "has_conflict",
        "boolean",
        "True if the customer's records hold different latest decisions.",
        required=True,
    ),
    primary_key=("customer_id", "purpose", "channel"),
    owner="privacy",
    purposes=(*MARKETING, "legal"),
    retention_days=3650,
)

CUSTOMER_PERMITTED = about_customers(
    "customer_permitted",
    "One row per customer: for which purposes their data may be used, by consent, objections, restrictions and "
    "how long ago they did something, on the day of the run.",
    CUSTOMER_ID,
    Column(
        "purposes",
        "array<string>",
        "Purposes of conf/base/purposes.yml that are permitted; empty if none is.",
        required=True,
        fed_by=(
            "gold.customer_consent.purpose",
            "gold.customer_consent.state",
            "ops.restriction.purpose",
            "gold.customer_attribute.value",
            "gold.customer.first_seen_date",
            "gold.customer_metric.last_active_date",
        ),
    ),
    primary_key=("customer_id",),
    owner="privacy",
)

CUSTOMER_METRIC = about_customers(
    "customer_metric",
    "One row per customer: recency as dates, frequency and value of orders, last contact but with the service "
    "desk. Counts and dates only. Cancelled and returned orders neither count nor have value.",
    CUSTOMER_ID,
    Column(
        "first_order_date",
        "date",
        "Date of the first order that counts.",
        fed_by=(ORDER_DAY, "gold.customer_order.status"),
    ),
    Column(
        "last_order_date",
        "date",
        "Date of the last order that counts.",
        fed_by=(ORDER_DAY, "gold.customer_order.status"),
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
    Column(
        "interaction_count",
        "bigint",
        "Visits, campaign touches, mentions and survey answers over all time, stale ones too. Those with the "
        "service desk count in gold.customer_360.",
        unit="contacts",
        required=True,
        fed_by=(CONTACT_KIND,),
    ),
    Column(
        "last_contact_date",
        "date",
        "Date of the last of these contacts, by either side.",
        fed_by=(CONTACT_DAY, CONTACT_KIND),
    ),
    Column(
        "last_active_date",
        "date",
        "Date on which the customer last did something: any of these contacts but a send, or any order.",
        fed_by=(CONTACT_DAY, CONTACT_KIND, "gold.customer_interaction.action", ORDER_DAY),
    ),
    primary_key=("customer_id",),
    owner="insight",
)
