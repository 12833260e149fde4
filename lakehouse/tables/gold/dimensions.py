"""Gold: what facts are told by: products, stores, channels, days, sources."""

from lakehouse.tables.gold.parts import CONTACT_DAY, ORDER_DAY, SOURCE_SYSTEM, dimension
from lakehouse.tables.spec import Column

PRODUCT = dimension(
    "product",
    "One row per product: the newest version that any catalogue holds. Of one that a line or a recommended list names "
    "and no catalogue holds, the id alone.",
    Column("product_id", "string", "Stock keeping unit.", required=True),
    Column("product_name", "string", "Name for customers."),
    Column("category", "string", "Category of the range."),
    Column("brand", "string", "Brand."),
    Column("currency", "string", "ISO 4217 code of the price."),
    Column("list_price", "decimal(18,2)", "Price today, in currency.", unit="currency"),
    SOURCE_SYSTEM,
    primary_key="product_id",
    owner="merchandising",
)

_SOLD, _WEATHER = "gold.customer_order.order_date", "silver.store_weather.weather_date"
_USED = (
    _SOLD,
    CONTACT_DAY,
    "gold.customer_consent.decided_at",
    "gold.customer_web_session.session_date",
    "silver.media_spend.spend_date",
)

_FACT_DAYS = (
    ORDER_DAY,
    CONTACT_DAY,
    "gold.customer_payment.payment_date",
    "gold.customer_web_session.session_date",
    "gold.customer_cart.cart_date",
    "gold.customer_recommendation.shown_date",
    "gold.customer_consent.decided_at",
    "gold.customer_loyalty.joined_date",
    "gold.customer_loyalty_movement.told_date",
    "gold.customer_journey_stage.valid_from_date",
    "gold.customer_timeline.event_date",
    "silver.media_spend.spend_date",
)

STORE = dimension(
    "store",
    "One row per store that an order, a receipt or the weather names; no feed tells more of stores.",
    Column("store_id", "string", "Store.", required=True),
    Column("first_order_date", "date", "Day of its first sale; null without one.", fed_by=(_SOLD,)),
    Column(
        "last_order_date",
        "date",
        "Day of its last sale by the day of the run; null without one.",
        fed_by=(_SOLD,),
    ),
    Column(
        "last_weather_date",
        "date",
        "Last day of which the weather there is told; null if none is.",
        fed_by=(_WEATHER,),
    ),
    primary_key="store_id",
    owner="sales",
)

CHANNEL = dimension(
    "channel",
    "One row per channel that a fact names: of orders, of contacts, of consents, and the media that bring visits.",
    Column("channel", "string", "Channel, as the facts have it.", required=True),
    Column("is_for_sales", "boolean", "True if orders come by it.", required=True),
    Column("is_for_contact", "boolean", "True if contacts come about by it.", required=True),
    Column("is_for_consent", "boolean", "True if customers decide on it.", required=True),
    Column(
        "is_for_visits",
        "boolean",
        "True if it brings visits to the web site or money is spent on it; direct stands for no campaign.",
        required=True,
        fed_by=("gold.customer_web_session.medium", "silver.media_spend.medium"),
    ),
    Column("first_used_date", "date", "Day of the first fact that names it.", fed_by=_USED),
    Column("last_used_date", "date", "Day of the last one by the day of the run.", fed_by=_USED),
    primary_key="channel",
    owner="insight",
)

DATE = dimension(
    "date",
    "One row per day from the first to the last year in which there is a fact, a decision or a stage.",
    Column("calendar_date", "date", "Day.", required=True, fed_by=_FACT_DAYS),
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

SOURCE = dimension(
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
