"""What a person is told of a run."""

from collections.abc import Mapping

from lakehouse.pipeline import runner
from lakehouse.pipeline.runner import RunOutcome
from lakehouse.report import Grid, Report


def run_report(outcome: RunOutcome) -> Report:
    """What a person wants to know of a run."""
    if outcome.status == runner.ALREADY_DONE:
        return Report(lines=[f"Run {outcome.run_id} had succeeded before; nothing was changed."])
    books = Grid(
        "Records by feed",
        ("feed", "in", "good", "quarantined", "duplicate", "rejected", "balanced"),
        [
            (b.feed, b.in_count, b.good_count, b.quarantined_count, b.duplicate_count,
             b.rejected_count, "yes" if b.is_balanced else "NO")
            for b in outcome.books
        ],
    )  # fmt: skip
    gates = Grid(
        "Gates that had something to say",
        ("table", "verdict", "rows", "held", "reasons"),
        [
            (o.table, o.verdict.value, o.row_count, o.held_count, _reasons(o.reasons))
            for o in sorted(outcome.outcomes, key=lambda o: o.table)
            if o.verdict.value != "pass"
        ],
    )
    gate_seconds = outcome.gate_seconds
    return Report(
        grids=[grid for grid in (books, gates) if grid.rows],
        lines=[
            f"Run {outcome.run_id} {outcome.status} in {outcome.seconds:.0f} s "
            f"(gates {gate_seconds:.0f} s of all steps' {sum(outcome.step_seconds.values()):.0f} s)."
        ],
        warnings=[
            f"{file} was rejected ({reason}{': ' + columns if columns else ''}); "
            "its feed brought nothing from it, all others went on."
            for file, reason, columns in outcome.rejected_files
        ],
    )


def _reasons(reasons: Mapping[str, int]) -> str:
    return ", ".join(f"{reason} {count}" for reason, count in sorted(reasons.items()) if count)
