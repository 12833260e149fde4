"""Masks and row filters as SQL of Spark and Databricks, for views and for functions of Unity Catalog."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from lakehouse.privacy.masking import named_by, needs_customers, row_conditions
from lakehouse.privacy.shapes import BAND, HIDDEN, Shape, shape
from lakehouse.privacy.tokens import DIGITS
from lakehouse.settings.roles import Mask, Role
from lakehouse.tables.gold import CUSTOMER, CUSTOMER_PERMITTED
from lakehouse.tables.spec import Column, TableSpec


@dataclass(frozen=True)
class RowTables:
    """What SQL calls gold.customer and gold.customer_permitted, by which rows are seen; None of one that
    cannot be read.
    """

    customer: str | None = None
    permitted: str | None = None


def masked_query(spec: TableSpec, role: Role, source: str, tables: RowTables) -> str:
    """The query that gives a role its view of a table.

    What is to be tokenised is null in it, as a view must not hold a key.

    Args:
        spec: the table, which the role may read.
        role: who reads.
        source: what SQL calls the table.
        tables: what it calls those by which rows are seen.
    """
    columns = ["*"]
    if named_by(spec, role) or any(
        role.mask(spec, name) is not Mask.CLEAR for name in spec.column_names
    ):
        columns = [_selected(spec, column, role) for column in spec.columns]
    condition = row_condition(spec, role, tables)
    where = f" WHERE {condition}" if condition else ""
    return f"SELECT {', '.join(columns)} FROM {source}{where}"  # noqa: S608 - names of specs, and conf


def row_condition(spec: TableSpec, role: Role, tables: RowTables, prefix: str = "") -> str:
    """The condition by which the role sees a row; empty if it sees all. `prefix` comes before columns."""
    conditions = [*_own_conditions(spec, role, prefix)]
    if needs_customers(spec, role):
        conditions.append(_customer_condition(spec, role, tables.customer, prefix))
    if role.asks_permission(spec):
        conditions += _permission_conditions(spec, role, tables.permitted, prefix)
    return " AND ".join(conditions)


def masked_value(column: Column, mask: Mask, value: str, key: str | None = None) -> str:
    """The expression that masks `value`, of the column's type. `key`: what SQL calls the text
    of `tokens.pads_text`.
    """
    form = shape(column, mask)
    if form is Shape.AS_IT_IS:
        return value
    if form is Shape.YEAR:
        return f"CAST(date_trunc('year', {value}) AS {column.type})"
    if form is Shape.LOWER_END:
        return f"CAST(floor({value} / {BAND}) * {BAND} AS {column.type})"
    if form is Shape.PSEUDONYM and key is not None:
        return _token(value, key)
    if form in (Shape.NOTHING, Shape.PSEUDONYM):
        return f"CAST(NULL AS {column.type})"
    return _hidden(value, form.value)


def _token(value: str, key: str) -> str:
    """HMAC-SHA-256, which SQL lacks, of two SHA-256; null for null."""
    prefix, both = f"split_part({key}, ':', 1)", f"split_part({key}, ':', 2)"
    inner = f"concat(unhex(left({both}, 128)), encode({value}, 'UTF-8'))"
    outer = f"concat(unhex(right({both}, 128)), unhex(sha2({inner}, 256)))"
    return f"concat({prefix}, ':', left(sha2({outer}, 256), {DIGITS}))"


def _hidden(value: str, patterns: Iterable[tuple[str, str]]) -> str:
    cases = "".join(
        f" WHEN {value} RLIKE r'{pattern}' THEN regexp_replace({value}, r'{pattern}', '{shown}')"
        for pattern, shown in patterns
    )
    return f"CASE WHEN {value} IS NULL THEN NULL{cases} ELSE '{HIDDEN}' END"


def _selected(spec: TableSpec, column: Column, role: Role) -> str:
    quoted, seen = f"`{column.name}`", seen_value(spec, column, role)
    return quoted if seen == quoted else f"{seen} AS {quoted}"


def seen_value(spec: TableSpec, column: Column, role: Role, token: str | None = None) -> str:
    """The expression of what the role sees of the column; `token` names a column of its values' tokens."""
    masked = masked_value(column, role.mask(spec, column.name), f"`{column.name}`")
    return hidden_by_name(spec, column, role, masked if token is None else f"`{token}`")


def hidden_by_name(spec: TableSpec, column: Column, role: Role, value: str) -> str:
    """The expression with what it says of attributes that are hidden from the role taken out of it."""
    named = named_by(spec, role)
    if column.name not in named:
        return value
    by, names = named[column.name]
    if column.type.startswith("map<"):
        held = f"CASE WHEN k IN ({_literals(names)}) THEN '{HIDDEN}' ELSE v END"
        return f"transform_values({value}, (k, v) -> {held})"
    instead = f"'{HIDDEN}'" if column.type == "string" else f"CAST(NULL AS {column.type})"
    is_hidden = f"`{by}` IN ({_literals(names)}) AND {value} IS NOT NULL"
    return f"CASE WHEN {is_hidden} THEN {instead} ELSE {value} END"


def _own_conditions(spec: TableSpec, role: Role, prefix: str = "") -> Iterator[str]:
    for name, values in row_conditions(spec, role).items():
        yield f"`{prefix}{name}` IN ({_literals(values)})"


def _customer_condition(spec: TableSpec, role: Role, customers: str | None, prefix: str) -> str:
    if customers is None:
        return "false"
    near = " AND ".join(_own_conditions(CUSTOMER, role))
    own = f"SELECT customer_id FROM {customers} WHERE {near}"  # noqa: S608 - names of specs, and conf
    # A row about two customers is seen by who may see both.
    return " AND ".join(f"`{prefix}{subject}` IN ({own})" for subject in spec.subject_keys)


def _permission_conditions(
    spec: TableSpec, role: Role, permitted: str | None, prefix: str
) -> Iterator[str]:
    """That every customer whom the row is about permits a purpose for which the role reads the table."""
    asked, sees_unknown = _literals(role.purposes_of(spec)), role.sees_unknown(spec)
    if spec.name == CUSTOMER_PERMITTED.name:
        # A row filter of a table must not read that table.
        yield f"arrays_overlap(`{prefix}purposes`, array({asked}))"
    elif permitted is None:
        yield from () if sees_unknown else ("false",)
    else:
        permits = f"arrays_overlap(purposes, array({asked}))"
        ids = f"SELECT customer_id FROM {permitted} WHERE"  # noqa: S608 - names of specs, and conf
        for subject in spec.subject_keys:
            # Null, which is nobody, is never NOT IN anything.
            if sees_unknown:
                yield f"coalesce(`{prefix}{subject}`, '') NOT IN ({ids} NOT {permits})"
            else:
                yield f"`{prefix}{subject}` IN ({ids} {permits})"


def _literals(values: Sequence[str]) -> str:
    quoted = (value.replace("\\", "\\\\").replace("'", "\\'") for value in values)
    return ", ".join(f"'{value}'" for value in quoted)
