"""What is reported of a run."""

from collections.abc import Mapping, Sequence

from lakehouse.errors import ExitCode
from lakehouse.pipeline import runner
from lakehouse.pipeline.audience_destinations import Removals
from lakehouse.pipeline.ingestion import FeedBook
from lakehouse.pipeline.runner import RunOutcome
from lakehouse.quality.gate import GateOutcome, Verdict
from lakehouse.report import Grid, Report

_SHOWN_FILES = 5
_NO_REMOVALS = Removals()


def run_report(outcome: RunOutcome, removals: Removals = _NO_REMOVALS) -> Report:
    """What a person wants to know of a run: its books, the gates that found something, its time, and which
    exported audiences were told who must go.
    """
    told = _of_told(removals.told)
    if outcome.status == runner.ALREADY_DONE:
        done = f"Run {outcome.run_id} has succeeded before; nothing was changed."
        return Report(lines=[done, *told], warnings=_of_owed(removals.owed))
    grids = (books_grid(outcome.books), gates_grid(outcome.outcomes))
    return Report(
        grids=[grid for grid in grids if grid.rows],
        lines=[
            f"Run {outcome.run_id} {outcome.status} in {outcome.seconds:.0f} s "
            f"(gates {outcome.gate_seconds:.0f} s of all steps' "
            f"{sum(outcome.step_seconds.values()):.0f} s).",
            *told,
        ],
        warnings=[
            *_of_files(outcome),
            *(
                f"{feed.source_feed} is late: its newest row is {feed.lag_hours:.0f} hours old, "
                f"{feed.limit_hours} are allowed; {feed.stale_row_count} of its rows count as stale. Ask "
                "its owner, whom `c360 sources` names."
                for feed in outcome.late_feeds
            ),
            *(
                f"{table} is stopped, and keeps the rows of the last release whose customers may still be "
                f"told of; all else is released. {why} Ask its owner, whom `c360 products list` names."
                for table, why in sorted(outcome.stopped_products.items())
            ),
            *_of_owed(removals.owed),
        ],
        exit_code=ExitCode.PRODUCT_STOPPED if outcome.stopped_products else ExitCode.OK,
    )


def _of_files(outcome: RunOutcome) -> list[str]:
    return [
        *(
            f"{file} was rejected ({reason}{': ' + columns if columns else ''}); "
            "no records were taken from it; the other files were processed."
            for file, reason, columns in outcome.rejected_files
        ),
        *(
            f"{file} has no records, though each file of {feed} should have all of them; what the feed "
            "told before still counts. Ask its owner, whom `c360 sources` names, for a whole file."
            for file, feed in outcome.empty_snapshots
        ),
        *_of_empty(outcome.empty_files),
        *_of_unmatched(outcome.unmatched_files),
    ]


def _of_unmatched(files: Sequence[str]) -> list[str]:
    if not files:
        return []
    return [
        f"{len(files)} file(s) below the landing folder match no source and were left alone: "
        f"{_first(files)}. Rename them or correct a source's file_pattern, and "
        "run under a new run id; keep non-data files elsewhere, or under a name that begins with _."
    ]


def _of_told(told: Mapping[tuple[str, str], int]) -> list[str]:
    return [
        f"{folder} was told by removed.csv to let go of {count:,} customers of {product}."
        for (product, folder), count in sorted(told.items())
    ]


def _of_owed(owed: Mapping[tuple[str, str], int]) -> list[str]:
    return [
        f"{folder} has {count:,} customers of {product} who are not in it any more. Export it again: "
        "`c360 audience export`, or jobs/export_audiences.py."
        for (product, folder), count in sorted(owed.items())
    ]


def _of_empty(files: Sequence[str]) -> list[str]:
    if not files:
        return []
    return [
        f"{len(files)} file(s) below the landing folder have not one byte and were left alone: "
        f"{_first(files)}. Ask for whole files of these names, or remove them."
    ]


def _first(files: Sequence[str]) -> str:
    more = f" and {len(files) - _SHOWN_FILES} more" if len(files) > _SHOWN_FILES else ""
    return ", ".join(files[:_SHOWN_FILES]) + more


def books_grid(books: Sequence[FeedBook], title: str = "Records by feed") -> Grid:
    """Records of each feed by what became of them, summed over the books."""
    rows = []
    for feed in sorted({book.feed for book in books}):
        own = [book for book in books if book.feed == feed]
        rows.append(
            (
                feed,
                sum(book.in_count for book in own),
                sum(book.good_count for book in own),
                sum(book.quarantined_count for book in own),
                sum(book.duplicate_count for book in own),
                sum(book.rejected_count for book in own),
                "balanced" if all(book.is_balanced for book in own) else "NOT BALANCED",
            )
        )
    columns = ("feed", "in", "good", "held", "duplicate", "rejected", "books")
    return Grid(title, columns, rows)


def gates_grid(outcomes: Sequence[GateOutcome], title: str = "Gates") -> Grid:
    """The tables of which some rule is broken; `title` begins the grid's."""
    broken = sorted((o for o in outcomes if o.verdict is not Verdict.PASS), key=lambda o: o.table)
    return Grid(
        f"{title}: {len(outcomes) - len(broken)} of {len(outcomes)} tables keep every rule, these do not",
        ("table", "verdict", "rows", "held", "reasons"),
        [
            (o.table, o.verdict.value, o.row_count, o.held_count, _reasons(o.reasons))
            for o in broken
        ],
    )


def _reasons(reasons: Mapping[str, int]) -> str:
    return ", ".join(f"{reason} {count}" for reason, count in sorted(reasons.items()) if count)
