"""Gold: what customers were shown, left in the cart and gave back, and their loyalty accounts."""

from lakehouse.tables.gold.parts import (
    DIRECT,
    KNOWN_CUSTOMER_ID,
    PERSON_LINK,
    PSEUDONYM,
    QUASI,
    SERVICE,
    SOURCE_SYSTEM,
    about_customers,
)
from lakehouse.tables.spec import Column

_ORDER, _LINE, _PAYMENT = (
    "gold.customer_order",
    "gold.customer_order_line",
    "gold.customer_payment",
)
_SHOWN = "silver.recommendation"
_BALANCES = ("silver.loyalty.balances",)
_GIVEN_BACK = (f"{_ORDER}.total_amount", f"{_LINE}.line_amount", f"{_LINE}.quantity")
_REFUNDED = (f"{_PAYMENT}.amount", f"{_PAYMENT}.status", f"{_PAYMENT}.is_told_again")

CUSTOMER_RETURN = about_customers(
    "customer_return",
    "One row per purchase of which something came back (status returned, or lines of negative quantity) or was "
    "refunded. Refunds of no known order stand in gold.customer_payment alone.",
    Column("record_key", "string", "Order in gold.customer_order.", PSEUDONYM, required=True),
    KNOWN_CUSTOMER_ID,
    PERSON_LINK,
    Column("order_id", "string", "Order number in its source.", PSEUDONYM, required=True),
    Column("order_date", "date", "UTC date of the order.", required=True),
    Column("currency", "string", "ISO 4217 code of the amounts.", required=True),
    Column(
        "returned_amount",
        "decimal(18,2)",
        "What came back was worth: the order's total, or its lines of negative quantity.",
        unit="currency",
        required=True,
        fed_by=_GIVEN_BACK,
    ),
    Column(
        "refunded_amount",
        "decimal(18,2)",
        "Sum of the refunds that did not fail, above zero.",
        unit="currency",
        required=True,
        fed_by=_REFUNDED,
    ),
    Column(
        "refunded_reporting_amount",
        "decimal(18,2)",
        "Refunded amount in the reporting currency at the rate of the order's day; null if there is none.",
        unit="reporting currency",
        fed_by=_REFUNDED,
    ),
    Column(
        "refunded_at",
        "timestamp",
        "When the first refund was made; null if none was.",
        fed_by=(f"{_PAYMENT}.paid_at",),
    ),
    Column(
        "days_to_refund",
        "int",
        "Days from the order to the first refund; null without one, or if a clock has it before the order.",
        unit="days",
        fed_by=(f"{_PAYMENT}.paid_at", f"{_ORDER}.order_date"),
    ),
    Column(
        "is_whole_order",
        "boolean",
        "True if the order's status says that all of it came back.",
        required=True,
        fed_by=(f"{_ORDER}.status",),
    ),
    Column(
        "returned_piece_count",
        "bigint",
        "Pieces that came back.",
        unit="pieces",
        required=True,
        fed_by=(f"{_LINE}.quantity", f"{_ORDER}.status"),
    ),
    Column(
        "returned_reporting_amount",
        "decimal(18,2)",
        "Returned amount in the reporting currency at the rate of the order's day; null if there is none.",
        unit="reporting currency",
        fed_by=_GIVEN_BACK,
    ),
    Column(
        "refund_count",
        "bigint",
        "Refunds that did not fail, in the order's currency.",
        unit="refunds",
        required=True,
        fed_by=_REFUNDED,
    ),
    Column(
        "order_amount",
        "decimal(18,2)",
        "Total of the order, in currency.",
        unit="currency",
        fed_by=(f"{_ORDER}.total_amount",),
    ),
    Column("channel", "string", "Where it was bought: shop or store.", required=True),
    Column("store_id", "string", "Store of the sale, as in gold.store; null for the shop."),
    SOURCE_SYSTEM,
    Column(
        "returned_at",
        "timestamp",
        "Moment of the receipt that tells what came back; null where no receipt does: that an order of the shop was "
        "returned its status says, and not when.",
        fed_by=(f"{_ORDER}.ordered_at",),
    ),
    Column(
        "return_source_system",
        "string",
        "System of that receipt; source_system is the system of the order.",
        fed_by=(f"{_ORDER}.source_system",),
    ),
    primary_key=("record_key",),
    owner="sales",
    purposes=SERVICE,
)

