"""Why a record is looked at anew, told by what it was in the last run."""

import pytest
from pyspark.sql import DataFrame, SparkSession

from lakehouse.linkage.evidence import is_full, touched_record
from lakehouse.tables.linkage import OVERSIZED_BLOCK
from lakehouse.tables.local_frame import local_frame

EVIDENCE = (
    "record_key string, fingerprint string, values_fingerprint string, overrides map<string,string>,"
    " block_keys array<bigint>, conf_hash string"
)
CROWDED, QUIET = 7, 8


def evidence(spark: SparkSession, records: dict[str, tuple[str, str]], conf: str) -> DataFrame:
    """Records by what linkage sees of them and by their own values; one of them is in a crowded block."""
    rows = [
        (key, seen + conf, values, {}, [CROWDED if key == "crowded" else QUIET], conf)
        for key, (seen, values) in records.items()
    ]
    return local_frame(spark, rows, EVIDENCE)


BEFORE = {
    "same": ("a", "a"),
    "changed": ("b", "b"),
    "shared": ("c", "c"),
    "crowded": ("d", "d"),
    "gone": ("e", "e"),
}
NOW = {
    "same": ("a", "a"),
    "changed": ("b*", "b*"),
    "shared": ("c*", "c"),
    "crowded": ("d", "d"),
    "new": ("f", "f"),
}
KNOWN = {"changed": "changed", "shared": "sharing", "crowded": "block_size"}


@pytest.mark.parametrize(
    ("full", "conf", "causes"),
    [
        (False, "conf", KNOWN),
        (True, "conf", KNOWN | {"same": "full"}),
        (True, "other conf", dict.fromkeys(("same", *KNOWN), "full")),
    ],
)
def test_a_full_run_still_tells_what_changed_unless_conf_did(
    spark: SparkSession, full: bool, conf: str, causes: dict[str, str]
) -> None:
    now = evidence(spark, NOW, conf)
    nothing = local_frame(spark, [], OVERSIZED_BLOCK.ddl())
    crowded = local_frame(spark, [("email_match", CROWDED, 9)], OVERSIZED_BLOCK.ddl())

    found = touched_record(now, evidence(spark, BEFORE, "conf"), crowded, nothing, is_full=full)

    assert {r.record_key: r.cause for r in found.collect()} == causes | {
        "new": "new",
        "gone": "deleted",
    }
    assert is_full(found, now) == full
