"""Bronze to silver: typed, standardised, one current row per key, in whatever order files came."""

from lakehouse.silver.build import DERIVED, SILVER_READS, bronze_reads, silver_table

__all__ = ["DERIVED", "SILVER_READS", "bronze_reads", "silver_table"]
