"""What roles may see, as SQL for review: grants, masks and row filters of Unity Catalog, or views by role."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from lakehouse.privacy.mask_sql import (
    RowTables,
    hidden_by_name,
    masked_query,
    masked_value,
    row_condition,
)
from lakehouse.privacy.masking import named_by
from lakehouse.settings.roles import Mask, Role
from lakehouse.tables.gold import CUSTOMER, CUSTOMER_PERMITTED
from lakehouse.tables.spec import Column, Layer, TableSpec

Naming = Callable[[str], str]
"""From a table's name (`gold.customer`) to what SQL calls it."""


def group_of(role: Role) -> str:
    """The group of the account whose members have the role."""
    return f"c360_{role.name}"


def unity_statements(
    roles: Mapping[str, Role], table: Naming, specs: Sequence[TableSpec]
) -> Iterator[str]:
    """Which schemas groups may use; per table, who may select and who no longer, a mask per column that not
    all see in the clear, a row filter.

    Who is in no group of a role sees nothing; who is in several sees each column as the one that sees
    most of it. What an earlier conf granted, masked or filtered, and this does not, is taken back.
    """
    yield from _use_grants(roles, table, specs)
    for spec in specs:
        name = table(spec.name)
        readers = [role for role in roles.values() if role.may_read(spec)]
        for role in roles.values():
            if role not in readers:
                yield f"REVOKE SELECT ON TABLE {name} FROM `{group_of(role)}`"  # noqa: S608 - names of specs, and conf
        for column in spec.columns:
            if any(_is_masked(spec, column.name, role) for role in readers):
                yield from _column_mask(spec, column, readers, table)
            else:
                yield f"ALTER TABLE {name} ALTER COLUMN `{column.name}` DROP MASK"
        yield from _row_filter(spec, readers, table)
        # Last, so that nobody selects what is not masked yet.
        yield from (f"GRANT SELECT ON TABLE {name} TO `{group_of(role)}`" for role in readers)


def _use_grants(
    roles: Mapping[str, Role], table: Naming, specs: Sequence[TableSpec]
) -> Iterator[str]:
    """Without them nobody reaches a table that they may select from."""
    for role in roles.values():
        schemas = {table(spec.name).rpartition(".")[0] for spec in specs if role.may_read(spec)}
        catalogs = {schema.rpartition(".")[0] for schema in schemas} - {""}
        for kind, names in (("CATALOG", catalogs), ("SCHEMA", schemas)):
            for name in sorted(names):
                yield f"GRANT USE {kind} ON {kind} {name} TO `{group_of(role)}`"


def _column_mask(
    spec: TableSpec, column: Column, readers: Sequence[Role], table: Naming
) -> Iterator[str]:
    name = table(f"{spec.layer}.mask_{spec.entity}_{column.name}")
    ranked = sorted(readers, key=lambda role: _rank(spec, column.name, role))
    cases = " ".join(f"WHEN {_is_in(r)} THEN {_seen_value(spec, column, r)}" for r in ranked)
    others = {by for role in readers for by, _ in [named_by(spec, role).get(column.name, ("", ()))]}
    named = sorted(others - {"", column.name})
    given = "".join(f", `{by}` {spec.column(by).type}" for by in named)
    yield (
        f"CREATE OR REPLACE FUNCTION {name}(value {column.type}{given}) RETURNS {column.type} "
        f"RETURN CASE {cases} ELSE CAST(NULL AS {column.type}) END"
    )
    using = f" USING COLUMNS ({', '.join(named)})" if named else ""
    yield f"ALTER TABLE {table(spec.name)} ALTER COLUMN `{column.name}` SET MASK {name}{using}"


def _rank(spec: TableSpec, column: str, role: Role) -> tuple[int, bool]:
    """The lower, the more the role sees of the column."""
    return [*Mask].index(role.mask(spec, column)), column in named_by(spec, role)


def _is_masked(spec: TableSpec, column: str, role: Role) -> bool:
    return role.mask(spec, column) is not Mask.CLEAR or column in named_by(spec, role)


def _seen_value(spec: TableSpec, column: Column, role: Role) -> str:
    masked = masked_value(column, role.mask(spec, column.name), "value", _token_key(role))
    return hidden_by_name(spec, column, role, masked)


def _row_filter(spec: TableSpec, readers: Sequence[Role], table: Naming) -> Iterator[str]:
    conditions = {
        role.name: row_condition(spec, role, _row_tables(table), "filtered_") for role in readers
    }
    columns = [
        name
        for name in spec.column_names
        if any(f"`filtered_{name}`" in condition for condition in conditions.values())
    ]
    if not columns:
        yield f"ALTER TABLE {table(spec.name)} DROP ROW FILTER"
        return
    seen = " OR ".join(
        f"({_is_in(role)} AND {conditions[role.name] or 'true'})" for role in readers
    )
    name = table(f"{spec.layer}.rows_{spec.entity}")
    given = ", ".join(f"filtered_{c} {spec.column(c).type}" for c in columns)
    yield f"CREATE OR REPLACE FUNCTION {name}({given}) RETURNS BOOLEAN RETURN {seen}"
    yield f"ALTER TABLE {table(spec.name)} SET ROW FILTER {name} ON ({', '.join(columns)})"


def view_statements_by_role(
    roles: Mapping[str, Role], table: Naming, specs: Sequence[TableSpec]
) -> Iterator[str]:
    """A schema per role with a view of each table that it may read, and of no other, for a metastore.

    The view of a data product is called `serve_<name>`: gold may have a table of that name.
    """
    for role in roles.values():
        schema = table(group_of(role))
        yield f"CREATE SCHEMA IF NOT EXISTS {schema}"
        for spec in specs:
            is_product = spec.layer is Layer.SERVE
            name = f"{spec.layer}_{spec.entity}" if is_product else spec.entity
            if role.may_read(spec):
                query = masked_query(spec, role, table(spec.name), _row_tables(table))
                yield f"CREATE OR REPLACE VIEW {schema}.{name} AS {query}"
            else:
                yield f"DROP VIEW IF EXISTS {schema}.{name}"


def _row_tables(table: Naming) -> RowTables:
    return RowTables(table(CUSTOMER.name), table(CUSTOMER_PERMITTED.name))


def _is_in(role: Role) -> str:
    return f"is_account_group_member('{group_of(role)}')"


def _token_key(role: Role) -> str:
    return f"secret('c360', 'token_key_{role.name}')"
