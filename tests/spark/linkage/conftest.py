"""People with known truth for the linkage tests: made here, by rules that the reader can see."""

import random
from pathlib import Path

import pytest
import yaml
from pyspark.sql import DataFrame, SparkSession

from lakehouse.linkage.evidence import record_evidence
from lakehouse.linkage.guards import SHARED_IDENTIFIER_SCHEMA
from lakehouse.linkage.link import DECISION_SCHEMA, LinkageState, linked, no_state
from lakehouse.linkage.model import TrainedModel
from lakehouse.linkage.train import train
from lakehouse.settings.linkage import Engine, LinkageSettings
from lakehouse.tables.local_frame import local_frame

GIVEN = [
    "anna",
    "bruno",
    "carla",
    "dimitri",
    "elena",
    "frank",
    "greta",
    "hugo",
    "irene",
    "jakob",
    "katrin",
    "leo",
    "maria",
    "nils",
    "olga",
    "paul",
]
FAMILY = [
    "abel",
    "bauer",
    "conrad",
    "dietz",
    "ebert",
    "fuchs",
    "graf",
    "hahn",
    "imhof",
    "jung",
    "klein",
    "lang",
    "maier",
    "neuer",
    "otto",
    "pohl",
]
COLUMNS = [
    "record_key",
    "given_name_match",
    "given_name_root",
    "family_name_match",
    "birth_date",
    "email_match",
    "phone_match",
    "street_match",
    "postcode_match",
    "city_match",
    "person",
]


def typo(rnd: random.Random, text: str) -> str:
    at = rnd.randrange(len(text) - 1)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def made_people(count: int, seed: int = 3) -> list[tuple[str | None, ...]]:
    """Three records per person: the second with a typo in the name, the third without e-mail or date."""
    rnd = random.Random(seed)  # noqa: S311 (made-up people)
    rows: list[tuple[str | None, ...]] = []
    for number in range(count):
        given, family = rnd.choice(GIVEN), rnd.choice(FAMILY) + rnd.choice(FAMILY)
        born = f"{rnd.randrange(1940, 2005)}-{rnd.randrange(1, 13):02d}-{rnd.randrange(1, 29):02d}"
        email, phone = f"{given}{number}@mail{rnd.randrange(9)}.org", f"49{rnd.randrange(10**9)}"
        place = (
            f"{rnd.randrange(1, 90)} {rnd.choice(FAMILY)} st",
            f"{rnd.randrange(100) + 10000}",
            rnd.choice(FAMILY),
        )
        person = f"p{number:04d}"
        rows += [
            (f"{person}a", given, given, family, born, email, phone, *place, person),
            (f"{person}b", given, given, typo(rnd, family), born, email, None, *place, person),
            (f"{person}c", given, given, family, None, None, phone, *place, person),
        ]
    return rows


def frame(spark: SparkSession, rows: list[tuple[str | None, ...]]) -> DataFrame:
    return local_frame(spark, rows, ", ".join(f"{name} string" for name in COLUMNS))


def by(settings: LinkageSettings, engine: str) -> LinkageSettings:
    return settings.model_copy(update={"engine": Engine(engine)})


@pytest.fixture(scope="session")
def settings() -> LinkageSettings:
    conf = Path(__file__).parents[3] / "conf" / "base" / "linkage.yml"
    return LinkageSettings.model_validate(yaml.safe_load(conf.read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def people(spark: SparkSession) -> DataFrame:
    return frame(spark, made_people(300)).persist()


def linked_after(
    people: DataFrame,
    model: TrainedModel,
    settings: LinkageSettings,
    work: Path,
    last: LinkageState | None = None,
    decisions: list[tuple[str, str, str]] | None = None,
    run: int = 1,
) -> LinkageState:
    """What a run over `people` leaves on top of `last`, or of nothing."""
    spark = people.sparkSession
    return linked(
        people,
        last or no_state(spark),
        local_frame(spark, decisions or [], DECISION_SCHEMA),
        lambda _: model,
        settings,
        secret="tests",
        work_dir=work,
        release_number=run,
    )


def trained(people: DataFrame, settings: LinkageSettings) -> TrainedModel:
    """A model for `people`, of whom nobody shares too much."""
    spark = people.sparkSession
    nothing = local_frame(spark, [], SHARED_IDENTIFIER_SCHEMA)
    undecided = local_frame(spark, [], DECISION_SCHEMA)
    return train(record_evidence(people, nothing, undecided, settings, "tests"), settings)


@pytest.fixture(scope="session")
def model(people: DataFrame, settings: LinkageSettings) -> TrainedModel:
    return trained(people, settings)
