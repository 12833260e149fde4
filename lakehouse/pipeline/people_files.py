"""`c360 link` and `c360 evaluate`: one file of people in, one file of clusters out; and how good it is."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.errors import InputError
from lakehouse.linkage.evaluate import Evaluation, evaluate
from lakehouse.linkage.people import link_people
from lakehouse.settings.models import Settings

PEOPLE_COLUMNS = (
    "record_id", "source", "given_name", "middle_name", "family_name", "full_name", "birth_date",
    "gender", "email", "phone", "street", "city", "region", "postcode", "country", "national_id",
)  # fmt: skip
_KNOWN_COLUMNS = frozenset({*PEOPLE_COLUMNS, "entity_id", "person_id", "cluster_id"})


@dataclass(frozen=True)
class LinkedFile:
    """How many records are how many people; `unused` as in `LinkedPeople`."""

    records: int
    people: int
    unused: Mapping[str, tuple[int, int]]


def link_file(
    spark: SparkSession,
    settings: Settings,
    people: Path,
    out: Path,
    model: Path | None,
) -> LinkedFile:
    """Writes `out` with record_id and cluster_id and returns what was counted.

    Scratch data, people's values, stays in `lake.work_dir`, which is the caller's to remove.

    Raises:
        InputError: the file has no record_id, or none of the other columns, or another form.
    """
    if out.suffix.lower() not in (".csv", ".parquet"):
        raise InputError(f"{out} is neither .csv nor .parquet.", "name such a file to write.")
    frame = _people(spark, people)
    linked = link_people(frame, settings.linkage, model, str(settings.lake.work_dir))
    # One row per person of one file that a person named: it fits the driver, which read it.
    table = linked.clusters.orderBy("record_id").toArrow()
    _write(table, out)
    return LinkedFile(table.num_rows, len(table.column("cluster_id").unique()), linked.unused)


def evaluate_files(spark: SparkSession, clusters: Path, truth: Path) -> Evaluation:
    """Pairwise and B-cubed measures of `clusters` (record_id, cluster_id) against `truth`.

    The truth's group is its column entity_id, cluster_id or person_id.
    """
    found = _read(spark, clusters)
    known = _read(spark, truth)
    group = next((c for c in ("entity_id", "person_id", "cluster_id") if c in known.columns), None)
    if group is None or "record_id" not in known.columns:
        raise InputError(
            f"{truth} needs the columns record_id and entity_id.",
            "rename its columns and try again.",
        )
    if not {"record_id", "cluster_id"} <= set(found.columns):
        raise InputError(
            f"{clusters} needs the columns record_id and cluster_id.",
            "`c360 link` writes such a file.",
        )
    return evaluate(
        found.select("record_id", "cluster_id"),
        known.select("record_id", F.col(group).alias("entity_id")),
    )


def _people(spark: SparkSession, path: Path) -> DataFrame:
    frame = _read(spark, path)
    known = [name for name in PEOPLE_COLUMNS if name in frame.columns]
    if "record_id" not in known or len(known) < 2:
        raise InputError(
            f"{path} needs record_id and at least one more of the standard columns.",
            f"name its columns among {', '.join(PEOPLE_COLUMNS)}.",
        )
    return frame.select(*known)


def _read(spark: SparkSession, path: Path) -> DataFrame:
    kind = path.suffix.lower()
    try:
        if kind == ".parquet":
            table = pq.read_table(path)
        elif kind == ".csv":
            table = pa_csv.read_csv(
                path,
                parse_options=pa_csv.ParseOptions(newlines_in_values=True),
                convert_options=_as_text(path),
            )
        else:
            raise InputError(f"{path} is neither .csv nor .parquet.", "convert it to one of them.")
        table = table.rename_columns([name.strip().lower() for name in table.column_names])
        known = [name for name in table.column_names if name in _KNOWN_COLUMNS]
        if len(set(known)) < len(known):
            raise InputError(
                f"{path} has two columns of the same name, of those that are read.",
                "rename or remove one; blanks around a name and its case do not count.",
            )
        text = pa.table({name: table.column(name).cast(pa.string()) for name in known})
    except (pa.ArrowException, csv.Error, UnicodeDecodeError, OSError) as error:
        raise InputError(
            f"{path} cannot be read as {kind[1:]} ({type(error).__name__}).",
            "check the file; CSV must be UTF-8 with a header.",
        ) from None
    return spark.createDataFrame(text)


def _as_text(path: Path) -> pa_csv.ConvertOptions:
    with path.open(encoding="utf-8-sig", newline="") as file:
        # Lines before the header that are empty are passed over, as they are where the rows are read.
        names = next((row for row in csv.reader(file) if row), [])
    return pa_csv.ConvertOptions(
        column_types={name: pa.string() for name in names},
        strings_can_be_null=True,
        null_values=[""],
    )


def _write(table: pa.Table, out: Path) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    if out.suffix.lower() == ".csv":
        pa_csv.write_csv(table, out)
    else:
        pq.write_table(table, out)
