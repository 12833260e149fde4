"""Attacks through configuration: names, patterns, expressions and arguments that would be obeyed.

The table is HOSTILE × NAMES (what becomes part of SQL, a path or a table's name takes none of them), and the
attacks on what takes more than a name. Words for people are taken, and shown as they are.
"""

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from lakehouse.cli import app
from lakehouse.errors import ConfigurationError, ExitCode
from lakehouse.pipeline.metric_views import databricks_metric_view, sql_view
from lakehouse.pipeline.runner import checked
from lakehouse.privacy.notice import privacy_notice
from lakehouse.privacy.processing_record import as_csv, processing_record
from lakehouse.settings.expressions import row_faults
from lakehouse.settings.load import load_settings
from lakehouse.settings.metrics import load_metrics
from lakehouse.tables.dictionary import dictionary
from tests.support.hostile import HOSTILE, STEERING

pytestmark = pytest.mark.exhaustive

ATTACKS = pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())

CONTACT = "base/sources/crm_contact.yml"
PRODUCT = "base/products/care_customer.yml"
NAMES = {
    "a source's system": (CONTACT, "source_system"),
    "a source's entity": (CONTACT, "entity"),
    "a column of a source": (CONTACT, "columns[3].name"),
    "a key of a source": (CONTACT, "key[0]"),
    "a sequence of a source": (CONTACT, "sequence"),
    "a table that a feed fills": (CONTACT, "feeds[0].table"),
    "a column that a feed reads": (CONTACT, "feeds[0].map.given_name"),
    "an encoding": (CONTACT, "encoding"),
    "a product's name": (PRODUCT, "name"),
    "a product's column": (PRODUCT, "columns[0]"),
    "a product's table": (PRODUCT, "tables[0]"),
    "a product's definition": (PRODUCT, "definitions[0].name"),
    "a product's expression": (PRODUCT, "definitions[0].expression"),
    "a product's type": (PRODUCT, "definitions[0].type"),
    "a product's purpose": (PRODUCT, "purpose"),
    "a product's version": (PRODUCT, "version"),
    "a part of a blocking rule": ("base/linkage.yml", "blocking[0][0]"),
    "a column of a comparison": ("base/linkage.yml", "comparisons[0].columns[0]"),
    "a rule's key of people": ("base/linkage.yml", "guards.sharing[0].people[0]"),
    "a catalog's prefix": ("base/lakehouse.yml", "catalog_prefix"),
    "a table to leave out": ("base/lakehouse.yml", "leave_out"),
    "a master": ("test/spark.yml", "master"),
    "a role's purpose": ("base/roles.yml", "roles.agent.purposes[0]"),
    "a secret": ("base/tokens.yml", "versions"),
    "a table under a hold": ("base/retention.yml", "holds"),
    "a country": ("base/regimes.yml", "regimes.uk_gdpr.countries[0]"),
}


# A thousand files are read and written here: libyaml does it ten times as quick, where it is.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

SUMS = {"a formula behind a plus", "a formula behind a minus"}
"""What an expression may be, as it does no more than add."""


def set_in(conf: Path, file: str, key: str, text: object) -> None:
    path = conf / file
    content: Any = yaml.load(path.read_text(encoding="utf-8"), _LOADER) or {}  # noqa: S506 (safe)
    *parts, last = [int(p) if p.isdigit() else p for p in re.findall(r"[^.\[\]]+", key)]
    holder = content
    for part in parts:
        holder = holder[part]
    holder[last] = [text] if last in ("leave_out", "holds") else text
    path.write_text(
        yaml.dump(content, Dumper=_DUMPER, sort_keys=False, allow_unicode=False), "utf-8"
    )


@pytest.mark.parametrize(("file", "key"), NAMES.values(), ids=NAMES.keys())
def test_what_becomes_a_part_of_sql_or_of_a_path_takes_none_of_the_attacks(
    conf: Path, file: str, key: str
) -> None:
    before = (conf / file).read_text(encoding="utf-8")
    taken = []
    for attack, text in HOSTILE.items():
        (conf / file).write_text(before, encoding="utf-8")
        set_in(conf, file, key, text)
        try:
            load_settings("test")
        except ConfigurationError:
            continue
        taken.append(attack)

    assert {*taken} <= SUMS if key.endswith("expression") else not taken


@pytest.mark.parametrize("pattern", ["../*.csv", "/etc/*", "a/../../b-*.csv", "", "./../x.csv"])
def test_a_pattern_of_files_stays_below_the_landing_folder(conf: Path, pattern: str) -> None:
    set_in(conf, CONTACT, "file_pattern", pattern)

    with pytest.raises(ConfigurationError, match="file_pattern"):
        load_settings("test")


