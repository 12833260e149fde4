"""How an encrypted cell lies in a table: in which column, as which bytes, bound to what.

The column `email` of a row that is encrypted is null, its ciphertext stands in `_cipher_email`, and
`_key_id` names the data key. A row without `_key_id` is in the clear, so that rows of both kinds lie
together. A ciphertext is bound, as AES-GCM's associated data, to table, column and the row's origin.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from lakehouse.tables.spec import Column

KEY_ID = "_key_id"
_PREFIX = "_cipher_"
SEPARATOR = "\x1f"
_BOUND = ("table_name", "record_key", "source_file", "file_hash", "source_row_number")
"""What of a row's columns a ciphertext is bound to. One more here, and no old row can be read."""


@dataclass(frozen=True)
class KeyPlace:
    """Where the data keys of a lake lie, and the master keys that unwrap them, by version."""

    root: str
    masters: Mapping[int, bytes] = field(repr=False)


def cipher_of(column: str) -> str:
    """The column that holds the ciphertexts of this one."""
    return f"{_PREFIX}{column}"


def encrypted_among(stored: Sequence[str]) -> list[str]:
    """Of a table's stored columns those that may be encrypted."""
    return [name for name in stored if cipher_of(name) in stored]


def visible_among(stored: Sequence[str]) -> list[str]:
    """A table's stored columns but for those that only encryption uses."""
    return [name for name in stored if name != KEY_ID and not name.startswith(_PREFIX)]


def hidden_columns(encrypted: Iterable[str]) -> list[Column]:
    """The columns that encryption adds to a table some of whose columns it encrypts."""
    ciphers = [
        Column(cipher_of(name), "binary", f"Ciphertext of {name}: AES-GCM.") for name in encrypted
    ]
    key = Column(KEY_ID, "string", "Data key of the row's ciphertexts; null where it is in clear.")
    return [key, *ciphers] if ciphers else []


def bound_to(stored: Sequence[str]) -> list[str]:
    """Of a table's stored columns those whose values a row's ciphertexts are bound to."""
    return [name for name in _BOUND if name in stored]


def binding(table: str, column: str, row: Sequence[object]) -> bytes:
    """The associated data of a cell, whose row has these values of `bound_to`."""
    values = ("" if value is None else str(value) for value in row)
    return SEPARATOR.join((table, column, *values)).encode()


def needed_for(names: Iterable[str], stored: Iterable[str]) -> list[str]:
    """The columns, of those that a table has, that these cannot be decrypted without."""
    there = list(stored)
    return [KEY_ID, *bound_to(there), *(cipher_of(name) for name in names)]
