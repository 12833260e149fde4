"""What is told of an error: its kind and its place, never the words that may quote a row."""

from collections.abc import Iterator

import pytest

from lakehouse.errors import InputError, TaskError, without_words, words_withheld

VALUE = "zqxw"


class LibraryError(Exception):
    """An error that nobody has foreseen."""


class SparkLikeError(Exception):
    """An error of Spark's, as far as it is looked at."""

    def getCondition(self) -> str:  # noqa: N802 - as Spark calls it
        return "CAST_INVALID_INPUT"


def raised(error: Exception) -> Exception:
    try:
        raise error
    except type(error) as caught:
        return caught


def chained() -> Exception:
    try:
        try:
            raise LibraryError(VALUE)
        except LibraryError as first:
            raise InputError("The file cannot be read.", "look at it.") from first
    except InputError as second:
        return second


def test_a_traceback_says_where_and_not_what() -> None:
    told = without_words(raised(LibraryError(VALUE)))

    assert "test_errors.py" in told
    assert "LibraryError" in told
    assert VALUE not in told


def test_of_spark_the_error_class_is_told() -> None:
    told = without_words(
        raised(SparkLikeError(f"[CAST_INVALID_INPUT] The value '{VALUE}' is no number."))
    )

    assert "SparkLikeError: (CAST_INVALID_INPUT, " in told
    assert VALUE not in told


def test_our_own_errors_keep_their_words_and_what_led_to_them_does_not() -> None:
    told = without_words(chained())

    assert told.index("LibraryError") < told.index("[C360-070] The file cannot be read.")
    assert VALUE not in told


def test_an_error_of_a_task_leaves_it_by_kind_and_place() -> None:
    def work() -> None:
        with words_withheld():
            int(VALUE)

    with pytest.raises(TaskError, match=r"^ValueError at test_errors.py:\d+$") as left:
        work()

    assert left.value.__suppress_context__
    assert left.value.__cause__ is None


def test_a_task_that_fails_half_way_has_handed_on_what_came_before() -> None:
    def halves() -> Iterator[int]:
        with words_withheld():
            for text in ("1", VALUE):
                yield int(text)

    rows = halves()

    assert next(rows) == 1
    with pytest.raises(TaskError):
        next(rows)
