"""What a role sees of a table, on Spark: value by value what `masking.masked_rows` gives."""

from collections.abc import Iterable

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.privacy.masking import named_by, needs_customers, row_conditions
from lakehouse.privacy.shapes import BAND, HIDDEN, Shape, shape
from lakehouse.privacy.token_frame import token_column, with_pads
from lakehouse.privacy.tokens import TokenKeys
from lakehouse.settings.roles import Mask, Role
from lakehouse.tables.spec import Column as SpecColumn
from lakehouse.tables.spec import TableSpec


def masked(
    frame: DataFrame,
    spec: TableSpec,
    role: Role,
    *,
    keys: TokenKeys | None = None,
    customers: DataFrame | None = None,
) -> DataFrame:
    """The rows that the role may see, as it sees them; none of a table that it has no purpose for.

    Args:
        frame: the table, with all of its columns or some.
        spec: the table's declaration.
        role: who reads.
        keys: what tokens are made by; without it what is to be tokenised is null.
        customers: gold.customer, for a role that sees some countries or regions alone.

    Returns:
        The columns of the spec that the frame has, with their types and in the spec's order.
    """
    seen = frame if role.may_read(spec) else frame.where(F.lit(False))
    for name, values in row_conditions(spec, role).items():
        seen = seen.where(F.col(name).isin(*values))
    if needs_customers(spec, role):
        seen = _of_customers(seen, spec, role, customers)
    named = named_by(spec, role)
    forms = {c: shape(c, role.mask(spec, c.name)) for c in spec.columns if c.name in frame.columns}
    if keys is not None and Shape.PSEUDONYM in forms.values():
        seen = with_pads(seen, keys)
    columns = {
        c.name: _masked(F.col(c.name), form, c.type, has_keys=keys is not None)
        for c, form in forms.items()
    }
    for name in named.keys() & columns.keys():
        by, hidden = named[name]
        is_hidden = F.col(by).isin(*hidden) if by in frame.columns and by != name else F.lit(True)
        columns[name] = _hidden_by_name(columns[name], spec.column(name).type, is_hidden, hidden)
    return seen.select(*(value.alias(name) for name, value in columns.items()))


def _hidden_by_name(
    value: Column, type_: str, is_hidden: Column, hidden: tuple[str, ...]
) -> Column:
    if type_.startswith("map<"):
        return F.transform_values(
            value, lambda name, held: F.when(name.isin(*hidden), HIDDEN).otherwise(held)
        )
    instead = F.lit(HIDDEN) if type_ == "string" else F.lit(None).cast(type_)
    return F.when(is_hidden & value.isNotNull(), instead).otherwise(value)


def _of_customers(
    frame: DataFrame, spec: TableSpec, role: Role, customers: DataFrame | None
) -> DataFrame:
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


def _masked(value: Column, form: Shape, type_: str, *, has_keys: bool) -> Column:
    if form is Shape.AS_IT_IS:
        return value
    if form is Shape.PSEUDONYM and has_keys:
        return token_column(value)
    if form in (Shape.NOTHING, Shape.PSEUDONYM):
        return F.lit(None).cast(type_)
    if form is Shape.YEAR:
        return F.date_trunc("year", value).cast(type_)
    if form is Shape.LOWER_END:
        return (F.floor(value / BAND) * BAND).cast(type_)
    return _hidden(value, form.value)


def _hidden(text: Column, patterns: Iterable[tuple[str, str]]) -> Column:
    shown: Column = F.lit(HIDDEN)
    for pattern, replacement in reversed([*patterns]):
        fits = F.regexp_replace(text, pattern, replacement)
        shown = F.when(text.rlike(pattern), fits).otherwise(shown)
    return F.when(text.isNotNull(), shown)


def masked_value(value: Column, name: str, type_: str, mask: Mask) -> Column:
    """The value of a column of that name and type under a mask; one that needs a key gives null."""
    return _masked(value, shape(SpecColumn(name, type_, ""), mask), type_, has_keys=False)
