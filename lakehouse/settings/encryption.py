"""Encryption at rest: whether what is written is encrypted, by which master keys, and where data keys lie."""

import hashlib
import hmac
import re

from pydantic import Field, PositiveInt

from lakehouse.settings.base_types import Frozen
from lakehouse.settings.places import local_path
from lakehouse.settings.secrets import Referenced

_BUCKET = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/]+")


class EncryptionSettings(Frozen):
    """`at_rest` says whether rows that are written from now on are encrypted; others stay as they lie.

    `master_keys` by version: the greatest wraps new data keys, all of them unwrap. Each names the secret that
    it is derived from; null stands for the lake's own.
    """

    at_rest: bool = True
    master_keys: dict[PositiveInt, Referenced | None] = Field(default={1: None}, min_length=1)

    def master_keys_by(self, lake_secret: str) -> dict[int, bytes]:
        """The master keys by version, 256 bits each."""
        return {
            version: _derived(lake_secret if secret is None else secret.get_secret_value(), version)
            for version, secret in self.master_keys.items()
        }


def _derived(secret: str, version: int) -> bytes:
    return hmac.new(secret.encode(), f"c360 master key {version}".encode(), hashlib.sha256).digest()


def keys_place(root: str, keys: str | None) -> str:
    """The folder of data keys: the one that is named, else `<root>-keys`.

    Raises ValueError where it lies in the lake, whose copies would then hold its keys, or cannot be
    beside it.
    """
    bare = root.rstrip("/")
    if keys is None:
        if _BUCKET.fullmatch(bare):
            raise ValueError(f"beside {bare} is no place for data keys: name one as lake.keys")
        return f"{bare}-keys"
    if f"{_plain(keys)}/".startswith(f"{_plain(root)}/"):
        raise ValueError("lake.keys lies in lake.root: a copy of the lake would hold its keys")
    return keys.rstrip("/")


def _plain(place: str) -> str:
    return str(local_path(place) or place).rstrip("/")
