"""What a run starts from, and what is left of one that ended: its rows, its model, its scratch."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from pyspark.sql import SparkSession

from lakehouse.errors import ConfigurationError, NotFoundError, SchemaError
from lakehouse.linkage.artefact import latest_model, load_model, save_model
from lakehouse.linkage.model import TrainedModel
from lakehouse.pipeline import attempt as attempts
from lakehouse.pipeline.attempt import Attempt
from lakehouse.pipeline.lake import Lake
from lakehouse.pipeline.scratch import own_models, scratch_folder
from lakehouse.settings.load import load_settings
from lakehouse.storage.delta_tables import WriteKey
from lakehouse.storage.releases import Release, current_release, release_of
from lakehouse.tables.local_frame import local_frame
from lakehouse.tables.ops import FEED_BOOK, RELEASE, RUN
from lakehouse.tables.spec import Column, Sensitivity, TableSpec, WriteMode
from tests.support.lake import DAY_1, DAY_2, small_lake_at

MODEL = TrainedModel(
    version="0123456789ab",
    conf_hash="of a test",
    columns=(),
    comparisons={},
    prior=0.01,
    join_weight=3.0,
    review_weight=1.0,
    unlike={},
    card={},
)


VISIT = TableSpec(
    name="bronze.shop_visit",
    description="One row per visit of a test.",
    columns=(Column("visit_id", "string", "Number of the visit."),),
    primary_key=("visit_id",),
    owner="tests",
    retention_days=1,
    purposes=("tests",),
    write_mode=WriteMode.APPEND,
)


@pytest.fixture
def lake(spark: SparkSession, tmp_path: Path) -> Lake:
    """A lake of three ops tables: what a run keeps for its steps does not depend on the others."""
    opened = small_lake_at(tmp_path, tmp_path).lake
    return replace(opened, specs={spec.name: spec for spec in (RUN, RELEASE, FEED_BOOK)})


def trained_in(lake: Lake, run_id: str) -> Attempt:
    """An attempt that has trained a model and written nothing else."""
    attempt = attempts.begin(lake, run_id, DAY_1)
    save_model(MODEL, own_models(lake, attempt.number), DAY_1.isoformat())
    return attempt


def published(lake: Lake) -> str | None:
    path = latest_model(lake.settings.linkage.models)
    return None if path is None else load_model(path).version


def scoring_model(lake: Lake, run_id: str) -> str | None:
    """The model in the run's manifest."""
    runs = lake.tables.read("ops.run").where("status = 'succeeded'").collect()
    (version,) = (row.model_version for row in runs if row.run_id == run_id)
    return version


def test_the_model_of_a_run_that_failed_or_died_is_gone_with_its_scratch(lake: Lake) -> None:
    failed = trained_in(lake, "failed")
    attempts.fail(lake, failed, "C360-030")
    assert not scratch_folder(lake, failed.number).exists()

    dead = trained_in(lake, "dead")
    attempts.begin(lake, "next", DAY_1)
    assert not scratch_folder(lake, dead.number).exists()
    assert published(lake) is None


def test_a_run_that_is_resumed_finds_the_model_that_it_has_trained(lake: Lake) -> None:
    dead = trained_in(lake, "day-1")

    again = attempts.begin(lake, "day-1", DAY_1)

    assert again.number == dead.number
    assert latest_model(own_models(lake, again.number)) is not None
    assert published(lake) is None


def test_a_model_is_published_with_the_release_of_its_run_also_when_it_dies_right_after(
    lake: Lake,
) -> None:
    whole = trained_in(lake, "whole")
    attempts.release(lake, whole, {"ops.run": 0})
    attempts.settle(lake, whole)
    assert published(lake) == scoring_model(lake, "whole") == MODEL.version
    assert not scratch_folder(lake, whole.number).exists()
    latest_model(lake.settings.linkage.models).unlink()

    dead = trained_in(lake, "dead")
    attempts.release(lake, dead, {"ops.run": 0})
    attempts.begin(lake, "next", DAY_1)
    assert published(lake) == scoring_model(lake, "dead") == MODEL.version
    assert not scratch_folder(lake, dead.number).exists()


