"""Options of a Spark session: those without which the tables would be wrong, and what others may be."""

import re
from collections.abc import Iterator, Mapping

CORRECTNESS_OPTIONS: Mapping[str, str] = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.databricks.delta.commit.idempotencyCheck.enabled": "true",
    # Releases say how long a version stays readable. Since 4.0 Delta takes the tables' property in
    # place of what VACUUM is told, and refuses to read or restore what is older than that.
    "spark.databricks.delta.vacuum.retentionWindowIgnore.enabled": "false",
    "spark.databricks.delta.vacuum.enforceTimeTravelWithinDeletedFileRetentionDuration": "false",
}
"""What the tables need to be right, whoever starts the session."""

MASTER = re.compile(
    r"local|local\[(\*|[1-9]\d*)(, *[1-9]\d*)?\]|local-cluster\[.+\]|yarn|(spark|k8s)://.+"
)

_SHOWS_ERRORS = ("spark.eventLog.enabled", "spark.ui.enabled")
"""What keeps or shows Spark's own words of a task that failed, which quote a value where a cast did."""

_SIZE = re.compile(r"[1-9]\d*[kmgt]", re.IGNORECASE)
_COUNT = re.compile(r"[1-9]\d*")
_FORMS = {
    "memory": (_SIZE, "a number and a unit, as 4g"),
    "partitions": (_COUNT, "a whole number"),
    "parallelism": (_COUNT, "a whole number"),
    "cores": (_COUNT, "a whole number"),
    "instances": (_COUNT, "a whole number"),
}
"""By the last word of an option's name: what its value must be."""


def option_faults(options: Mapping[str, str]) -> Iterator[str]:
    """What is wrong with these options, each by its name."""
    for name, value in options.items():
        form, words = _FORMS.get(name.rsplit(".", 1)[-1], (None, ""))
        if name in CORRECTNESS_OPTIONS:
            yield f"{name}: the tables would be wrong with another value"
        elif name in _SHOWS_ERRORS and value.strip().lower() != "false":
            yield f"{name}: Spark's words of a failed task can quote a person, and may not be shown or kept"
        elif form and not form.fullmatch(value):
            yield f"{name}: must be {words}"
