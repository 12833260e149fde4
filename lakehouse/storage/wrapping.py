"""AES-GCM as Spark lays it out, in Python: data keys unwrapped, cells decrypted."""

from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from lakehouse.errors import ConfigurationError

RUN_KEYS = "ops.run"
"""The table of the keys of silver and linkage. Its `record` is the number of a run."""

_IV = 12


def decrypted(cipher: AESGCM, content: bytes, bound: bytes) -> bytes:
    """What was encrypted to these bytes: nonce, ciphertext and tag.

    Raises InvalidTag where the key is another, or the cell comes from another place.
    """
    return cipher.decrypt(content[:_IV], content[_IV:], bound)


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
