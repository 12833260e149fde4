"""Gold: what came in, what it is put down to, and that it adds up."""

from lakehouse.tables.gold.parts import (
    CUSTOMER_ID,
    KNOWN_CUSTOMER_ID,
    PERSON_LINK,
    PSEUDONYM,
    SERVICE,
    SOURCE_SYSTEM,
    about_customers,
    dimension,
    measures,
)
from lakehouse.tables.spec import Column

_SESSION = "gold.customer_web_session"
_TOUCHED = ("gold.customer_interaction.happened_at", "silver.media_touch.touched_at")
_SIDES = {
    "count": tuple(
        f"silver.{name}.record_key"
        for name in ("order", "order_line", "payment", "media_spend", "web_event")
    ),
    "amount": (
        "silver.order.total_amount",
        "silver.order_line.line_amount",
        "silver.payment.amount",
        "silver.media_spend.spend_amount",
    ),
}

CUSTOMER_PAYMENT = about_customers(
    "customer_payment",
    "One row per payment or refund of silver.payment, with its customer: the payer, or who ordered if nobody knows the "
    "payer. Payments by guests stay.",
    Column("record_key", "string", "Payment in silver.payment.", PSEUDONYM, required=True),
    KNOWN_CUSTOMER_ID,
    PERSON_LINK,
    SOURCE_SYSTEM,
    Column("payment_id", "string", "Payment number in its source.", PSEUDONYM, required=True),
    Column(
        "order_record_key",
        "string",
        "Order in gold.customer_order; null if unknown.",
        PSEUDONYM,
    ),
    Column("paid_at", "timestamp", "When the payment was made.", required=True),
    Column(
        "payment_date",
        "date",
        "UTC date of paid_at.",
        required=True,
        fed_by=("silver.payment.paid_at",),
    ),
    Column("method", "string", "card, wallet, transfer, cash or gift_card."),
    Column("status", "string", "captured, refunded or failed."),
    Column("currency", "string", "ISO 4217 code of the amount.", required=True),
    Column("amount", "decimal(18,2)", "Negative for a refund, in currency.", unit="currency"),
    Column(
        "reporting_amount",
        "decimal(18,2)",
        "Amount in the reporting currency at the rate of its day; null if there is none.",
        unit="reporting currency",
        fed_by=("silver.payment.amount", "silver.payment.currency", "silver.payment.paid_at"),
    ),
    Column(
        "is_told_again",
        "boolean",
        "True if it belongs to the second telling of a purchase (same_purchase_key of the order) and another "
        "telling has the same payment or refund, of one amount.",
        required=True,
        fed_by=("gold.customer_order.same_purchase_key",),
    ),
    primary_key=("record_key",),
    owner="finance",
    purposes=SERVICE,
)

ORDER_ATTRIBUTION = about_customers(
    "order_attribution",
    "One row per order that counts and that a known customer made within attribution_days after a click on a message "
    "or a visit by paid media: the last of these.",
    Column("record_key", "string", "Order in gold.customer_order.", PSEUDONYM, required=True),
    CUSTOMER_ID,
    Column("order_date", "date", "UTC date of the order.", required=True),
    Column("campaign_id", "string", "Campaign of the touch.", required=True),
    Column("channel", "string", "Channel of the message, or medium of the visit."),
    Column("touch_type", "string", "message_click or paid_visit.", required=True),
    Column(
        "touch_key",
        "string",
        "interaction_key of the click, or session_key of the visit.",
        PSEUDONYM,
        required=True,
        fed_by=("gold.customer_interaction.interaction_key", f"{_SESSION}.session_key"),
    ),
    Column("touched_at", "timestamp", "When the touch came about.", required=True, fed_by=_TOUCHED),
    Column("is_first_order", "boolean", "True for the customer's first order.", required=True),
    Column(
        "reporting_amount",
        "decimal(18,2)",
        "Total of the order in the reporting currency.",
        unit="reporting currency",
    ),
    primary_key=("record_key",),
    owner="marketing",
    purposes=SERVICE,
)

_OR_FEW = ", or if fewer customers than smallest_group of conf/base/product_policy.yml made them."
_UNLESS_FEW = f"; null{_OR_FEW.removeprefix(', or')}"
_UNLESS_FEW_VISITORS = (
    "; null where it, a count before it in the row, or what remains of that, is of visitors but of fewer than "
    "smallest_group of conf/base/product_policy.yml."
)

