"""Run ids that would not tell runs apart are refused before the lake is touched."""

from types import SimpleNamespace
from typing import cast

import pytest

from lakehouse.errors import ConfigurationError
from lakehouse.pipeline import runner
from lakehouse.pipeline.lake import Lake
from lakehouse.settings.load import load_settings
from tests.support.lake import DAY_1


@pytest.mark.parametrize("run_id", ["", "day 1", "../day-1", "x" * 101, "revert-to-5"])
def test_a_run_id_that_is_no_name_or_that_of_a_revert_is_refused(run_id: str) -> None:
    untouched = cast(Lake, SimpleNamespace(settings=load_settings("test")))
    with pytest.raises(ConfigurationError, match="--run-id may"):
        runner.run(untouched, run_id, DAY_1)
