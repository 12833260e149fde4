"""`c360 audience export`: a data product as files, and whom the destination must add and remove.

Read and written without Spark. What a destination has is kept in ops.audience_export, so that who withdrew,
objected or was erased is named in removed.csv of the next run or export, wherever the files have gone. An
export is logged before it is written: nobody is in a file whom the log does not know there. What one that was
killed has logged and not told is told by the next, which sees its folder. A removal by a run is logged after.
"""

import hashlib
import json
import re
import shutil
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from lakehouse.errors import AccessError, InputError, NotFoundError
from lakehouse.pipeline.audit import record
from lakehouse.pipeline.products import definitions
from lakehouse.privacy.csv_cells import csv_text
from lakehouse.privacy.limited_records import limited_records
from lakehouse.privacy.masking import require_readable
from lakehouse.privacy.tokens import TokenKeys, token, token_keys, tokens_of_all_versions
from lakehouse.report import Report
from lakehouse.serve.audience import Delta, delta, members, row_hashes, told_since
from lakehouse.settings.models import Settings
from lakehouse.settings.products import Product
from lakehouse.storage.plain_log import PlainLog
from lakehouse.storage.released_tables import (
    ReleasedTables,
    Row,
    logged_rows,
    one_of,
    released_tables,
)
from lakehouse.storage.sealed_files import AUDIENCE, SEALED, SealedFile, sealed
from lakehouse.tables.audience import AUDIENCE_EXPORT
from lakehouse.tables.gold import CUSTOMER_RECORD
from lakehouse.tables.ops import RESTRICTION
from lakehouse.tables.spec import Sensitivity

_MANIFEST = "manifest.json"
_PARTIAL = ".partial"
_PARTIAL_NAME = re.compile(r"\.release-(\d+)\.partial")
_LIST = "audience.csv"
_REMOVED = "removed.csv"
_REMOVED_PARTIAL = ".removed.partial"
_WITH_PEOPLE = (_LIST, "added.csv")
"""The files with more than ids of customers. Where the lake encrypts at rest they are sealed."""


def export_audience(settings: Settings, name: str, folder: Path) -> Report:
    """Writes the released rows of a product about customers below `folder`, if they changed since last time
    or the list that was written then is not there any more.

    `<folder>/<product>/release-<number>` gets audience.csv (all rows), added.csv (rows to add, or to put in
    the place of a customer's former one), removed.csv (ids) and manifest.json. The first two are sealed where
    the lake encrypts at rest (`audience.csv.sealed`), and `c360 unseal` gives the CSV. Of earlier exports the
    files with people go, lest they outlive an erasure. Who was restricted after the release is left out. Ids
    are tokens of the product's purpose.

    Raises:
        NotFoundError: conf has no such product, or no release has it yet.
        InputError: its rows are no customers, or are of another definition than conf has, or the folder
            cannot be written.
        AccessError: the session names no role, one that does not read for the product's purpose, or the
            audit cannot be written.
    """
    product = _product(settings, name)
    require_audience_role(settings, product)
    tables = released_tables(settings.lake)
    for needed in (product.table_name, CUSTOMER_RECORD.name):
        if needed not in tables.versions:
            raise NotFoundError(
                f"Release {tables.number} has no {needed}.",
                "run `c360 run --only gold`, and see whether the product's gate stops it.",
            )
    _require_same_definition(product, tables)
    log = PlainLog(settings.lake, AUDIENCE_EXPORT)
    with log.deciding():
        try:
            return _exported(settings, product, tables, log, folder)
        except OSError as error:
            raise InputError(
                f"In {folder} files cannot be written, or those of earlier exports not deleted "
                f"({type(error).__name__}).",
                "see to it that this user may do both there, then export again.",
            ) from None


