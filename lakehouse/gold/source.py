"""gold.source: the feeds that everything comes from, as conf describes them."""

from collections.abc import Iterable

from lakehouse.settings.sources import Source

SourceRow = tuple[str, str, str, str, str, list[str], str, str, int | None, list[str]]


def source_rows(sources: Iterable[Source]) -> list[SourceRow]:
    """One tuple per feed, in order of its name: the values of gold.source in the spec's order."""
    return [
        (
            source.name,
            source.source_system,
            source.entity,
            source.description,
            source.owner,
            list(source.readers),
            source.format.value,
            source.load_kind.value,
            source.freshness_limit_hours,
            sorted({feed.table for feed in source.feeds}),
        )
        for source in sorted(sources, key=lambda source: source.name)
    ]