@pytest.mark.slow
def test_a_run_that_scored_nothing_names_no_model_and_clears_what_one_that_died_could_not(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    linking = trained_in(lake, "linking")
    attempts.release(lake, linking, {"ops.run": 0})
    with monkeypatch.context() as dying:
        dying.setattr(attempts, "clear_scratch", lambda *_: None)
        attempts.settle(lake, linking)
    assert scratch_folder(lake, linking.number).exists()

    products = attempts.begin(lake, "products", DAY_1)
    assert not scratch_folder(lake, linking.number).exists()
    ended(lake, products, {"ops.feed_book": 0})

    assert published(lake) == scoring_model(lake, "linking") == MODEL.version
    assert scoring_model(lake, "products") is None
    runs = lake.tables.read("ops.run").where("run_id = 'products'").collect()
    assert [row.input_versions for row in runs] == [{"ops.run": 0}] * 2


def ended(lake: Lake, attempt: Attempt, versions: dict[str, int]) -> None:
    attempts.release(lake, attempt, versions)
    attempts.settle(lake, attempt)


def under_another_secret(lake: Lake) -> Lake:
    other = lake.settings.lake.model_copy(update={"secret": SecretStr("another-secret-of-a-test")})
    return replace(lake, settings=lake.settings.model_copy(update={"lake": other}))


def test_a_run_under_another_secret_than_that_of_the_lake_is_refused_and_touches_nothing(
    lake: Lake,
) -> None:
    ended(lake, attempts.begin(lake, "day-1", DAY_1), {"ops.feed_book": 0})
    before = {table: lake.tables.version(table) for table in lake.specs}

    for run_id in ("day-1", "day-2"):
        with pytest.raises(ConfigurationError, match="C360_SECRET"):
            attempts.begin(under_another_secret(lake), run_id, DAY_1)

    assert {table: lake.tables.version(table) for table in lake.specs} == before


@pytest.mark.slow
def test_a_released_run_that_died_before_it_was_settled_ties_the_lake_to_its_own_secret(
    lake: Lake,
) -> None:
    attempts.release(lake, attempts.begin(lake, "day-1", DAY_1), {"ops.feed_book": 0})

    with pytest.raises(ConfigurationError, match="C360_SECRET"):
        attempts.begin(under_another_secret(lake), "day-2", DAY_1)


def test_a_run_that_died_is_not_resumed_under_another_secret(lake: Lake) -> None:
    dead = attempts.begin(lake, "day-1", DAY_1)

    again = attempts.begin(under_another_secret(lake), "day-1", DAY_1)

    assert again.number == dead.number + 1


@pytest.mark.slow
def test_a_lake_from_before_fingerprints_goes_on(lake: Lake) -> None:
    before = tuple(c for c in RUN.columns if c.name != "secret_fingerprint")
    spec = replace(RUN, columns=before)
    lake.tables.create(spec)
    row = {
        "run_id": "day-1",
        "run_number": 1,
        "status": "succeeded",
        "recorded_at": datetime.now(UTC),
    }
    frame = local_frame(lake.spark, [tuple(row.get(c.name) for c in before)], spec.ddl())
    lake.tables.write(frame, spec, WriteKey("c360:ops.run", 1, ""))

    assert attempts.begin(lake, "day-2", DAY_1).number == 2


def released(lake: Lake, *releases: dict[str, int]) -> None:
    """Releases of these versions, in order, whose tables are not looked at."""
    lake.tables.create(RELEASE)
    rows = [
        (number, f"day-{number}", table, version, datetime.now(UTC), "run", None, None)
        for number, versions in enumerate(releases, start=1)
        for table, version in versions.items()
    ]
    frame = local_frame(lake.spark, rows, RELEASE.ddl())
    lake.tables.write(frame, RELEASE, WriteKey("c360:test", 1, ""))


@pytest.mark.slow
def test_a_release_that_is_not_kept_is_not_reverted_to_unless_a_kept_one_names_its_versions(
    lake: Lake,
) -> None:
    kept = lake.settings.lake.model_copy(update={"keep_releases": 2})
    mine = replace(lake, settings=lake.settings.model_copy(update={"lake": kept}))
    released(mine, {"gold.a": 1}, {"gold.a": 2}, {"gold.a": 1}, {"gold.a": 3})

    for number in (0, 2, 5):
        with pytest.raises(NotFoundError, match=r"newest 2, .* one of 3 to 4"):
            attempts.revert(mine, number)
    assert current_release(mine.tables).number == 4

    attempts.revert(mine, 1)
    assert current_release(mine.tables) == Release(5, "revert-to-1", {"gold.a": 1})


def test_a_table_that_came_after_a_release_is_not_in_what_is_reverted_to_it(lake: Lake) -> None:
    released(lake, {"bronze.a": 1}, {"bronze.a": 2, "bronze.b": 1})

    attempts.revert(lake, 1)

    assert current_release(lake.tables).versions == {"bronze.a": 1}


def with_products(lake: Lake, **changed: object) -> Lake:
    """The lake with marketing's product, its file changed."""
    products = load_settings("test").products
    (product,) = (p for p in products if p.name == "marketing_customer")
    mine = lake.settings.model_copy(update={"products": (product.model_copy(update=changed),)})
    specs = {**lake.specs, product.table_name: mine.product_tables[0]}
    return replace(lake, settings=mine, specs=specs)


def published_product(lake: Lake, run_id: str, day: date = DAY_1) -> None:
    (product,) = lake.settings.products
    attempt = attempts.begin(lake, run_id, day)
    made = {product.table_name: product.definition}
    attempts.release(lake, attempt, {product.table_name: 0}, definitions=made)
    attempts.settle(lake, attempt)


def test_a_product_whose_columns_or_terms_change_needs_another_version_and_nothing_is_touched(
    lake: Lake,
) -> None:
    first = with_products(lake)
    published_product(first, "day-1")
    before = {table: lake.tables.version(table) for table in lake.specs}

    with pytest.raises(ConfigurationError, match=r"marketing_customer.yml \(1.0.0\)"):
        attempts.begin(with_products(lake, filter="order_count > 1"), "day-2", DAY_1)

    assert {table: lake.tables.version(table) for table in lake.specs} == before
    published_product(with_products(lake, filter="order_count > 1", version="1.1.0"), "day-2")
    published_product(first, "day-3")
    with pytest.raises(ConfigurationError, match=r"1\.1\.0"):
        attempts.begin(with_products(lake, channels=("email",), version="1.1.0"), "day-4", DAY_1)


@pytest.mark.slow
def test_a_product_keeps_its_definition_and_day_where_a_run_does_not_make_it_and_a_revert_its_former(
    lake: Lake,
) -> None:
    first = with_products(lake)
    published_product(first, "day-1")
    second = with_products(lake, filter="order_count > 1", version="1.1.0")
    published_product(second, "day-2", DAY_2)
    # Its gate may have stopped it, or --only has left it out.
    ended(first, attempts.begin(first, "day-3", DAY_2 + timedelta(days=1)), {"ops.feed_book": 0})

    def versions() -> list[str]:
        return [d.split()[0] for d in current_release(lake.tables).definitions.values()]

    def days() -> list[date]:
        return [*current_release(lake.tables).made_for.values()]

    assert (versions(), days()) == (["1.1.0"], [DAY_2])
    attempts.revert(first, 1)
    assert (versions(), days()) == (["1.0.0"], [DAY_1])


@pytest.mark.slow
def test_a_lake_from_before_definitions_is_read_and_goes_on(lake: Lake) -> None:
    before = replace(RELEASE, columns=RELEASE.columns[:-2])
    lake.tables.create(before)
    row = (1, "day-1", "ops.feed_book", 0, datetime.now(UTC), "run")
    frame = local_frame(lake.spark, [row], before.ddl())
    lake.tables.write(frame, before, WriteKey("c360:test", 1, ""))

    assert RELEASE.column_names[-2:] == ("definition", "made_for")
    assert current_release(lake.tables).definitions == {}
    assert current_release(lake.tables).made_for == {}
    published_product(with_products(lake), "day-2")
    assert len(current_release(lake.tables).definitions) == 1


def visited(lake: Lake, attempt: Attempt) -> int:
    frame = local_frame(lake.spark, [("V1",)], VISIT.ddl())
    return lake.tables.write(frame, VISIT, attempt.key(VISIT.name))


def test_a_table_whose_source_has_left_conf_is_put_back_to_the_release(lake: Lake) -> None:
    with_source = replace(lake, specs={**lake.specs, VISIT.name: VISIT})
    first = attempts.begin(with_source, "day-1", DAY_1)
    ended(lake, first, {VISIT.name: visited(lake, first)})
    visited(lake, attempts.begin(with_source, "dead", DAY_1))
    assert lake.tables.read(VISIT.name).count() == 2

    attempts.begin(lake, "day-2", DAY_1)

    assert lake.tables.read(VISIT.name).count() == 1


@pytest.mark.slow
def test_a_source_that_comes_back_to_conf_finds_nothing_of_what_a_dead_run_had_appended(
    lake: Lake,
) -> None:
    with_source = replace(lake, specs={**lake.specs, VISIT.name: VISIT})
    visited(lake, attempts.begin(with_source, "dead", DAY_1))
    ended(lake, attempts.begin(lake, "day-1", DAY_1), {"ops.feed_book": 0})

    attempts.begin(with_source, "day-2", DAY_1)

    assert lake.tables.read(VISIT.name).count() == 0


VISITOR = TableSpec(
    name="gold.visitor",
    description="One row per visitor of a test.",
    columns=(
        Column("visitor_id", "string", "Number of the visitor."),
        Column("email", "string", "E-mail address.", Sensitivity.DIRECT_IDENTIFIER),
        Column("visits", "string", "Visits.", unit="visits"),
    ),
    primary_key=("visitor_id",),
    owner="tests",
    retention_days=1,
    purposes=("tests",),
    cluster_by=("visitor_id",),
)
CALLER = replace(VISITOR, name="gold.caller")
COUNTED = replace(VISITOR, columns=(*VISITOR.columns[:2], replace(VISITOR.columns[2], type="int")))
"""The same, whose visits have become a number."""


def visitors(lake: Lake, attempt: Attempt, spec: TableSpec, visits: object) -> dict[str, int]:
    """The version of the table that the attempt has written for one visitor."""
    frame = local_frame(lake.spark, [("V1", "ann@example.org", visits)], spec.ddl())
    return {spec.name: lake.tables.write(frame, spec, attempt.key(spec.name))}


def test_a_table_that_a_run_makes_anew_takes_a_changed_type_and_releases_keep_the_one_they_had(
    lake: Lake,
) -> None:
    before = replace(lake, specs={**lake.specs, VISITOR.name: VISITOR, CALLER.name: CALLER})
    after = replace(lake, specs={**before.specs, VISITOR.name: COUNTED})
    first = attempts.begin(before, "day-1", DAY_1)
    ended(before, first, visitors(before, first, VISITOR, "many"))

    def seen(version: int | None = None) -> list[tuple[str, object]]:
        rows = lake.tables.read(VISITOR.name, version)
        return [
            (rows.schema["visits"].dataType.simpleString(), row.visits) for row in rows.collect()
        ]

    # A compaction, or a run of other tables, would release it empty, or read it as what it is not.
    with pytest.raises(SchemaError, match=r"gold\.visitor: stored columns visits"):
        attempts.begin(after, "compaction", DAY_1)
    assert seen() == [("string", "many")]

    # What was emptied beside a table that may not be is put back at once.
    both = replace(after, specs={**after.specs, CALLER.name: replace(COUNTED, name=CALLER.name)})
    with pytest.raises(SchemaError, match=r"gold\.caller: stored columns visits"):
        attempts.begin(both, "day-2", DAY_1, anew=[VISITOR.name])
    assert seen() == [("string", "many")]

    dead = attempts.begin(after, "day-2", DAY_1, anew=[VISITOR.name])
    visitors(after, dead, COUNTED, 2)
    assert seen() == [("int", 2)]
    attempts.fail(after, dead, "C360-030")
    assert seen() == [("string", "many")]

    second = attempts.begin(after, "day-2", DAY_1, anew=[VISITOR.name])
    ended(after, second, visitors(after, second, COUNTED, 2))
    attempts.begin(after, "compaction", DAY_1)
    assert seen() == [("int", 2)]
    assert seen(release_of(lake.tables, 1).versions[VISITOR.name]) == [("string", "many")]
    log = Path(lake.settings.lake.root, "gold", "visitor", "_delta_log")
    assert [path for path in log.glob("*.json") if "ann@example.org" in path.read_text()] == []
