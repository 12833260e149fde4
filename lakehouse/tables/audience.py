"""Ops of exports: whom which audience told of, so that the next can say who must go, and where tables of roles lie."""

from lakehouse.tables.spec import Column, Sensitivity, TableSpec, WriteMode

EXPLAINED = "explained"
"""The change of a row that tells of a page of `c360 explain`, which no export adds or removes anybody from."""

AUDIENCE_EXPORT = TableSpec(
    name="ops.audience_export",
    description="One row per customer whom an export of a data product added, changed or removed, or a run told it to remove; the newest row "
    "of a customer says whether the destination has them. One more per customer on a page that `c360 explain --out` "
    "wrote. Outside of releases, made by the first export.",
    columns=(
        Column(
            "product",
            "string",
            "Data product that was exported; the file of a page.",
            required=True,
        ),
        Column("destination", "string", "Folder that it went to.", required=True),
        Column("release_number", "bigint", "Release that it was taken from.", required=True),
        Column(
            "customer_id",
            "string",
            "Customer, by the id of that release.",
            Sensitivity.PSEUDONYM,
            required=True,
        ),
        Column(
            "change", "string", "added, changed or removed; explained on a page.", required=True
        ),
        Column(
            "row_hash",
            "string",
            "Keyed hash of the row that was exported; null of who was removed, and of a page.",
            Sensitivity.PSEUDONYM,
        ),
        Column(
            "exported_at", "timestamp", "When it was exported.", required=True, run_metadata=True
        ),
    ),
    primary_key=("product", "destination", "release_number", "customer_id"),
    owner="privacy",
    retention_days=1095,
    purposes=("legal",),
    write_mode=WriteMode.APPEND,
    subject_key="customer_id",
)

ROLE_EXPORT = TableSpec(
    name="ops.role_export",
    description="One row per export of the tables of a role, logged before they are written: an erasure makes them anew "
    "wherever they lie. Outside of releases, made by the first export.",
    columns=(
        Column("role", "string", "Role that the tables are for.", required=True),
        Column("destination", "string", "Folder or URI in which they lie.", required=True),
        Column("release_number", "bigint", "Release that they were taken from.", required=True),
        Column(
            "exported_at", "timestamp", "When it was exported.", required=True, run_metadata=True
        ),
    ),
    primary_key=("role", "destination", "exported_at"),
    owner="privacy",
    retention_days=3650,
    purposes=("legal",),
    write_mode=WriteMode.APPEND,
)
