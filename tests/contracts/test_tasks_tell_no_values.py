"""Python that runs in tasks of Spark lets no error leave with its words, which may quote a row."""

import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "lakehouse"
_RUNS_IN_TASKS = re.compile(r"\.mapInArrow\(|\.applyInArrow\(|= arrow_udf\(|\.mapInPandas\(")
MODULES = [p for p in PACKAGE.rglob("*.py") if _RUNS_IN_TASKS.search(p.read_text("utf-8"))]


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_a_module_that_hands_python_to_tasks_withholds_the_words_of_its_errors(
    module: Path,
) -> None:
    text = module.read_text("utf-8")

    handed_over = len(re.findall(r"\.mapInArrow\(|\.applyInArrow\(|= arrow_udf\(", text))

    assert len(re.findall(r"^ +with .*words_withheld\(\)", text, re.MULTILINE)) >= handed_over


def test_there_are_such_modules() -> None:
    assert len(MODULES) >= 7
