"""`c360 products`: what conf has of data products, and what the release has of each. Without Spark."""

from lakehouse.errors import NotFoundError
from lakehouse.report import Grid, Report
from lakehouse.settings.models import Settings
from lakehouse.settings.products import CUSTOMER_COUNT, Product
from lakehouse.storage.released_tables import ReleasedTables, logged_rows, released_tables
from lakehouse.tables.dictionary import dictionary
from lakehouse.tables.ops import QUALITY_RESULT, RELEASE

_COLUMNS = ("product", "version", "owner", "purpose", "rows", "last gate")
_ORIGIN = "Generated from the files in `conf/base/products` and the tables of gold that they name."
_NEXT = (
    "`c360 products dictionary` has their columns and terms. They are read like gold: by folder at the "
    "version of the release, or by `c360 bi-server` in the database serve."
)
_GATE = ("table_name", "severity", "is_success", "checked_at", "run_id")


def products_list(settings: Settings) -> Report:
    """One row per product of conf: who owns it, its rows in the release, and what its last gate found."""
    try:
        tables = released_tables(settings.lake)
    except NotFoundError:
        tables = None
    gates = {} if tables is None else _last_gates(tables)
    made_by = {} if tables is None else definitions(tables)
    rows = [
        (
            product.name,
            _version(product, made_by.get(product.table_name)),
            product.owner,
            product.purpose,
            _row_count(tables, product),
            gates.get(product.table_name, "-"),
        )
        for product in settings.products
    ]
    release = "no release yet" if tables is None else f"release {tables.number}"
    titles = [f"{product.table_name}: {product.title}." for product in settings.products]
    return Report([Grid(f"Data products, {release}", _COLUMNS, rows)], [*titles, _NEXT])


def products_dictionary(settings: Settings) -> str:
    """Every product's table, columns and terms in words, as the data dictionary has those of other layers.

    Each column says from which columns of gold it is made.
    """
    return dictionary(settings.product_tables, _ORIGIN)


def definitions(tables: ReleasedTables) -> dict[str, str]:
    """By table of serve, by which definition the release has its rows."""
    rows = logged_rows(tables.locations, RELEASE, ("release_number", "table_name", "definition"))
    here = (row for row in rows if row["release_number"] == tables.number)
    return {row["table_name"]: row["definition"] for row in here if row["definition"]}


def _version(product: Product, made_by: str | None) -> str:
    """Conf's version, and the one that the rows are of where that is another."""
    released = made_by.partition(" ")[0] if made_by else product.version
    is_that = released == product.version
    return product.version if is_that else f"{product.version} (rows are of {released})"


def _row_count(tables: ReleasedTables | None, product: Product) -> int | str:
    if tables is None or product.table_name not in tables.versions:
        return "-"
    counted = (CUSTOMER_COUNT,) if product.groups else ("customer_id",)
    return len(tables.rows(product.table, columns=counted))


def _last_gates(tables: ReleasedTables) -> dict[str, str]:
    """By table of serve, what the newest of its gates found: the worst severity that was broken, or pass."""
    found = [
        row
        for row in logged_rows(tables.locations, QUALITY_RESULT, _GATE)
        if row["table_name"].startswith("serve.")
    ]
    newest: dict[str, tuple[object, str]] = {}
    for row in found:
        moment = (row["checked_at"], row["run_id"])
        newest[row["table_name"]] = max(newest.get(row["table_name"], moment), moment)
    worst: dict[str, str] = {}
    for severity in ("pass", "warn", "quarantine", "fail"):
        for row in found:
            is_newest = (row["checked_at"], row["run_id"]) == newest[row["table_name"]]
            if is_newest and (
                severity == "pass" or (not row["is_success"] and row["severity"] == severity)
            ):
                worst[row["table_name"]] = severity
    return worst
