"""The gate of `make coverage`: branches are judged by themselves, however many statements were seen."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(("seen", "code"), [(95, 0), (94, 1)])
def test_fewer_than_95_of_100_branches_are_refused_whatever_the_statements(
    seen: int, code: int, tmp_path: Path
) -> None:
    totals = {"covered_lines": 10_000, "num_statements": 10_000, "percent_covered": 99.9}
    told = {"totals": {**totals, "covered_branches": seen, "num_branches": 100}}
    file = tmp_path / "coverage.json"
    file.write_text(json.dumps(told), encoding="utf-8")

    judged = [sys.executable, str(ROOT / ".ci" / "branches"), str(file)]
    ended = subprocess.run(judged, capture_output=True, text=True, check=False)

    assert ended.returncode == code
    assert f"{seen} of 100 seen" in ended.stdout
