"""What cutting a log off does to a table that is there no longer."""

from pathlib import Path

from lakehouse.storage.log_truncation import truncate_log


def test_a_table_that_was_dropped_since_has_no_log_to_cut(tmp_path: Path) -> None:
    assert truncate_log(tmp_path / "serve" / "marketing_customer", 3) == 0
