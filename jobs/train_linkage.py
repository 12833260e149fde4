"""Train a linkage model on the released person records; the next run scores by it."""

from jobs.command import arguments
from jobs.ending import finish
from lakehouse.pipeline import commands

if __name__ == "__main__":
    finish(arguments(__doc__ or "").parse_args().env, commands.train_model)
