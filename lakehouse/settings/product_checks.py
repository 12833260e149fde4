"""What the shape of a data product does not show: the names that it uses, and what it may not loosen."""

from collections import Counter
from collections.abc import Iterator, Mapping

from lakehouse.settings.expressions import row_faults
from lakehouse.settings.product_policy import STRENGTH, ProductPolicy, masked_sensitivity
from lakehouse.settings.products import (
    AS_OF,
    CUSTOMER_COUNT,
    GOLD_SPECS,
    IS_REST,
    LEVEL,
    Groups,
    Product,
    ProductColumn,
)
from lakehouse.settings.purposes import Purpose, PurposeSettings
from lakehouse.settings.roles import Mask
from lakehouse.tables.gold.parts import CUSTOMER_ID
from lakehouse.tables.spec import Sensitivity

Path = tuple[str | int, ...]
PathFault = tuple[Path, str]

_RESERVED = frozenset({AS_OF, CUSTOMER_ID.name, LEVEL, IS_REST, CUSTOMER_COUNT})
_NUMBERS = ("int", "bigint", "double", "decimal")


def product_faults(
    products: Mapping[str, Product], purposes: PurposeSettings, policy: ProductPolicy
) -> Iterator[tuple[str, Path, str]]:
    """Triples of the file's stem, the key's path and what is wrong."""
    for stem, product in products.items():
        if stem != product.name:
            yield stem, ("name",), f"the file must be called {product.name}.yml"
        tables = [*_table_faults(product, purposes)]
        yield from ((stem, path, message) for path, message in tables)
        if not tables:
            purpose = purposes.purposes[product.purpose]
            for path, message in _content_faults(product, purpose, policy):
                yield stem, path, message


def _table_faults(product: Product, purposes: PurposeSettings) -> Iterator[PathFault]:
    if product.purpose not in purposes.purposes:
        yield ("purpose",), f"no such purpose; known are {', '.join(sorted(purposes.purposes))}"
    for n, name in enumerate(product.tables):
        spec = GOLD_SPECS.get(name)
        if spec is None:
            yield ("tables", n), "gold has no such table"
        elif spec.primary_key != (CUSTOMER_ID.name,):
            yield ("tables", n), "must have one row per customer"
        elif product.purpose not in spec.purposes:
            kept = ", ".join(spec.purposes)
            yield ("tables", n), f"is kept for {kept}: nobody may read it for {product.purpose}"
        if name in product.tables[:n]:
            yield ("tables", n), "given twice"


def _content_faults(
    product: Product, purpose: Purpose, policy: ProductPolicy
) -> Iterator[PathFault]:
    faults = [*_expression_faults(product)]
    yield from faults
    if faults:
        return
    yield from _retention_faults(product, purpose, policy)
    if product.groups is not None:
        yield from _group_faults(product, product.groups, policy)
    counted = Counter(column.name for column in product.columns)
    for n, column in enumerate(product.columns):
        if column.name in _RESERVED or counted[column.name] > 1:
            yield (
                ("columns", n, "name"),
                "is given twice, or is a name that the product gives itself",
            )
        for key, message in _column_faults(product, column, policy):
            yield ("columns", n, key), message


def _expression_faults(product: Product) -> Iterator[PathFault]:
    known = product.known()
    gold = {name for _, name in known}
    names = [definition.name for definition in product.definitions]
    for n, definition in enumerate(product.definitions):
        if definition.name in gold | _RESERVED or names.count(definition.name) > 1:
            yield ("definitions", n, "name"), "is a column already, or given twice"
        for message in row_faults(definition.expression, known):
            yield ("definitions", n, "expression"), message
    defined = {("", name) for name in names}
    for message in row_faults(product.filter or "true", known | defined):
        yield ("filter",), message
    places: list[tuple[Path, str]] = [
        (("columns", n, "of" if column.of else "name"), column.of or column.name)
        for n, column in enumerate(product.columns)
    ]
    if product.groups is not None:
        places += [(("groups", "by", n), name) for n, name in enumerate(product.groups.by)]
        places += [(("groups", "sums", n), name) for n, name in enumerate(product.groups.sums)]
    for path, name in places:
        pair = tuple(name.rpartition(".")[::2])
        if pair not in known | defined or name == AS_OF:
            yield (
                path,
                f"is neither a definition nor a column of one of {', '.join(product.tables)}",
            )


def _retention_faults(
    product: Product, purpose: Purpose, policy: ProductPolicy
) -> Iterator[PathFault]:
    tables = min(product.longest_retention, policy.longest_retention_days)
    longest = min(tables, purpose.longest_days or tables)
    if product.table.retention_days > longest:
        yield (
            ("retention_days",),
            f"may be {longest} at most, as long as what it is made from is kept and its purpose lasts",
        )


def _column_faults(
    product: Product, column: ProductColumn, policy: ProductPolicy
) -> Iterator[tuple[str, str]]:
    if column.mask not in STRENGTH:
        yield "mask", f"must be one of {', '.join(STRENGTH)}"
        return
    name, rank = column.of or column.name, STRENGTH.index
    made_of = product.made_of(name)
    weakest = policy.weakest_masks.get(product.purpose, {}).get(made_of, Mask.CLEAR)
    own = Mask.GENERALISED if product.is_yes_or_no(name) else Mask.CLEAR
    if max(rank(column.mask), rank(own)) < rank(weakest):
        yield "mask", f"must be {weakest} or stronger: the policy for {product.purpose}, {made_of}"
    kind, _, _ = product.declared(name)
    if column.mask is Mask.FULL and kind != "string":
        yield "mask", f"full shows a text; nulled is for what is {kind}"
    least = masked_sensitivity(made_of, column.mask)
    order = list(Sensitivity).index
    if column.sensitivity is not None and order(column.sensitivity) < order(least):
        yield "sensitivity", f"must be {least} or higher, as what it is made from"


def _group_faults(product: Product, groups: Groups, policy: ProductPolicy) -> Iterator[PathFault]:
    if groups.smallest < policy.smallest_group:
        yield ("groups", "smallest"), f"must be {policy.smallest_group} at least, by the policy"
    telling = (Sensitivity.DIRECT_IDENTIFIER, Sensitivity.SPECIAL_CATEGORY)
    for key, names in (("by", groups.by), ("sums", groups.sums)):
        for n, name in enumerate(names):
            kind, _, _ = product.declared(name)
            if product.made_of(name) in telling or name == CUSTOMER_ID.name:
                yield ("groups", key, n), "tells who a person is, and is no group"
            if key == "by" and kind != "string":
                yield (
                    ("groups", key, n),
                    f"must be text: a definition can make it of what is {kind}",
                )
            if key == "sums" and not kind.startswith(_NUMBERS):
                yield ("groups", key, n), f"must be a number, not {kind}"
            if (*groups.by, *groups.sums).count(name) > 1 or name in _RESERVED:
                yield ("groups", key, n), "given twice, or a name that the product gives itself"
