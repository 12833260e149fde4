"""What the commands and the job of erasure do, each as one function from settings to a report."""

import json
from collections.abc import Sequence
from pathlib import Path

from pyspark.sql import functions as F

from lakehouse.errors import ConflictError, InputError, NotFoundError
from lakehouse.pipeline import erasure, erasure_proof, suppression
from lakehouse.pipeline.erasure_log import (
    APPROVED,
    EXECUTED,
    PLANNED,
    STARTED,
    Case,
    case,
    cases,
)
from lakehouse.pipeline.lake import Lake, open_lake
from lakehouse.pipeline.legal_holds import as_seen
from lakehouse.pipeline.privacy_requests import all_requests, request_of, take_step
from lakehouse.privacy.request_log import Step
from lakehouse.report import Grid, Report
from lakehouse.settings.models import Settings
from lakehouse.settings.regimes import Right
from lakehouse.tables.linkage import IDENTITY_MAP


def plan(
    settings: Settings,
    *,
    record_keys: Sequence[str],
    customer: str | None,
    request: str | None,
    by: str,
) -> Report:
    """Plans the erasure of these records, of all that are the customer's now, or of those of a request.

    Raises:
        InputError: records and customer are named both, or nobody at all.
        NotFoundError: there is no such record, customer or request.
        ConflictError: the request asks for something else or about other records, or cannot be carried
            out yet.
    """
    if record_keys and customer is not None:
        raise InputError("Say whom to erase.", "give --records-from or --customer, not both.")
    if not record_keys and customer is None and request is None:
        raise InputError("Say whom to erase.", "give --request, --records-from or --customer.")
    asked = None if request is None else _records_asked(settings, request)
    lake = open_lake(settings)
    keys = record_keys if customer is None else _records_of(lake, customer)
    if asked is not None:
        if keys and {*keys} != {*asked}:
            raise ConflictError(
                f"Request {request} is about other records than are named; nothing was planned.",
                "give --request alone, and it says whose records are meant; or plan these without it.",
            )
        keys = asked
    found = erasure.plan(lake, keys, request, by)
    return _plan_report(settings, found.erasure_id, found.detail(PLANNED))


def _records_asked(settings: Settings, request_id: str) -> Sequence[str]:
    request = request_of(settings, request_id)
    if request.kind != Right.ERASURE:
        raise ConflictError(
            f"Request {request_id} asks for {request.kind}, not for erasure.",
            "c360 privacy request list shows what is asked.",
        )
    request.require(Step.EXECUTED)
    return request.record_keys


def _tell_request(settings: Settings, found: Case, step: Step, note: str) -> None:
    """Logs the step of the request that the erasure answers, if the log of requests has it."""
    planned = found.steps[PLANNED]
    if planned.request_id is None:
        return
    for request in all_requests(settings):
        is_due = Step.APPROVED in request.taken and request.is_open and step not in request.taken
        if request.request_id == planned.request_id and request.kind == Right.ERASURE and is_due:
            take_step(settings, request.request_id, step, by=planned.done_by, note=note)


def _records_of(lake: Lake, customer: str) -> list[str]:
    known = lake.released(lake.release(), IDENTITY_MAP.name)
    rows = known.where((F.col("customer_id") == customer) & F.col("valid_to").isNull())
    keys = [row.record_key for row in rows.select("record_key").collect()]
    if not keys:
        raise NotFoundError(
            f"No record is of a customer {customer!r} now.", "c360 show finds customers."
        )
    return keys


