"""Whether a run's links are within the limits of conf; what is measured is `linkage_quality`'s to say."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from pyspark.sql import DataFrame

from lakehouse.errors import QualityGateError
from lakehouse.settings.linkage import LinkageMetric, QualityLimit, QualityLimits

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Measure:
    """One metric of a run with its limits; null where there is nothing to measure, or no limit."""

    metric: str
    value: float | None
    warn_above: float | None
    fail_above: float | None

    def is_above(self, limit: float | None) -> bool:
        """True if there is a value and it exceeds the limit."""
        return self.value is not None and limit is not None and self.value > limit


def measures(quality: DataFrame, limits: QualityLimits) -> list[Measure]:
    """The metrics of `linkage_quality` with their limits. As many rows as there are metrics."""
    values = {row.metric: row.value for row in quality.collect()}
    # A company that has lost most of its records is none of the small ones.
    most_records = max(values.get(name) or 0 for name in ("records", "records_before"))
    is_small = most_records < limits.least_records
    found = []
    for metric, value in sorted(values.items()):
        limit = limits.metrics.get(LinkageMetric(metric), QualityLimit())
        found.append(Measure(metric, value, limit.warn, None if is_small else limit.fail))
    return found


def beyond_limits(found: Iterable[Measure]) -> list[str]:
    """Each metric above its limit `fail`, with the value and the limit."""
    return [
        f"{measure.metric} is {measure.value:.4g}, above {measure.fail_above:g}"
        for measure in found
        if measure.is_above(measure.fail_above)
    ]


def warn_of_unshared_values(found: Iterable[Measure], unshared: DataFrame) -> None:
    """Says of which columns values count again that were left out, where there are more than conf allows.

    Args:
        found: the run's measures.
        unshared: `no_longer_shared` (identifier, value_hash); read only if there is something to say.
    """
    metric = LinkageMetric.NO_LONGER_SHARED_VALUES
    if not any(m.metric == metric and m.is_above(m.warn_above) for m in found):
        return
    for row in unshared.groupBy("identifier").count().orderBy("identifier").collect():
        log.warning(
            "Linkage: %d value(s) of %s were left out in the last run, as too many people shared them, and "
            "count as evidence again. See that no source is missing before people are joined by them.",
            row["count"],
            row.identifier,
        )


def require_within_limits(found: Iterable[Measure]) -> None:
    """Warns of metrics above their limit.

    Raises:
        QualityGateError: a metric exceeds its limit `fail`; names all that do, with values.
    """
    found = list(found)
    for measure in found:
        if measure.is_above(measure.warn_above):
            log.warning(
                "Linkage: %s is %.4g, above %g.", measure.metric, measure.value, measure.warn_above
            )
    exceeded = beyond_limits(found)
    if exceeded:
        raise QualityGateError(
            f"Linkage is beyond the limits of conf: {'; '.join(exceeded)}. Nothing was published.",
            "see ops.linkage_quality for earlier runs and look for a changed source, model or rule; if the "
            "change is wanted, raise linkage.quality.metrics.<metric>.fail and run again.",
        )
