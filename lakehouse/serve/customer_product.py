"""Data products about customers: the columns, terms and masks that one domain asked for."""

from collections.abc import Mapping
from datetime import date
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.privacy.mask_sql import masked_value
from lakehouse.serve.permitted import CHANNELS, Permissions, permitted
from lakehouse.settings.products import AS_OF, Product, ProductColumn
from lakehouse.settings.purposes import Purpose
from lakehouse.tables.spec import Column as SpecColumn


def customer_product(
    gold: Mapping[str, DataFrame],
    decided: Permissions,
    product: Product,
    purpose: Purpose,
    as_of: date,
) -> DataFrame:
    """One row per customer whom the product may tell of and its filter lets through.

    Key: customer_id. Columns: those of the product's spec. An address is null unless a channel that it
    is for is allowed, where the purpose needs consent.

    Args:
        gold: the product's tables by name.
        decided: what customers decided.
        product: what conf says of it.
        purpose: its purpose.
        as_of: the day of the run.
    """
    people = permitted(selected(gold, product, as_of), decided, product, purpose)
    return people.select("customer_id", *(_shown(c, product, purpose) for c in product.columns))


def kept_customers(
    previous: DataFrame,
    gold: Mapping[str, DataFrame],
    decided: Permissions,
    product: Product,
    purpose: Purpose,
) -> DataFrame:
    """What may stay of the product's last rows, where its gate stops the new ones.

    Gone is who is no customer any more or no longer permits it, and an address whose channel is withdrawn.
    Key and columns: those of `customer_product`.
    """
    living = gold[product.tables[0]].select("customer_id")
    there = previous.join(living, on="customer_id", how="left_semi")
    people = permitted(there, decided, product, purpose)
    return people.select(
        "customer_id",
        *(
            _by_channel(F.col(c.name), product.channels_of(c), purpose).alias(c.name)
            for c in product.columns
        ),
    )


def selected(gold: Mapping[str, DataFrame], product: Product, as_of: date) -> DataFrame:
    """The product's tables side by side, with its definitions, as far as its filter lets rows through."""
    frames = [gold[name].alias(name.split(".")[1]) for name in product.tables]
    wide = reduce(lambda a, b: a.join(b, on="customer_id", how="left"), frames)
    dated = wide.withColumn(AS_OF, F.lit(as_of))
    defined = dated.withColumns(
        {d.name: F.expr(d.expression).cast(d.type) for d in product.definitions}
    )
    return defined if product.filter is None else defined.where(F.expr(product.filter))


def _shown(column: ProductColumn, product: Product, purpose: Purpose) -> Column:
    name = column.of or column.name
    kind, _, _ = product.declared(name)
    # A mask goes by what the value is, whatever the product calls it.
    declared = SpecColumn(name.rpartition(".")[2], kind, "")
    value = F.expr(masked_value(declared, column.mask, ".".join(f"`{n}`" for n in name.split("."))))
    return _by_channel(value, product.channels_of(column), purpose).alias(column.name)


def _by_channel(value: Column, channels: tuple[str, ...], purpose: Purpose) -> Column:
    if not purpose.needs_consent or not channels:
        return value
    return F.when(F.arrays_overlap(CHANNELS, F.array(*map(F.lit, channels))), value)
