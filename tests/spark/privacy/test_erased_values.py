"""What the proof of an erasure looks for: values that tell the person, and that nobody who stays has."""

from types import SimpleNamespace
from typing import Any, cast

from pyspark.sql import DataFrame, SparkSession

from lakehouse.pipeline.attempt import Attempt
from lakehouse.pipeline.erased_values import erased_value_marks
from lakehouse.pipeline.lake import Lake
from lakehouse.privacy.erasure_marks import mark_of, mark_secret
from lakehouse.settings.erasure import ErasureSettings
from lakehouse.settings.load import load_settings
from lakehouse.storage.releases import Release
from lakehouse.tables.local_frame import local_frame
from lakehouse.tables.silver import PERSON_RECORD
from lakehouse.tables.spec import TableSpec
from tests.support.lake import DAY_1

SETTINGS = load_settings("test")
SOURCES = tuple(s for s in SETTINGS.sources if s.name in ("shop_account", "crm_contact"))
ACCOUNT = next(s.bronze_table for s in SOURCES if s.name == "shop_account")
CONTACT = next(s.bronze_table for s in SOURCES if s.name == "crm_contact")
ATTEMPT = Attempt("erase-1", 2, DAY_1, "", None, Release(1, "day-1", {}))
HERS = {
    "account_id": "12345678",
    "email": "Ann@Example.org",
    "phone": "015114489455",
    "given_name": "Ann of 5 Elm Row",
}
LOOKED_FOR = {"ann@example.org", "015114489455", "ann of 5 elm row"}


def frame(spark: SparkSession, spec: TableSpec, *told: dict[str, Any]) -> DataFrame:
    ddl = spec.ddl().replace(" not null", "")
    return local_frame(spark, [tuple(r.get(c) for c in spec.column_names) for r in told], ddl)


def looked_for(
    spark: SparkSession, *contacts: dict[str, Any], among: set[str], **erasure: Any
) -> set[str]:
    """Those of the values whose marks the erasure of account 12345678 makes."""

    def at(number: int) -> dict[str, Any]:
        return {"source_file": "f", "file_hash": "h", "source_row_number": number}

    frames = {
        ACCOUNT.name: frame(spark, ACCOUNT, {**HERS, **at(1)}),
        CONTACT.name: frame(spark, CONTACT, *({**c, **at(2)} for c in contacts)),
        PERSON_RECORD.name: frame(spark, PERSON_RECORD),
    }
    more = {"sources": SOURCES, "erasure": ErasureSettings(**erasure)}
    lake = SimpleNamespace(
        spark=spark,
        settings=SETTINGS.model_copy(update=more),
        read_at=lambda table, version: frames[table],
    )
    places = "table_name string, source_file string, file_hash string, source_row_number bigint"
    erased = local_frame(spark, [(ACCOUNT.name, "f", "h", 1)], places)
    nobody = local_frame(spark, (), "key string")
    marks = erased_value_marks(cast(Lake, lake), ATTEMPT, erased, nobody, "e1").collect()
    secret = mark_secret(SETTINGS.lake.secret.get_secret_value())
    found = {row.key for row in marks}
    return {value for value in among if mark_of(value, secret) in found}


def test_a_short_number_is_not_looked_for_as_it_stands_in_every_file(spark: SparkSession) -> None:
    assert looked_for(spark, among={*LOOKED_FOR, "12345678"}) == LOOKED_FOR


def test_what_stays_in_a_feed_under_a_hold_is_not_looked_for(spark: SparkSession) -> None:
    contact = {"contact_id": "C1", "email": "ann@example.org"}

    found = looked_for(spark, contact, among=LOOKED_FOR, holds={"crm_contact": "accounting"})

    assert found == LOOKED_FOR - {"ann@example.org"}
