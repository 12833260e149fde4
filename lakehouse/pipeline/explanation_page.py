"""An explanation as a file: one page of HTML with a waterfall per pair, or the waterfall as SVG."""

from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from lakehouse.errors import InputError
from lakehouse.linkage.waterfall import waterfall_svg
from lakehouse.pipeline.explanations import PairExplained
from lakehouse.pipeline.lake import Lake
from lakehouse.pipeline.pair_grids import model_that_scored
from lakehouse.settings.models import Settings
from lakehouse.storage.plain_log import PlainLog
from lakehouse.tables.audience import AUDIENCE_EXPORT, EXPLAINED

FORMS = (".html", ".svg")
_MOST_CHARTS = 20


def require_form(path: Path) -> None:
    """Raises InputError if the file is to be neither HTML nor SVG, or cannot be written."""
    if path.suffix.lower() not in FORMS:
        raise InputError(f"{path} is neither .html nor .svg.", "name such a file to write.")
    if not path.absolute().parent.is_dir():
        raise InputError(f"The folder of {path} is not there.", "make it, or name another file.")


def log_page(settings: Settings, path: Path, customers: Iterable[str], release: int) -> None:
    """Logs whom the page is about before it is written, so that an erasure of theirs deletes it.

    A lake by catalog name has no log that is written without Spark, and whoever writes the page keeps it.
    """
    if settings.lake.catalog_prefix is not None:
        return
    place, at = path.resolve(), datetime.now(UTC)
    told = {"product": place.name, "destination": str(place.parent), "release_number": release}
    told |= {"change": EXPLAINED, "row_hash": None, "exported_at": at}
    rows = [{**told, "customer_id": customer} for customer in sorted(customers)]
    PlainLog(settings.lake, AUDIENCE_EXPORT).append(rows)


def write_explanation(lake: Lake, found: PairExplained, path: Path) -> None:
    """Writes the page, or the chart of the first of the pairs. Neither runs a script nor holds a value.

    Raises:
        InputError: a chart is asked for of records that were never compared.
    """
    charts = [
        (
            f"{pair.record_key_l} and {pair.record_key_r}",
            waterfall_svg(pair, model_that_scored(lake, pair)),
        )
        for pair in found.pairs[:_MOST_CHARTS]
    ]
    if path.suffix.lower() == ".html":
        path.write_text(_page(found, charts), encoding="utf-8")
    elif charts:
        path.write_text(charts[0][1], encoding="utf-8")
    else:
        raise InputError(
            "The two records were never compared, so that there is no chart.",
            "name a file that ends in .html, which says so.",
        )


def _page(found: PairExplained, charts: list[tuple[str, str]]) -> str:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    text = files("lakehouse.pipeline").joinpath("explanation.html.j2").read_text(encoding="utf-8")
    return environment.from_string(text).render(
        lines=found.report.lines, grids=found.report.grids, charts=charts, number=_number
    )


def _number(cell: object) -> str:
    return f"{cell:+,.1f}" if isinstance(cell, float) else "" if cell is None else str(cell)
