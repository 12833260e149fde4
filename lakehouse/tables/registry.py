"""Every table there is, but for bronze, whose specs come from the sources."""

from lakehouse.tables.audience import AUDIENCE_EXPORT, ROLE_EXPORT
from lakehouse.tables.erasure import ERASURE_TABLES
from lakehouse.tables.gold import GOLD_TABLES
from lakehouse.tables.linkage import LINKAGE_TABLES
from lakehouse.tables.ops import (
    LEGAL_HOLD,
    OPS_TABLES,
    PRIVACY_REQUEST,
    RESTRICTION,
    REVIEW_TASK,
)
from lakehouse.tables.silver import SILVER_TABLES
from lakehouse.tables.spec import TableSpec

GATED_TABLES: tuple[TableSpec, ...] = (*SILVER_TABLES, *LINKAGE_TABLES, REVIEW_TASK, *GOLD_TABLES)
"""Tables that a step makes: they have an expectation suite in a file."""

ON_DEMAND_TABLES: tuple[TableSpec, ...] = (
    AUDIENCE_EXPORT,
    ROLE_EXPORT,
    PRIVACY_REQUEST,
    RESTRICTION,
    LEGAL_HOLD,
    *ERASURE_TABLES,
)
"""Tables that are created when they are first written: most lakes never need them, and each has its price."""

STATIC_TABLES: tuple[TableSpec, ...] = (
    *GATED_TABLES,
    *(spec for spec in OPS_TABLES if spec not in (*GATED_TABLES, *ON_DEMAND_TABLES)),
    *ON_DEMAND_TABLES,
)
