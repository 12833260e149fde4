"""An inspection that fails as nobody has foreseen rejects the file; a fault of the machine does not."""

import errno

import pyarrow as pa
import pytest

from lakehouse.bronze import landing, records
from lakehouse.bronze.records import Layout

HOW = Layout("csv", ",", '"', True, "utf-8", ("id",), ("id",), ("id",))
OF_THE_MACHINE = [MemoryError(), pa.ArrowMemoryError("malloc"), OSError(errno.ENOSPC, "full")]


def failing_with(error: Exception) -> object:
    def fail(*given: object) -> None:
        raise error

    return fail


def test_an_error_that_nobody_has_foreseen_makes_the_file_unreadable_and_ends_no_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(landing, "missing_columns", failing_with(ZeroDivisionError()))

    assert landing._found(b"id\n1\n", 1, HOW) == (None, [], [])


@pytest.mark.parametrize("error", OF_THE_MACHINE)
def test_a_fault_of_the_machine_ends_the_run_and_rejects_no_file(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(landing, "missing_columns", failing_with(error))

    with pytest.raises(type(error)):
        landing._found(b"id\n1\n", 1, HOW)


@pytest.mark.parametrize("error", OF_THE_MACHINE)
def test_a_fault_of_the_machine_while_parquet_is_read_is_none_of_the_file(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(records.pq, "ParquetFile", failing_with(error))

    with pytest.raises(type(error)):
        records.parquet_record_count(b"PAR1")