CUSTOMER_CART = about_customers(
    "customer_cart",
    "One row per session of a person in which a cart was filled, and what became of it; of several carts the last.",
    Column(
        "session_key",
        "string",
        "Session in gold.customer_web_session.",
        PSEUDONYM,
        required=True,
    ),
    KNOWN_CUSTOMER_ID,
    PERSON_LINK,
    Column("carted_at", "timestamp", "When something was last put into it.", required=True),
    Column(
        "cart_state",
        "string",
        "checked_out, recovered or abandoned, as in gold.customer_web_session.",
        required=True,
    ),
    Column(
        "products",
        "array<string>",
        "Products put into it, in order, each once, without what was checked out before; how many pieces no event "
        "tells.",
        QUASI,
        required=True,
        fed_by=("gold.customer_web_session.cart_contents",),
    ),
    Column("currency", "string", "ISO 4217 code of that amount."),
    Column(
        "list_amount",
        "decimal(18,2)",
        "What one piece of each costs today by the catalogue; null unless all have a price in one currency.",
        unit="currency",
        fed_by=("gold.product.list_price", "gold.product.currency"),
    ),
    Column(
        "list_reporting_amount",
        "decimal(18,2)",
        "That amount in the reporting currency at the rate of cart_date; null if there is none.",
        unit="reporting currency",
        fed_by=("gold.product.list_price", "gold.product.currency"),
    ),
    Column("ordered_at", "timestamp", "When the order that followed it was placed."),
    Column(
        "order_record_key",
        "string",
        "First order that counts after it, within web.cart_recovery_days: what it came to; null if abandoned, and "
        "where no order is told of a checkout.",
        PSEUDONYM,
        fed_by=(f"{_ORDER}.record_key",),
    ),
    Column(
        "product_count",
        "bigint",
        "Products in it.",
        unit="products",
        required=True,
        fed_by=("gold.customer_web_session.cart_contents",),
    ),
    Column(
        "cart_date",
        "date",
        "UTC date of carted_at.",
        required=True,
        fed_by=("gold.customer_web_session.carted_at",),
    ),
    SOURCE_SYSTEM,
    primary_key=("session_key",),
    owner="digital",
    retention_days=395,
)

CUSTOMER_RECOMMENDATION = about_customers(
    "customer_recommendation",
    "One row per recommended list and product in it: shown, clicked, bought. Lists shown to visitors whom nobody "
    "knows stay.",
    Column(
        "recommendation_key",
        "string",
        "Source system, list and product.",
        PSEUDONYM,
        required=True,
        fed_by=(f"{_SHOWN}.list_id", f"{_SHOWN}.product_id"),
    ),
    KNOWN_CUSTOMER_ID,
    PERSON_LINK,
    Column(
        "shown_at",
        "timestamp",
        "When the list was first shown; of a list of which clicks alone are told, the first click.",
        required=True,
        fed_by=(f"{_SHOWN}.event_at",),
    ),
    Column("product_id", "string", "Recommended product.", required=True),
    Column("placement", "string", "Where it stood, such as home or cart."),
    Column("position", "int", "Place in the list, from 1."),
    Column("is_clicked", "boolean", "True if it was clicked in the list.", required=True),
    Column(
        "is_bought",
        "boolean",
        "True if the customer bought the product within recommendation_days after it was shown. A purchase "
        "counts for one list: the last clicked before it, else the last shown.",
        required=True,
        fed_by=(f"{_LINE}.product_id", f"{_ORDER}.ordered_at"),
    ),
    Column(
        "clicked_at",
        "timestamp",
        "When the product was first clicked in the list; null if it never was.",
        fed_by=(f"{_SHOWN}.event_at", f"{_SHOWN}.event_type"),
    ),
    Column("ordered_at", "timestamp", "When the first order of it was placed; null without one."),
    Column(
        "order_record_key",
        "string",
        "First order in which it was bought; null if it was not.",
        PSEUDONYM,
        fed_by=(f"{_LINE}.order_record_key",),
    ),
    Column("list_id", "string", "List, as it was shown once.", PSEUDONYM, required=True),
    Column(
        "session_key",
        "string",
        "Session in gold.customer_web_session; null outside any session.",
        PSEUDONYM,
        fed_by=(f"{_SHOWN}.session_id",),
    ),
    Column(
        "shown_date",
        "date",
        "UTC date of shown_at.",
        required=True,
        fed_by=(f"{_SHOWN}.event_at",),
    ),
    SOURCE_SYSTEM,
    primary_key=("recommendation_key",),
    owner="digital",
    retention_days=395,
)

