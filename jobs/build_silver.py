"""Build silver from bronze and release it."""

from jobs.command import run_layers

if __name__ == "__main__":
    run_layers(__doc__ or "", "silver")
