"""Is there room to work: asked by `c360 doctor`, and again before a run writes anything."""

import shutil
from pathlib import Path

from lakehouse.errors import PrerequisiteError

# `.ci/machine` reads this line too; README states the sum with the packages' 2 GiB.
LEAST_FREE_GIB = 2


def free_space(folder: Path) -> str:
    """What is free on the disk that holds `folder`, which need not exist yet, in words.

    Raises PrerequisiteError when it is less than LEAST_FREE_GIB.
    """
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(existing).free / 1024**3
    if free < LEAST_FREE_GIB:
        raise PrerequisiteError(
            f"{free:.1f} GiB free at {folder}; {LEAST_FREE_GIB} GiB are needed.",
            "free some space, or choose a folder on a larger disk (C360_HOME, C360_LAKE_ROOT).",
        )
    return f"{free:.1f} GiB free"
