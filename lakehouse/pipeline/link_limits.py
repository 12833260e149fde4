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
    is_small = (values.get("records") or 0) < limits.least_records
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
