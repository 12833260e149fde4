"""Which engine scores: what conf says, or what `auto` means for so many records on such a session."""

from types import SimpleNamespace

import pytest

from lakehouse.linkage.engine import chosen_engine
from lakehouse.settings.linkage import Engine, EngineLimits
from lakehouse.settings.load import load_settings

MOST = 1_000
LOCAL, CLUSTER = "local[2]", "spark://10.0.0.1:7077"


@pytest.mark.parametrize(
    ("said", "master", "records", "chosen"),
    [
        ("auto", LOCAL, MOST, "duckdb"),
        ("auto", LOCAL, MOST + 1, "spark"),
        ("auto", CLUSTER, 1, "spark"),
        ("auto", None, 1, "spark"),
        ("duckdb", CLUSTER, MOST + 1, "duckdb"),
        ("spark", LOCAL, 1, "spark"),
    ],
)
def test_auto_is_duckdb_for_a_local_session_up_to_a_number_of_records_and_else_spark(
    said: str, master: str | None, records: int, chosen: str
) -> None:
    """A session on Databricks does not tell its master."""
    told = {} if master is None else {"spark.master": master}
    session = SimpleNamespace(conf=SimpleNamespace(get=told.get))
    limits = EngineLimits(duckdb_up_to_records=MOST)
    settings = load_settings("test").linkage.model_copy(
        update={"engine": Engine(said), "limits": limits}
    )

    assert chosen_engine(session, settings, records) is Engine(chosen)
