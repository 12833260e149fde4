"""Look for personal data in columns that are declared free of it; exit code 4 where there is too much."""

from datetime import UTC, datetime

from jobs.command import arguments
from jobs.ending import finish
from lakehouse.pipeline.personal_data_scan import scan_release, scan_report

if __name__ == "__main__":
    today = datetime.now(UTC).date()
    given = arguments(__doc__ or "").parse_args()
    finish(given.env, lambda settings: scan_report(scan_release(settings, today)))
