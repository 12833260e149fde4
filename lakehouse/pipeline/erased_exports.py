"""What left the lake with people who are erased: exported audiences and archives that the lake knows of.

Read and deleted without Spark. A file that was carried on is out of reach: the next export's removed.csv
tells whoever has it.
"""

from collections.abc import Collection, Iterable
from pathlib import Path

from lakehouse.pipeline.audiences import forget_earlier
from lakehouse.pipeline.privacy_archive import written_archive
from lakehouse.pipeline.privacy_requests import all_requests
from lakehouse.serve.audience import members
from lakehouse.settings.models import Settings
from lakehouse.storage.locations import Locations
from lakehouse.storage.released_tables import logged_rows, one_of
from lakehouse.tables.audience import AUDIENCE_EXPORT

DELETED = "deleted"
OUT_OF_REACH = "out of reach: not there"
STUCK = "cannot be deleted"


def exported_places(
    settings: Settings, customers: Collection[str], record_keys: Iterable[str]
) -> list[str]:
    """Where exports with any of these people are, in order: a product's folder, or the file of an archive.

    Args:
        settings: of the lake. One by catalog name has neither exports nor requests.
        customers: ids that the people's records have, or had.
        record_keys: their person records.
    """
    if settings.lake.catalog_prefix is not None:
        return []
    theirs = one_of("customer_id", customers)
    columns = AUDIENCE_EXPORT.column_names
    log = logged_rows(Locations(settings.lake.root), AUDIENCE_EXPORT, columns, where=theirs)
    exports = {(row["destination"], row["product"]) for row in log}
    has = [(to, product) for to, product in exports if members(log, product, to)[0]]
    asked = {*record_keys}
    archives = (written_archive(r) for r in all_requests(settings) if asked & {*r.record_keys})
    return sorted({*(str(Path(to, product)) for to, product in has), *filter(None, archives)})


def delete_exported(places: Iterable[str], release_number: int) -> dict[str, str]:
    """Deletes archives, and of audiences the files with people of releases before this one.

    Doing it again changes nothing. Of a folder or file that is not there nobody knows who has it.

    Returns:
        By place, what became of it.
    """
    return {place: _deleted(Path(place), release_number) for place in places}


def _deleted(place: Path, release_number: int) -> str:
    try:
        if place.is_dir():
            forget_earlier(place, release_number)
        elif place.is_file():
            place.unlink()
        else:
            return OUT_OF_REACH
    except OSError:
        return STUCK
    return DELETED
