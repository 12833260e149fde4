"""No surface reads a release past the role of who reads it."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2] / "lakehouse"
OPENERS = {
    "pipeline/reader_tables.py": "gives a reader what the role may see",
    "pipeline/audiences.py": "exports products, which are masked already",
    "pipeline/legal_holds.py": "asks whether records are known",
    "pipeline/masked_dataset.py": "writes a copy in which nobody is",
    "pipeline/masked_report.py": "counts people of a copy",
    "pipeline/personal_data_scan.py": "tells counts alone",
    "pipeline/privacy_archive.py": "hands a person her own data, once her identity is checked",
    "pipeline/privacy_intake.py": "finds whose a request is, and shows keys and reasons",
    "pipeline/products.py": "lists products and counts",
}
"""Modules that may open a release without Spark, and why each shows nobody what a role hides."""
PAGES = {"pipeline/customer_reads.py"}
"""Modules that may make a page: they record it first."""


def callers(name: str) -> set[str]:
    """The modules that call a function of that name."""
    return {
        str(path.relative_to(ROOT))
        for path in ROOT.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name
    }


def test_a_release_is_opened_for_a_reader_in_one_place() -> None:
    assert callers("released_tables") == OPENERS.keys()


def test_a_page_is_made_where_it_is_recorded() -> None:
    assert callers("customer_page") | callers("find_customers") == PAGES
