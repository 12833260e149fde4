"""The demo: a company generated, run day by day, and held against the truth that it was made from."""

import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.columns.keys import identity, record_key
from lakehouse.columns.person import standardised_people
from lakehouse.demo.generate import generate
from lakehouse.errors import ConfigurationError
from lakehouse.linkage.evaluate import Evaluation, evaluate
from lakehouse.pipeline import runner
from lakehouse.pipeline.demo_facts import true_homes, true_purchases, true_recommendations
from lakehouse.pipeline.lake import Lake, open_lake
from lakehouse.pipeline.runner import RunOutcome
from lakehouse.quality.checked import all_suites
from lakehouse.settings.models import Settings
from lakehouse.storage.locks import LOCKS, Locks, held_file
from lakehouse.storage.releases import current_release
from lakehouse.tables.ops import QUARANTINE

_MARKER = "made-by-the-demo"
_LOCK = "demo.lock"
_FORMS = {
    "given_name": "given_name_match",
    "family_name": "family_name_match",
    "birth_date": "birth_date",
    "email": "email_match",
    "phone": "phone_match",
    "street": "street_match",
    "city": "city_match",
    "postcode": "postcode_match",
}
"""By golden attribute that the truth knows, the column of silver.person_record by which it is compared."""
FIRST_DAY = date(2026, 1, 5)


@dataclass
class DemoOutcome:
    """What came of the demo: the runs, and what was found against what is true."""

    runs: list[RunOutcome] = field(default_factory=list)
    people: Evaluation | None = None
    households: Evaluation | None = None
    true_attributes: dict[str, tuple[int, float]] = field(default_factory=dict)
    true_facts: dict[str, tuple[int, float]] = field(default_factory=dict)
    recall_by_distortion: dict[str, tuple[int, float]] = field(default_factory=dict)
    planted: int = 0
    held_as_planted: int = 0
    held_unplanted: int = 0
    row_counts: dict[str, int] = field(default_factory=dict)
    generate_seconds: float = 0.0


def demo_outcome(settings: Settings, *, customers: int, seed: int, days: int) -> DemoOutcome:
    """Generates the company afresh, runs each day as its own run, and evaluates the last release.

    Raises:
        AlreadyRunningError: another demo, or a run, has this lake; nothing was touched.
        ConfigurationError: the lake's folder holds something that no demo has made, or suites and data
            products have faults; nothing was touched.
        SuiteError: a suite or a data product's gate has a fault, by which the first run would end; nothing
            was touched.
    """
    outcome = DemoOutcome()
    all_suites(settings.products)
    with cleared_home(settings) as home:
        began = time.monotonic()
        generate(customers, seed, home, days, FIRST_DAY)
        outcome.generate_seconds = time.monotonic() - began
        lake = open_lake(settings)
        for number in range(days):
            day = FIRST_DAY + timedelta(days=number)
            outcome.runs.append(runner.run(lake, f"day-{day.isoformat()}", day))
        _held_against_truth(lake, home / "truth", outcome)
    return outcome


@contextmanager
def cleared_home(settings: Settings) -> Iterator[Path]:
    """The folder of lake, landing files and models, emptied of the demo before and held by this one.

    What locks it stays, so that nobody else can take it while it is emptied.

    Raises:
        AlreadyRunningError: another demo, or a run, has it; nothing was touched.
        ConfigurationError: it holds something that no demo has made, or the places are not side by
            side in one folder.
    """
    home = _home(settings)
    home.mkdir(parents=True, exist_ok=True)
    root = Path(settings.lake.root)
    with held_file(home / _LOCK):
        with Locks(settings.lake.root, settings.lake.lock.value).run():
            (home / _MARKER).touch()
            stays = {home / _LOCK, home / _MARKER, root, root / LOCKS}
            for path in {*home.iterdir(), *root.glob("*")} - stays:
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink()
        yield home


def _home(settings: Settings) -> Path:
    """The folder that the demo may empty."""
    root = Path(settings.lake.root)
    home = root.parent
    places = (root, settings.lake.landing, settings.lake.work_dir, settings.linkage.models)
    if any(Path(place).parent != home for place in places):
        raise ConfigurationError(
            "The demo wants lake.root, lake.landing, lake.work_dir and linkage.models side by side.",
            "unset C360_LAKE_ROOT, C360_LANDING and the like: the demo has a lake of its own.",
        )
    if not (home / _MARKER).exists() and _holds_data(home, settings):
        raise ConfigurationError(
            f"{home} holds files that no demo has made; the demo would delete them.",
            "unset C360_LAKE_ROOT, or move the files elsewhere.",
        )
    return home


