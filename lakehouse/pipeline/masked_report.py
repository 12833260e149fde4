"""How anonymous a masked copy is, measured on what was written, as text and as JSON beside it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lakehouse.privacy.copied_rows import QUASI, copied_tables, is_about_things, quasi_values
from lakehouse.privacy.fakes import postcode_area
from lakehouse.privacy.k_anonymity import (
    BIRTH,
    QUASI_IDENTIFIERS,
    Anonymity,
    Told,
    fewest_alike,
    measured,
)
from lakehouse.report import Grid, Report
from lakehouse.settings.models import LakeSettings
from lakehouse.storage.released_tables import ReleasedTables, released_tables
from lakehouse.tables.gold import CUSTOMER, CUSTOMER_360
from lakehouse.tables.registry import STATIC_TABLES

QUASI_COLUMNS = ("birth_date", "gender", "country", "region", "city", "postcode")
"""The columns of golden customers and person records that describe many people alike."""

_SENSITIVE = ("journey_stage", "preferred_category", "loyalty_tier")
"""Columns of gold.customer_360 of which l-diversity is measured: what a class would give away."""


def copy_report(
    lake: LakeSettings, to: Path, rows: Sequence[tuple[str, int, int]], k: int
) -> Report:
    """Measures the copy below `to`, and writes mask-report.json and mask-report.txt into it.

    Args:
        lake: of the source; all but the root counts.
        to: the folder of the copy, which has its release.
        rows: by table, the rows that it has and those left out.
        k: what was asked for.
    """
    tables = released_tables(lake.model_copy(update={"root": str(to)}))
    found = _measured(tables)
    alike = _fewest_alike(tables)
    document: dict[str, Any] = {
        "k_asked": k,
        "measured": asdict(found),
        "fewest_customers_that_a_row_fits": alike,
        "tables": {name: {"rows": n, "rows_left_out": left} for name, n, left in rows},
    }
    text = json.dumps(document, indent=2, sort_keys=True)
    (to / "mask-report.json").write_text(text + "\n", encoding="utf-8")
    least = min(alike.values(), default=0)
    lines = [
        *_lines(to, found, k),
        f"What a row of another table tells of birth, gender and place fits {least:,} customers at least.",
    ]
    (to / "mask-report.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    grid = Grid("Tables of the copy", ("table", "rows", "left out"), [*rows])
    return Report(grids=[grid], lines=lines)


def _measured(tables: ReleasedTables) -> Anonymity:
    columns = ("customer_id", *_SENSITIVE)
    sensitive = {row["customer_id"]: row for row in tables.rows(CUSTOMER_360, columns=columns)}
    people: list[tuple[Told, Mapping[str, str | None]]] = []
    for row in tables.rows(CUSTOMER, columns=("customer_id", *QUASI_COLUMNS)):
        birth, postcode = row["birth_date"], row["postcode"]
        told = {q: row[q] for q in QUASI_IDENTIFIERS if q != BIRTH}
        told[BIRTH] = str(birth.year) if birth else None
        told["postcode"] = postcode_area(postcode) if postcode else None
        more = sensitive.get(row["customer_id"])
        people.append((told, {name: more[name] for name in _SENSITIVE} if more else {}))
    return measured(people)


def _told(row: Mapping[str, Any]) -> Told:
    values = (quasi_values(name, row.get(name)) for name in row)
    return dict(filter(None, values))


def _fewest_alike(tables: ReleasedTables) -> dict[str, int]:
    """By table with quasi-identifiers of people, the fewest customers that what a row tells fits."""
    people = [_told(row) for row in tables.rows(CUSTOMER, columns=QUASI_COLUMNS)]
    found = {}
    for spec in copied_tables(STATIC_TABLES):
        columns = [name for name in spec.column_names if name in QUASI]
        if not columns or is_about_things(spec):
            continue
        if rows := tables.rows(spec, columns=columns, distinct=True):
            found[spec.name] = fewest_alike(people, map(_told, rows))
    return found


def _lines(to: Path, found: Anonymity, k: int) -> list[str]:
    least = ", ".join(f"{name} {n}" for name, n in sorted(found.l.items())) or "nothing"
    told = ", ".join(f"{name} of {n:,}" for name, n in found.told.items())
    return [
        f"{found.people:,} customers, masked, below {to}; the key is thrown away.",
        f"k-anonymity: {found.k} (asked for: {k}), in {found.classes:,} classes by birth, gender, place.",
        f"Told are {told}.",
        f"l-diversity, the fewest different values in a class: {least}.",
    ]
