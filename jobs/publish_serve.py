"""Publish the data products from gold and release them."""

from jobs.command import run_layers

if __name__ == "__main__":
    run_layers(__doc__ or "", "serve")
