"""Link silver's person records into customers and release the identity map."""

from jobs.command import run_layers

if __name__ == "__main__":
    run_layers(__doc__ or "", "linkage")