@pytest.mark.parametrize(
    "expression",
    [
        "(select max(email) from gold.customer)",
        "exists(select 1)",
        "1; drop table gold.customer",
        "reflect('java.lang.System', 'exit', '0')",
        "java_method('java.lang.Runtime', 'getRuntime')",
        "try_reflect('java.lang.System', 'getenv', 'C360_SECRET')",
        "read_files('/etc/passwd')",
        "http_request('http://evil.example')",
        "ai_query('model', name)",
        "secret('c360', 'lake')",
        "current_user()",
        "input_file_name()",
        "uuid()",
        "name -- and more\n, other",
        "array(select name)",
        "x from y",
        "name OVER (PARTITION BY name)",
    ],
)
def test_an_expression_of_a_product_cannot_leave_its_row(expression: str) -> None:
    assert list(row_faults(expression, {("", "name")}))


@ATTACKS
def test_a_run_has_no_such_name(text: str) -> None:
    with pytest.raises(ConfigurationError, match="--run-id"):
        checked(load_settings("test"), text)


@ATTACKS
def test_no_table_to_run_goes_by_it(text: str) -> None:
    with pytest.raises(ConfigurationError, match="--only"):
        checked(load_settings("test"), "r1", [text])


@pytest.mark.parametrize("command", ["roles sql", "metrics sql", "metrics databricks"])
@ATTACKS
def test_no_name_of_a_catalog_begins_with_it(command: str, text: str) -> None:
    result = CliRunner().invoke(app, [*command.split(), f"--prefix={text.replace(chr(0), '')}"])

    assert result.exit_code == ExitCode.BAD_CONFIGURATION
    assert "GRANT" not in result.stdout
    assert "VIEW" not in result.stdout


@pytest.mark.parametrize("key", ["title", "description", "owner", "definitions[0].description"])
def test_words_of_a_product_steer_no_terminal(conf: Path, key: str) -> None:
    set_in(conf, PRODUCT, key, "Cleared.\x1b[2J Done.")

    with pytest.raises(ConfigurationError, match="steers a terminal"):
        load_settings("test")


WORDS: dict[str, Callable[[Path], str]] = {
    "the record of processing": lambda _: as_csv(processing_record(load_settings("test"))),
    "the data dictionary": lambda _: dictionary(
        source.bronze_table for source in load_settings("test").sources
    ),
    "the notice": lambda _: _notice(),
}


def _notice() -> str:
    settings = load_settings("test")
    held, purposes, laws = processing_record(settings), settings.purposes, settings.regimes
    assert purposes.controller
    law = laws.regimes[laws.default]
    return privacy_notice(held, purposes.purposes, settings.sources, purposes.controller, law)


@ATTACKS
@pytest.mark.parametrize("shown", WORDS.values(), ids=WORDS.keys())
def test_words_of_a_file_are_refused_or_shown_as_words(
    conf: Path, shown: Callable[[Path], str], text: str
) -> None:
    set_in(conf, CONTACT, "description", text)
    set_in(conf, CONTACT, "columns[3].description", text)
    set_in(conf, CONTACT, "owner", text)
    set_in(conf, "base/purposes.yml", "purposes.service.text", text)
    try:
        told = shown(conf)
    except ConfigurationError:
        # Only for what steers a terminal.
        is_words = not STEERING & {*text} and not re.search("[\r\x00-\x08]", text)
        assert not is_words, text
        return

    assert not STEERING & {*told}
    if shown is WORDS["the record of processing"]:
        cells = [cell for row in csv.reader(io.StringIO(told)) for cell in row]
        assert not [cell for cell in cells if cell.lstrip().startswith(("=", "@", "+", "|"))]
    else:
        assert not re.search(r"<[a-z/!]", told.replace("`array<", "").replace("`map<", ""))


@ATTACKS
def test_words_of_a_metric_end_neither_the_literal_nor_the_yaml_that_they_stand_in(
    text: str,
) -> None:
    view = load_metrics()[0]
    told = view.model_copy(update={"description": text})

    comment = sql_view(told, 5).partition(" COMMENT '")[2]
    rest = re.sub(r"\\.", "", sql_view(told, 5).rpartition(") COMMENT '")[2], flags=re.DOTALL)
    assert comment
    assert rest.partition("'")[2].startswith(" AS\nSELECT")
    if "$$" in text:
        with pytest.raises(ConfigurationError, match=r"\$\$"):
            databricks_metric_view(told)
    else:
        assert databricks_metric_view(told).count("$$") == 2
