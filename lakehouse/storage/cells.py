"""How the encrypted values of a row lie in a table: in which column, as which bytes, bound to what.

What is encrypted of a row is one ciphertext, its cell, in `_cipher`: a JSON object of texts by column. The
column `email` is null there, `_encrypted_email` says that the cell has it, and `_key_id` names the data key.
A row without a cell is in the clear, so that rows of both kinds lie together. A cell is bound, as AES-GCM's
associated data, to the table and the row's origin.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from lakehouse.tables.spec import Column, Layer

CELL, KEY_ID = "_cipher", "_key_id"
_MARK = "_encrypted_"
SEPARATOR = "\x1f"
_BOUND = ("table_name", "record_key", "source_file", "file_hash", "source_row_number")
"""What of a row's columns a cell is bound to. One more here, and no old row can be read.

No column of a source may be called so (`source_checks`): encrypted or added later, it would change that.
"""
# Sources may use these names: what their cells are bound to has them not.
_BOUND_IN_OPS = ("record_key_l", "record_key_r", "request_id")


@dataclass(frozen=True)
class KeyPlace:
    """Where the data keys of a lake lie, and the master keys that unwrap them, by version."""

    root: str
    masters: Mapping[int, bytes] = field(repr=False)


def mark_of(column: str) -> str:
    """The column that says whether a row's cell has this one."""
    return f"{_MARK}{column}"


def encrypted_among(stored: Sequence[str]) -> list[str]:
    """Of a table's stored columns those that a cell may have."""
    return [name for name in stored if mark_of(name) in stored]


def visible_among(stored: Sequence[str]) -> list[str]:
    """A table's stored columns but for those that only encryption uses."""
    return [name for name in stored if name not in (CELL, KEY_ID) and not name.startswith(_MARK)]


def hidden_columns(encrypted: Iterable[str]) -> list[Column]:
    """The columns that encryption adds to a table some of whose columns it encrypts."""
    marks = [
        Column(mark_of(name), "boolean", f"True where the row's cell has {name}; else null.")
        for name in encrypted
    ]
    key = Column(KEY_ID, "string", "Data key of the row's cell; null where it is in the clear.")
    cell = Column(CELL, "binary", "Ciphertext by AES-GCM of the row's encrypted columns.")
    return [key, cell, *marks] if marks else []


def bound_to(table: str, stored: Sequence[str]) -> list[str]:
    """Of a table's stored columns those whose values a row's cell is bound to."""
    is_ops = table.startswith(f"{Layer.OPS}.")
    return [name for name in (*_BOUND, *(_BOUND_IN_OPS if is_ops else ())) if name in stored]


def binding(table: str, row: Sequence[object]) -> bytes:
    """The associated data of a cell, whose row has these values of `bound_to`."""
    values = ("" if value is None else str(value) for value in row)
    return SEPARATOR.join((table, *values)).encode()


def needed_for(table: str, stored: Sequence[str]) -> list[str]:
    """The columns, of those that a table has, that no cell can be decrypted without."""
    return [KEY_ID, CELL, *bound_to(table, stored)]
