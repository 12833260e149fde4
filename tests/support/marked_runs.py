"""Commands on a lake of marked people in a child process, some of them made to fail on a person's value.

What they print goes to the child's stdout and stderr, and beside that stands in `outputs` what other users of
the machine could see of it: arguments of its processes, Spark's configuration, plans.
"""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import typer
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.cli import app
from lakehouse.columns.arrow import TEXT, lookup
from lakehouse.pipeline import steps
from lakehouse.settings import load
from lakehouse.settings.models import Settings
from tests.support.lake import small_settings

FEEDS = (
    *("catalogue_product", "crm_contact", "shop_account", "shop_order"),
    *("payment_transaction", "pos_loyalty_member", "pos_receipt", "support_ticket"),
)
SECRET = "zqxs-the-secret-of-this-lake"
_REPOSITORY = Path(__file__).resolve().parents[2]
_NAME = "full_name_match"


def _in_driver(frame: DataFrame) -> DataFrame:
    named = frame.where(F.col(_NAME).isNotNull()).select(_NAME).limit(1).collect()
    raise ValueError(f"no number: {named[0][0]}")


def _spoiled(name: str) -> str:
    return f"{name}ü"


FAULTS: dict[str, Callable[[DataFrame], DataFrame]] = {
    "none": lambda frame: frame,
    "python task": lambda frame: frame.withColumn(_NAME, lookup(int, TEXT)(F.col(_NAME))),
    "spark task": lambda frame: frame.withColumn(_NAME, F.col(_NAME).cast("int").cast("string")),
    "driver": _in_driver,
    "gate": lambda frame: frame.withColumn(_NAME, lookup(_spoiled, TEXT)(F.col(_NAME))),
}
"""By name, what befalls silver.person_record."""


def marked_settings(home: Path, files: Path, **more: str) -> Settings:
    """Settings of the lake: with an event log, and a secret that nothing else is."""
    settings = small_settings(home, files, feeds=FEEDS, **{"lake.secret": SECRET, **more})
    events = home / "logs" / "events"
    events.mkdir(parents=True, exist_ok=True)
    options = {
        **settings.spark.options,
        "spark.eventLog.enabled": "true",
        "spark.eventLog.compress": "false",
        "spark.eventLog.dir": events.as_uri(),
    }
    spark = settings.spark.model_copy(update={"options": options})
    return settings.model_copy(update={"spark": spark})


def commands_in_child(
    home: Path, files: Path, commands: Sequence[tuple[str, Sequence[str]]]
) -> "subprocess.CompletedProcess[str]":
    """The commands, each with the fault that it meets, one after another in one process."""
    return subprocess.run(
        [sys.executable, "-m", "tests.support.marked_runs", json.dumps([str(home), str(files)])],
        cwd=_REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(_REPOSITORY), "COLUMNS": "500"},
        input=json.dumps(commands),
        capture_output=True,
        text=True,
        check=False,
    )


@contextlib.contextmanager
def _fault(name: str, seen: Path) -> Iterator[None]:
    made = steps.silver_table

    def table(entity: str, *given: Any, **more: Any) -> DataFrame:
        frame = made(entity, *given, **more)
        plan = frame._jdf.queryExecution().toString()  # type: ignore[operator]
        (seen / f"plan-{entity}.txt").write_text(plan, encoding="utf-8")
        return FAULTS[name](frame) if entity == "person_record" else frame

    steps.silver_table = table
    try:
        yield
    finally:
        steps.silver_table = made


def _write_what_others_see(seen: Path) -> None:
    ps = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)  # noqa: S607
    (seen / "arguments.txt").write_text(ps.stdout, encoding="utf-8")
    session = SparkSession.getActiveSession()
    conf = session.sparkContext.getConf().getAll() if session else []
    (seen / "spark-conf.txt").write_text(repr(conf), encoding="utf-8")


def _main() -> None:
    home, files = (Path(place) for place in json.loads(sys.argv[1]))
    seen = home / "outputs"
    seen.mkdir(parents=True, exist_ok=True)

    def loaded(_env: str, *_: Any, overrides: dict[str, str] | None = None) -> Settings:
        return marked_settings(home, files, **(overrides or {}))

    load.load_settings = loaded
    for fault, arguments in json.load(sys.stdin):
        sys.stdout.flush()
        with _fault(fault, seen):
            try:
                code = app(list(arguments), standalone_mode=False)
            except typer.Exit as ended:
                code = ended.exit_code
        sys.stdout.write(f"\nENDED {fault} {arguments} {code or 0}\n")
    _write_what_others_see(seen)


if __name__ == "__main__":
    _main()
