"""What the specs of gold share: columns, purposes, and the shapes of tables about customers and of dimensions."""

from lakehouse.tables.spec import Column, Sensitivity, TableSpec

PSEUDONYM = Sensitivity.PSEUDONYM

QUASI = Sensitivity.QUASI_IDENTIFIER

DIRECT = Sensitivity.DIRECT_IDENTIFIER

CUSTOMER_ID = Column(
    "customer_id",
    "string",
    "Lasting id of the customer, as linkage gives it today.",
    PSEUDONYM,
    required=True,
)

KNOWN_CUSTOMER_ID = Column(
    "customer_id",
    "string",
    "Lasting id of the customer, as linkage gives it today; null if nobody knows who it was.",
    PSEUDONYM,
)

PERSON_LINK = Column(
    "person_record_key",
    "string",
    "record_key in silver.person_record of the person whom the source names; null if nobody.",
    PSEUDONYM,
)

STATED_PREFERENCES = (
    Column(
        "stated_channel",
        "string",
        "Channel by which the customer says to prefer to be reached, by the newest statement.",
    ),
    Column(
        "stated_category",
        "string",
        "Category of the range that the customer says to prefer, by the newest statement.",
    ),
    Column(
        "stated_brand", "string", "Brand that the customer says to prefer, by the newest statement."
    ),
    Column(
        "stated_hour",
        "int",
        "Hour of the customer's own day, 0 to 23, at which they say to prefer to be reached, by the newest statement.",
        unit="hours",
    ),
)

SOURCE_SYSTEM = Column("source_system", "string", "System that sent the record.", required=True)

SERVICE = ("service", "analytics")

MARKETING = ("service", "analytics", "marketing")

ORDER_DAY, CONTACT_DAY = (
    "gold.customer_order.order_date",
    "gold.customer_interaction.interaction_date",
)

CONTACT_KIND = "gold.customer_interaction.interaction_type"


def person(*columns: str) -> tuple[str, ...]:
    """Those columns of silver.person_record, as `fed_by` names them."""
    return tuple(f"silver.person_record.{name}" for name in columns)


def about_customers(
    entity: str,
    description: str,
    *columns: Column,
    primary_key: tuple[str, ...],
    owner: str,
    purposes: tuple[str, ...] = MARKETING,
    retention_days: int = 1095,
    subject_key: str | tuple[str, ...] = "customer_id",
    retention_from: str | None = None,
) -> TableSpec:
    """A table whose rows are about customers: reached and clustered by customer_id."""
    return TableSpec(
        name=f"gold.{entity}",
        description=description,
        columns=columns,
        primary_key=primary_key,
        owner=owner,
        retention_days=retention_days,
        purposes=purposes,
        subject_key=subject_key,
        cluster_by=("customer_id",),
        retention_from=retention_from,
    )


def measures(*named: tuple[str, str, str]) -> tuple[Column, ...]:
    """Required counts: name, description and unit of each."""
    return tuple(
        Column(name, "bigint", description, unit=unit, required=True)
        for name, description, unit in named
    )


def dimension(
    entity: str,
    description: str,
    *columns: Column,
    primary_key: str | tuple[str, ...],
    owner: str,
    purposes: tuple[str, ...] = MARKETING,
) -> TableSpec:
    """A table that is about no person: a dimension, or sums of facts."""
    return TableSpec(
        name=f"gold.{entity}",
        description=description,
        columns=columns,
        primary_key=(primary_key,) if isinstance(primary_key, str) else primary_key,
        owner=owner,
        retention_days=3650,
        purposes=purposes,
    )