def tell_removed(
    settings: Settings, name: str, folder: Path, customers: Iterable[str], release_number: int
) -> bool:
    """Tells the folder to let go of these customers, those of them whom it has; what a run does.

    `<folder>/<product>/release-<number>-removed` gets removed.csv and manifest.json; an export of the release
    has another folder, as it adds too. Logged once written: killed in between, the next run tells it again.

    Returns False where it cannot be told: the folder is not there, conf or the release has no such product,
    that of `release_number` is not the newest any more, or it was told of already.

    Raises OSError where files cannot be written there; AccessError if it cannot be recorded in the audit.
    """
    product = {product.name: product for product in settings.products}.get(name)
    tables, exports = released_tables(settings.lake), folder / name
    place = exports / f"{_folder_name(tables.number)}-removed"
    is_served = product is not None and product.table_name in tables.versions
    is_newest = tables.number == release_number
    if product is None or not is_served or not is_newest or not exports.is_dir():
        return False
    log = PlainLog(settings.lake, AUDIENCE_EXPORT)
    with log.deciding():
        before, last = members(_rows_to(log, product, str(folder)))
        told = Delta((), (), tuple(sorted(before.keys() & {*customers})))
        if told.is_empty or place.exists():
            return told.is_empty
        _audit(settings, product, tables, len(told.removed))
        (partial := exports / _REMOVED_PARTIAL).mkdir(exist_ok=True)
        keys = token_keys(product.purpose, settings.tokens.secrets(_secret(settings)))
        removed = _to_remove(told, keys)
        counts = {
            "row_count": len(before) - len(told.removed),
            "added_count": 0,
            "removed_count": len(removed),
        }
        texts = {_REMOVED: _removed_csv(removed)}
        _write(partial, place, _with_manifest(product, tables, last, counts, texts))
        log.append(_log_rows(product, str(folder), tables.number, told, {}))
    return True


def _rows_to(log: PlainLog, product: Product, destination: str) -> list[Row]:
    """The rows of the log that tell of exports of the product there."""
    rows = log.rows()
    return [r for r in rows if (r["product"], r["destination"]) == (product.name, destination)]


def _secret(settings: Settings) -> str:
    return settings.lake.secret.get_secret_value()


def _require_same_definition(product: Product, tables: ReleasedTables) -> None:
    """Refuses rows that another definition made: its masks and channels were others."""
    made_by = definitions(tables).get(product.table_name, product.definition)
    if made_by != product.definition:
        raise InputError(
            f"Release {tables.number} has {product.table_name} of version {made_by.partition(' ')[0]}, and "
            f"conf has {product.version} by another definition; nothing was written.",
            "run `c360 run --only serve`, and see whether the product's gate stops it.",
        )


def _exported(
    settings: Settings, product: Product, tables: ReleasedTables, log: PlainLog, folder: Path
) -> Report:
    secret = _secret(settings)
    keys = token_keys(product.purpose, settings.tokens.secrets(secret))
    destination, rows = str(folder.resolve()), _leaving(product, _rows(product, tables), keys)
    own = _rows_to(log, product, destination)
    before, last = members(own)
    hashes = row_hashes(rows.values(), product.table.column_names, secret)
    now = {customer: hashes[row["customer_id"]] for customer, row in rows.items()}
    change = delta(before, now)
    exports = folder / product.name
    begun = _begun(exports)
    # Here too: an export that was killed may have logged what it did, and left the list before it.
    forget_earlier(exports, last)
    if change.is_empty and not begun and not (now and _is_list_gone(exports)):
        return Report(lines=[_nothing_to_tell(product, tables, last)])
    _audit(settings, product, tables, len(rows))
    # From here on it is seen to have begun.
    partial = exports / f".{_folder_name(tables.number)}{_PARTIAL}"
    partial.mkdir(parents=True, exist_ok=True)
    if not change.is_empty:
        new = _log_rows(product, destination, tables.number, change, now)
        log.append(new)
        own += new
    # Of an earlier export of this release it takes the place, also where nobody has fetched that.
    first = min((tables.number, *begun))
    told = told_since(own, first, now)
    files = _files(product, tables, rows, told, members(own, before=first)[1], keys)
    place = exports / _folder_name(tables.number)
    _write(partial, place, _sealed(files, product, settings))
    forget_earlier(exports, tables.number)
    for number in begun:
        shutil.rmtree(exports / f".{_folder_name(number)}{_PARTIAL}", ignore_errors=True)
    has = f"{place} has {len(rows):,} customers of release {tables.number}"
    return _report(product, has, told, is_empty=not rows)


