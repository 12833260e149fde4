"""Carry out every erasure that is approved, by one run: readers then see a release without these people."""

from jobs.command import arguments
from jobs.ending import finish
from lakehouse.pipeline.erasure_commands import execute_approved

if __name__ == "__main__":
    finish(arguments(__doc__ or "").parse_args().env, execute_approved)
