"""Pairs as tables: what was said when they were scored, comparison by comparison, and what is said now."""

from collections.abc import Collection, Iterable

from lakehouse.errors import LinkageError
from lakehouse.linkage.artefact import latest_model, load_model, model_of_version
from lakehouse.linkage.explain import ScoredPair
from lakehouse.linkage.model import TrainedModel
from lakehouse.linkage.score import scored_pairs
from lakehouse.linkage.waterfall import level_reached
from lakehouse.pipeline.keyed_rows import with_keys
from lakehouse.pipeline.lake import Lake
from lakehouse.report import Grid
from lakehouse.storage.releases import Release
from lakehouse.tables.linkage import RECORD_EVIDENCE, TERM_FREQUENCY

_PAIR = (
    "record",
    "other record",
    "match weight",
    "above what is asked",
    "found by",
    "release",
    "model",
)


def model_that_scored(lake: Lake, pair: ScoredPair) -> TrainedModel | None:
    """The model that scored the pair, if its file is still in the configured folder."""
    return model_of_version(pair.model_version, lake.settings.linkage.models)


def scored(
    lake: Lake, release: Release, model: TrainedModel, records: Collection[str]
) -> dict[frozenset[str], ScoredPair]:
    """What the model says of every two of a few records, as they are in the release, by their keys.

    Without those that are not there; nothing if the model does not fit today's conf.
    """
    few = with_keys(lake.released(release, RECORD_EVIDENCE.name), "record_key", records)
    frequencies = lake.released(release, TERM_FREQUENCY.name)
    secret = lake.settings.lake.secret.get_secret_value()
    try:
        found = scored_pairs(few, frequencies, model, lake.settings.linkage, secret)
    except LinkageError:
        return {}
    return {frozenset(pair[:2]): pair for pair in found}


def scored_now(
    lake: Lake, release: Release, records: Collection[str]
) -> dict[frozenset[str], ScoredPair]:
    """The same by today's model; nothing if there is none, or it cannot be read."""
    path = latest_model(lake.settings.linkage.models)
    try:
        return {} if path is None else scored(lake, release, load_model(path), records)
    except LinkageError:
        return {}


def pairs_grid(title: str, pairs: Iterable[ScoredPair]) -> Grid:
    """A row per pair: by how much it joins, what found it, and when it was scored."""
    rows = [
        (
            pair.record_key_l,
            pair.record_key_r,
            pair.match_weight,
            pair.verdict if pair.override else pair.join_margin,
            pair.found_by,
            pair.scored_in_release,
            pair.model_version,
        )
        for pair in pairs
    ]
    return Grid(title, _PAIR, rows)


def comparisons_grid(
    lake: Lake, whose: str, pair: ScoredPair | None, now: ScoredPair | None, when: str
) -> Grid | None:
    """The waterfall of a pair as a table: what each comparison said then, and says now; None without either.

    `when` heads what it said then.
    """
    if pair is None and now is None:
        return None
    weights = {**(now.weights if now else {}), **(pair.weights if pair else {})}
    names = sorted(weights, key=lambda name: (-abs(weights[name]), name))
    models = [None if p is None else model_that_scored(lake, p) for p in (pair, now)]
    rows: list[tuple[object, ...]] = [
        (
            name,
            *_told(pair, name, models[0]),
            *_told(now, name, models[1]),
        )
        for name in names
    ]
    before = ("before any comparison", "", _before(pair), "", _before(now))
    together = ("together", "", pair and pair.match_weight, "", now and now.match_weight)
    margin = ("above what is asked", "", pair and pair.join_margin, "", now and now.join_margin)
    heading = ("comparison", "reached", when, "reaches", "now")
    return Grid(f"{whose}, in bits", heading, [before, *rows, together, margin])


def _told(
    pair: ScoredPair | None, comparison: str, model: TrainedModel | None
) -> tuple[str, float | None]:
    """What the pair reached in the comparison, and what that weighs."""
    if pair is None:
        return "", None
    return level_reached(pair, comparison, model), pair.weights.get(comparison)


def _before(pair: ScoredPair | None) -> float | None:
    return None if pair is None else pair.match_weight - sum(pair.weights.values())
