"""AES-GCM as Spark lays it out, in Python: data keys unwrapped, cells decrypted, and made for logs."""

import os
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from lakehouse.errors import ConfigurationError
from lakehouse.tables.spec import has_record_keys

RUN_KEYS = "ops.run"
"""The table of the keys of silver and linkage. Its `record` is the number of a run."""

_IV = 12


def decrypted(cipher: AESGCM, content: bytes, bound: bytes) -> bytes:
    """What was encrypted to these bytes: nonce, ciphertext and tag.

    Raises InvalidTag where the key is another, or the cell comes from another place.
    """
    return cipher.decrypt(content[:_IV], content[_IV:], bound)


def encrypted(cipher: AESGCM, content: bytes, bound: bytes) -> bytes:
    """What `decrypted` makes the content of again."""
    nonce = os.urandom(_IV)
    return nonce + cipher.encrypt(nonce, content, bound)


def keys_of(table: str) -> str:
    """The name of the table in which this one's data keys are."""
    return table if has_record_keys(table) else RUN_KEYS


def missing_keys(table: str) -> ConfigurationError:
    """The error of a table that has encrypted rows, and no table of keys."""
    return ConfigurationError(
        f"{table} has encrypted rows, and the table of its data keys is not there.",
        "see whether the folder of keys is mounted, and is the one that `lake.keys` names "
        "(c360 privacy keys status).",
    )


def unwrapped(masters: Mapping[int, bytes], version: int, key_id: str, wrapped: bytes) -> bytes:
    """The data key of that id.

    Raises:
        ConfigurationError: its master key is not among these, or is another.
    """
    if version not in masters:
        raise ConfigurationError(
            f"Data keys are wrapped by master key {version}, which conf does not have.",
            "put it back (lake.encryption.master_keys) and `c360 privacy keys rotate` before it goes.",
        )
    try:
        return decrypted(AESGCM(masters[version]), wrapped, key_id.encode())
    except InvalidTag:
        raise ConfigurationError(
            f"Master key {version} does not unwrap the data keys of this lake.",
            "set the secret by which they were wrapped (C360_SECRET, or lake.encryption.master_keys).",
        ) from None