CAMPAIGN = dimension(
    "campaign",
    "One row per campaign that media, a message or a visit names: what it cost and what it brought.",
    Column("campaign_id", "string", "Campaign.", required=True),
    Column("campaign_name", "string", "Name of a paid campaign."),
    Column("channel", "string", "Medium of a paid campaign, or channel of its messages."),
    Column("first_date", "date", "First day with a fact.", fed_by=_TOUCHED),
    Column("last_date", "date", "Last day with a fact by the day of the run.", fed_by=_TOUCHED),
    *measures(
        ("sent_count", "Messages sent.", "messages"),
        ("click_count", "Clicks, on messages and on paid media.", "clicks"),
        ("session_count", "Sessions of people that it brought by paid media.", "sessions"),
        ("impression_count", "Times that paid media were shown.", "impressions"),
    ),
    Column(
        "spend_reporting_amount",
        "decimal(28,2)",
        "Spent on paid media, in the reporting currency at each day's rate; null if no amount has a rate, 0 without any.",
        unit="reporting currency",
        fed_by=("silver.media_spend.spend_amount",),
    ),
    Column(
        "daily_spend",
        "array<struct<spend_date:date,currency:string,spend_amount:decimal(18,2)>>",
        "What was spent on paid media, in its own currency: one element per row of silver.media_spend, by date.",
        unit="currency of the element",
        required=True,
        fed_by=tuple(
            f"silver.media_spend.{name}" for name in ("spend_date", "currency", "spend_amount")
        ),
    ),
    Column(
        "order_count",
        "bigint",
        f"Orders put down to it (gold.order_attribution){_UNLESS_FEW}",
        unit="orders",
    ),
    Column(
        "order_reporting_amount",
        "decimal(28,2)",
        f"What those orders came to, 0 without orders; null if none has a reporting amount{_OR_FEW}",
        unit="reporting currency",
        fed_by=("gold.order_attribution.reporting_amount",),
    ),
    Column(
        "acquired_customer_count",
        "bigint",
        f"Customers whose first order is among those{_UNLESS_FEW}",
        unit="customers",
    ),
    Column(
        "acquisition_cost_reporting_amount",
        "decimal(18,2)",
        f"Spent for each acquired customer; null if there is none{_OR_FEW}",
        unit="reporting currency",
    ),
    primary_key="campaign_id",
    owner="marketing",
)

WEB_FUNNEL = dimension(
    "web_funnel",
    "One row per day and channel with a visit: how far people got, and how much was of machines.",
    Column("session_date", "date", "UTC date on which the sessions began.", required=True),
    Column("channel", "string", "Medium of paid media, or direct.", required=True),
    *(
        Column(name, "bigint", f"{description}{_UNLESS_FEW_VISITORS}", unit="sessions")
        for name, description in (
            ("session_count", "Sessions"),
            ("page_view_session_count", "Sessions that saw a page"),
            ("cart_session_count", "Sessions that filled a cart"),
            ("checkout_session_count", "Sessions that checked out"),
            ("abandoned_cart_count", "Sessions whose cart was abandoned"),
            ("recovered_cart_count", "Sessions whose cart an order recovered"),
        )
    ),
    *measures(
        ("bot_session_count", "Sessions of machines, which count in nothing else.", "sessions"),
        ("bot_event_count", "Events of machines.", "events"),
    ),
    primary_key=("session_date", "channel"),
    owner="digital",
)

RECONCILIATION = dimension(
    "reconciliation",
    "One row per fact, period and currency: rows and sums of silver and of gold, which must be equal.",
    Column(
        "fact",
        "string",
        "order, order_line, payment (refunds among them), return and refund (what gold.customer_return adds up), "
        "media_spend or web_event.",
        required=True,
    ),
    Column(
        "period",
        "string",
        "UTC date as yyyy-MM-dd, of a line, return or refund that of its purchase; none where a fact has no day, "
        "all for web events.",
        required=True,
        fed_by=(
            "silver.order.ordered_at",
            "silver.payment.paid_at",
            "silver.media_spend.spend_date",
            "gold.customer_order.same_purchase_key",
        ),
    ),
    Column("currency", "string", "ISO 4217 code; XXX for a fact without money.", required=True),
    *(
        Column(
            f"{side}_{what}",
            "bigint" if what == "count" else "decimal(28,2)",
            f"{'Rows' if what == 'count' else 'Sum of the amounts'} in {side}.",
            unit="rows" if what == "count" else "currency",
            required=True,
            fed_by=_SIDES[what] if side == "silver" else (),
        )
        for side in ("silver", "gold")
        for what in ("count", "amount")
    ),
    Column("is_equal", "boolean", "True if both sides agree.", required=True),
    primary_key=("fact", "period", "currency"),
    owner="finance",
    # Of a day with one order it tells what that came to.
    purposes=SERVICE,
)
