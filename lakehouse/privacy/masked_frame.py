"""What a role sees of a table, on Spark: by the expressions of `mask_sql`; tokens by a key in no plan."""

from collections.abc import Iterable

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.privacy.mask_sql import seen_value
from lakehouse.privacy.masking import named_by, needs_customers, row_conditions
from lakehouse.privacy.shapes import Shape, shape
from lakehouse.privacy.token_frame import token_column, with_pads
from lakehouse.privacy.tokens import TokenKeys
from lakehouse.settings.roles import Role
from lakehouse.tables.spec import Column, TableSpec


def visible(
    frame: DataFrame,
    spec: TableSpec,
    role: Role,
    *,
    customers: DataFrame | None = None,
    permitted: DataFrame | None = None,
) -> DataFrame:
    """The rows that the role may see, in the clear. Arguments: as those of `masked`."""
    seen = frame if role.may_read(spec) else frame.where(F.lit(False))
    for name, values in row_conditions(spec, role).items():
        seen = seen.where(F.col(name).isin(*values))
    return _of_permitting(_of_customers(seen, spec, role, customers), spec, role, permitted)


def masked(
    frame: DataFrame,
    spec: TableSpec,
    role: Role,
    *,
    keys: TokenKeys | None = None,
    customers: DataFrame | None = None,
    permitted: DataFrame | None = None,
) -> DataFrame:
    """The rows that the role may see, as it sees them; none of a table that it has no purpose for.

    Args:
        frame: the table, with all of its columns or some.
        spec: the table's declaration.
        role: who reads.
        keys: what tokens are made by; without it what is to be tokenised is null.
        customers: gold.customer, for a role that sees some countries or regions alone.
        permitted: gold.customer_permitted. Of whom it does not tell, and of nobody, a role sees a row only
            if it reads the table for a purpose that needs no consent.

    Returns:
        The columns of the spec that the frame has, with their types and in the spec's order.
    """
    seen = visible(frame, spec, role, customers=customers, permitted=permitted)
    for by, hidden in named_by(spec, role).values():
        if by not in frame.columns:
            # A row that does not say what it is about may be about what is hidden.
            seen = seen.withColumn(by, F.lit(hidden[0]))
    there = [column for column in spec.columns if column.name in frame.columns]
    tokens = _token_columns(there, spec, role) if keys is not None else {}
    if keys is not None and tokens:
        made = {token: token_column(F.col(name)) for name, token in tokens.items()}
        seen = with_pads(seen, keys).withColumns(made)
    return seen.select(
        *(F.expr(seen_value(spec, c, role, tokens.get(c.name))).alias(c.name) for c in there)
    )


def _token_columns(columns: Iterable[Column], spec: TableSpec, role: Role) -> dict[str, str]:
    """By column that is to be tokenised, the name of one beside it that holds the tokens."""
    return {
        c.name: f"_token_of_{c.name}"
        for c in columns
        if shape(c, role.mask(spec, c.name)) is Shape.PSEUDONYM
    }


def _of_customers(
    frame: DataFrame, spec: TableSpec, role: Role, customers: DataFrame | None
) -> DataFrame:
    if not needs_customers(spec, role):
        return frame
    if customers is None:
        return frame.where(F.lit(False))
    near = customers
    for name in ("country", "region"):
        if name in role.rows:
            near = near.where(F.col(name).isin(*role.rows[name]))
    # A row about two customers is seen by who may see both.
    for subject in spec.subject_keys:
        ids = near.select(F.col("customer_id").alias(subject))
        frame = frame.join(ids, on=subject, how="left_semi")
    return frame


def _of_permitting(
    frame: DataFrame, spec: TableSpec, role: Role, permitted: DataFrame | None
) -> DataFrame:
    """The rows of which every customer permits a purpose for which the role reads the table."""
    if not role.asks_permission(spec):
        return frame
    sees_unknown = role.sees_unknown(spec)
    if permitted is None:
        return frame if sees_unknown else frame.where(F.lit(False))
    permits = F.arrays_overlap("purposes", F.array(*map(F.lit, role.purposes_of(spec))))
    for subject in spec.subject_keys:
        if subject not in frame.columns:
            # Whom a row is about that does not say it cannot be asked.
            return frame.where(F.lit(False))
        ids = permitted.select(F.col("customer_id").alias(subject), permits.alias("_permits"))
        refused = ids.where("not _permits").select(subject)
        frame = frame.join(refused, on=subject, how="left_anti")
        if not sees_unknown:
            frame = frame.join(ids.select(subject), on=subject, how="left_semi")
    return frame
