"""What left the lake with people who are erased: audiences, archives and pages that the lake knows of.

Found by the logs of exports and requests, which are written before the files are. Read and deleted without
Spark. A file that was carried on is out of reach: removed.csv of the next run or export tells who has it.
"""

from collections.abc import Collection, Iterable
from pathlib import Path

from lakehouse.pipeline.audiences import forget_earlier
from lakehouse.pipeline.privacy_archive import written_archive
from lakehouse.pipeline.privacy_requests import all_requests
from lakehouse.settings.models import Settings
from lakehouse.storage.locations import Locations
from lakehouse.storage.plain_log import PlainLog
from lakehouse.storage.released_tables import logged_rows, one_of
from lakehouse.storage.sealed_files import SEALED, part_of
from lakehouse.tables.audience import AUDIENCE_EXPORT

DELETED = "deleted"
OUT_OF_REACH = "out of reach: not there"
STUCK = "cannot be deleted"


def exported_places(
    settings: Settings, customers: Collection[str], record_keys: Iterable[str]
) -> list[str]:
    """Where exports with any of these people are or were, in order: a product's folder, or the file of an
    archive or a page.

    Also where they were removed since: an export that was killed may have left the list from before.

    Args:
        settings: of the lake. One by catalog name has neither exports nor requests.
        customers: ids that the people's records have, or had.
        record_keys: their person records.
    """
    if settings.lake.catalog_prefix is not None:
        return []
    theirs = one_of("customer_id", customers)
    columns = ("destination", "product")
    log = logged_rows(Locations(settings.lake.root), AUDIENCE_EXPORT, columns, where=theirs)
    folders = {str(Path(row["destination"], row["product"])) for row in log}
    asked = {*record_keys}
    archives = (written_archive(r) for r in all_requests(settings) if asked & {*r.record_keys})
    return sorted({*folders, *filter(None, archives)})


def told_as(place: str) -> str:
    """The place as logs and certificates name it: an archive by its file alone.

    Its folder may name somebody. Where it is its request tells, in a note that is encrypted and not searched.
    """
    name = Path(place).name
    return name if name.endswith((".zip", f".zip{SEALED}")) else place


def delete_exported(
    settings: Settings, places: Iterable[str], release_number: int
) -> dict[str, str]:
    """Deletes archives, and of audiences the files with people of releases before this one.

    Doing it again changes nothing. Of a folder or file that is not there nobody knows who has it.

    Returns:
        By place, as `told_as` names it, what became of it.
    """
    if settings.lake.catalog_prefix is not None:
        return {}
    with PlainLog(settings.lake, AUDIENCE_EXPORT).deciding():
        # Names alone first: what is told of the file itself counts.
        in_order = sorted(places, key=lambda place: Path(place).is_absolute())
        return {told_as(place): _deleted(Path(place), release_number) for place in in_order}


def _deleted(place: Path, release_number: int) -> str:
    if not place.is_absolute():
        return OUT_OF_REACH
    try:
        if place.is_dir():
            forget_earlier(place, release_number)
            return DELETED
        there = [file for file in (place, part_of(place)) if file.is_file()]
        for file in there:
            file.unlink()
    except OSError:
        return STUCK
    return DELETED if there else OUT_OF_REACH
