"""Commands on a small lake in a child process, which a test may kill."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from lakehouse.pipeline import erasure
from lakehouse.pipeline.lake import open_lake
from tests.support.lake import small_settings

_REPOSITORY = Path(__file__).resolve().parents[2]


def started_erasure(
    home: Path, files: Path, erasure_ids: Sequence[str], kill: str
) -> "subprocess.Popen[str]":
    """Erasures that are carried out in a process group of its own; killed at `kill`."""
    given = json.dumps([str(home), str(files), list(erasure_ids), kill])
    return subprocess.Popen(
        [sys.executable, "-m", "tests.support.lake_commands", given],
        cwd=_REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(_REPOSITORY)},
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _main() -> None:
    home, files, erasure_ids, kill = json.loads(sys.argv[1])
    settings = small_settings(Path(home), Path(files), kill=kill)
    erasure.execute(open_lake(settings), erasure_ids)


if __name__ == "__main__":
    _main()
