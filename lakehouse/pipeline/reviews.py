"""Stewardship for a terminal: the tasks, one task with its two records, the model against decisions."""

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from lakehouse.errors import NotFoundError
from lakehouse.linkage.evaluate_decisions import DecisionEvaluation
from lakehouse.report import Grid, Report

_NOTHING = "-"


def tasks_report(tasks: DataFrame, reason: str | None, most: int) -> Report:
    """How many tasks there are by reason, and the most urgent of them.

    Args:
        tasks: open rows of ops.review_task.
        reason: lists tasks of this reason only.
        most: how many are listed. All are counted.

    Raises:
        NotFoundError: there are tasks, but none of that reason.
    """
    counts = (
        tasks.groupBy("kind", "reason")
        .agg(F.count(F.lit(1)).alias("tasks"), F.sum("record_count").alias("records"))
        .orderBy("kind", "reason")
        .collect()
    )
    if not counts:
        return Report(lines=["Nothing is to be reviewed."])
    reasons = sorted(row.reason for row in counts)
    if reason is not None and reason not in reasons:
        raise NotFoundError(
            f"No task has the reason {reason!r}.", f"choose from {', '.join(reasons)}."
        )
    chosen = tasks if reason is None else tasks.where(F.col("reason") == reason)
    listed = (
        chosen.orderBy(F.desc("priority"), "task_id")
        .select("task_id", "reason", "record_count", "join_margin", "match_probability")
        .limit(most)
        .collect()
    )
    told = [Grid("To review", ("kind", "reason", "tasks", "records"), [tuple(r) for r in counts])]
    if listed:
        heading = ("task", "reason", "records", "above what is asked", "probability")
        told.append(Grid("The most urgent", heading, [tuple(row) for row in listed]))
    return Report(told, ["`c360 review show TASK` tells more of one."])


def task_report(task: Row) -> Report:
    """A row of ops.review_task: both records, masked, and what each comparison says."""
    names = [*task.masked_l, *(name for name in task.masked_r if name not in task.masked_l)]
    records = [
        (name, task.masked_l.get(name, _NOTHING), task.masked_r.get(name, _NOTHING))
        for name in names
    ]
    weights = sorted(task.weights.items(), key=lambda item: (-abs(item[1]), item[0]))
    about = Grid(
        "What it is about",
        ("", "record", "other record"),
        [
            ("record_key", task.record_key_l, task.record_key_r),
            ("customer_id", task.customer_id_l, task.customer_id_r),
        ],
    )
    return Report(
        [
            about,
            Grid("What they say", ("field", "record", "other record"), records),
            Grid("What that weighs for one person, in bits", ("comparison", "weight"), weights),
        ],
        [
            _question(task),
            "c360 review decide TASK same|different|skip --by NAME --why REASON",
        ],
    )


def _question(task: Row) -> str:
    away = (
        f"{abs(task.join_margin):.1f} bits {'above' if task.join_margin >= 0 else 'below'} joining"
    )
    pair = f"the pair is {away}, probability {task.match_probability:.3f}"
    if task.customer_id_l == task.customer_id_r:
        return f"Is this customer one person ({task.reason})? Of its least likely pair: {pair}."
    return f"Are these two customers one person ({task.reason})? Of their most likely pair: {pair}."


def decision_report(found: DecisionEvaluation) -> Report:
    """How the model alone fares on the pairs that stewards decided about."""
    decided = found.same + found.different
    if not decided:
        return Report(
            lines=["No decision of a steward holds: there is nothing to hold links against."]
        )
    measures = Grid(
        f"{decided} decided pairs, {found.unscored} of them never scored",
        ("decided", "pairs", "the model would join"),
        [
            ("same", found.same, found.joined_same),
            ("different", found.different, found.joined_different),
        ],
    )
    shares = Grid(
        "The model alone",
        ("precision", "recall", "Brier score"),
        [(found.precision, found.recall, found.brier)],
    )
    calibration = Grid(
        "Calibration",
        ("probability from", "to", "pairs", "mean probability", "share same"),
        [(b.low, b.high, b.pairs, b.mean_probability, b.same_share) for b in found.bins],
    )
    return Report(
        [measures, shares, calibration],
        [
            "Stewards are asked about doubtful pairs: of all pairs the model is better than of these."
        ],
    )
