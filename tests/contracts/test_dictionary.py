"""docs/data-dictionary.md says what the specs say today."""

from pathlib import Path

from lakehouse.tables.dictionary import dictionary
from lakehouse.tables.registry import STATIC_TABLES

DOCUMENT = Path(__file__).parents[2] / "docs/data-dictionary.md"


def test_the_data_dictionary_is_current() -> None:
    is_current = DOCUMENT.read_text(encoding="utf-8") == dictionary(STATIC_TABLES)
    assert is_current, "write dictionary(STATIC_TABLES) to docs/data-dictionary.md again"
