"""The suite of a data product: what holds for every product, then the gate in its file."""

from collections.abc import Sequence

from lakehouse.errors import SuiteError
from lakehouse.quality.rules import BETWEEN, NOT_NULL, UNIQUE, Rule, Severity, Suite
from lakehouse.quality.suites import rule_faults
from lakehouse.settings.products import CUSTOMER_COUNT, IS_REST, Product


def product_suites(products: Sequence[Product]) -> dict[str, Suite]:
    """The suite of each product, by table name.

    Raises:
        SuiteError: a gate has a rule that cannot be used; lists all faults by file.
    """
    faults = [
        f"\n  conf/base/products/{product.name}.yml: gate[{n}]: {fault}"
        for product in products
        for n, rule in enumerate(product.gate)
        for fault in rule_faults(rule.model_dump(), product.table)
    ]
    if faults:
        raise SuiteError(
            f"{len(faults)} fault(s) in the gates of data products; nothing was touched."
            f"{''.join(faults)}\n",
            "correct the named files, then try `c360 config check`.",
        )
    return {product.table_name: product_suite(product) for product in products}


def product_suite(product: Product) -> Suite:
    """The rules of one product, whose gate has no faults."""
    own = (
        Rule(rule.type, rule.kwargs, Severity(rule.severity), rule.reason, rule.description)
        for rule in product.gate
    )
    return Suite(product.table_name, (*_of_every_product(product), *own))


def _of_every_product(product: Product) -> tuple[Rule, ...]:
    def rule(kind: str, reason: str, description: str, **kwargs: object) -> Rule:
        return Rule(kind, kwargs, Severity.FAIL, reason, description)

    if product.groups is None:
        one = "A customer has one row."
        return (
            rule(NOT_NULL, "missing_key", "A row is a customer's.", column="customer_id"),
            rule(UNIQUE, "duplicate_key", one, column="customer_id"),
        )
    smallest = product.groups.smallest
    safe = "No group is told that is too small, and no rest of groups."
    return (
        rule(NOT_NULL, "missing_key", "A row is a group, or a rest of groups.", column=IS_REST),
        rule(BETWEEN, "small_group", safe, column=CUSTOMER_COUNT, min_value=smallest),
    )
