"""A customer whose use is restricted is left out for that purpose, from then on and until it ends."""

from datetime import UTC, datetime, timedelta

import pytest
from pyspark.sql import SparkSession

from lakehouse.privacy.restriction import without_restricted
from lakehouse.tables.local_frame import local_frame

NOON = datetime(2026, 1, 7, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("purpose", "at", "left"),
    [
        ("marketing", NOON + HOUR, {"ben"}),
        ("analytics", NOON + HOUR, {"ann", "ben", "cat"}),
        ("marketing", NOON - HOUR, {"ann", "ben", "cat", "dan"}),
        ("analytics", NOON + 9 * HOUR, {"ann", "ben", "cat", "dan"}),
    ],
)
def test_who_may_be_used_depends_on_purpose_and_moment(
    spark: SparkSession, purpose: str, at: datetime, left: set[str]
) -> None:
    customers = local_frame(
        spark, [(c,) for c in ("ann", "ben", "cat", "dan")], "customer_id string"
    )
    # Ben's record was Ann's before; Cat has two records, of which one objects; Dan's limit has an end.
    belongs = [("a", "ann", None), ("b", "ben", None), ("a", "ben", NOON), ("c1", "cat", None)]
    belongs += [("c2", "cat", None), ("d", "dan", None)]
    identity_map = local_frame(
        spark, belongs, "record_key string, customer_id string, valid_to timestamp"
    )
    restrictions = local_frame(
        spark,
        [
            ("a", "marketing", NOON, None),
            ("c2", "marketing", NOON, None),
            ("d", None, NOON, NOON + 2 * HOUR),
        ],
        "record_key string, purpose string, restricted_from timestamp, restricted_to timestamp",
    )

    kept = without_restricted(customers, restrictions, identity_map, purpose, at)

    assert {row.customer_id for row in kept.collect()} == left
