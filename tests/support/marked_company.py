"""A demo company whose every personal value bears a mark that nothing else in the world has.

Names, e-mails, streets and free text bear `MARK`, numbers by which a system knows somebody `ID_MARK`. What a
mark would spoil (telephone numbers, birth dates, codes) is left as it is, and is searched for by itself.
"""

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse.settings.load import load_settings
from lakehouse.settings.sources import FileFormat, Source
from lakehouse.tables.spec import Sensitivity

MARK = "zqxw"
ID_MARK = "zqxi"
_ID = r"\b[A-Za-z]{1,4}\d[\w-]*\b"
# The text is read one character per byte: a mark may not part the bytes of one letter.
_WORD = r"[A-Za-z]{3,}(?![\x80-\xff])"
_WORDS = re.compile(rf"[\w.+-]+@[\w.-]+|(?P<id>{_ID})|{_WORD}")
_STRING = re.compile(r'(?<=":")[^"]+(?=")')
_UNMARKED = frozenset(
    {
        *(
            "postcode",
            "country",
            "region",
            "gender",
            "suffix",
            "page_path",
            "referrer",
            "birth_date",
        ),
        *("phone", "phone_2", "network", "author", "sent_at", "op"),
    }
)
_PHONE = re.compile(r"\+?[\d(][\d ()./-]{7,}\d")


def marked(text: str) -> str:
    """The text with a mark in every word, e-mail and number of an account."""

    def with_mark(found: re.Match[str]) -> str:
        word = found[0]
        if "@" in word:
            local, _, domain = word.partition("@")
            return f"{local}{MARK}@{domain}"
        return word + (ID_MARK if found["id"] else MARK)

    return _WORDS.sub(with_mark, text)


def mark_company(files: Path) -> None:
    """Rewrites the landing files below `files` with marked values. Malformed rows stay malformed."""
    sources = {source.name: source for source in load_settings("test").sources}
    for path in sorted((files / "landing").rglob("*.*")):
        source = sources[re.split(r"-\d", path.name)[0]]
        if source.format is FileFormat.PARQUET:
            _mark_parquet(path, source)
        else:
            text = path.read_bytes().decode("latin-1")
            path.write_bytes(_TEXTS[source.format](text, source).encode("latin-1"))


def telephone_numbers(files: Path) -> set[str]:
    """Every telephone number of the landing files, as written and as digits without what leads them."""
    found: set[str] = set()
    for path in (files / "landing").rglob("*.*"):
        if path.suffix == ".parquet":
            continue
        for number in _PHONE.findall(path.read_bytes().decode("latin-1")):
            digits = re.sub(r"\D", "", number).lstrip("0")
            if 9 <= len(digits) <= 13 and not digits.startswith("20"):
                found |= {number, digits}
    return found


def _personal(source: Source) -> set[str]:
    return {
        column.name
        for column in source.columns
        if column.sensitivity is not Sensitivity.NONE and column.name not in _UNMARKED
    }


def _mark_lines(text: str, source: Source) -> str:
    options = source.options
    names = [column.name for column in source.columns]
    personal = _personal(source)
    made = []
    for number, line in enumerate(text.split("\n")):
        if not line or (number == 0 and options.header):
            made.append(line)
            continue
        cells = next(csv.reader([line], delimiter=options.delimiter, quotechar=options.quote))
        told = [
            marked(cell) if number_of >= len(names) or names[number_of] in personal else cell
            for number_of, cell in enumerate(cells)
        ]
        written = io.StringIO()
        csv.writer(
            written, delimiter=options.delimiter, quotechar=options.quote, lineterminator=""
        ).writerow(told)
        made.append(written.getvalue())
    return "\n".join(made)


def _mark_json_lines(text: str, source: Source) -> str:
    return "\n".join(_marked_object(line, source) if line else line for line in text.split("\n"))


def _mark_json_array(text: str, source: Source) -> str:
    rows = json.loads(text)
    told = [_marked_object(json.dumps(row, ensure_ascii=False), source) for row in rows]
    return "[\n" + ",\n".join(told) + "\n]"


def _marked_object(line: str, source: Source) -> str:
    try:
        row = json.loads(line)
    except ValueError:
        return _STRING.sub(lambda value: marked(value[0]), line)
    personal = _personal(source)
    told = {key: _marked_member(value) if key in personal else value for key, value in row.items()}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def _marked_member(value: object) -> object:
    if isinstance(value, str):
        return marked(value)
    if isinstance(value, list):
        return [_marked_member(element) for element in value]
    if isinstance(value, dict):
        return {k: v if k in _UNMARKED else _marked_member(v) for k, v in value.items()}
    return value


def _mark_parquet(path: Path, source: Source) -> None:
    table = pq.read_table(path)
    personal = _personal(source)
    columns = [
        pa.array([None if v is None else marked(v) for v in table[name].to_pylist()], pa.string())
        if name in personal
        else table[name]
        for name in table.column_names
    ]
    pq.write_table(pa.table(columns, names=table.column_names), path)


_TEXTS: dict[FileFormat, Callable[[str, Source], str]] = {
    FileFormat.CSV: _mark_lines,
    FileFormat.JSON_LINES: _mark_json_lines,
    FileFormat.JSON_ARRAY: _mark_json_array,
}
