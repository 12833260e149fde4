"""Export every audience again where it was exported to, so that each destination hears who must go."""

from jobs.command import arguments
from jobs.ending import finish
from lakehouse.pipeline.audience_destinations import export_again

if __name__ == "__main__":
    finish(arguments(__doc__ or "").parse_args().env, export_again)
