"""What the command line does about links and attributes: explain, preview, and take stewards' decisions."""

from collections.abc import Collection, Iterable
from datetime import date
from pathlib import Path

from pyspark.sql import functions as F

from lakehouse.errors import InputError
from lakehouse.linkage.overrides import SKIP
from lakehouse.pipeline import attempt as attempts
from lakehouse.pipeline import audit
from lakehouse.pipeline.attribute_stewardship import (
    attribute_overrides,
    attribute_values,
    set_attributes,
    withdraw_attributes,
)
from lakehouse.pipeline.explanation_page import log_page, require_form, write_explanation
from lakehouse.pipeline.explanations import customer_explained, pair_explained
from lakehouse.pipeline.keyed_rows import keyed_rows
from lakehouse.pipeline.lake import Lake, open_lake
from lakehouse.pipeline.link_preview import link_preview as preview_of_links
from lakehouse.pipeline.reader_tables import rows_for_reader
from lakehouse.pipeline.reviews import task_report, tasks_report
from lakehouse.pipeline.stewardship import (
    decide,
    decisions,
    review_task,
    review_tasks,
    withdraw,
)
from lakehouse.privacy.masking import require_clear, require_permitted, require_readable
from lakehouse.report import Grid, Report
from lakehouse.settings.models import Settings
from lakehouse.storage.releases import Release
from lakehouse.tables.gold import CUSTOMER_PERMITTED
from lakehouse.tables.linkage import IDENTITY_MAP
from lakehouse.tables.ops import ATTRIBUTE_OVERRIDE, LINK_OVERRIDE, REVIEW_TASK


def explain(
    settings: Settings,
    subject: str,
    other: str | None,
    *,
    release: int | None = None,
    out: Path | None = None,
) -> Report:
    """Why two records are one customer or not; of a single customer id, how it came together.

    Raises:
        InputError: the file to write is neither HTML nor SVG, or is asked for of a customer.
        NotFoundError: there is no such record, customer or release.
        AccessError: the role of the session may not see ids, or not these customers, or the read cannot be
            recorded.
    """
    require_clear(IDENTITY_MAP, settings.roles.current, "record_key", "customer_id")
    if out is not None:
        require_form(out)
    lake = open_lake(settings)
    current = lake.release()
    chosen = current if release is None else attempts.kept_release(lake, release)
    if other is None:
        if out is not None:
            fix = "name two of its records, or leave --out."
            raise InputError("Of a whole customer no file is written.", fix)
        told = customer_explained(lake, subject, chosen)
        _require_permitted(lake, chosen, [subject])
        _recorded(settings, "explain", [subject], release=chosen.number)
        return told
    found = pair_explained(lake, subject, other, chosen)
    _require_permitted(lake, chosen, found.customers)
    _recorded(settings, "explain", found.customers, release=chosen.number)
    if out is None:
        return found.report
    log_page(settings, out, found.customers, chosen.number)
    write_explanation(lake, found, out)
    lines = [*found.report.lines, f"{out} has it with charts."]
    return Report(found.report.grids, lines)


def _require_permitted(lake: Lake, release: Release, customers: Collection[str]) -> None:
    rows = keyed_rows(lake.released(release, CUSTOMER_PERMITTED.name), "customer_id", customers)
    permitted = {row.customer_id: row.purposes for row in rows}
    require_permitted(IDENTITY_MAP, lake.settings.roles.current, permitted, customers)


def _recorded(
    settings: Settings, surface: str, subjects: Iterable[str], *, release: int | None = None
) -> None:
    audit.record(settings, action="read", surface=surface, subjects=subjects, release=release)


def _deciding(settings: Settings, surface: str, *subjects: str) -> None:
    """Records a decision that is about to be made. Why is kept with it, where it can be erased."""
    audit.record(settings, action="decide", surface=surface, subjects=subjects)


def link_preview(settings: Settings, *, model: Path | None, most: int, as_of: date) -> Report:
    """What a run of that day would change in who is whom by these settings, with nothing written.

    Raises AccessError if the role may not see ids, or reads only of those who agreed: it may tell of anybody.
    """
    require_clear(IDENTITY_MAP, settings.roles.current, "record_key", "customer_id")
    require_permitted(IDENTITY_MAP, settings.roles.current, {}, ["anybody"])
    told = preview_of_links(open_lake(settings), model, most, as_of)
    if told.customers:
        _recorded(settings, "link-preview", told.customers, release=told.release)
    return told.report