def _audit(settings: Settings, product: Product, tables: ReleasedTables, count: int) -> None:
    record(
        settings,
        action="export",
        surface="audience export",
        count=count,
        purpose=product.purpose,
        reason=f"{product.name}; {AUDIENCE_EXPORT.name} says whom",
        release=tables.number,
    )


def _report(product: Product, has: str, told: Delta, *, is_empty: bool) -> Report:
    counts = f"{len(told.added):,} added, {len(told.changed):,} changed"
    empty = f"{product.name} is empty: its destination is told to remove everybody it has."
    return Report(
        lines=[f"{has}: {counts}, {len(told.removed):,} to be removed."],
        warnings=[empty] if is_empty else [],
    )


def _begun(exports: Path) -> list[int]:
    """The releases of exports that were killed after they had begun."""
    names = [path.name for path in exports.iterdir()] if exports.is_dir() else []
    return [int(found[1]) for name in names if (found := _PARTIAL_NAME.fullmatch(name))]


def _is_list_gone(exports: Path) -> bool:
    """True where no export of the product has its list any more, as when an erasure deleted it."""
    return not any(exports.glob(f"release-*/{_LIST}*"))


def _rows(product: Product, tables: ReleasedTables) -> list[Row]:
    """The product's rows, less those restricted since the release was made."""
    limits = logged_rows(tables.locations, RESTRICTION, RESTRICTION.column_names)
    keys = limited_records(limits, product.purpose, datetime.now(UTC))
    held = one_of("record_key", keys)
    owners = tables.rows(CUSTOMER_RECORD, held, ("customer_id",)) if keys else []
    restricted = {row["customer_id"] for row in owners}
    return [r for r in tables.rows(product.table) if r["customer_id"] not in restricted]


def _leaving(product: Product, rows: Iterable[Row], keys: TokenKeys) -> dict[str, Row]:
    """By customer the row as it leaves the lake, in order of its token: ids are tokens of the purpose.

    Neither an id nor the order tells who is the same in what was exported for another purpose.
    """
    ids = {
        column.name
        for column in product.table.columns
        if column.sensitivity is Sensitivity.PSEUDONYM and column.type == "string"
    }
    shown = {
        row["customer_id"]: {
            name: token(keys, value) if name in ids and value is not None else value
            for name, value in row.items()
        }
        for row in rows
    }
    return dict(sorted(shown.items(), key=lambda item: str(item[1]["customer_id"])))


def _to_remove(told: Delta, keys: TokenKeys) -> list[str]:
    """The tokens that a destination must let go, in order: of who goes, and former ones of who stays."""
    gone = [t for customer in told.removed for t in tokens_of_all_versions(keys, customer)]
    former = [t for c in told.changed for t in tokens_of_all_versions(keys, c)[:-1]]
    return sorted([*gone, *former])


def _nothing_to_tell(product: Product, tables: ReleasedTables, last: int) -> str:
    if last:
        return f"Nothing has changed since the export of release {last}."
    return f"{product.table_name} has no customers in release {tables.number}: nothing was written."


def _product(settings: Settings, name: str) -> Product:
    found = {product.name: product for product in settings.products}
    if name not in found:
        raise NotFoundError(
            f"conf has no data product {name}.", "`c360 products list` names those that there are."
        )
    if found[name].groups is not None:
        raise InputError(
            f"{name} tells of groups of customers, and an audience is of customers.",
            "read its table.",
        )
    return found[name]


def require_audience_role(settings: Settings, product: Product) -> None:
    """Raises AccessError if the session names no role, or one that reads for no purpose of the product."""
    require_readable(product.table, settings.roles.current)
    if settings.roles.reader == "default":
        raise AccessError(
            "An audience leaves the lakehouse with what its product shows, and the session names no role.",
            "name one that reads for the product's purpose, by --role or C360_ROLE.",
        )