def _holds_data(home: Path, settings: Settings) -> bool:
    """True if it holds more than any command leaves behind: scratch data, reports and locks."""
    left_behind = (
        settings.lake.work_dir,
        settings.quality.data_docs,
        Path(settings.lake.root, LOCKS),
        home / _LOCK,
    )
    return any(
        path.is_file() and not any(path.is_relative_to(folder) for folder in left_behind)
        for path in home.rglob("*")
    )


def true_people(lake: Lake, truth: Path) -> DataFrame:
    """The truth by record_key: record_id (the key), entity_id (the person), distortions."""
    secret = lake.settings.lake.secret.get_secret_value()
    key = record_key(
        secret, F.col("source_system"), F.col("entity"), identity(F.col("source_record_id"))
    )
    return lake.spark.read.parquet(f"file:{truth}/person.parquet").select(
        key.alias("record_id"), F.col("person_id").alias("entity_id"), "distortions"
    )


def _held_against_truth(lake: Lake, truth: Path, outcome: DemoOutcome) -> None:
    versions = current_release(lake.tables).versions
    outcome.row_counts = {t: lake.tables.row_count(t, v) for t, v in sorted(versions.items())}
    outcome.people, outcome.recall_by_distortion = people_found(lake, truth)
    outcome.households = households_found(lake, truth)
    outcome.true_attributes = true_attributes(lake, truth)
    outcome.true_facts = {
        **true_purchases(lake, truth),
        **true_recommendations(lake, truth),
        **true_homes(lake, truth, true_person(lake, truth)),
    }
    _count_poison(lake, truth, versions, outcome)


def people_found(lake: Lake, truth: Path) -> tuple[Evaluation, dict[str, tuple[int, float]]]:
    """The released customers held against the truth, in all and by distortion.

    Counted are the person records that silver holds; see `recall_by_distortion` for the latter.
    """
    versions = current_release(lake.tables).versions
    known = true_people(lake, truth)
    current = lake.tables.read("linkage.identity_map", versions["linkage.identity_map"])
    found = current.where(F.col("valid_to").isNull()).select(
        F.col("record_key").alias("record_id"), F.col("customer_id").alias("cluster_id")
    )
    silver = lake.tables.read("silver.person_record", versions["silver.person_record"])
    living = known.join(
        silver.select(F.col("record_key").alias("record_id")), on="record_id", how="left_semi"
    )
    people = evaluate(found, living.select("record_id", "entity_id"))
    return people, recall_by_distortion(found, living)


def households_found(lake: Lake, truth: Path) -> Evaluation:
    """The released households held against the families of the truth, in which a flatmate is alone.

    Counted are customers that have a record which the truth knows; one that holds records of several
    people counts as the person of most of them. A customer without a household is taken as alone.
    """
    versions = current_release(lake.tables).versions
    table = "gold.household_member"
    members = lake.tables.read(table, versions[table]).where(F.col("valid_to").isNull())
    family = F.when(F.col("is_shared_flat"), F.col("person_id")).otherwise(F.col("household_id"))
    families = lake.spark.read.parquet(f"file:{truth}/household.parquet").select(
        "person_id", family.alias("entity_id")
    )
    found = members.select(
        F.col("customer_id").alias("record_id"), F.col("household_id").alias("cluster_id")
    )
    known = (
        true_person(lake, truth)
        .join(families, on="person_id", how="inner")
        .select(F.col("customer_id").alias("record_id"), "entity_id")
    )
    return evaluate(found, known)


def true_attributes(lake: Lake, truth: Path) -> dict[str, tuple[int, float]]:
    """By golden attribute: customers who have it, and the share of them for whom it is the truth's.

    Compared are letters and digits, in match form, of the record that survivorship took the value from. A
    nickname is not the name, and the address of e-mail that a family shares is not one's own; a second
    one of one's own is. Who has moved, or has a new number, is true of the new one alone.
    """
    versions = current_release(lake.tables).versions
    golden, records = (
        lake.tables.read(name, versions[name])
        for name in ("gold.customer_attribute", "silver.person_record")
    )
    true = _true_values(lake.spark.read.parquet(f"file:{truth}/attribute.parquet"))
    said = _of_attribute({name: F.col(column) for name, column in _FORMS.items()})
    told = _of_attribute({name: F.col(f"true.{name}") for name in _FORMS})
    also = _of_attribute({"email": F.col("true.second_email")})
    is_true = F.coalesce(said == told, F.lit(False)) | F.coalesce(said == also, F.lit(False))
    held = (
        golden.where(F.col("attribute").isin(*_FORMS) & F.col("value").isNotNull())
        .select("customer_id", "attribute", "record_key")
        .join(records.select("record_key", *_FORMS.values()), on="record_key", how="inner")
        .join(true_person(lake, truth), on="customer_id", how="inner")
        .join(true, on="person_id", how="inner")
        .groupBy("attribute")
        .agg(F.count("*").alias("customers"), F.avg(is_true.cast("int")).alias("share"))
        .collect()
    )
    return {row.attribute: (row.customers, row.share) for row in held}


