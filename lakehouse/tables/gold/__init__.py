"""Gold: what the company knows of each customer, one conformed table per kind of fact.

Facts whose person nobody knows (guests, anonymous visits) stay, with a null `customer_id`, so that
sums of gold equal sums of silver. Money keeps its currency; recency is stored as dates, never ages.
"""

from lakehouse.tables.gold.behaviour import CUSTOMER_DEVICE, CUSTOMER_TICKET, CUSTOMER_WEB_SESSION
from lakehouse.tables.gold.dimensions import CHANNEL, DATE, PRODUCT, SOURCE, STORE
from lakehouse.tables.gold.facts import (
    CUSTOMER_CONSENT,
    CUSTOMER_INTERACTION,
    CUSTOMER_METRIC,
    CUSTOMER_ORDER,
    CUSTOMER_ORDER_LINE,
    CUSTOMER_PERMITTED,
)
from lakehouse.tables.gold.golden_record import (
    CUSTOMER,
    CUSTOMER_CONTACT_POINT,
    CUSTOMER_IDENTIFIER,
    CUSTOMER_RECORD,
)
from lakehouse.tables.gold.households import CUSTOMER_RELATION, HOUSEHOLD, HOUSEHOLD_MEMBER
from lakehouse.tables.gold.money import (
    CAMPAIGN,
    CUSTOMER_PAYMENT,
    ORDER_ATTRIBUTION,
    RECONCILIATION,
    WEB_FUNNEL,
)
from lakehouse.tables.gold.shopping import (
    CUSTOMER_CART,
    CUSTOMER_LOYALTY,
    CUSTOMER_LOYALTY_MOVEMENT,
    CUSTOMER_RECOMMENDATION,
    CUSTOMER_RETURN,
)
from lakehouse.tables.gold.story import (
    CUSTOMER_360,
    CUSTOMER_INTEREST,
    CUSTOMER_JOURNEY_STAGE,
    CUSTOMER_TIMELINE,
)
from lakehouse.tables.gold.survivors import (
    CUSTOMER_ATTRIBUTE,
    CUSTOMER_HISTORY,
    GOLDEN_ATTRIBUTES,
)

GOLD_TABLES = (
    CUSTOMER_RECORD,
    CUSTOMER_ATTRIBUTE,
    CUSTOMER,
    CUSTOMER_IDENTIFIER,
    CUSTOMER_CONTACT_POINT,
    CUSTOMER_HISTORY,
    CUSTOMER_ORDER,
    CUSTOMER_ORDER_LINE,
    CUSTOMER_PAYMENT,
    CUSTOMER_RETURN,
    CUSTOMER_WEB_SESSION,
    CUSTOMER_DEVICE,
    CUSTOMER_RECOMMENDATION,
    CUSTOMER_TICKET,
    CUSTOMER_INTERACTION,
    CUSTOMER_CONSENT,
    CUSTOMER_LOYALTY,
    CUSTOMER_LOYALTY_MOVEMENT,
    CUSTOMER_METRIC,
    CUSTOMER_PERMITTED,
    HOUSEHOLD_MEMBER,
    HOUSEHOLD,
    CUSTOMER_RELATION,
    CUSTOMER_JOURNEY_STAGE,
    ORDER_ATTRIBUTION,
    CUSTOMER_TIMELINE,
    PRODUCT,
    CUSTOMER_CART,
    CUSTOMER_INTEREST,
    CAMPAIGN,
    WEB_FUNNEL,
    CUSTOMER_360,
    RECONCILIATION,
    STORE,
    CHANNEL,
    DATE,
    SOURCE,
)
"""All gold tables, each after the gold tables that it reads."""

LASTING_TABLES = frozenset(
    spec.name for spec in (CUSTOMER_CONTACT_POINT, CUSTOMER_HISTORY, HOUSEHOLD_MEMBER)
)
"""Tables that build on what the last release has of them, as sources no longer tell it."""

RECONCILED_TABLES = frozenset(
    spec.name
    for spec in (
        CUSTOMER_ORDER,
        CUSTOMER_ORDER_LINE,
        CUSTOMER_PAYMENT,
        CUSTOMER_RETURN,
        CAMPAIGN,
        CUSTOMER_WEB_SESSION,
    )
)
"""Tables whose rows and sums gold.reconciliation compares with silver's."""

__all__ = [
    "CAMPAIGN",
    "CHANNEL",
    "CUSTOMER",
    "CUSTOMER_360",
    "CUSTOMER_ATTRIBUTE",
    "CUSTOMER_CART",
    "CUSTOMER_CONSENT",
    "CUSTOMER_CONTACT_POINT",
    "CUSTOMER_DEVICE",
    "CUSTOMER_HISTORY",
    "CUSTOMER_IDENTIFIER",
    "CUSTOMER_INTERACTION",
    "CUSTOMER_INTEREST",
    "CUSTOMER_JOURNEY_STAGE",
    "CUSTOMER_LOYALTY",
    "CUSTOMER_LOYALTY_MOVEMENT",
    "CUSTOMER_METRIC",
    "CUSTOMER_ORDER",
    "CUSTOMER_ORDER_LINE",
    "CUSTOMER_PAYMENT",
    "CUSTOMER_PERMITTED",
    "CUSTOMER_RECOMMENDATION",
    "CUSTOMER_RECORD",
    "CUSTOMER_RELATION",
    "CUSTOMER_RETURN",
    "CUSTOMER_TICKET",
    "CUSTOMER_TIMELINE",
    "CUSTOMER_WEB_SESSION",
    "DATE",
    "GOLDEN_ATTRIBUTES",
    "GOLD_TABLES",
    "HOUSEHOLD",
    "HOUSEHOLD_MEMBER",
    "LASTING_TABLES",
    "ORDER_ATTRIBUTION",
    "PRODUCT",
    "RECONCILED_TABLES",
    "RECONCILIATION",
    "SOURCE",
    "STORE",
    "WEB_FUNNEL",
]
