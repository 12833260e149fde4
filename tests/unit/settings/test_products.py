"""What follows from a data product's file, and that a domain may tighten a policy and not loosen it."""

from typing import Any

import pytest
import yaml

from lakehouse.settings.load import load_settings
from lakehouse.settings.places import conf_dir
from lakehouse.settings.privacy_scan import Allowed, Kind, scan_faults
from lakehouse.settings.product_checks import product_faults
from lakehouse.settings.products import Product, redefined
from lakehouse.settings.roles import role_faults
from lakehouse.tables.spec import Sensitivity

SETTINGS = load_settings("test")
GATE = [{"type": "x", "severity": "warn", "reason": "some_reason", "description": "Why."}]
MARKETING = {
    "name": "reachable",
    "title": "Reachable customers",
    "description": "One row per customer.",
    "owner": "marketing",
    "version": "1.0.0",
    "purpose": "marketing",
    "tables": ["gold.customer", "gold.customer_metric"],
    "columns": ["email"],
    "gate": GATE,
}
AREAS = {
    **MARKETING,
    "purpose": "analytics",
    "tables": ["gold.customer_360"],
    "columns": [],
    "groups": {"by": ["country"], "sums": ["order_count"], "smallest": 5},
}


def faults(content: dict[str, Any]) -> list[tuple[str, str]]:
    product = Product.model_validate(content)
    found = product_faults({"reachable": product}, SETTINGS.purposes, SETTINGS.product_policy)
    return [(".".join(map(str, path)), message) for _, path, message in found]


def defined(expression: str, kind: str = "boolean") -> list[dict[str, str]]:
    return [{"name": "term", "type": kind, "expression": expression, "description": "Term."}]


@pytest.mark.parametrize("content", [MARKETING, AREAS], ids=["customers", "groups"])
def test_a_product_that_keeps_the_policy_has_no_fault(content: dict[str, Any]) -> None:
    assert faults(content) == []


@pytest.mark.parametrize(
    ("change", "key", "told"),
    [
        ({"purpose": "fun"}, "purpose", "no such purpose"),
        ({"tables": ["gold.customer_360"]}, "tables.0", "nobody may read it for marketing"),
        ({"tables": ["gold.customer_order"]}, "tables.0", "one row per customer"),
        ({"tables": ["silver.order"]}, "tables.0", "no such table"),
        ({"retention_days": 4000}, "retention_days", "may be 1095 at most"),
        ({"columns": ["shoe_size"]}, "columns.0.name", "neither a definition nor a column"),
        ({"columns": ["email", "email"]}, "columns.0.name", "given twice"),
        ({"columns": ["customer_id"]}, "columns.0.name", "gives itself"),
        ({"columns": [{"name": "email", "sensitivity": "none"}]}, "columns.0.sensitivity", "higher"),
        ({"columns": [{"name": "birth_date", "mask": "full"}]}, "columns.0.mask", "nulled is for"),
        ({"columns": [{"name": "email", "mask": "tokenised"}]}, "columns.0.mask", "must be one of"),
        ({"definitions": defined("now() > last_order_date")}, "definitions.0.expression", "as_of"),
        ({"definitions": defined("max(order_count) > 1")}, "definitions.0.expression", "aggregate"),
        (
            {"definitions": defined("exists(select 1 from gold.customer_order)")},
            "definitions.0.expression",
            "query",
        ),
        ({"definitions": defined("ticket_count > 1")}, "definitions.0.expression", "no column"),
        ({"filter": "customer_consent.state = 'granted'"}, "filter", "no column"),
        ({"name": "other"}, "name", "must be called other.yml"),
    ],
)  # fmt: skip
def test_a_product_cannot_name_what_is_not_there_or_loosen_what_holds(
    change: dict[str, Any], key: str, told: str
) -> None:
    found = faults({**MARKETING, **change})

    assert [(k, told in message) for k, message in found][:1] == [(key, True)]


@pytest.mark.parametrize(
    ("groups", "key", "told"),
    [
        ({"smallest": 4}, "groups.smallest", "must be 5 at least"),
        ({"by": ["email"]}, "groups.by.0", "tells who a person is"),
        ({"by": ["birth_date"]}, "groups.by.0", "must be text"),
        ({"sums": ["region"]}, "groups.sums.0", "must be a number"),
        ({"by": ["country", "country"]}, "groups.by.0", "given twice"),
    ],
)
def test_groups_are_no_smaller_than_the_policy_and_told_by_nobody_s_identity(
    groups: dict[str, Any], key: str, told: str
) -> None:
    found = faults({**AREAS, "groups": {**AREAS["groups"], **groups}})

    assert [(k, told in message) for k, message in found][:1] == [(key, True)]


