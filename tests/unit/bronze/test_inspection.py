"""A file whose inspection fails in a way that nobody has foreseen is rejected like any other."""

import pytest

from lakehouse.bronze import landing
from lakehouse.bronze.records import Layout


def test_an_error_that_nobody_has_foreseen_makes_the_file_unreadable_and_ends_no_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def failing(content: bytes, how: Layout) -> list[str]:
        raise ZeroDivisionError

    monkeypatch.setattr(landing, "missing_columns", failing)
    how = Layout("csv", ",", '"', True, "utf-8", ("id",), ("id",), ("id",))

    assert landing._found(b"id\n1\n", 1, how) == (None, [])
