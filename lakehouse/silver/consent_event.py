"""silver.consent_event: what people allowed and took back."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.columns.person import CORRECTIONS_TYPE
from lakehouse.silver.intake import correction

_FIRST_DAY, _LAST_DAY = "1990-01-01", "2100-01-01"
"""Between these the suite takes a moment for one; see expectations/silver/consent_event.json."""


def consent_event(typed: DataFrame) -> DataFrame:
    """One row per decision. Key: record_key.

    Whatever is not a grant in plain words is read as a withdrawal, and must not be lost for a moment
    that cannot be read: of the moments of the decision and of its receipt the one that can stands in
    for the other, and `corrections` say so. A grant gets no such help: the gate holds it.
    """
    is_withdrawal = ~F.col("action").eqNullSafe("grant")
    happened_at = F.when(F.col("happened_at").between(_FIRST_DAY, _LAST_DAY), F.col("happened_at"))
    late = is_withdrawal & happened_at.isNull() & F.col("sequence_at").isNotNull()
    early = is_withdrawal & happened_at.isNotNull() & F.col("sequence_at").isNull()
    decided = F.col("happened_at").cast("string")
    stood_in = F.array(
        F.when(late, correction("happened_at", "moment_of_receipt", decided)),
        F.when(early, correction("sequence_at", "moment_of_decision", F.lit(None))),
    )
    return typed.withColumns(
        {
            "happened_at": F.when(late, F.col("sequence_at")).otherwise(F.col("happened_at")),
            "sequence_at": F.when(early, happened_at).otherwise(F.col("sequence_at")),
            "corrections": F.concat("corrections", F.array_compact(stood_in)).cast(
                CORRECTIONS_TYPE
            ),
        }
    )
