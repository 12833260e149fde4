"""What a run says of the linkage model that it goes by, and goes on all the same."""

import logging
from pathlib import Path

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.linkage.artefact import file_of_version, latest_model
from lakehouse.linkage.column_fill import ColumnFill, unlearnt
from lakehouse.linkage.model import TrainedModel
from lakehouse.settings.linkage import LinkageSettings

log = logging.getLogger(__name__)


def warn_of_unlearnt_columns(
    fill: ColumnFill, model: TrainedModel, settings: LinkageSettings
) -> None:
    """Names the columns that have values now and that the model knows nothing of."""
    found = unlearnt(fill, model, settings)
    if not found.columns:
        return
    names = ", ".join(found.contradictions)
    without = (
        f", and contradictions of conf hold for no pair without them ({names})" if names else ""
    )
    log.warning(
        "Linkage: model %s neither compares nor blocks on %s, which had next to no values, or no place in "
        "conf, when it was trained%s. Run `c360 train`, then once `c360 run --full-linkage`.",
        model.version,
        ", ".join(found.columns),
        without,
    )


def warn_of_lost_model(last_edges: DataFrame, folder: Path) -> None:
    """Names what scored the last release, where the folder holds no model any more, or not that one."""
    newest = latest_model(folder)
    if newest is None:
        _warn_of_empty_folder(last_edges, folder)
    else:
        _warn_of_missing_model(last_edges, newest)


def _warn_of_empty_folder(last_edges: DataFrame, folder: Path) -> None:
    scored = last_edges.where(F.size("weights") > 0).select("model_version").distinct()
    versions = sorted(row.model_version for row in scored.collect())
    if versions:
        log.warning(
            "Linkage: released links were scored by model %s, but %s holds no model any more. This run "
            "trains another and scores by it what changed; all other links keep the weights and the version "
            "of the lost one until `c360 run --full-linkage`.",
            ", ".join(versions),
            folder,
        )


def _warn_of_missing_model(last_edges: DataFrame, newest: Path) -> None:
    last = F.max_by("model_version", "scored_in_release").alias("version")
    version = last_edges.agg(last).collect()[0].version
    if version is None or file_of_version(version, newest.parent) is not None:
        return
    # Decided pairs may be all that there is: a model that compares nothing has no file.
    scored = last_edges.where((F.col("model_version") == version) & (F.size("weights") > 0))
    if not scored.isEmpty():
        log.warning(
            "Linkage: the last run that scored links went by model %s, which %s does not hold any more. This "
            "run goes by %s, the newest there. If that model is the older one, put the lost file back, or "
            "run `c360 train`, and then once `c360 run --full-linkage`.",
            version,
            newest.parent,
            newest.stem,
        )