CUSTOMER_LOYALTY = about_customers(
    "customer_loyalty",
    "One row per loyalty account of silver.loyalty as it stands today, with its customer.",
    Column("record_key", "string", "Account in silver.loyalty.", PSEUDONYM, required=True),
    KNOWN_CUSTOMER_ID,
    PERSON_LINK,
    SOURCE_SYSTEM,
    Column("loyalty_number", "string", "Card number.", DIRECT, required=True),
    Column("tier", "string", "basic, silver or gold."),
    Column("points", "bigint", "Points balance.", unit="points"),
    Column("joined_date", "date", "Date of joining."),
    Column(
        "told_at",
        "timestamp",
        "When the source says that tier and balance stood so.",
        required=True,
        fed_by=("silver.loyalty.sequence_at",),
    ),
    Column(
        "tier_from_at",
        "timestamp",
        "Since when the source tells of this tier without another between; its first telling, if it never told of "
        "another.",
        fed_by=("silver.loyalty.balances",),
    ),
    primary_key=("record_key",),
    owner="loyalty",
)

CUSTOMER_LOYALTY_MOVEMENT = about_customers(
    "customer_loyalty_movement",
    "One row per loyalty account and moment at which its source told of other points or another tier than before. "
    "Sources tell balances: what was earned and spent between two of them is netted.",
    KNOWN_CUSTOMER_ID,
    Column(
        "told_at",
        "timestamp",
        "When the source says that tier and balance stood so.",
        required=True,
        fed_by=_BALANCES,
    ),
    Column(
        "points_change",
        "bigint",
        "Points earned since the last telling, or spent if negative; 0 if the tier alone changed.",
        unit="points",
        required=True,
        fed_by=_BALANCES,
    ),
    Column("points", "bigint", "Balance after it.", unit="points", fed_by=_BALANCES),
    Column("former_tier", "string", "Tier before it: basic, silver or gold.", fed_by=_BALANCES),
    Column("tier", "string", "Tier after it.", fed_by=_BALANCES),
    Column(
        "is_tier_change",
        "boolean",
        "True if the tier changed.",
        required=True,
        fed_by=_BALANCES,
    ),
    Column(
        "last_told_at",
        "timestamp",
        "When the balance before it was first told, of points the last with points that could be read: it came about "
        "between the two.",
        required=True,
        fed_by=_BALANCES,
    ),
    Column("told_date", "date", "UTC date of told_at.", required=True, fed_by=_BALANCES),
    SOURCE_SYSTEM,
    PERSON_LINK,
    Column("record_key", "string", "Account in silver.loyalty.", PSEUDONYM, required=True),
    Column(
        "movement_key",
        "string",
        "Account and moment.",
        PSEUDONYM,
        required=True,
        fed_by=("silver.loyalty.record_key", *_BALANCES),
    ),
    primary_key=("movement_key",),
    owner="loyalty",
)
