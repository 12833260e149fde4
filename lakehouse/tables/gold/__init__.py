"""Gold: what the company knows of each customer, one conformed table per kind of fact.

Facts whose person nobody knows (guests, anonymous visits) stay, with a null `customer_id`, so that
sums of gold equal sums of silver. Money keeps its currency; recency is stored as dates, never ages.
"""

from lakehouse.tables.gold.dimensions import DATE, PRODUCT, SOURCE
from lakehouse.tables.gold.facts import (
    CUSTOMER_CONSENT,
    CUSTOMER_INTERACTION,
    CUSTOMER_METRIC,
    CUSTOMER_ORDER,
    CUSTOMER_ORDER_LINE,
)
from lakehouse.tables.gold.golden_record import (
    CUSTOMER,
    CUSTOMER_ATTRIBUTE,
    CUSTOMER_CONTACT_POINT,
    CUSTOMER_IDENTIFIER,
    GOLDEN_ATTRIBUTES,
)
from lakehouse.tables.gold.households import CUSTOMER_RELATION, HOUSEHOLD, HOUSEHOLD_MEMBER

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
    HOUSEHOLD_MEMBER,
    HOUSEHOLD,
    CUSTOMER_RELATION,
    PRODUCT,
    DATE,
    SOURCE,
)
"""All gold tables, each after the gold tables that it reads."""

__all__ = [
    "CUSTOMER",
    "CUSTOMER_ATTRIBUTE",
    "CUSTOMER_CONSENT",
    "CUSTOMER_CONTACT_POINT",
    "CUSTOMER_IDENTIFIER",
    "CUSTOMER_INTERACTION",
    "CUSTOMER_METRIC",
    "CUSTOMER_ORDER",
    "CUSTOMER_ORDER_LINE",
    "CUSTOMER_RELATION",
    "DATE",
    "GOLDEN_ATTRIBUTES",
    "GOLD_TABLES",
    "HOUSEHOLD",
    "HOUSEHOLD_MEMBER",
    "PRODUCT",
    "SOURCE",
]
