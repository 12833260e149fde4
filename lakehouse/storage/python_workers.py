"""Spark's Python workers in a local session, made to begin and end a task at once.

Spark starts this module in place of `pyspark.daemon` (`spark.python.daemon.module`); every worker is
forked from it. Two things cost each task more than its own work, 0.4 s on a slow machine:

- A worker begins a task with `importlib.invalidate_caches`, at which Python 3.11 reads the directory of
  every archive on its path anew. Spark puts its core jar there, and a zip of what the environment has as
  folders.
- It ends a task with `gc.collect`, which walks all that the imported libraries have made.
"""

import gc
import importlib
import sys

_ARCHIVES = (".jar", ".zip")
_IMPORTED_ONCE = ("pyspark.worker", "pyspark.sql.pandas.serializers", "pandas", "pyarrow")
"""What a worker imports for its first column, and need not if it is forked with it."""


def without_archives(path: list[str]) -> list[str]:
    """The entries of a module search path that are no archives."""
    return [entry for entry in path if not entry.endswith(_ARCHIVES)]


def main() -> None:
    """Forks workers for as long as Spark asks for them."""
    sys.path[:] = without_archives(sys.path)
    sys.path_importer_cache.clear()
    for name in _IMPORTED_ONCE:
        importlib.import_module(name)
    gc.freeze()
    importlib.import_module("pyspark.daemon").manager()


if __name__ == "__main__":
    main()