def _files(
    product: Product,
    tables: ReleasedTables,
    rows: Mapping[str, Row],
    told: Delta,
    earlier: int,
    keys: TokenKeys,
) -> dict[str, bytes]:
    """The content of each file by name, the manifest last: it tells the digests of what is not sealed.

    `earlier` is the release of the export before; 0 if there was none.
    """
    columns = product.table.column_names
    to_add = {*told.added, *told.changed}
    removed = _to_remove(told, keys)
    texts = {
        _LIST: csv_text(rows.values(), columns),
        "added.csv": csv_text([r for c, r in rows.items() if c in to_add], columns),
        _REMOVED: _removed_csv(removed),
    }
    counts = {
        "row_count": len(rows),
        "added_count": len(to_add),
        "removed_count": len(removed),
    }
    return _with_manifest(product, tables, earlier, counts, texts)


def _removed_csv(removed: Iterable[str]) -> str:
    return csv_text([{"customer_id": one} for one in removed], ["customer_id"])


def _with_manifest(
    product: Product,
    tables: ReleasedTables,
    earlier: int,
    counts: Mapping[str, int],
    texts: Mapping[str, str],
) -> dict[str, bytes]:
    """The files and, last, their manifest; `counts` go into it as they are."""
    files = {name: text.encode() for name, text in texts.items()}
    manifest = {
        "product": product.name,
        "version": product.version,
        "owner": product.owner,
        "purpose": product.purpose,
        "release": tables.number,
        "previous_release": earlier or None,
        **counts,
        "sha256": {n: hashlib.sha256(content).hexdigest() for n, content in files.items()},
    }
    return {**files, _MANIFEST: (json.dumps(manifest, indent=2) + "\n").encode()}


def _sealed(files: Mapping[str, bytes], product: Product, settings: Settings) -> dict[str, bytes]:
    """The same, with the files with people sealed if the lake encrypts at rest."""
    if not settings.lake.encryption.at_rest:
        return {**files}
    return {
        **{name: content for name, content in files.items() if name not in _WITH_PEOPLE},
        **{
            name + SEALED: sealed(SealedFile(AUDIENCE, product.name, files[name]), settings.lake)
            for name in _WITH_PEOPLE
        },
    }


def _folder_name(release_number: int) -> str:
    return f"release-{release_number:06}"


def _write(partial: Path, place: Path, files: Mapping[str, bytes]) -> None:
    """Whole or not at all: a folder of that name has all files."""
    _forget_people(partial)
    for name, content in files.items():
        (partial / name).write_bytes(content)
    shutil.rmtree(place, ignore_errors=True)
    partial.rename(place)


def _log_rows(
    product: Product, destination: str, release: int, change: Delta, hashes: dict[str, str]
) -> list[dict[str, object]]:
    at = datetime.now(UTC)
    kinds = {"added": change.added, "changed": change.changed, "removed": change.removed}
    return [
        {
            "product": product.name,
            "destination": destination,
            "release_number": release,
            "customer_id": customer,
            "change": kind,
            "row_hash": hashes.get(customer),
            "exported_at": at,
        }
        for kind, customers in kinds.items()
        for customer in customers
    ]


def forget_earlier(exports: Path, release_number: int) -> None:
    """Deletes the files with people of a product's exports of earlier releases, and of exports that were
    never finished; files with ids stay.

    Whoever calls it keeps others from exporting. Raises OSError where something cannot be read or deleted.
    """
    # A glob would pass over a folder that cannot be read.
    for found in list(exports.iterdir()) if exports.is_dir() else []:
        is_unfinished = _PARTIAL_NAME.fullmatch(found.name) is not None
        if found.is_dir() and (is_unfinished or _is_before(found.name, release_number)):
            _forget_people(found)


def _is_before(name: str, release_number: int) -> bool:
    return name.startswith("release-") and name < _folder_name(release_number)


def _forget_people(export: Path) -> None:
    for name in _WITH_PEOPLE:
        for file in (export / name, export / f"{name}{SEALED}"):
            file.unlink(missing_ok=True)
