"""What stays of an erasure is named: what every erasure leaves, and what conf says must be kept."""

from lakehouse.pipeline.erasure_plan import stays
from lakehouse.pipeline.forgetting import is_about_people
from lakehouse.settings.erasure import LandingPolicy
from lakehouse.settings.load import load_settings
from lakehouse.settings.models import Settings
from lakehouse.tables.registry import STATIC_TABLES

SETTINGS = load_settings("test")


def under(**changes: object) -> Settings:
    erasure = SETTINGS.erasure.model_copy(update=changes)
    return SETTINGS.model_copy(update={"erasure": erasure})


def test_by_default_nothing_stays_but_the_suppression_the_log_and_the_names_of_files() -> None:
    assert sorted(stays(SETTINGS)) == ["ops.erasure", "ops.landing_file", "ops.suppression"]


def test_a_hold_names_the_bronze_table_and_what_silver_makes_of_it_with_the_reason() -> None:
    found = stays(under(holds={"payment_transaction": "accounting, 10 years"}))
    assert found["bronze.payment_transaction"] == "hold: accounting, 10 years"
    assert found["silver.payment"] == "hold: accounting, 10 years"


def test_landing_files_that_are_kept_are_named() -> None:
    assert "landing files" in stays(under(landing=LandingPolicy.KEEP))


def test_every_log_with_rows_about_people_is_among_those_that_lose_them() -> None:
    assert {spec.name for spec in STATIC_TABLES if is_about_people(spec)} >= {
        "linkage.identity_event",
        "ops.link_override",
        "ops.attribute_override",
    }
