"""A request expires whole, by its last step, and never while something that it limits still stands."""

from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pyspark.sql import DataFrame, SparkSession

from lakehouse.pipeline.lake import Lake
from lakehouse.pipeline.retention import outlived
from lakehouse.settings.load import load_settings
from lakehouse.storage.releases import Release
from lakehouse.tables.local_frame import local_frame
from lakehouse.tables.ops import PRIVACY_REQUEST, RESTRICTION
from lakehouse.tables.spec import TableSpec

LONG_AGO, YESTERDAY = datetime(2022, 1, 1, tzinfo=UTC), datetime(2026, 1, 4, tzinfo=UTC)
TODAY = date(2026, 1, 5)
LIMIT = {"record_key": "k", "kind": "restriction", "restricted_from": LONG_AGO}


def lake(spark: SparkSession, frames: dict[str, list[dict[str, Any]]]) -> Lake:
    def frame(spec: TableSpec) -> DataFrame:
        told = [tuple(r.get(c) for c in spec.column_names) for r in frames.get(spec.name, ())]
        return local_frame(spark, told, spec.ddl().replace(" not null", ""))

    made = SimpleNamespace(
        spark=spark,
        settings=load_settings("test"),
        specs={PRIVACY_REQUEST.name: PRIVACY_REQUEST},
        tables=SimpleNamespace(exists=lambda name: True, read=lambda name: frame(PRIVACY_REQUEST)),
        logged=frame,
        release=lambda: Release(1, "day-1", {}),
    )
    return cast(Lake, made)


@pytest.mark.parametrize(
    ("steps", "limits", "gone"),
    [
        pytest.param([LONG_AGO, LONG_AGO.replace(day=2)], [], 2, id="ended long ago"),
        pytest.param([LONG_AGO, YESTERDAY], [], 0, id="one step is young"),
        pytest.param([LONG_AGO], [LIMIT], 0, id="what it limits stands"),
        pytest.param(
            [LONG_AGO],
            [LIMIT, {**LIMIT, "restricted_to": LONG_AGO.replace(day=9)}],
            1,
            id="what it limited was lifted",
        ),
        pytest.param(
            [LONG_AGO],
            [LIMIT, {**LIMIT, "purpose": "marketing", "restricted_to": LONG_AGO.replace(day=9)}],
            0,
            id="one of two limits was lifted",
        ),
    ],
)
def test_a_request_goes_whole_and_not_while_it_limits_anything(
    spark: SparkSession, steps: list[datetime], limits: list[dict[str, Any]], gone: int
) -> None:
    told = [{"request_id": "r1", "at": at, "record_keys": ["k"]} for at in steps]
    limited = [{**limit, "request_id": "r1"} for limit in limits]

    (found,) = outlived(lake(spark, {PRIVACY_REQUEST.name: told, RESTRICTION.name: limited}), TODAY)

    assert found.keys is not None
    assert found.keys.count() == gone
