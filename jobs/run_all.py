"""Run everything, from landing files to data products, as one release."""

from jobs.command import run_layers

if __name__ == "__main__":
    run_layers(__doc__ or "")
