"""The search after an erasure sees a person's value wherever and in whatever form it stands."""

import base64
import gzip
import hashlib
import io
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import SecretStr

from lakehouse.privacy.byte_scan import Finder, scan
from lakehouse.privacy.erasure_marks import mark_of
from lakehouse.settings.load import load_settings
from lakehouse.storage.sealed_files import ARCHIVE, SealedFile, sealed, sealed_content

EMAIL = "Ann.Berg@Example.org"
NAME = "ann berg of 5 elm row"
SECRET = "a key of marks"


def parquet(value: object) -> bytes:
    written = io.BytesIO()
    # Many rows of one value: the page holds a dictionary, compressed.
    table = pa.table({"v": pa.array([value] * 1000)})
    pq.write_table(table, written, compression="zstd", use_dictionary=True)
    return written.getvalue()


def zipped(text: str) -> bytes:
    written = io.BytesIO()
    with ZipFile(written, "w", ZIP_DEFLATED) as files:
        files.writestr("told.csv", text)
    return written.getvalue()


def zipped_twice(text: str) -> bytes:
    """Two files of one name, of which the first has the text."""
    written = io.BytesIO()
    with ZipFile(written, "w", ZIP_DEFLATED) as files:
        files.writestr("told.csv", text)
        with pytest.warns(UserWarning, match="Duplicate name"):
            files.writestr("told.csv", "nothing")
    return written.getvalue()


FORMS: dict[str, Callable[[str], bytes]] = {
    "plain text": lambda v: f"log: sent to {v}; done".encode(),
    "another case": lambda v: v.upper().encode(),
    "JSON": lambda v: json.dumps({"a": {"email": v}}).encode(),
    "CSV": lambda v: f"1,{v},x\n".encode(),
    "gzip": lambda v: gzip.compress(f"1,{v}\n".encode()),
    "zip": lambda v: zipped(f"1,{v}\n"),
    "a zip with two files of one name": lambda v: zipped_twice(f"1,{v}\n"),
    "UTF-16": lambda v: f"x,{v},y".encode("utf-16"),
    "a Parquet page": parquet,
    "a list in a Parquet page": lambda v: parquet([v]),
    "a map in a Parquet page": lambda v: parquet({"email": v}),
    "bytes in a Parquet page": lambda v: parquet(f'{{"email":"{v}"}}'.encode()),
}
HASHED: dict[str, Callable[[str], str]] = {
    "base64": lambda v: base64.b64encode(v.encode()).decode(),
    "SHA-256": lambda v: hashlib.sha256(v.encode()).hexdigest(),
    "MD5": lambda v: hashlib.md5(v.encode(), usedforsecurity=False).hexdigest(),
}


def hits(folder: Path, finder: Finder) -> dict[str, int]:
    return dict(scan({"lake": folder}, finder).hits)


def marking(*values: str) -> Finder:
    return Finder({mark_of(value.lower(), SECRET) for value in values}, SECRET)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
@pytest.mark.parametrize("by", ["marks", "value"])
def test_a_value_is_found_in_every_kind_of_file(
    form: Callable[[str], bytes], by: str, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(form(EMAIL))
    finder = marking(EMAIL) if by == "marks" else Finder(frozenset(), SECRET, [EMAIL])
    assert list(hits(tmp_path, finder)) == ["lake/file"]
    assert not hits(tmp_path, marking("someone.else@example.org"))


@pytest.mark.parametrize("hashed", HASHED.values(), ids=HASHED.keys())
def test_a_hashed_value_is_found_by_the_value(hashed: Callable[[str], str], tmp_path: Path) -> None:
    (tmp_path / "part.parquet").write_bytes(parquet(hashed(EMAIL)))
    assert hits(tmp_path, Finder(frozenset(), SECRET, [EMAIL]))


def test_a_cell_of_several_words_is_found_whole(tmp_path: Path) -> None:
    (tmp_path / "cell.csv").write_text(f'7,"{NAME}",GB\n')
    (tmp_path / "cell.parquet").write_bytes(parquet(NAME))
    assert len(hits(tmp_path, marking(NAME))) == 2


def test_the_name_of_a_file_counts_as_what_is_in_it(tmp_path: Path) -> None:
    (tmp_path / f"export of {EMAIL} (1).csv").write_text("nothing")
    assert hits(tmp_path, marking(EMAIL))


def test_a_sealed_file_is_opened_and_one_whose_master_key_is_another_is_told(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "outbox"
    folder.mkdir()
    own = load_settings("test", overrides={"lake.root": str(tmp_path / "lake")}).lake
    other = own.model_copy(update={"secret": SecretStr("another lake's secret")})
    file = SealedFile(ARCHIVE, "Q1", zipped(f"1,{EMAIL}\n"))
    (folder / "Q1.zip.sealed").write_bytes(sealed(file, own))

    found, refused = (
        scan({"lake": folder}, marking(EMAIL), opened=partial(sealed_content, lake=lake))
        for lake in (own, other)
    )

    assert found.hits == {"lake/Q1.zip.sealed": 1}
    assert [name.split(" ")[0] for name in refused.unreadable] == ["lake/Q1.zip.sealed"]


def test_what_may_stay_is_left_out_and_a_broken_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "held").mkdir()
    (tmp_path / "held" / "file").write_text(EMAIL)
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 and no more")
    locked = bytearray(zipped("nothing"))
    for header, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        locked[locked.index(header) + flags] |= 1
    (tmp_path / "locked.zip").write_bytes(locked)
    found = scan({"lake": tmp_path}, marking(EMAIL), [tmp_path / "held"])
    assert not found.hits
    names = [name.split(" ")[0] for name in found.unreadable]
    assert names == ["lake/broken.parquet", "lake/locked.zip"]


def test_what_was_searched_has_one_checksum_that_any_other_byte_name_or_file_changes(
    tmp_path: Path,
) -> None:
    def checksum(name: str, files: dict[str, bytes]) -> str:
        folder = tmp_path / name
        folder.mkdir()
        for file, content in files.items():
            (folder / file).write_bytes(content)
        return scan({"lake": folder}, marking(EMAIL)).sha256

    found = checksum("one", {"a": b"1", "b": b"2"})

    assert found == checksum("the same", {"b": b"2", "a": b"1"})
    others = [{"a": b"1", "b": b"3"}, {"a": b"1", "c": b"2"}, {"a": b"1"}, {"a": b"2", "b": b"1"}]
    assert len({found, *(checksum(str(n), files) for n, files in enumerate(others))}) == 5
    both = scan({"lake": tmp_path / "one"}, marking(EMAIL))
    assert (both + scan({}, marking(EMAIL))).sha256 not in {"", found}
