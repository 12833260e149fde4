"""What the demo measures, on a few people whose truth is known."""

from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import SecretStr
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.columns.keys import identity, record_key
from lakehouse.demo.truth import SCHEMAS
from lakehouse.pipeline import demo_company, demo_facts
from lakehouse.pipeline.demo_company import true_attributes, true_person
from lakehouse.pipeline.demo_facts import true_homes
from lakehouse.pipeline.lake import Lake
from lakehouse.tables.local_frame import local_frame

SECRET = "of a test"
SINCE = datetime(2026, 1, 5, tzinfo=UTC)

PERSON = {
    "given_name": "Ann", "family_name": "Lee", "birth_date": date(1980, 1, 1), "email": "ann.lee@gmail.com",
    "second_email": "lee7@work.example", "phone": "+441632960001", "street": "5 Lange Straße", "city": "Köln",
    "postcode": "50667",
}  # fmt: skip
TRUTH = {name: {**PERSON, "person_id": name} for name in ("ann", "ben", "cat", "dot")}
HOMES: dict[str, dict[str, Any]] = {
    "ann": {"role": "parent"},
    "ben": {"role": "child"},
    "cat": {"role": "child"},
    "dot": {"role": None, "is_at_business": True},
}
FORMS = (
    *("given_name_match", "family_name_match", "birth_date", "email_match", "phone_match"),
    *("street_match", "city_match", "postcode_match"),
)
SAID = {
    "ann": ("ann", "lee", "1980-01-01", "annlee@gmail.com", "441632960001",
            "5 lange st", "koln", "50667"),
    "ben": ("annie", "lee", "1980-01-01", "lee7@work.example", "441632960002",
            "9 elm st", "leeds", "ls11aa"),
}  # fmt: skip
"""By person what their record says, in match form: of Ben a second address of e-mail, and an old home."""
MEMBERS = {
    "ann": ("parent", ["family_name"]),
    "ben": ("child", ["family_name"]),
    "cat": ("other", ["family_name"]),
    "dot": ("child", ["email"]),
}
"""By person the role and evidence that gold tells: of Cat too little, of Dot what is not so."""


def written(folder: Path, name: str, rows: list[dict[str, Any]]) -> None:
    schema = SCHEMAS[name]
    full = [{n: row.get(n) for n in schema.names} for row in rows]
    pq.write_table(pa.Table.from_pylist(full, schema=schema), folder / f"{name}.parquet")


@pytest.fixture
def lake(spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """A released lake in which each person has one record, and the truth beside it."""
    source = {"source_system": "crm", "entity": "contact"}
    of = [{**source, "source_record_id": f"C-{who}", "person_id": who} for who in TRUTH]
    written(tmp_path, "person", of)
    written(tmp_path, "attribute", [*TRUTH.values()])
    homes = [{"person_id": who, "is_at_business": False, **home} for who, home in HOMES.items()]
    written(tmp_path, "household", homes)
    key = record_key(
        SECRET, F.lit("crm"), F.lit("contact"), identity(F.concat(F.lit("C-"), F.col("who")))
    )

    def keyed(rows: list[tuple[Any, ...]], ddl: str) -> DataFrame:
        return local_frame(spark, rows, f"who string, {ddl}").withColumn("record_key", key)

    golden = [(who, name, "that survived") for who in SAID for name in demo_company._FORMS]
    types = ", ".join(f"{n} {'date' if n == 'birth_date' else 'string'}" for n in FORMS)
    said = [
        (who, *(date.fromisoformat(v) if n == "birth_date" else v
                for n, v in zip(FORMS, values, strict=True)))
        for who, values in SAID.items()
    ]  # fmt: skip
    members = [(who, role, evidence, None) for who, (role, evidence) in MEMBERS.items()]
    frames = {
        "gold.customer_attribute": keyed(golden, "attribute string, value string").withColumn(
            "customer_id", F.col("who")
        ),
        "silver.person_record": keyed(said, types),
        "linkage.identity_map": keyed(
            [(who, who, SINCE, None) for who in TRUTH],
            "customer_id string, valid_from timestamp, valid_to timestamp",
        ),
        "gold.household_member": local_frame(
            spark,
            members,
            "customer_id string, role string, evidence array<string>, valid_to timestamp",
        ),
    }
    release = SimpleNamespace(versions=dict.fromkeys(frames, 1))
    for module in (demo_company, demo_facts):
        monkeypatch.setattr(module, "current_release", lambda _: release)
    tables = SimpleNamespace(read=lambda name, _: frames[name])
    settings = SimpleNamespace(lake=SimpleNamespace(secret=SecretStr(SECRET)))
    return cast("Lake", SimpleNamespace(spark=spark, tables=tables, settings=settings))


@pytest.mark.slow
def test_golden_attributes_and_homes_are_held_against_the_truth(lake: Lake, tmp_path: Path) -> None:
    shares = true_attributes(lake, tmp_path)

    # A second address of e-mail is her own; a nickname, an old number and an old address are not true.
    assert shares == {
        "birth_date": (2, 1.0),
        "city": (2, 0.5),
        "email": (2, 1.0),
        "family_name": (2, 1.0),
        "given_name": (2, 0.5),
        "phone": (2, 0.5),
        "postcode": (2, 0.5),
        "street": (2, 0.5),
    }

    assert true_homes(lake, tmp_path, true_person(lake, tmp_path)) == {
        "child of a household": (2, 0.5),
        "said to be a child": (2, 0.5),
        "reached at a business": (1, 0.0),
    }
