"""Whether a support ticket is open, by what its desk says of it."""

from pyspark.sql import Column


def is_open(status: Column, closed_at: Column) -> Column:
    """True of a ticket that is neither called closed nor has a moment of closing; never null."""
    return closed_at.isNull() & ~status.eqNullSafe("closed")
