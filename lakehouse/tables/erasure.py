"""Ops of erasure: who must not come back, what was done of whom, and what is worked on until it is proved.

Made when they are first used. They stand outside of releases: what they say holds whatever is released.
"""

from lakehouse.tables.spec import Column, Sensitivity, TableSpec, WriteMode

_PSEUDONYM = Sensitivity.PSEUDONYM
_ERASURE_ID = Column("erasure_id", "string", "The erasure, as its plan was named.", required=True)
_RUN_ID = Column(
    "run_id", "string", "The run that wrote the row.", required=True, run_metadata=True
)


def _erasure(
    entity: str,
    description: str,
    *columns: Column,
    primary_key: tuple[str, ...],
) -> TableSpec:
    return TableSpec(
        name=f"ops.{entity}",
        description=description,
        columns=columns,
        primary_key=primary_key,
        owner="privacy",
        retention_days=3650,
        purposes=("legal",),
        write_mode=WriteMode.APPEND,
    )


ERASURE = _erasure(
    "erasure",
    "One row per step that an erasure came to: counts, names of tables and files, never a person's value.",
    _ERASURE_ID,
    Column(
        "step",
        "string",
        "planned, approved, started (by a run that may fail), executed (readers see nothing of the person), "
        "proved or failed_proof.",
        required=True,
    ),
    Column("request_id", "string", "The request that asked for it, if one did."),
    Column("done_by", "string", "Account of the officer who planned or approved it."),
    Column("run_id", "string", "The run that carried it out.", run_metadata=True),
    Column(
        "release_number",
        "bigint",
        "The first release without the person; none before it can be read any more.",
        run_metadata=True,
    ),
    Column(
        "detail",
        "string",
        "What was found or done, as JSON: per table rows, files and versions; the certificate of a proof.",
        required=True,
    ),
    Column("recorded_at", "timestamp", "When it was done.", required=True, run_metadata=True),
    primary_key=("erasure_id", "step", "recorded_at"),
)

ERASURE_MARK = _erasure(
    "erasure_mark",
    "One row per thing that an erasure looks for, kept until the erasure is proved and deleted then.",
    _ERASURE_ID,
    Column(
        "kind",
        "string",
        "record (key of a person record to erase), customer (id of whom no record is left) or value (keyed hash "
        "of a value in one of its forms that nobody else has).",
        required=True,
    ),
    Column("mark", "string", "The key, the id or the keyed hash.", _PSEUDONYM, required=True),
    primary_key=("erasure_id", "kind", "mark"),
)

ERASED_ROW = _erasure(
    "erased_row",
    "One row per row of bronze or quarantine that a run erases, and per rejected landing file that it deletes: "
    "where it lies, until the erasure is proved.",
    _RUN_ID,
    Column(
        "table_name",
        "string",
        "The table that it lies in; ops.landing_file of a file that is deleted whole.",
        required=True,
    ),
    Column("source_file", "string", "Landing file of the row.", required=True),
    Column("file_hash", "string", "SHA-256 of the file as it was delivered."),
    Column(
        "source_row_number",
        "bigint",
        "Record in its file, from 1; 0 for the whole file.",
        required=True,
    ),
    primary_key=("run_id", "table_name", "source_file", "file_hash", "source_row_number"),
)

SUPPRESSION = _erasure(
    "suppression",
    "One row per identifier that must not come back, or may again: of an erasure's rows about it the newest holds.",
    _ERASURE_ID,
    Column(
        "kind",
        "string",
        "record (key of a person record), email, phone or person (name, birth date and postcode).",
        required=True,
    ),
    Column(
        "value_hash",
        "string",
        "Keyed SHA-256 of the identifier, under a key that nothing else uses.",
        _PSEUDONYM,
        required=True,
    ),
    Column("state", "string", "suppressed or lifted.", required=True),
    Column("recorded_at", "timestamp", "When it was said.", required=True, run_metadata=True),
    primary_key=("erasure_id", "kind", "value_hash", "recorded_at"),
)

ERASURE_TABLES = (ERASURE, ERASURE_MARK, ERASED_ROW, SUPPRESSION)
