"""Every value of a JSON object comes out as it is written."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.bronze.json_text import members

BLANKS = st.text(" \t\r\n", max_size=2)
NUMBERS = st.from_regex(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?", fullmatch=True)
SCALARS = st.none() | st.booleans() | st.integers() | st.text()


def written(value: Any, is_ascii: bool, gap: str) -> str:
    return json.dumps(value, ensure_ascii=is_ascii, separators=(f"{gap},", f":{gap}"))


NESTED = st.builds(
    written,
    st.lists(SCALARS) | st.dictionaries(st.text(), st.lists(SCALARS) | SCALARS),
    st.booleans(),
    BLANKS,
)
STRINGS = st.text(min_size=1)
# Each value twice: as the line has it, and as bronze is to hold it.
VALUES = st.one_of(
    (NUMBERS | NESTED | st.sampled_from(["true", "false"])).map(lambda text: (text, text)),
    st.tuples(st.sampled_from(["null", '""']), st.none()),
    STRINGS.map(lambda text: (json.dumps(text), text)),
    STRINGS.map(lambda text: (json.dumps(text, ensure_ascii=False), text)),
)


@given(st.lists(NUMBERS), BLANKS)
def test_the_value_of_every_number_is_the_text_in_the_line(texts: list[str], gap: str) -> None:
    line = ",".join(f'{gap}"{place}"{gap}:{gap}{text}{gap}' for place, text in enumerate(texts))
    assert list(members("{" + line + "}").values()) == texts


@given(st.dictionaries(st.text(), VALUES), BLANKS)
def test_whatever_stands_beside_it_each_value_is_as_it_is_written(
    values: dict[str, tuple[str, str | None]], gap: str
) -> None:
    line = ",".join(
        f"{gap}{json.dumps(name)}{gap}:{gap}{text}{gap}" for name, (text, _) in values.items()
    )
    assert members(f"{gap}{{{gap}{line}}}{gap}") == {n: kept for n, (_, kept) in values.items()}


@pytest.mark.parametrize(
    "text",
    ["1E2", "-0", "1.10", "0.12345678901234567890123", "1e400", "9" * 5000, '{ "a" : [1E2,"é"] }'],
)
def test_a_value_that_python_would_write_in_another_way_stays(text: str) -> None:
    assert members('{"id":"1","n":' + text + "}") == {"id": "1", "n": text}


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ('{"n":1,"n":2}', "2"),
        ('{"n":[1],"n":"two"}', "two"),
        ('{"n":"one","n":[2]}', "[2]"),
        ('{"n":1,"n":null}', None),
    ],
)
def test_of_members_of_one_name_the_last_counts(line: str, value: str | None) -> None:
    assert members(line) == {"n": value}


@pytest.mark.parametrize(
    "line",
    [
        "[1]",
        "1",
        "",
        '{"n":1',
        '{"n":1}}',
        '{"n":NaN}',
        '{"n":[-Infinity]}',
        '{"n":01}',
        '{"n":"\\ud800"}',
        '{"n":["\\uDFFF"]}',
        '{"\\ud83d":1}',
    ],
)
def test_what_is_no_json_object_or_no_text_is_refused(line: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the line is the case
        members(line)


def test_a_surrogate_pair_and_a_backslash_before_a_u_are_text() -> None:
    assert members('{"a":"\\ud83d\\ude00","b":"c:\\\\ud800"}') == {"a": "😀", "b": "c:\\ud800"}


@pytest.mark.parametrize("line", ["[" * 100_000, '{"n":' * 100_000, '{"n":' + "[" * 100_000])
def test_what_is_nested_too_deep_is_refused(line: str) -> None:
    with pytest.raises((RecursionError, ValueError)):
        members(line)