def override_list(settings: Settings) -> Report:
    """The decisions of stewards that hold, newest first."""
    rows = (
        decisions(open_lake(settings))
        .orderBy(F.desc("decided_at"))
        .select(
            "record_key_l",
            "record_key_r",
            "decision",
            "decided_by",
            F.date_format("decided_at", "yyyy-MM-dd HH:mm:ss").alias("decided_at"),
            "reason",
        )
        .collect()
    )
    heading = ("record", "other record", "decision", "by", "at (UTC)", "why")
    seen = rows_for_reader(settings, LINK_OVERRIDE, (row.asDict() for row in rows))
    if not seen:
        return Report(lines=["No decision holds."])
    _recorded(settings, "override list", {key for row in rows for key in row[:2]})
    return Report([Grid("Decisions that hold", heading, [tuple(row.values()) for row in seen])])


def override_add(
    settings: Settings, record: str, other: str, decision: str, *, by: str, reason: str
) -> Report:
    """Decides of two records; the next run honours it."""
    _deciding(settings, "override add", record, other)
    decide(open_lake(settings), record, other, decision, by=by, reason=reason)
    return _decided(decision)


def _decided(decision: str) -> Report:
    if decision == SKIP:
        return Report(lines=["Nothing is decided of the two records, and no task asks about them."])
    return Report(lines=[f"From the next run on the two records are {decision}."])


def override_withdraw(
    settings: Settings, record: str, other: str, *, by: str, reason: str
) -> Report:
    """Takes a decision back; the next run goes by the evidence again."""
    _deciding(settings, "override withdraw", record, other)
    withdraw(open_lake(settings), record, other, by=by, reason=reason)
    return Report(lines=["From the next run on nothing is decided of the two records."])


def attribute_list(settings: Settings) -> Report:
    """The decisions of stewards about attributes that hold, newest first; the values are not shown."""
    rows = (
        attribute_overrides(open_lake(settings))
        .orderBy(F.desc("decided_at"))
        .select(
            "record_key",
            "attribute_group",
            # Which attributes tells nothing of a person; what they are is not read at all.
            F.concat_ws(", ", F.array_sort(F.map_keys("values"))).alias("decision"),
            "decided_by",
            F.date_format("decided_at", "yyyy-MM-dd HH:mm:ss").alias("decided_at"),
            "reason",
        )
        .collect()
    )
    heading = ("record", "group", "attributes", "by", "at (UTC)", "why")
    seen = rows_for_reader(settings, ATTRIBUTE_OVERRIDE, (row.asDict() for row in rows))
    if not seen:
        return Report(lines=["No decision about attributes holds."])
    _recorded(settings, "attribute list", {row.record_key for row in rows})
    return Report([Grid("Decisions that hold", heading, [tuple(row.values()) for row in seen])])


def attribute_set(
    settings: Settings, record: str, group: str, values: str, *, by: str, reason: str
) -> Report:
    """Decides of a group of attributes by a text of `attribute=value` lines; the next run honours it."""
    given = attribute_values(values)
    _deciding(settings, "attribute set", record)
    filled = set_attributes(open_lake(settings), record, group, given, by=by, reason=reason)
    told = f"From the next run on the customer has what you said as {', '.join(filled)}."
    return Report(lines=[told])


def attribute_withdraw(
    settings: Settings, record: str, group: str, *, by: str, reason: str
) -> Report:
    """Takes a decision about attributes back; in the next run the rules decide again."""
    _deciding(settings, "attribute withdraw", record)
    withdraw_attributes(open_lake(settings), record, group, by=by, reason=reason)
    return Report(lines=[f"From the next run on the rules decide of {group} again."])


def review_list(settings: Settings, *, reason: str | None, most: int) -> Report:
    """What stewards are asked, the most urgent first: of persons only how many."""
    require_readable(REVIEW_TASK, settings.roles.current)
    return tasks_report(review_tasks(open_lake(settings)), reason, most)


def review_show(settings: Settings, task_id: str) -> Report:
    """The two records of a task side by side, masked."""
    role = settings.roles.current
    require_clear(REVIEW_TASK, role, "record_key_l", "record_key_r", "masked_l", "masked_r")
    task = review_task(open_lake(settings), task_id)
    _recorded(settings, "review show", {task.customer_id_l, task.customer_id_r})
    return task_report(task)


def review_decide(
    settings: Settings, task_id: str, decision: str, *, by: str, reason: str
) -> Report:
    """Decides of the two records of a task; the next run honours it."""
    lake = open_lake(settings)
    task = review_task(lake, task_id)
    _deciding(settings, "review decide", task.customer_id_l, task.customer_id_r)
    decide(lake, task.record_key_l, task.record_key_r, decision, by=by, reason=reason)
    return _decided(decision)
