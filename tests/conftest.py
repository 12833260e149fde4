"""Fixtures that several tiers share. Importing this starts no JVM: the session is lazy."""

import logging
from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession

from lakehouse.jars import jar_paths
from lakehouse.jvm import LOCAL_TUNING
from lakehouse.storage.session import session


@pytest.fixture(autouse=True)
def log_as_before() -> Iterator[None]:
    """Leaves the product's logger as it was found, for the tests that read its records."""
    logger = logging.getLogger("lakehouse")
    handlers, level, propagates = list(logger.handlers), logger.level, logger.propagate
    yield
    for handler in logger.handlers:
        if handler not in handlers:
            handler.close()
    logger.handlers, logger.propagate = handlers, propagates
    logger.setLevel(level)


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """One local session for the whole test run: two cores, UTC, no UI, a temporary warehouse."""
    base = tmp_path_factory.mktemp("spark")
    options = {
        "spark.master": "local[2]",
        "spark.driver.memory": "3g",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.adaptive.enabled": "false",
    }
    made = session(
        "tests",
        options=options,
        jars=jar_paths(),
        java_options=" ".join(LOCAL_TUNING),
        work_dir=base,
    )
    yield made
    made.stop()
