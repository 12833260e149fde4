"""Every table there is, but for bronze, whose specs come from the sources."""

from lakehouse.tables.gold import GOLD_TABLES
from lakehouse.tables.linkage import LINKAGE_TABLES
from lakehouse.tables.ops import OPS_TABLES
from lakehouse.tables.silver import SILVER_TABLES
from lakehouse.tables.spec import TableSpec

GATED_TABLES: tuple[TableSpec, ...] = (*SILVER_TABLES, *LINKAGE_TABLES, *GOLD_TABLES)
"""Tables that have an expectation suite in a file."""

STATIC_TABLES: tuple[TableSpec, ...] = (*GATED_TABLES, *OPS_TABLES)
