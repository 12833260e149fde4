"""`make bench`: one run over a generated company, timed stage by stage, and what erasing from it costs."""

from collections import Counter, defaultdict
from collections.abc import Sequence

from lakehouse.pipeline.bench_erasure import erasure_grid
from lakehouse.pipeline.demo_company import demo_outcome
from lakehouse.pipeline.lake import open_lake
from lakehouse.pipeline.run_report import run_report
from lakehouse.report import Grid, Report
from lakehouse.settings.models import Settings

_COLUMNS = ("stage", "seconds", "rows", "rows per second")


def bench_report(settings: Settings, *, customers: int, seed: int, erased: Sequence[int]) -> Report:
    """Seconds and rows per second of each layer, the share of the gates, the cost of erasures; warnings
    and exit code of the run.

    `erased` are numbers of customers to erase at once, one erasure after another; those that the company
    does not have are left out.
    """
    outcome = demo_outcome(settings, customers=customers, seed=seed, days=1)
    run = outcome.runs[0]
    told = run_report(run)
    seconds: defaultdict[str, float] = defaultdict(float)
    rows: Counter[str] = Counter()
    for step, took in run.step_seconds.items():
        seconds[step.split(".")[0]] += took
    for table, count in outcome.row_counts.items():
        rows[table.split(".")[0]] += count
    stages = [
        (stage, round(took, 1), rows.get(stage, 0), round(rows.get(stage, 0) / took) if took else 0)
        for stage, took in seconds.items()
    ]
    gates = run.gate_seconds
    share = 100 * gates / max(sum(run.step_seconds.values()), 1e-9)
    grids = [Grid(f"{customers} customers, one day", _COLUMNS, stages)]
    sizes = [size for size in erased if size < customers]
    if sizes:
        grids.append(erasure_grid(open_lake(settings), sizes))
    return Report(
        grids=grids,
        lines=[
            f"The run took {run.seconds:.0f} s; steps run {settings.lake.parallel_steps} at a time.",
            f"The gates took {gates:.0f} s, {share:.0f} % of all steps' time.",
        ],
        warnings=told.warnings,
        exit_code=told.exit_code,
    )
