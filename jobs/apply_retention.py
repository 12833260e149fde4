"""Delete rows whose retention has passed."""

from datetime import UTC, datetime

from jobs.command import arguments
from jobs.ending import finish
from lakehouse.pipeline.retention import retention

if __name__ == "__main__":
    parser = arguments(__doc__ or "")
    parser.add_argument("--preview", action="store_true", help="count only, and delete nothing")
    given = parser.parse_args()
    today = datetime.now(UTC).date()
    finish(given.env, lambda settings: retention(settings, as_of=today, preview=given.preview))
