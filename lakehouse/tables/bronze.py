"""Bronze: every source column as the text that came, and where each row came from.

Which columns a feed has is the source's YAML to say; what every bronze table adds is declared here.
"""

from collections.abc import Sequence

from lakehouse.tables.spec import Column, Sensitivity, TableSpec, WriteMode

BRONZE_LINEAGE = (
    Column("source", "string", "Feed that the row came by, as named in conf.", required=True),
    Column(
        "source_file", "string", "Landing file, as a path below the landing root.", required=True
    ),
    Column(
        "source_row_number",
        "bigint",
        "Record in its file, from 1, header not counted.",
        required=True,
    ),
    Column(
        "content_hash",
        "string",
        "Keyed hash of the expected columns, those that the source's description has.",
        Sensitivity.PSEUDONYM,
        required=True,
    ),
    Column(
        "unknown_columns",
        "map<string,string>",
        "Columns that the file has and the source's description lacks.",
        Sensitivity.DIRECT_IDENTIFIER,
    ),
    Column("file_hash", "string", "SHA-256 of the file's bytes.", required=True),
    Column("run_id", "string", "Run that ingested the row.", required=True, run_metadata=True),
    Column(
        "ingested_at", "timestamp", "When the row was ingested.", required=True, run_metadata=True
    ),
)


def bronze_table(
    feed: str,
    description: str,
    owner: str,
    columns: Sequence[Column],
    key: Sequence[str] = (),
    *,
    retention_days: int = 395,
) -> TableSpec:
    """The spec of `bronze.<feed>`: the source's columns, all text, then the lineage columns.

    `key` are those of the source's columns that tell its records apart.
    """
    return TableSpec(
        name=f"bronze.{feed}",
        description=f"One row per record as it came. {description}",
        columns=(*columns, *BRONZE_LINEAGE),
        primary_key=("source_file", "file_hash", "source_row_number"),
        owner=owner,
        retention_days=retention_days,
        purposes=("operations",),
        write_mode=WriteMode.APPEND,
        retention_from="ingested_at",
        source_key=tuple(key),
    )
