"""What linkage would do by what has landed, another model, other conf, new decisions; nothing is written."""

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.errors import NotFoundError
from lakehouse.linkage.artefact import load_model
from lakehouse.linkage.customer_change import customer_change
from lakehouse.linkage.customer_id import identity_map
from lakehouse.linkage.guards import no_longer_shared, shared_identifier
from lakehouse.linkage.link import STATE_TABLES, LinkageState, linkage_state, linked
from lakehouse.linkage.linkage_quality import linkage_quality
from lakehouse.linkage.model import TrainedModel
from lakehouse.linkage.overrides import effective_overrides
from lakehouse.pipeline.lake import Lake
from lakehouse.pipeline.landed_people import landed_people
from lakehouse.pipeline.link_limits import beyond_limits, measures
from lakehouse.pipeline.steps import linkage_model
from lakehouse.report import Grid, Report
from lakehouse.storage.releases import Release
from lakehouse.storage.spill import own_spill
from lakehouse.tables.linkage import IDENTITY_MAP, SHARED_IDENTIFIER
from lakehouse.tables.ops import LINK_OVERRIDE
from lakehouse.tables.silver import PERSON_RECORD

_NOBODY = "-"


@dataclass(frozen=True)
class LinkPreview:
    """What linkage would do: the answer, the release that was asked, and the customers that are named."""

    report: Report
    release: int
    customers: frozenset[str]


def link_preview(lake: Lake, model: Path | None, most: int, as_of: date) -> LinkPreview:
    """How customers would change if a run began now: by files that have landed since the last one too.

    By the settings that the lake was opened with and the decisions that hold today. What is written
    on the way, values of people, is gone at the end, or, where it was killed, when the next session begins.

    Args:
        lake: the lake; its tables are read at the current release.
        model: a model in place of the one that a run would take; all pairs are scored by it.
        as_of: the day of that run; files of later days are left alone.
        most: how many changes are listed, those of the most records first. All are counted.

    Raises:
        NotFoundError: no customers are released, or none by this way of linking.
        QualityGateError: the gate would stop such a run before it links.
        LinkageError: the model cannot be read, or was trained with other comparisons than conf has.
    """
    release = lake.release()
    _require_linked(lake, release)
    last_map = lake.released(release, IDENTITY_MAP.name)
    with _scratch(lake) as folder:
        people = landed_people(lake, release, as_of, folder)
        if people is None:
            people = lake.released(release, PERSON_RECORD.name)
        state = _state(lake, people, release, model, folder)
        day, number = datetime.combine(as_of, time(), tzinfo=UTC), release.number + 1
        days = lake.settings.linkage.returns_within_days
        mapped = identity_map(state.cluster, last_map, day, number, days)
        proposed = _kept(mapped, folder)
        grids, customers = _changes(customer_change(proposed, last_map), most)
        last_shared = lake.released(release, SHARED_IDENTIFIER.name)
        unshared = no_longer_shared(_shared(lake, people), last_shared)
        limits = _limits(lake, proposed, last_map, state, unshared)
    refused = [f"Such a run would publish nothing: {limit}." for limit in limits]
    none = "No record would change its customer."
    told = Report(grids, ["Nothing was written." if grids else none], refused)
    return LinkPreview(told, release.number, customers)


def _shared(lake: Lake, people: DataFrame) -> DataFrame:
    secret = lake.settings.lake.secret.get_secret_value()
    return shared_identifier(people, lake.settings.linkage.guards.sharing, secret)


def _limits(
    lake: Lake,
    proposed: DataFrame,
    last_map: DataFrame,
    state: LinkageState,
    unshared: DataFrame,
) -> list[str]:
    """The limits of conf that such a run would exceed, in words."""
    settings = lake.settings.linkage
    quality = linkage_quality(
        proposed,
        last_map,
        state.record_evidence,
        state.scored_edge,
        state.cluster,
        state.oversized_block,
        unshared,
        review=settings.thresholds.review,
    )
    return beyond_limits(measures(quality, settings.quality))


def _require_linked(lake: Lake, release: Release) -> None:
    needed = {spec.name for spec in (PERSON_RECORD, IDENTITY_MAP, *STATE_TABLES)}
    if needed - release.versions.keys() or not lake.tables.exists(LINK_OVERRIDE.name):
        raise NotFoundError(
            "No customers are released yet, or by a version that linked in another way.",
            "run `c360 run` once, then ask again.",
        )


@contextmanager
def _scratch(lake: Lake) -> Iterator[Path]:
    folder = own_spill(lake.settings.lake.work_dir / "spill") / f"preview_{uuid.uuid4().hex}"
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _kept(frame: DataFrame, folder: Path) -> DataFrame:
    frame.write.parquet(str(folder / "identity_map"))
    return frame.sparkSession.read.parquet(str(folder / "identity_map"))


def _state(
    lake: Lake, people: DataFrame, release: Release, model: Path | None, folder: Path
) -> LinkageState:
    settings = lake.settings.linkage
    if model is not None:
        settings = settings.model_copy(update={"full": True})

    def used(evidence: DataFrame) -> TrainedModel:
        if model is not None:
            return load_model(model)
        return linkage_model(evidence, settings, datetime.now(UTC).date(), folder / "models")

    return linked(
        people,
        linkage_state(lambda spec: lake.released(release, spec.name)),
        effective_overrides(lake.tables.read(LINK_OVERRIDE.name)),
        used,
        settings,
        secret=lake.settings.lake.secret.get_secret_value(),
        work_dir=folder,
        release_number=release.number + 1,
    )


def _changes(changes: DataFrame, most: int) -> tuple[list[Grid], frozenset[str]]:
    """The counts by kind of change and the largest changes; nothing where nobody would change.

    And the ids of customers that are told with them.
    """
    changes = changes.persist()
    try:
        counts = (
            changes.groupBy("change")
            .agg(F.count(F.lit(1)).alias("changes"), F.sum("record_count").alias("records"))
            .orderBy("change")
            .collect()
        )
        order = (F.desc("record_count"), "customer_id", "proposed_customer_id")
        listed = changes.orderBy(*order).limit(most).collect()
    finally:
        changes.unpersist()
    if not counts:
        return [], frozenset()
    rows = [
        (r.change, r.customer_id or _NOBODY, r.proposed_customer_id or _NOBODY, r.record_count)
        for r in listed
    ]
    told = [Grid("What would change", ("change", "changes", "records"), [tuple(r) for r in counts])]
    if rows:
        heading = ("change", "customer now", "customer proposed", "records")
        told.append(Grid("The changes of the most records", heading, rows))
    ids = {i for r in listed for i in (r.customer_id, r.proposed_customer_id) if i is not None}
    return told, frozenset(ids)
