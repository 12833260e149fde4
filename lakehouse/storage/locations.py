"""Where a table lives: below the lake's root by path, or under a catalog name."""

from dataclasses import dataclass
from pathlib import Path

from lakehouse.settings.places import local_path


@dataclass(frozen=True)
class Locations:
    """Turns a table name into what SQL and writers call it.

    With `catalog_prefix` (such as `main.c360_`) a table is `main.c360_gold.customer`; without it the
    table is the folder `<root>/gold/customer`.
    """

    root: str
    catalog_prefix: str | None = None

    def path(self, table: str) -> str:
        """The table's folder, for tables by path."""
        layer, entity = table.split(".")
        return f"{self.root.rstrip('/')}/{layer}/{entity}"

    def local_path(self, table: str) -> Path | None:
        """The table's folder on this machine's file system; None if it lies elsewhere or goes by name."""
        return None if self.catalog_prefix else local_path(self.path(table))

    def catalog_name(self, table: str) -> str | None:
        """The quoted catalog name, or None for tables by path."""
        if self.catalog_prefix is None:
            return None
        *parents, last = (self.catalog_prefix + table.split(".", maxsplit=1)[0]).split(".")
        return ".".join(f"`{part}`" for part in (*parents, last, table.split(".")[1]))

    def schema(self, table: str) -> str | None:
        """The quoted schema of the table's catalog name, or None for tables by path."""
        name = self.catalog_name(table)
        return None if name is None else name.rpartition(".")[0]

    def sql(self, table: str) -> str:
        """What stands for the table in a SQL statement, and for `writeTo`."""
        return self.catalog_name(table) or f"delta.`{self.path(table)}`"
