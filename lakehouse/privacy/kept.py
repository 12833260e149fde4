"""How long rows of a table are kept, as retention does it, in words for who is no engineer."""

from collections.abc import Sequence

from lakehouse.settings.sources import Source
from lakehouse.tables.spec import Layer, TableSpec


def kept(spec: TableSpec, sources: Sequence[Source]) -> str:
    """For how many days, and from when: what happened grows old, who is told of does not."""
    days = f"{spec.retention_days:,} days"
    if spec.layer in (Layer.BRONZE, Layer.SILVER):
        fed_by = [s for s in sources if _fills(s, spec)]
        grows_old = all(source.tells_what_happened for source in fed_by)
    elif spec.retention_from is not None:
        grows_old = spec.column(spec.retention_from).required
    elif spec.layer is Layer.OPS:
        return "until it is lifted or done, not by age"
    else:
        grows_old = False
    return days if grows_old else f"as long as a source tells it, then {days}"


def _fills(source: Source, spec: TableSpec) -> bool:
    if spec.layer is Layer.BRONZE:
        return source.bronze_table.name == spec.name
    return any(feed.table == spec.entity for feed in source.feeds)
