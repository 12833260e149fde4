"""What a session spilled goes with it, and, where it was killed, with the next."""

import subprocess
import sys
from pathlib import Path

from lakehouse.storage.spill import own_spill

CHILD = """
import sys, time
from pathlib import Path
from lakehouse.storage.spill import own_spill
own = own_spill(Path(sys.argv[1]))
(own / "shuffle_1").write_text("Ann")
print(own, flush=True)
time.sleep(600)
"""


def begun(folder: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(folder)], stdout=subprocess.PIPE, text=True
    )


def place_of(process: "subprocess.Popen[str]") -> Path:
    assert process.stdout is not None
    return Path(process.stdout.readline().strip())


def test_what_a_killed_process_spilled_is_deleted_by_the_next_and_a_living_ones_is_not(
    tmp_path: Path,
) -> None:
    with begun(tmp_path) as killed, begun(tmp_path) as living:
        places = place_of(killed), place_of(living)
        killed.kill()
        killed.wait()

        own = own_spill(tmp_path)

        assert not places[0].exists()
        assert (places[1] / "shuffle_1").exists()
        assert {path.name for path in tmp_path.iterdir() if path.is_dir()} == {
            own.name,
            places[1].name,
        }
        assert own_spill(tmp_path) == own
        living.kill()
