"""`c360 show` for every role, with a value of its own in every column of every table of gold."""

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from typer.testing import CliRunner, Result

from lakehouse.cli import app
from lakehouse.cli.commands import customer
from lakehouse.errors import ExitCode
from lakehouse.pipeline.audit import audit_log, audit_verify
from lakehouse.settings.load import load_settings
from lakehouse.settings.models import Settings
from lakehouse.settings.roles import Mask
from lakehouse.tables.gold import CUSTOMER, CUSTOMER_PERMITTED, GOLD_TABLES
from lakehouse.tables.spec import TableSpec
from tests.support.plain_lake import PlainLake, arrow_type
from tests.support.plain_people import DAY_1

pytestmark = pytest.mark.exhaustive

WHO = "a" * 32
ROLES = sorted(load_settings("demo").roles.roles)
COARSE = {"country", "region"}
COLUMNS = [(spec, name) for spec in GOLD_TABLES for name in spec.column_names]
_MARK = re.compile(r"Zq(\d{4})zq")
Show = Callable[..., Result]


def marked(spec: TableSpec, name: str) -> Any:
    """A value that tells its column again, wherever it comes out; keys lead to the customer."""
    if "customer_id" in name and not name.endswith("s"):
        return WHO
    if (spec, name) == (CUSTOMER_PERMITTED, "purposes"):
        return ["service", "analytics", "marketing"]
    if name == "household_id":
        return "house"
    if name == "valid_to":
        return None
    number = COLUMNS.index((spec, name))
    return _of_type(arrow_type(spec.column(name).type), f"Zq{number:04d}zq")


def _of_type(kind: pa.DataType, text: str) -> Any:
    if pa.types.is_list(kind):
        return [_of_type(kind.value_type, text)]
    if pa.types.is_map(kind):
        return [(_of_type(kind.key_type, text), _of_type(kind.item_type, text))]
    if pa.types.is_struct(kind):
        return {field.name: _of_type(field.type, text) for field in kind}
    if pa.types.is_string(kind):
        return text
    others = {
        pa.types.is_date: date(1977, 7, 17),
        pa.types.is_timestamp: datetime(2026, 1, 2, tzinfo=UTC),
        pa.types.is_decimal: Decimal("7.00"),
        pa.types.is_boolean: True,
    }
    return next((value for is_such, value in others.items() if is_such(kind)), 7)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> PlainLake:
    made = PlainLake(tmp_path_factory.mktemp("marked") / "lake")
    rows = {s: [{name: marked(s, name) for name in s.column_names}] for s in GOLD_TABLES}
    made.release(DAY_1, rows)
    return made


@pytest.fixture
def show(lake: PlainLake, monkeypatch: pytest.MonkeyPatch) -> Show:
    def settings(_env: str, *, role: str | None = None) -> Settings:
        return lake.settings(**({"roles.reader": role} if role else {}))

    monkeypatch.setattr(customer, "loaded", settings)
    monkeypatch.setenv("COLUMNS", "4000")

    def shown(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["show", *arguments, "--env", "test"])

    return shown


def told_columns(output: str) -> set[tuple[str, str]]:
    """The columns whose values stand in the output."""
    found = [COLUMNS[int(number)] for number in _MARK.findall(output)]
    return {(spec.name, name) for spec, name in found}


def allowed_columns(lake: PlainLake, role: str) -> set[tuple[str, str]]:
    reader = lake.settings().roles.roles[role]
    return {
        (spec.name, name)
        for spec, name in COLUMNS
        if reader.may_read(spec) and (reader.mask(spec, name) is Mask.CLEAR or name in COARSE)
    }


@pytest.mark.parametrize("form", ["--all", "--json"])
@pytest.mark.parametrize("role", ROLES)
def test_no_surface_shows_a_role_what_it_may_not_see(
    role: str, form: str, show: Show, lake: PlainLake
) -> None:
    shown = show(WHO, form, "--role", role)

    assert shown.exit_code == ExitCode.OK, shown.output
    told, allowed = told_columns(shown.output), allowed_columns(lake, role)
    assert told <= allowed
    assert len(told) > 20
    is_seen = ("gold.customer", "birth_date") in allowed
    assert (told_birth_date(shown, form) == "1977-07-17") == is_seen


def told_birth_date(shown: Result, form: str) -> str | None:
    """Dates have no marks: many tables tell of days that are nobody's birthday."""
    if form == "--json":
        return json.loads(shown.stdout)["gold"]["customer"][0]["birth_date"]
    born = re.search(r"born ([\d-]+)", shown.stdout)
    return born[1] if born else None


@pytest.mark.parametrize("role", ROLES)
def test_a_customer_is_found_by_clear_values_and_shown_as_the_role_sees_them(
    role: str, show: Show, lake: PlainLake
) -> None:
    number = COLUMNS.index((CUSTOMER, "given_name"))

    found = show(f"zq{number:04d}zq", "--role", role)

    assert found.exit_code == ExitCode.OK, found.output
    assert told_columns(found.output) <= allowed_columns(lake, role)


def test_who_names_no_role_where_conf_names_none_sees_masks(
    show: Show, lake: PlainLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = lake.settings(**{"roles.reader": "default"})
    monkeypatch.setattr(customer, "loaded", lambda _env, **_: plain)

    told = show(WHO, "--all").stdout

    assert "read as default" in told
    assert told_columns(told) <= allowed_columns(lake, "default")


def test_an_unknown_role_is_a_fault_of_the_configuration() -> None:
    refused = CliRunner().invoke(app, ["show", WHO, "--env", "test", "--role", "boss"])

    assert refused.exit_code == ExitCode.BAD_CONFIGURATION
    assert "there is no such role; known are agent, analyst, default" in refused.stderr


def test_a_read_leaves_one_row_and_without_it_nothing_is_shown(show: Show, lake: PlainLake) -> None:
    log = audit_log(lake.settings())
    before = len(log.content()[0])

    show(WHO, "--role", "agent")

    (row,) = [json.loads(line) for line in log.content()[0][before:]]
    assert (row["action"], row["surface"], row["role"]) == ("read", "show", "agent")
    assert (row["count"], row["release"], row["purpose"]) == (1, 1, "service")
    assert WHO not in json.dumps(row)
    assert audit_verify(lake.settings()).warnings == []
    log.head_path.rename(log.head_path.with_suffix(".away"))
    log.head_path.mkdir()
    refused = show(WHO, "--role", "agent")
    log.head_path.rmdir()
    log.head_path.with_suffix(".away").rename(log.head_path)
    assert refused.exit_code == ExitCode.BAD_INPUT
    assert refused.stdout == ""
    assert "what is not recorded is not done" in refused.stderr


def test_a_role_of_another_country_finds_nobody(
    tmp_path: Path, lake: PlainLake, show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = lake.settings(**{"roles.reader": "agent"})
    agent = settings.roles.current.model_copy(update={"rows": {"country": ("GB",)}})
    roles = settings.roles.model_copy(update={"roles": {"default": agent, "agent": agent}})
    british = settings.model_copy(update={"roles": roles})
    monkeypatch.setattr(customer, "loaded", lambda _env, **_: british)

    assert show(WHO).exit_code == ExitCode.BAD_INPUT
