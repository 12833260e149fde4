"""Rules of the architecture that an import contract cannot see, checked on the source itself."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TRANSFORMS = ("lakehouse/silver", "lakehouse/gold", "lakehouse/serve", "lakehouse/columns")
ACTIONS = {"collect", "toPandas", "show", "persist", "cache", "checkpoint", "localCheckpoint"}
ACTIONS |= {"foreach", "foreachPartition", "toLocalIterator", "head", "isEmpty"}
OFF_CONNECT = {"_jvm", "_jdf", "_jsparkSession", "rdd", "sparkContext", "_sc"}
READERS_OF_THE_ENVIRONMENT = ("lakehouse/settings",)
MAKERS_OF_FRAMES = {
    "lakehouse/columns/keys.py",
    "lakehouse/linkage/cluster.py",
    "lakehouse/pipeline/people_files.py",
    "lakehouse/tables/local_frame.py",
}
"""They hand Arrow tables to Spark. A list would go through Python workers whenever it is read (ADR 17)."""
VAGUE = {"utils", "util", "helpers", "helper", "common", "core", "manager", "misc"}

LONG_FUNCTIONS = {
    "lakehouse/columns/person.py:standardised_people": 43,
    "lakehouse/demo/events.py:_web_lines": 42,
    "lakehouse/demo/person_feeds.py:write_shop_accounts": 43,
    "lakehouse/demo/records.py:observe": 47,
    "lakehouse/demo/voices.py:write_support_tickets": 58,
    "lakehouse/gold/customer_identifier.py:customer_identifier": 55,
    "lakehouse/linkage/link.py:linked": 52,
    "lakehouse/pipeline/runner.py:run": 44,
}
"""Functions of more than 40 lines, docstrings counted. Do not add to it: split the function."""


def modules(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def broken(paths: list[Path], is_broken: Callable[[ast.AST], bool]) -> list[str]:
    """The places whose syntax breaks a rule, as `lakehouse/x.py:7`."""
    return [
        f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 1)}"
        for path in paths
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if is_broken(node)
    ]


def is_action(node: ast.AST) -> bool:
    """A call that makes Spark work, or that prints. `F.count(…)` is a column, `x.count()` a job."""
    if not isinstance(node, ast.Call):
        return False
    if isinstance(node.func, ast.Name):
        return node.func.id == "print"
    if not isinstance(node.func, ast.Attribute):
        return False
    counts_rows = node.func.attr == "count" and not node.args
    return node.func.attr in ACTIONS or counts_rows


def reads_the_clock(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and (
        node.attr in ("now", "utcnow", "today", "current_timestamp", "current_date")
    )


def reads_the_environment(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv", "environb")


def leaves_connect(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in OFF_CONNECT


def makes_a_frame(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "createDataFrame"


def shows_a_secret(node: ast.AST) -> bool:
    """A literal of a plan whose name says what it is. `hidden` is for secrets."""
    if not isinstance(node, ast.Call) or ast.unparse(node.func) != "F.lit":
        return False
    parts = [part for given in node.args for part in ast.walk(given)]
    names = {getattr(part, "id", getattr(part, "attr", "")) for part in parts}
    return any(word in name for name in names for word in ("secret", "hash_key", "master"))


def is_row_at_a_time(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute | ast.Name) and (
        (node.attr if isinstance(node, ast.Attribute) else node.id) == "udf"
    )


def test_a_transform_starts_no_job_and_prints_nothing() -> None:
    assert broken(modules(*TRANSFORMS), is_action) == []


def test_a_transform_reads_no_clock() -> None:
    assert broken(modules(*TRANSFORMS, "lakehouse/linkage"), reads_the_clock) == []


def test_only_settings_reads_the_environment() -> None:
    others = [
        path
        for path in modules("lakehouse", "jobs")
        if not str(path.relative_to(ROOT)).startswith(READERS_OF_THE_ENVIRONMENT)
    ]

    assert broken(others, reads_the_environment) == []


def test_nothing_stands_in_the_way_of_spark_connect() -> None:
    assert broken(modules("lakehouse", "jobs"), leaves_connect) == []


def test_rows_of_the_driver_become_a_frame_without_python_workers() -> None:
    places = broken(modules("lakehouse", "jobs"), makes_a_frame)
    assert {place.split(":")[0] for place in places} == MAKERS_OF_FRAMES


def test_no_secret_is_a_literal_of_a_plan() -> None:
    assert broken(modules("lakehouse"), shows_a_secret) == []


def test_no_function_is_called_row_by_row() -> None:
    assert broken(modules("lakehouse"), is_row_at_a_time) == []


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        (is_action, "frame.count()"),
        (is_action, "frame.toPandas()"),
        (is_action, "print(1)"),
        (reads_the_clock, "datetime.now(UTC)"),
        (reads_the_environment, "os.environ['X']"),
        (leaves_connect, "frame.rdd"),
        (is_row_at_a_time, "F.udf(f)"),
        (shows_a_secret, "F.lit(lake.secret.get_secret_value())"),
    ],
)
def test_each_rule_sees_what_it_forbids(rule: Callable[[ast.AST], bool], line: str) -> None:
    assert any(rule(node) for node in ast.walk(ast.parse(line)))


def test_counting_as_a_column_is_no_job() -> None:
    assert not any(is_action(node) for node in ast.walk(ast.parse("F.count('x')")))


def test_jobs_are_thin() -> None:
    lengths = {p.name: len(p.read_text("utf-8").splitlines()) for p in modules("jobs")}

    assert {name: n for name, n in lengths.items() if n > 40} == {}


def functions_longer_than(lines: int) -> dict[str, int]:
    """Their lengths, as `lakehouse/x.py:f`."""
    return {
        f"{path.relative_to(ROOT)}:{node.name}": length
        for path in modules("lakehouse", "jobs")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or 0) - node.lineno + 1) > lines
    }


def test_functions_fit_on_a_screen_but_for_those_that_may_only_shrink() -> None:
    found = functions_longer_than(40)

    assert {name: n for name, n in found.items() if n > LONG_FUNCTIONS.get(name, 40)} == {}
    assert LONG_FUNCTIONS.keys() - found.keys() == set(), (
        "these are short now: take them off the list"
    )


def test_modules_are_named_for_what_they_are_about() -> None:
    assert [p for p in modules("lakehouse", "jobs") if VAGUE & {p.stem, p.parent.name}] == []


def project_texts() -> Iterator[tuple[Path, str]]:
    folders = ("lakehouse", "jobs", "conf", "expectations", "tests", "notebooks", "docs", ".ci")
    paths = [p for folder in folders for p in sorted((ROOT / folder).rglob("*")) if p.is_file()]
    # Coverage's data and a worktree's .git are files that no commit holds.
    unkept = (".coverage", ".git")
    paths += [p for p in sorted(ROOT.iterdir()) if p.is_file() and not p.name.startswith(unkept)]
    for path in paths:
        if "__pycache__" not in path.parts:
            yield path, path.read_text(encoding="utf-8", errors="replace")


def test_no_file_names_a_package_registry_or_a_developer_s_machine() -> None:
    # Written in two parts, so that this file does not hold what it looks for.
    forbidden = ["pypi" + ".org", "pythonhosted" + ".org", "repo1" + ".maven", "maven" + ".org"]
    forbidden += ["/work" + "/", "/root" + "/", "--index" + "-url ", "/home" + "/"]

    found = [
        f"{path.relative_to(ROOT)}: {word}"
        for path, text in project_texts()
        for word in forbidden
        if word in text
    ]

    assert found == []


def test_no_file_holds_a_conflict_of_a_merge() -> None:
    marks = ("<<<<" + "<<< ", ">>>>" + ">>> ")

    assert [
        path.name
        for path, text in project_texts()
        for line in text.splitlines()
        if line.startswith(marks)
    ] == []


def test_every_requirement_is_pinned_with_a_hash() -> None:
    for name in ("constraints-build.txt", "constraints.txt", "constraints-spark42.txt"):
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
        pins = [n for n, line in enumerate(lines) if line and not line.startswith((" ", "#"))]

        assert pins
        assert [lines[n] for n in pins if "==" not in lines[n]] == []
        assert [lines[n] for n in pins if "--hash=sha256:" not in lines[n + 1]] == []