@pytest.mark.parametrize(
    ("column", "told"),
    [
        ({"name": "email", "mask": "partial"}, "must be full or stronger"),
        ({"name": "birth_date"}, "must be generalised or stronger"),
    ],
)
def test_a_mask_is_no_weaker_than_the_policy_of_its_purpose(
    column: dict[str, Any], told: str
) -> None:
    analytics = {**MARKETING, "purpose": "analytics", "columns": [column]}

    ((key, message),) = faults(analytics)

    assert key == "columns.0.mask"
    assert told in message


def test_tightening_is_allowed() -> None:
    tighter = {
        **MARKETING,
        "retention_days": 30,
        "columns": [{"name": "order_count", "sensitivity": "quasi_identifier"}],
        "channels": ["email"],
    }

    table = Product.model_validate(tighter).table

    assert faults(tighter) == []
    assert table.retention_days == 30
    assert table.column("order_count").sensitivity is Sensitivity.QUASI_IDENTIFIER


def test_the_spec_follows_from_what_a_product_is_made_from() -> None:
    content = {
        **MARKETING,
        "definitions": defined("concat(email, phone)", "string"),
        "columns": [
            "term",
            {"name": "birth_year", "of": "birth_date", "mask": "generalised"},
            {"name": "family_name", "mask": "nulled"},
        ],
    }
    product = Product.model_validate(content)

    assert product.table.name == "serve.reachable"
    assert product.table.purposes == ("marketing",)
    assert product.table.subject_key == "customer_id"
    assert {c.name: c.sensitivity.value for c in product.table.columns} == {
        "customer_id": "pseudonym",
        "term": "direct_identifier",
        "birth_year": "quasi_identifier",
        "family_name": "none",
    }
    assert product.table.column("term").fed_by == ("gold.customer.email", "gold.customer.phone")
    assert "Defined as `concat(email, phone)`." in product.table.column("term").description
    assert product.channels_of(product.columns[0]) == ("email", "phone", "sms")


def test_either_columns_or_groups() -> None:
    with pytest.raises(ValueError, match="give either columns or groups"):
        Product.model_validate({**MARKETING, "columns": []})


@pytest.mark.parametrize("product", SETTINGS.products, ids=lambda product: product.name)
def test_every_column_of_a_shipped_product_is_described_in_a_sentence(product: Product) -> None:
    assert [c.name for c in product.table.columns if not c.description.endswith(".")] == []
    assert set(product.table.primary_key) <= set(product.table.column_names)
    text = (conf_dir() / "base/products" / f"{product.name}.yml").read_text("utf-8")
    assert yaml.safe_load(text)["version"] == product.version


def test_the_domains_define_active_each_in_their_own_way() -> None:
    by_name = {product.name: product for product in SETTINGS.products}
    active = {
        name: by_name[name].table.column("is_active").description
        for name in ("marketing_customer", "care_customer")
    }

    assert "ordered in the last 90 days" in active["marketing_customer"]
    assert "open ticket" in active["care_customer"]


def test_roles_and_the_scan_may_name_a_product_s_columns_and_none_that_it_lacks() -> None:
    tables = SETTINGS.product_tables
    agent = SETTINGS.roles.roles["agent"]
    masks = {"serve.care_customer": "clear", "serve.care_customer.shoe_size": "clear"}
    roles = {"agent": agent.model_copy(update={"overrides": masks})}
    allowed = [
        Allowed(column=f"serve.marketing_customer.{name}", kind=Kind.EMAIL, reason="So.")
        for name in ("order_band", "shoe_size")
    ]

    in_roles = role_faults(SETTINGS.roles.model_copy(update={"roles": roles}), tables)
    in_scan = scan_faults(
        SETTINGS.privacy_scan.model_copy(update={"allowed": allowed}), SETTINGS.sources, tables
    )

    assert [message for path, message in in_roles if path[-1] == "overrides"] == [
        "no table or column goes by the name serve.care_customer.shoe_size"
    ]
    assert [path for path, _ in in_scan] == [("allowed", 1, "column")]


@pytest.mark.parametrize(
    ("change", "is_another"),
    [
        ({"columns": ["email", "phone"]}, True),
        ({"channels": ["email"]}, True),
        ({"filter": "order_count > 1"}, True),
        ({"retention_days": 30}, True),
        ({"definitions": defined("order_count > 1")}, True),
        ({"owner": "sales", "title": "Others", "gate": [{**GATE[0], "severity": "fail"}]}, False),
        ({"channels": ["email", "phone", "post", "sms", "web"]}, False),
    ],
)
def test_a_version_stands_for_columns_terms_and_whom_it_tells_of(
    change: dict[str, Any], is_another: bool
) -> None:
    first = Product.model_validate(MARKETING)
    second = Product.model_validate({**MARKETING, **change})
    released = {("serve.reachable", first.definition), ("serve.other", "1.0.0 0")}

    assert redefined([second], released) == ([second] if is_another else [])
    raised = second.model_copy(update={"version": "1.1.0"})
    assert redefined([raised], released) == []
