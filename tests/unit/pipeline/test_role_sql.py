"""The SQL that roles become: it can be parsed, and no column is forgotten."""

import re

import pytest
import sqlglot
from sqlglot import exp
from typer.testing import CliRunner

from lakehouse.cli import app
from lakehouse.errors import ExitCode
from lakehouse.pipeline.role_sql import unity_statements, view_statements_by_role
from lakehouse.privacy.masking import named_by
from lakehouse.settings.load import load_settings
from lakehouse.settings.roles import Mask, Role
from lakehouse.tables.gold import CUSTOMER, CUSTOMER_ORDER, GOLD_TABLES

SETTINGS = load_settings("demo")
ROLES = SETTINGS.roles.roles
SPECS = (*GOLD_TABLES, *SETTINGS.product_tables)


def named(name: str) -> str:
    return f"main.c360_{name}"


def british() -> dict[str, Role]:
    agent = ROLES["agent"].model_copy(update={"rows": {"country": ("GB", "O'Land")}})
    return {"agent": agent, "privacy_officer": ROLES["privacy_officer"]}


UNITY = list(unity_statements(ROLES, named, SPECS))
VIEWS = list(view_statements_by_role(ROLES, named, SPECS))


@pytest.mark.parametrize("statements", [UNITY, VIEWS], ids=["unity", "views"])
def test_every_statement_can_be_parsed(statements: list[str]) -> None:
    unknown = set()
    for statement in statements:
        parsed = sqlglot.parse_one(statement, dialect="databricks")
        if isinstance(parsed, exp.Command):
            unknown.add(re.sub(r"`.*?`|main\S+", "x", statement))

    # Of these the parser knows their first words alone.
    assert {re.sub(" USING.*", "", one) for one in unknown} <= {
        "GRANT USE CATALOG ON CATALOG main TO x",
        "ALTER TABLE x ALTER COLUMN x SET MASK x",
        "ALTER TABLE x ALTER COLUMN x DROP MASK",
        "ALTER TABLE x SET ROW FILTER x ON (purposes)",
        "ALTER TABLE x SET ROW FILTER x ON (customer_id)",
        "ALTER TABLE x SET ROW FILTER x ON (customer_id, related_customer_id)",
    }


def test_a_role_is_granted_the_tables_that_it_has_a_purpose_for_and_no_others() -> None:
    granted = {
        tuple(re.findall(r"TABLE (\S+) TO `c360_(\w+)`", s)[0])
        for s in UNITY
        if "GRANT SELECT" in s
    }

    assert granted == {
        (named(spec.name), role.name)
        for spec in SPECS
        for role in ROLES.values()
        if role.may_read(spec)
    }


def test_a_role_that_lost_a_purpose_loses_grants_masks_filters_and_views_that_it_had() -> None:
    agent = ROLES["agent"]
    lost = agent.model_copy(update={"purposes": ("legal",), "sees_everybody": True})
    had = list(unity_statements({"agent": agent}, named, [CUSTOMER]))
    has = list(unity_statements({"agent": lost}, named, [CUSTOMER]))

    assert has[0] == "REVOKE SELECT ON TABLE main.c360_gold.customer FROM `c360_agent`"
    assert has[-1] == "ALTER TABLE main.c360_gold.customer DROP ROW FILTER"
    assert {s for s in has if "MASK" in s} == {
        f"ALTER TABLE main.c360_gold.customer ALTER COLUMN `{name}` DROP MASK"
        for name in CUSTOMER.column_names
    }
    # Nobody selects before what is hidden is hidden.
    assert had[-1] == "GRANT SELECT ON TABLE main.c360_gold.customer TO `c360_agent`"
    assert not any("REVOKE" in s for s in had)
    assert "DROP VIEW IF EXISTS main.c360_c360_agent.customer" in list(
        view_statements_by_role({"agent": lost}, named, [CUSTOMER])
    )


def test_a_role_may_use_the_catalog_and_schemas_of_what_it_may_read_and_no_others() -> None:
    (product,) = (p.table for p in SETTINGS.products if p.name == "marketing_customer")
    roles = {name: ROLES[name] for name in ("agent", "marketer")}

    told = [s for s in unity_statements(roles, named, [CUSTOMER, product]) if "USE" in s]
    plain = [s for s in unity_statements(roles, str, [CUSTOMER]) if " USE " in s]

    assert told == [
        "GRANT USE CATALOG ON CATALOG main TO `c360_agent`",
        "GRANT USE SCHEMA ON SCHEMA main.c360_gold TO `c360_agent`",
        "GRANT USE CATALOG ON CATALOG main TO `c360_marketer`",
        "GRANT USE SCHEMA ON SCHEMA main.c360_gold TO `c360_marketer`",
        "GRANT USE SCHEMA ON SCHEMA main.c360_serve TO `c360_marketer`",
    ]
    assert plain == [f"GRANT USE SCHEMA ON SCHEMA gold TO `c360_{name}`" for name in roles]


def test_every_column_that_some_role_sees_masked_has_a_mask() -> None:
    set_on = {
        tuple(re.findall(r"TABLE (\S+) ALTER COLUMN `(\w+)`", s)[0])
        for s in UNITY
        if "SET MASK" in s
    }

    assert set_on == {
        (named(spec.name), column)
        for spec in SPECS
        for column in spec.column_names
        if any(
            r.may_read(spec)
            and (r.mask(spec, column) is not Mask.CLEAR or column in named_by(spec, r))
            for r in ROLES.values()
        )
    }


