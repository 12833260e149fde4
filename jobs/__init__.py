"""`spark-submit` entry points: parse arguments, load settings, run named steps."""