def _plan_report(settings: Settings, erasure_id: str, plan: dict[str, object]) -> Report:
    tables, stays, landing = (plan[name] for name in ("tables", "stays", "landing_files"))
    rows = [
        (name, found["rows"], found.get("files", found.get("landing_files", 0)))
        for name, found in (tables.items() if isinstance(tables, dict) else ())
    ]
    kept = list(stays.items()) if isinstance(stays, dict) else []
    files = list(landing.items()) if isinstance(landing, dict) else []
    grids = [
        Grid("What tells of the records", ("table", "rows", "files"), rows),
        Grid(f"Landing files ({plan['landing_policy']})", ("file", "records"), files),
        Grid("What stays", ("where", "why"), kept),
    ]
    if isinstance(rejected := plan.get("rejected_files"), list) and rejected:
        named = [(name,) for name in rejected]
        grids.append(Grid("Rejected files, deleted whole for a value of theirs", ("file",), named))
    if isinstance(role_tables := plan.get("role_tables"), dict) and role_tables:
        anew = [(place, found["rows"], found["files"]) for place, found in role_tables.items()]
        grids.append(Grid("Tables of roles, made anew whole", ("table", "rows", "files"), anew))
    if isinstance(exports := plan.get("exports"), list) and exports:
        named = [(place,) for place in exports]
        grids.append(Grid("Exports with them, whose files with people go", ("where",), named))
    if isinstance(found := plan.get("held"), dict) and found:
        held = [
            (hold_id, hold["records"], as_seen(settings, "reason", hold["reason"]))
            for hold_id, hold in found.items()
        ]
        grids.append(Grid("Left out: under legal hold", ("hold", "records", "why"), held))
    return Report(grids=grids, lines=[f"Erasure {erasure_id} is planned; nothing was touched yet."])


def approve(settings: Settings, erasure_id: str, *, by: str) -> Report:
    """Approves an erasure."""
    erasure.approve(open_lake(settings), erasure_id, by)
    return Report(lines=[f"Erasure {erasure_id} may be carried out."])


def execute(settings: Settings, erasure_ids: Sequence[str]) -> Report:
    """Carries out approved erasures by one run."""
    done = erasure.execute(open_lake(settings), erasure_ids)
    release = done[0].steps[EXECUTED].release_number
    for found in done:
        _tell_request(settings, found, Step.EXECUTED, f"erasure {found.erasure_id}")
    hours = settings.erasure.retention_hours
    return Report(
        lines=[
            f"Release {release} is without them, and none before it can be read.",
            f"Files of earlier versions may go {hours} hours from now: c360 privacy erase prove.",
        ]
    )


def execute_approved(settings: Settings) -> Report:
    """Carries out all erasures that are approved and not executed, by one run; what the job does."""
    lake = open_lake(settings)
    waiting = [found[0] for found in cases(lake) if found[2] in (APPROVED, STARTED)]
    if not waiting:
        return Report(lines=["No erasure is approved and waits."])
    return execute(settings, waiting)


def prove(
    settings: Settings,
    erasure_id: str,
    *,
    retention_hours: int | None,
    identifiers: Sequence[str],
    out: Path | None,
) -> Report:
    """Proves an erasure, and writes the certificate to a file, if one is named."""
    lake = open_lake(settings)
    found = erasure_proof.prove(
        lake, erasure_id, retention_hours=retention_hours, identifiers=identifiers
    )
    text = json.dumps(found, indent=2, sort_keys=True)
    if out is not None:
        out.write_text(f"{text}\n", encoding="utf-8")
    _tell_request(settings, case(lake, erasure_id), Step.PROVED, f"erasure {erasure_id}")
    if out is not None:
        return Report(lines=[f"Nothing was left at {found['proved_at']}; {out} certifies it."])
    return Report(lines=text.splitlines())


def erasure_list(settings: Settings) -> Report:
    """Erasures and how far they are, newest first."""
    rows = cases(open_lake(settings))
    if not rows:
        return Report(lines=["There is no erasure."])
    return Report(grids=[Grid("Erasures", ("erasure", "request", "step", "at (UTC)"), list(rows))])


def suppression_list(settings: Settings) -> Report:
    """What is suppressed, counted."""
    rows = suppression.suppression_list(open_lake(settings))
    if not rows:
        return Report(lines=["Nobody is suppressed."])
    return Report(grids=[Grid("Suppressed", ("erasure", "kind", "identifiers"), list(rows))])


def suppression_lift(settings: Settings, erasure_id: str) -> Report:
    """Lets the people of an erasure come back."""
    count = suppression.lift(open_lake(settings), erasure_id)
    return Report(lines=[f"{count} identifiers are not suppressed any more."])
