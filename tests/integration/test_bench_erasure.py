"""The bench of erasures: each customer by a request of their own, all carried out and proved by one run."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from lakehouse.pipeline.bench_erasure import erasure_grid
from lakehouse.storage.releases import current_release
from lakehouse.tables.erasure import ERASURE
from tests.support.lake import SmallLake, copy_of

pytestmark = pytest.mark.slow


def test_four_requests_are_one_run_and_as_many_commits_of_the_log_as_one_is(
    small_lake: SmallLake, company: Path, tmp_path: Path
) -> None:
    shutil.copytree(company, tmp_path / "files")
    lake = copy_of(small_lake, tmp_path / "files", tmp_path).lake
    commits = []
    rows: list[Sequence[Any]] = []

    for size in (1, 4):
        before = current_release(lake.tables).number
        rows += erasure_grid(lake, [size]).rows
        assert current_release(lake.tables).number == before + 1
        commits.append(lake.tables.version(ERASURE.name))

    assert [row[:2] for row in rows] == [(1, 1), (4, 4)]
    (first, second) = rows
    # Tables that are made anew take most of them, whoever goes.
    assert 0 < second[3] <= 2 * first[3]
    assert first[4] > 0
    # The plans of all but the first are kept by one more.
    assert commits[1] - commits[0] == commits[0] + 1