def test_who_is_in_no_group_sees_nothing_and_who_is_in_several_as_the_one_that_sees_most() -> None:
    (mask,) = [s for s in UNITY if "mask_customer_email(" in s]

    assert mask.endswith("ELSE CAST(NULL AS string) END")
    order = re.findall(r"c360_(\w+)'", mask)
    assert order.index("agent") < order.index("default") < order.index("marketer")
    (value,) = [s for s in UNITY if "mask_customer_attribute_value(" in s]
    assert value.index("c360_steward") < value.index("c360_agent")


def test_a_data_product_is_granted_masked_and_shown_like_a_table_of_gold() -> None:
    granted = [s for s in UNITY if "TABLE main.c360_serve.marketing_customer TO" in s]
    revoked = [s for s in UNITY if "TABLE main.c360_serve.marketing_customer FROM" in s]
    masks = [s for s in UNITY if "mask_marketing_customer_email(" in s]
    views = [s for s in VIEWS if "c360_marketer.serve_marketing_customer AS" in s]

    assert [s.split("TO ")[1] for s in granted] == [
        *("`c360_default`", "`c360_marketer`", "`c360_privacy_officer`", "`c360_engineer`")
    ]
    assert [s.split("FROM ")[1] for s in revoked] == [
        *("`c360_agent`", "`c360_analyst`", "`c360_steward`")
    ]
    assert len(masks) == 1
    assert "ELSE '***' END AS `email`" in views[0]
    assert "FROM main.c360_serve.marketing_customer" in views[0]


def test_rows_of_a_product_go_by_where_gold_says_that_the_customer_lives() -> None:
    products = [SETTINGS.products[0].table]

    (view,) = [
        s for s in view_statements_by_role(british(), named, products) if "agent.serve_" in s
    ]

    own = "`customer_id` IN (SELECT customer_id FROM main.c360_gold.customer WHERE `country` IN ("
    assert products[0].name == "serve.care_customer"
    assert own in view
    assert view.count("`country` IN") == 1


@pytest.mark.parametrize("prefix", ["main.c360_; DROP", "c360_`", "a.b.c_", "main.c360_\n"])
def test_a_prefix_that_is_more_than_one_is_refused(prefix: str) -> None:
    for line in (["roles", "sql"], ["metrics", "sql"], ["metrics", "databricks"]):
        result = CliRunner().invoke(app, [*line, "--prefix", prefix])

        assert result.exit_code == ExitCode.BAD_CONFIGURATION
        assert "CREATE" not in result.stdout


def test_a_key_of_tokens_is_read_from_a_scope_and_in_no_statement() -> None:
    told = "\n".join(UNITY + VIEWS)

    assert "secret('c360', 'token_key_analyst')" in told
    assert load_settings("demo").lake.secret.get_secret_value() not in told


def test_rows_go_by_the_customer_s_country_on_its_own_table_and_on_others() -> None:
    specs = (CUSTOMER, CUSTOMER_ORDER)
    filters = [s for s in unity_statements(british(), named, specs) if "rows_" in s]
    views = list(view_statements_by_role(british(), named, specs))

    assert filters[1] == (
        "ALTER TABLE main.c360_gold.customer SET ROW FILTER main.c360_gold.rows_customer "
        "ON (customer_id, country)"
    )
    assert "`filtered_country` IN ('GB', 'O\\'Land')" in filters[0]
    assert "SET ROW FILTER main.c360_gold.rows_customer_order ON (customer_id)" in filters[3]
    own = "`customer_id` IN (SELECT customer_id FROM main.c360_gold.customer WHERE `country` IN ("
    assert any("AS SELECT" in view and own in view for view in views)
    for statement in [*filters, *views]:
        sqlglot.parse_one(statement, dialect="databricks")


def test_rows_go_by_what_customers_permit_of_what_each_role_reads_for() -> None:
    (order,) = [s for s in UNITY if "FUNCTION main.c360_gold.rows_customer_order(" in s]
    (own,) = [s for s in UNITY if "FUNCTION main.c360_gold.rows_customer_permitted(" in s]
    cases = dict(re.findall(r"'c360_(\w+)'\) AND (.*?)\)(?: OR \(is_account|$)", order))
    ids = "SELECT customer_id FROM main.c360_gold.customer_permitted WHERE"

    assert cases["privacy_officer"] == "true"
    assert cases["marketer"] == (
        f"`filtered_customer_id` IN ({ids} arrays_overlap(purposes, array('marketing')))"
    )
    assert cases["agent"] == (
        f"coalesce(`filtered_customer_id`, '') NOT IN ({ids} NOT arrays_overlap(purposes, array('service')))"
    )
    # A row filter that read its own table would never end.
    assert "SELECT" not in own
    about_customers = {
        named(spec.name)
        for spec in SPECS
        if spec.subject_key
        and any(role.may_read(spec) and not role.sees_everybody for role in ROLES.values())
    }
    filtered = {s.split()[2] for s in UNITY if "SET ROW FILTER" in s}
    assert filtered == about_customers
    views = {s.split()[5] for s in VIEWS if "arrays_overlap" in s}
    marketers = {s.split()[5] for s in VIEWS if "c360_marketer." in s and "`customer_id`" in s}
    assert marketers <= views
