"""Delta's log cut off below a version: what its commits quoted of rows that are gone goes with them.

A commit that adds a file quotes the least and the greatest value of its columns, those of pseudonyms too,
and so does the one that removes the file. Vacuum deletes data and no commit.
"""

import re
from pathlib import Path

from deltalake import DeltaTable

_OF_VERSION = re.compile(r"^\.?(\d{20})\.")


def truncate_log(table: Path, version: int) -> int:
    """Deletes every file of the table's log from before the version; how many.

    The version itself and all later ones can be read as before: a checkpoint is made of it first. A table
    that is at its version 0 has nothing before it, and one that was dropped since has no log.
    """
    log = table / "_delta_log"
    older = [path for path in log.iterdir() if _is_older(path, version)] if log.is_dir() else []
    if older:
        DeltaTable(str(table), version=version).create_checkpoint()
    for path in older:
        path.unlink()
    return len(older)


def _is_older(path: Path, version: int) -> bool:
    found = _OF_VERSION.match(path.name)
    return found is not None and path.is_file() and int(found[1]) < version
