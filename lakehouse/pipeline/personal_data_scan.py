"""Scans a release for personal data where specs declare none. Starts no JVM and writes nothing."""

from dataclasses import dataclass
from datetime import date

from lakehouse.errors import PersonalDataError
from lakehouse.privacy.scan import KNOWN_BY, Finding, KnownValues, findings, free_columns
from lakehouse.report import Grid, Report
from lakehouse.settings.models import Settings
from lakehouse.storage.released_tables import ReleasedTables, released_tables


@dataclass(frozen=True)
class LookedAt:
    """How much of a table the scan read."""

    table: str
    column_count: int
    row_count: int
    total: int


@dataclass(frozen=True)
class Scan:
    """What was looked at in a release, and what was found."""

    release: int
    tables: tuple[LookedAt, ...]
    known_count: int
    findings: tuple[Finding, ...]


def scan_release(settings: Settings, today: date, *, number: int | None = None) -> Scan:
    """Reads the current release, or that one, and counts what looks like personal data in free columns.

    `today` says which birth dates customers can have, where the release is of no day.
    Errors are those of `released_tables`.
    """
    release = released_tables(settings.lake, number=number)
    conf = settings.privacy_scan
    known = _known(release, conf.known_persons)
    latest = (release.as_of or today).year - conf.youngest_customer_years
    looked_at: list[LookedAt] = []
    found: list[Finding] = []
    for spec in settings.tables:
        columns = free_columns(spec)
        rows, total = release.sample(spec, columns, conf.rows) if columns else ([], 0)
        if rows:
            looked_at.append(LookedAt(spec.name, len(columns), len(rows), total))
            found += findings(spec.name, rows, known, conf, latest)
    return Scan(release.number, tuple(looked_at), len(known), tuple(found))


def _known(release: ReleasedTables, most: int) -> KnownValues:
    return KnownValues(
        value
        for spec, columns in KNOWN_BY.items()
        for row in release.sample(spec, columns, most)[0]
        for value in row.values()
    )


def scan_report(scan: Scan) -> Report:
    """What was found, in counts, and what was looked at; the exit code of a gate, if it is too much."""
    rows = [
        (
            *(finding.column, finding.kind.value, finding.value_count, finding.hit_count),
            *(f"{finding.share:.2%}", f"{finding.limit:.2%}", _verdict(finding)),
        )
        for finding in scan.findings
    ]
    columns = ("column", "looks like", "values", "hits", "share", "limit", "verdict")
    tables = scan.tables
    looked = (
        f"Release {scan.release}: looked at {sum(t.column_count for t in tables):,} columns of "
        f"{len(tables):,} tables, {sum(t.row_count for t in tables):,} of "
        f"{sum(t.total for t in tables):,} rows, with {scan.known_count:,} values known of persons.",
        *(
            f"Of {t.table} {t.row_count:,} of {t.total:,} rows."
            for t in tables
            if t.row_count < t.total
        ),
    )
    grids = (
        [Grid("Personal data in columns that are declared free of it", columns, rows)]
        if rows
        else []
    )
    told = looked if rows else ("Nothing was found.", *looked)
    over = sorted({finding.column for finding in scan.findings if finding.is_over})
    if not over:
        return Report(grids, told)
    error = PersonalDataError(
        f"Columns that are declared free of personal data hold some: {', '.join(over)}.",
        "raise their sensitivity in the table's spec or the source's file, or say in "
        "conf/base/privacy_scan.yml why it is right there (allowed).",
    )
    return Report(grids, told, [str(error)], error.exit_code)


def _verdict(finding: Finding) -> str:
    if finding.is_over:
        return "too much"
    return f"allowed: {finding.reason}" if finding.reason else "below the limit"