def _true_values(attribute: DataFrame) -> DataFrame:
    """person_id, and `true`: the person's values, of streets and towns the match form."""
    written = attribute.select("person_id", "street", "city")
    places = standardised_people(written).select("person_id", "street_match", "city_match")
    told = attribute.drop("street", "city").join(places, on="person_id", how="inner")
    forms = {"street": "street_match", "city": "city_match"}
    values = (F.col(forms.get(name, name)).alias(name) for name in (*_FORMS, "second_email"))
    return told.select("person_id", F.struct(*values).alias("true"))


def _of_attribute(values: Mapping[str, Column]) -> Column:
    """The value of the row's attribute, as letters and digits."""
    value = F.coalesce(
        *(F.when(F.col("attribute") == name, v.cast("string")) for name, v in values.items())
    )
    return F.regexp_replace(F.lower(value), "[^a-z0-9]", "")


def true_person(lake: Lake, truth: Path) -> DataFrame:
    """The person of the truth whose records most of a customer's are: customer_id, person_id."""
    versions = current_release(lake.tables).versions
    identity_map = lake.tables.read("linkage.identity_map", versions["linkage.identity_map"])
    shares = (
        identity_map.where(F.col("valid_to").isNull())
        .withColumnRenamed("record_key", "record_id")
        .join(true_people(lake, truth), on="record_id", how="inner")
        .groupBy("customer_id", "entity_id")
        .agg(F.count("*").alias("records"))
    )
    most = F.max_by("entity_id", F.struct("records", "entity_id"))
    return shares.groupBy("customer_id").agg(most.alias("person_id"))


def recall_by_distortion(found: DataFrame, known: DataFrame) -> dict[str, tuple[int, float]]:
    """By distortion: true pairs with such a record, and the share of them found."""
    placed = known.join(found, on="record_id", how="left")
    left = placed.select(
        "entity_id",
        F.col("record_id").alias("l"),
        F.col("cluster_id").alias("cl"),
        F.col("distortions").alias("dl"),
    )
    right = placed.select(
        "entity_id",
        F.col("record_id").alias("r"),
        F.col("cluster_id").alias("cr"),
        F.col("distortions").alias("dr"),
    )
    pairs = left.join(right, on="entity_id", how="inner").where(F.col("l") < F.col("r"))
    rows = (
        pairs.select(
            F.explode(F.array_distinct(F.concat("dl", "dr"))).alias("distortion"),
            (F.col("cl") == F.col("cr")).alias("is_found"),
        )
        .groupBy("distortion")
        .agg(F.count(F.lit(1)).alias("pairs"), F.count_if("is_found").alias("found"))
        .orderBy("distortion")
        .collect()
    )
    return {row.distortion: (row.pairs, row.found / row.pairs) for row in rows}


def _count_poison(lake: Lake, truth: Path, versions: dict[str, int], outcome: DemoOutcome) -> None:
    planted = lake.spark.read.parquet(f"file:{truth}/poison.parquet").select(
        "file", F.col("row_number").cast("bigint").alias("row_number"), "reason"
    )
    held = (
        lake.tables.read(QUARANTINE.name, versions[QUARANTINE.name])
        .select(
            F.col("source_file").alias("file"),
            F.col("source_row_number").alias("row_number"),
            F.explode("reasons").alias("reason"),
        )
        .distinct()
    )
    both = planted.withColumn("p", F.lit(1)).join(
        held.withColumn("h", F.lit(1)), on=["file", "row_number", "reason"], how="full"
    )
    row = both.agg(
        F.count("p").alias("planted"),
        F.count_if(F.col("p").isNotNull() & F.col("h").isNotNull()).alias("both"),
        F.count_if(F.col("p").isNull()).alias("unplanted"),
    ).collect()[0]
    outcome.planted, outcome.held_as_planted, outcome.held_unplanted = (
        row.planted,
        row.both,
        row.unplanted,
    )
