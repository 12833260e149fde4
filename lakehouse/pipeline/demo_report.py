"""What `make demo` prints at its end: what came in, what was found, how that compares with the truth."""

from collections import Counter
from datetime import timedelta

from lakehouse.pipeline.demo_company import FIRST_DAY, DemoOutcome
from lakehouse.pipeline.run_report import books_grid, gates_grid, run_report
from lakehouse.report import Grid, Report
from lakehouse.settings.models import Settings

_SLOWEST = 12


def demo_report(outcome: DemoOutcome, settings: Settings) -> Report:
    """Records by feed, gates, rows per layer, people against the truth, time per step, where to look.

    Its exit code is the worst of the runs'.
    """
    last_day = FIRST_DAY + timedelta(days=len(outcome.runs) - 1)
    runs = [run_report(run) for run in outcome.runs]
    return Report(
        grids=[
            books_grid(
                [book for run in outcome.runs for book in run.books], "Records by feed, all days"
            ),
            gates_grid(outcome.runs[-1].outcomes, f"Gates on {last_day}, the last day"),
            _layers(outcome),
            _people(outcome),
            _distortions(outcome),
            _attributes(outcome),
            _facts(outcome),
            _times(outcome),
        ],
        lines=[
            f"Generated in {outcome.generate_seconds:.0f} s.",
            *(line for run in runs for line in run.lines),
            f"Quarantine: {outcome.held_as_planted} of {outcome.planted} planted bad rows are held for "
            f"the expected reason; {outcome.held_unplanted} other rows are held.",
            "Look next:",
            "  c360 show CUSTOMER         all that is known of one, by id, e-mail, phone or name",
            "  c360 release list          what readers see",
            "  c360 sources               every field, how full, what it feeds",
            "  c360 quarantine list       what is held, and why",
            f"  {settings.quality.data_docs}    the gates' results, one page per run",
            f"  {settings.lake.root}    the tables, one Delta folder each",
        ],
        warnings=[warning for run in runs for warning in run.warnings],
        exit_code=max(run.exit_code for run in runs),
    )


def _layers(outcome: DemoOutcome) -> Grid:
    layers: Counter[str] = Counter()
    for table, count in outcome.row_counts.items():
        layers[table.split(".")[0]] += count
    order = ("bronze", "silver", "linkage", "gold", "serve", "ops")
    return Grid("Rows per layer", ("layer", "rows"), [(layer, layers[layer]) for layer in order])


def _people(outcome: DemoOutcome) -> Grid:
    found = outcome.people
    if found is None:
        return Grid("People", ("measure", "value"), [])
    rows: list[tuple[object, ...]] = [
        ("person records", found.records),
        ("customers", outcome.row_counts.get("gold.customer", 0)),
        ("pairwise precision", round(found.precision, 4)),
        ("pairwise recall", round(found.recall, 4)),
        ("B-cubed F1", round(found.b3_f1, 4)),
    ]
    if outcome.households is not None:
        rows += [
            ("households", outcome.row_counts.get("gold.household", 0)),
            ("household precision", round(outcome.households.precision, 4)),
            ("household recall", round(outcome.households.recall, 4)),
        ]
    return Grid("People found against the known truth", ("measure", "value"), rows)


def _distortions(outcome: DemoOutcome) -> Grid:
    rows = [
        (name, pairs, round(recall, 3))
        for name, (pairs, recall) in sorted(outcome.recall_by_distortion.items())
    ]
    return Grid("Recall by kind of distortion", ("distortion", "true pairs", "recall"), rows)


def _attributes(outcome: DemoOutcome) -> Grid:
    rows = [
        (name, customers, round(share, 3))
        for name, (customers, share) in sorted(outcome.true_attributes.items())
    ]
    return Grid("Golden attributes that are true", ("attribute", "customers", "share"), rows)


def _facts(outcome: DemoOutcome) -> Grid:
    rows = [
        (name.replace("_", " "), planted, round(share, 3))
        for name, (planted, share) in sorted(outcome.true_facts.items())
    ]
    return Grid("Planted facts that gold tells rightly", ("fact", "planted", "share"), rows)


def _times(outcome: DemoOutcome) -> Grid:
    totals: Counter[str] = Counter()
    for run in outcome.runs:
        totals.update(run.step_seconds)
    slowest = [step for step, _ in totals.most_common(_SLOWEST)]
    rows: list[tuple[object, ...]] = [
        (step, *(round(run.step_seconds.get(step, 0.0), 1) for run in outcome.runs))
        for step in slowest
    ]
    others = totals.keys() - set(slowest)
    rest = (
        round(sum(run.step_seconds.get(step, 0.0) for step in others), 1) for run in outcome.runs
    )
    days = (f"day {number}" for number, _ in enumerate(outcome.runs, 1))
    return Grid(
        "Seconds by step",
        ("step", *days),
        [*rows, (f"{len(others)} quicker steps", *rest)],
    )
