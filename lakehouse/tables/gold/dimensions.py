"""Gold: what facts are told by: products, days, sources."""

from lakehouse.tables.gold.parts import CONTACT_DAY, ORDER_DAY, SOURCE_SYSTEM, dimension
from lakehouse.tables.spec import Column

PRODUCT = dimension(
    "product",
    "One row per product: the newest version that any catalogue holds.",
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

DATE = dimension(
    "date",
    "One row per day of every year in which there is an order or a contact.",
    Column("calendar_date", "date", "Day.", required=True, fed_by=(ORDER_DAY, CONTACT_DAY)),
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
