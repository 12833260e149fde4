"""A run's folder outside of its tables: what scoring spills, and the model that the run goes by.

It holds people's values, which nothing else governs, so it goes when the run is released or rolled
back. A run that was killed keeps it for as long as it may be resumed.
"""

import shutil
from pathlib import Path

from lakehouse.linkage.artefact import latest_model, publish_model
from lakehouse.pipeline.lake import Lake


def scratch_folder(lake: Lake, run_number: int) -> Path:
    """The run's folder, which driver and workers see."""
    return lake.settings.lake.work_dir / f"run_{run_number}"


def own_models(lake: Lake, run_number: int) -> Path:
    """The folder of the model that the run goes by; one that it trains waits there for its release."""
    return scratch_folder(lake, run_number) / "models"


def publish_own_model(lake: Lake, run_number: int) -> None:
    """Puts the model that the run has trained, if any, where later runs find it."""
    trained = latest_model(own_models(lake, run_number))
    if trained is not None:
        publish_model(trained, lake.settings.linkage.models)


def clear_scratch(lake: Lake, run_number: int) -> None:
    """Deletes the run's folder, if there is one."""
    shutil.rmtree(scratch_folder(lake, run_number), ignore_errors=True)


def clear_spill(lake: Lake, run_number: int) -> None:
    """Deletes what scoring spilled, people's values; a model that the run has trained stays."""
    for path in scratch_folder(lake, run_number).glob("*"):
        if path != own_models(lake, run_number):
            shutil.rmtree(path, ignore_errors=True)
