"""What Spark's log keeps of an error, by expressions that Java and Python read alike."""

import re

import pytest

from lakehouse.settings.places import conf_dir

VALUE = "zqxw"
_PATTERN = next(
    line.partition(" = ")[2].replace("\\\\", "\\")
    for line in (conf_dir() / "base" / "log4j2.properties").read_text("utf-8").splitlines()
    if line.startswith("appender.file.layout.pattern")
)


def replaced(text: str, of: str) -> str:
    """The text as the layout writes it where `of` (%m or %ex) stands."""
    at = _PATTERN.index(f"{{{of}}}") + len(of) + 2
    rest = _PATTERN[at:]
    while (found := re.match(r"\{((?:[^{}])*)\}\{([^{}]*)\}\}?", rest)) and found[1]:
        text = re.sub(found[1], found[2].replace("$1", r"\1"), text)
        rest = rest[found.end() :]
    return text


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        (
            "No Partition Defined for Window operation!",
            "No Partition Defined for Window operation!",
        ),
        (
            "Lost task 0.0 in stage 3.0 (TID 4): org.apache.spark.SparkNumberFormatException: "
            f"[CAST_INVALID_INPUT] The value '{VALUE}'\nof the type",
            "Lost task 0.0 in stage 3.0 (TID 4): org.apache.spark.SparkNumberFormatException: "
            "[CAST_INVALID_INPUT]",
        ),
        (
            "Lost task 1.0: org.apache.spark.api.python.PythonException: Traceback (most recent call "
            f'last):\n  File "x.py", line 3\nValueError: {VALUE}',
            "Lost task 1.0: org.apache.spark.api.python.PythonException",
        ),
        (
            "Lost task 2.0 in stage 3.0 (TID 5): TaskKilled (Stage cancelled: [CAST_INVALID_INPUT] The "
            f"value '{VALUE}' of the type",
            "Lost task 2.0 in stage 3.0 (TID 5): TaskKilled",
        ),
        (f"Lost task 2.0: TaskKilled (Stage cancelled: {VALUE})", "Lost task 2.0: TaskKilled"),
        (f"Gave up: [DIVIDE_BY_ZERO.X1] {VALUE}\n{VALUE}", "Gave up: [DIVIDE_BY_ZERO.X1]"),
        ("Kept in [a, B_c] of 3 [MB]", "Kept in [a, B_c] of 3 [MB]"),
        ("clear\x1b[2J\x07 \x9b31m", "clear?[2J? ?31m"),
    ],
)
def test_of_a_message_the_words_of_an_exception_are_left_out(message: str, kept: str) -> None:
    assert replaced(message, "%m") == kept


def test_of_a_trace_classes_and_frames_stay() -> None:
    trace = (
        f"java.lang.RuntimeException: {VALUE}\n"
        f"{VALUE} goes on here\n"
        f"\tat {VALUE} and more\n"
        "\tat org.apache.spark.Task.run(Task.scala:1)\n"
        f"Caused by: org.apache.spark.SparkNumberFormatException: [CAST_INVALID_INPUT] '{VALUE}'\n"
        "\tat java.base/java.lang.Thread.run(Thread.java:840)\n"
        "\t... 8 more\n"
    )

    assert replaced(trace, "%ex") == (
        "java.lang.RuntimeException\n"
        "\tat org.apache.spark.Task.run(Task.scala:1)\n"
        "Caused by: org.apache.spark.SparkNumberFormatException: [CAST_INVALID_INPUT]\n"
        "\tat java.base/java.lang.Thread.run(Thread.java:840)\n"
        "\t... 8 more\n"
    )


def test_a_message_begins_no_line_of_its_own() -> None:
    assert "%enc{%replace{%replace{%m}" in _PATTERN
    assert "{CRLF}%n" in _PATTERN
