"""Train a linkage model on the released person records; the next run scores by it."""

from jobs.command import arguments, finish
from lakehouse.pipeline import commands

if __name__ == "__main__":
    given = arguments(__doc__ or "").parse_args()
    finish(given.env, lambda settings: commands.train_model(settings, as_of=given.as_of))
