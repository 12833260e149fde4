"""Data Docs: one self-contained HTML page with every table's results of a run, counts only.

Great Expectations' own site builder is not used. In 1.24.1 it writes a failing cell as raw HTML
(its templates end in `.j2`, for which its autoescape is off), so that a name can carry a script;
its pages load scripts and styles from five hosts, so that they need the network and cannot live
under a content security policy; and they show little of what a run decides: our severities,
reasons and held rows. Cleaning all that out would leave nothing of it to keep.

This page is made from `GateOutcome`, which holds no value of any row, with autoescape on, without
script, and under a policy that lets a browser load and run nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from lakehouse.quality.gate import GateOutcome, Verdict
from lakehouse.quality.rules import RuleResult

_WORST_FIRST = (Verdict.FAIL, Verdict.QUARANTINE, Verdict.WARN, Verdict.PASS)


@dataclass(frozen=True)
class _Total:
    verdict: str
    tables: int


def data_docs(run_id: str, checked_at: datetime, outcomes: Sequence[GateOutcome]) -> str:
    """The page as HTML: totals, one line per table (worst first), one section per table.

    Args:
        run_id: the run that the page is about.
        checked_at: when its gates ran, aware of its time zone; shown in UTC.
        outcomes: the gates of the run, in any order.
    """
    ordered = sorted(outcomes, key=lambda o: (_WORST_FIRST.index(o.verdict), o.table))
    totals = [
        _Total(verdict.value, sum(1 for outcome in ordered if outcome.verdict is verdict))
        for verdict in _WORST_FIRST
    ]
    template = _environment().from_string(
        files("lakehouse.quality").joinpath("data_docs.html.j2").read_text(encoding="utf-8")
    )
    return template.render(
        run_id=run_id,
        checked_at=checked_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC"),
        totals=totals,
        outcomes=ordered,
    )


def write_data_docs(
    path: Path, run_id: str, checked_at: datetime, outcomes: Sequence[GateOutcome]
) -> None:
    """Write the page to `path`, whose folders are made; readers see the old page or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.draft")
    draft.write_text(data_docs(run_id, checked_at, outcomes), encoding="utf-8")
    draft.replace(path)


def _environment() -> Environment:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["count"] = _grouped
    environment.filters["status"] = _status
    environment.filters["share"] = _share
    return environment


def _grouped(value: int | None) -> str:
    return "–" if value is None else f"{value:,}"


def _share(result: RuleResult) -> str:
    if not result.unexpected_count or not result.evaluated_count:
        return ""
    return f"{100 * result.unexpected_count / result.evaluated_count:.2g} %"


def _status(result: RuleResult) -> str:
    """What the rule did: `pass`, or its severity where it is broken."""
    return "pass" if result.is_success else result.rule.severity.value
