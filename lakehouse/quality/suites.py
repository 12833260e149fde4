"""Reading suites: one JSON file per table at `expectations/<layer>/<entity>.json`.

A suite is refused as a whole, with every fault of every file in one SuiteError, so that nothing
is checked by half a suite.
"""

import json
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from lakehouse.errors import SuiteError
from lakehouse.quality.rules import (
    BETWEEN,
    COMPOUND_UNIQUE,
    IN_SET,
    KINDS,
    LENGTHS,
    NOT_NULL_SHARE,
    REGEX,
    ROW_COUNT,
    Rule,
    RuleKind,
    Severity,
    Suite,
)
from lakehouse.tables.spec import TableSpec

_REASON = re.compile(r"[a-z][a-z0-9_]{2,62}")
_FIELDS = frozenset({"type", "kwargs", "severity", "reason", "description"})
_NEED_A_LIMIT = frozenset({BETWEEN, LENGTHS, ROW_COUNT, NOT_NULL_SHARE})
_LITERALS = {"string": str, "boolean": bool}
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}( \d{2}:\d{2}:\d{2})?")
_LIMIT_KEYS = ("min_value", "max_value")

_LITERAL_PARTS = re.compile(r"\\.|\[\^?\]?(?:\\.|[^]\\])*\]", re.DOTALL)
_UNKNOWN_TO_JAVA = re.compile(r"\(\?[P#(aL]|\{(?!\d+(,\d*)?\})")
"""Named groups by P, comments, conditions, Python's flags, and braces that count nothing."""


def read_suites(root: Path, specs: Sequence[TableSpec]) -> dict[str, Suite]:
    """The suite of each table, by table name.

    Args:
        root: the folder `expectations/`.
        specs: every table that must have a suite. Bronze suites derive from their sources
            (see `bronze_suite`) and ops tables have none, so neither belongs here.

    Raises:
        SuiteError: a suite is missing, names no known table or cannot be used; lists all faults.
    """
    faults = list(_stray_files(root, specs))
    suites: dict[str, Suite] = {}
    for spec in specs:
        path = root / spec.suite_path
        if not path.is_file():
            faults.append(f"{spec.suite_path}: the table has no suite")
            continue
        declared, found = _read(path, spec)
        faults.extend(f"{spec.suite_path}: {fault}" for fault in found)
        if not found:
            suites[spec.name] = Suite(spec.name, tuple(_rule(entry) for entry in declared))
    if faults:
        lines = "".join(f"\n  {fault}" for fault in faults)
        raise SuiteError(
            f"{len(faults)} fault(s) in the expectation suites; nothing was touched.{lines}\n",
            "correct the named files under expectations/, then try `c360 config check`.",
        )
    return suites


def rule_faults(entry: object, spec: TableSpec) -> list[str]:
    """Everything that is wrong with one entry of a suite; empty if it can be used."""
    if not isinstance(entry, dict):
        return ["an expectation is not an object"]
    faults = [f"unknown key {key}" for key in sorted(entry.keys() - _FIELDS)]
    if entry.get("severity") not in set(Severity):
        faults.append(f"unknown severity {entry.get('severity')!r}")
    if not _REASON.fullmatch(str(entry.get("reason", ""))):
        faults.append(f"reason {entry.get('reason')!r} is not a code in snake_case")
    kind = KINDS.get(str(entry.get("type")))
    kwargs = entry.get("kwargs")
    if kind is None:
        return [*faults, f"unknown expectation type {entry.get('type')!r}"]
    if not isinstance(kwargs, dict):
        return [*faults, f"{kind.type}: kwargs is not an object"]
    faults += _kwarg_faults(kind, kwargs, spec)
    if entry.get("severity") == Severity.QUARANTINE:
        faults += _quarantine_faults(kind, kwargs)
    return faults


def _stray_files(root: Path, specs: Iterable[TableSpec]) -> Iterator[str]:
    known = {spec.suite_path for spec in specs}
    for path in sorted(root.rglob("*.json")):
        relative = path.relative_to(root).as_posix()
        if relative not in known:
            yield f"{relative}: the suite has no table"


def _read(path: Path, spec: TableSpec) -> tuple[list[Mapping[str, Any]], list[str]]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        return [], [f"not JSON ({error.__class__.__name__})"]
    if not isinstance(document, dict) or document.keys() != {"table", "expectations"}:
        return [], ["must be an object with just the keys table and expectations"]
    faults = []
    if document["table"] != spec.name:
        faults.append(f"table is {document['table']!r}, expected {spec.name!r}")
    entries = document["expectations"]
    if not isinstance(entries, list) or not entries:
        return [], [*faults, "expectations must be a list that is not empty"]
    for number, entry in enumerate(entries, start=1):
        faults += [f"expectation {number}: {fault}" for fault in rule_faults(entry, spec)]
    return entries, faults + _repeated(entries)


def _repeated(entries: Sequence[object]) -> list[str]:
    seen: dict[str, int] = {}
    faults = []
    for number, entry in enumerate(entries, start=1):
        if isinstance(entry, dict):
            key = json.dumps([entry.get("type"), entry.get("kwargs")], sort_keys=True)
            if key in seen:
                faults.append(f"expectation {number}: repeats expectation {seen[key]}")
            seen.setdefault(key, number)
    return faults


