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
    warn_below: float | None = None
    fail_below: float | None = None

    @property
    def warning(self) -> str | None:
        """The metric with its value and the limit beyond which a run warns; None if it is within."""
        return self._beyond(self.warn_above, self.warn_below)

    @property
    def failure(self) -> str | None:
        """The same of the limit beyond which a run publishes nothing."""
        return self._beyond(self.fail_above, self.fail_below)

    def _beyond(self, above: float | None, below: float | None) -> str | None:
        if self.value is None:
            return None
        told = f"{self.metric} is {self.value:.4g}"
        if above is not None and self.value > above:
            return f"{told}, above {above:g}"
        return f"{told}, below {below:g}" if below is not None and self.value < below else None


def measures(quality: DataFrame, limits: QualityLimits) -> list[Measure]:
    """The metrics of `linkage_quality` with their limits. As many rows as there are metrics."""
    values = {row.metric: row.value for row in quality.collect()}
    # A company that has lost most of its records is none of the small ones.
    most_records = max(values.get(name) or 0 for name in ("records", "records_before"))
    is_small = most_records < limits.least_records
    found = []
    for metric, value in sorted(values.items()):
        limit = limits.metrics.get(LinkageMetric(metric), QualityLimit())
        above, below = (None, None) if is_small else (limit.fail, limit.fail_below)
        found.append(Measure(metric, value, limit.warn, above, limit.warn_below, below))
    return found


def beyond_limits(found: Iterable[Measure]) -> list[str]:
    """Each metric beyond its limit `fail` or `fail_below`, with the value and the limit."""
    return [measure.failure for measure in found if measure.failure is not None]


def warn_of_unshared_values(found: Iterable[Measure], unshared: DataFrame) -> None:
    """Says of which columns values count again that were left out, where there are more than conf allows.

    Args:
        found: the run's measures.
        unshared: `no_longer_shared` (identifier, value_hash); read only if there is something to say.
    """
    metric = LinkageMetric.NO_LONGER_SHARED_VALUES
    if not any(m.metric == metric and m.warning for m in found):
        return
    for row in unshared.groupBy("identifier").count().orderBy("identifier").collect():
        log.warning(
            "Linkage: %d value(s) of %s were left out in the last run, as too many people shared them, and "
            "count as evidence again. See that no source is missing before people are joined by them.",
            row["count"],
            row.identifier,
        )


def require_within_limits(found: Iterable[Measure]) -> None:
    """Warns of metrics beyond their limit.

    Raises:
        QualityGateError: a metric is beyond its limit `fail` or `fail_below`; names all that are, with
            values.
    """
    found = list(found)
    for measure in found:
        if measure.warning is not None:
            log.warning("Linkage: %s.", measure.warning)
    exceeded = beyond_limits(found)
    if exceeded:
        raise QualityGateError(
            f"Linkage is beyond the limits of conf: {'; '.join(exceeded)}. Nothing was published.",
            "see ops.linkage_quality for earlier runs and look for a changed source, model or rule; if the "
            "change is wanted, set another limit in linkage.quality.metrics.<metric> and run again.",
        )