def _rule(entry: Mapping[str, Any]) -> Rule:
    return Rule(
        type=entry["type"],
        kwargs=dict(entry["kwargs"]),
        severity=Severity(entry["severity"]),
        reason=entry["reason"],
        description=entry.get("description", ""),
    )


def _kwarg_faults(kind: RuleKind, kwargs: Mapping[str, Any], spec: TableSpec) -> list[str]:
    needed = frozenset(kind.column_keys) | kind.required
    faults = [f"unknown keyword {key}" for key in sorted(kwargs.keys() - kind.allowed)]
    faults += [f"keyword {key} is missing" for key in sorted(needed - kwargs.keys())]
    if kind.type in _NEED_A_LIMIT and all(kwargs.get(key) is None for key in _LIMIT_KEYS):
        faults.append("needs min_value or max_value")
    for key in kind.column_keys:
        faults += _column_faults(kind, kwargs.get(key), spec)
    faults += _value_faults(kind, kwargs, spec)
    return [f"{kind.type}: {fault}" for fault in faults]


def _column_faults(kind: RuleKind, named: object, spec: TableSpec) -> list[str]:
    if kind.type == COMPOUND_UNIQUE and (not isinstance(named, list) or len(named) < 2):
        return ["column_list must name two columns or more"]
    columns = named if isinstance(named, list) else [named]
    faults = []
    for column in columns:
        if column not in spec.column_names:
            faults.append(f"{spec.name} has no column {column!r}")
        elif kind.column_types and not spec.column(str(column)).type.startswith(kind.column_types):
            faults.append(f"cannot judge {column}, which is {spec.column(str(column)).type}")
    return faults


def _value_faults(kind: RuleKind, kwargs: Mapping[str, Any], spec: TableSpec) -> list[str]:
    faults = []
    mostly = kwargs.get("mostly", 1)
    if isinstance(mostly, bool) or not isinstance(mostly, int | float) or not 0 < mostly <= 1:
        faults.append("mostly must be a number above 0 and at most 1")
    if kind.type == IN_SET:
        faults += _value_set_faults(kwargs, spec)
    if kind.type == REGEX:
        faults += _regex_faults(kwargs.get("regex"))
    faults += _limit_faults(kind, kwargs, spec)
    for key in ("strict_min", "strict_max", "or_equal"):
        if not isinstance(kwargs.get(key, False), bool):
            faults.append(f"{key} must be true or false")
    return faults


def _limit_faults(kind: RuleKind, kwargs: Mapping[str, Any], spec: TableSpec) -> list[str]:
    column = kwargs.get("column")
    is_judged = kind.type == BETWEEN and column in spec.column_names
    column_type = spec.column(str(column)).type if is_judged else ""
    limits = {key: kwargs[key] for key in _LIMIT_KEYS if kwargs.get(key) is not None}
    if column_type.startswith(("date", "timestamp")):
        form, words = (_DATE, "") if column_type == "date" else (_MOMENT, " or 2026-01-31 23:59:59")
        wrong = [key for key, value in limits.items() if not _is_moment(value, form)]
        faults = [f"{key} must be written as 2026-01-31{words}" for key in wrong]
    else:
        wrong = [key for key, value in limits.items() if not _is_number(value)]
        faults = [f"{key} must be a number" for key in wrong]
    if not faults and len(limits) == 2 and limits["min_value"] > limits["max_value"]:
        return ["min_value is above max_value"]
    return faults


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_moment(value: object, form: re.Pattern[str]) -> bool:
    if not isinstance(value, str) or not form.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _value_set_faults(kwargs: Mapping[str, Any], spec: TableSpec) -> list[str]:
    values = kwargs.get("value_set")
    if not isinstance(values, list) or not values:
        return ["value_set must be a list that is not empty"]
    column = kwargs.get("column")
    if column not in spec.column_names:
        return []
    expected = _LITERALS.get(spec.column(str(column)).type, int)
    if all(type(value) is expected for value in values):
        return []
    return [f"value_set of {column} must hold {expected.__name__} values only"]


def _regex_faults(regex: object) -> list[str]:
    text = regex if isinstance(regex, str) else "("
    try:
        with warnings.catch_warnings(action="error", category=FutureWarning):
            re.compile(text)
    except (re.error, FutureWarning):
        return ["regex is not a regular expression"]
    # Spark matches by Java's expressions, Python only reads them here.
    if _UNKNOWN_TO_JAVA.search(_LITERAL_PARTS.sub("", text)):
        return ["regex is one of Python's that Java does not know"]
    return []


def _quarantine_faults(kind: RuleKind, kwargs: Mapping[str, Any]) -> list[str]:
    faults = []
    if not kind.is_row_rule:
        faults.append(f"{kind.type}: judges the table, so it has no rows to quarantine")
    if "mostly" in kwargs:
        faults.append(
            f"{kind.type}: mostly cannot go with quarantine, which holds every failing row"
        )
    return faults
