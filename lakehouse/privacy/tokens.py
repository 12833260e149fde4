"""Tokens: what stands for a value where its reader may tell equals apart, and nothing more.

A token is HMAC-SHA-256 of the value by a key of the purpose, with the key's version in front
(`t1:9f…`). One value has one token within a purpose, so that tables join, and another one in every
other purpose. Nothing leads back from a token but the keys and the values themselves. `token_frame`
makes the same on Spark, and `mask_sql` in SQL.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from lakehouse.errors import InputError

DIGITS = 32
"""Hexadecimal digits of a token: 128 bits, so that two of a billion values never meet."""

_FORM = re.compile(rf"t([1-9]\d*):[0-9a-f]{{{DIGITS}}}")
_PURPOSES = re.compile(r"[a-z][a-z0-9_]{0,63}(\+[a-z][a-z0-9_]{0,63})*")
_BLOCK = 64
_INNER, _OUTER = bytes(b ^ 0x36 for b in range(256)), bytes(b ^ 0x5C for b in range(256))


@dataclass(frozen=True)
class TokenKeys:
    """The keys of one purpose by version. The greatest makes tokens; those of all resolve."""

    purpose: str
    by_version: Mapping[int, bytes] = field(repr=False)

    @property
    def version(self) -> int:
        """The version that makes tokens."""
        return max(self.by_version)


def token_keys(purpose: str, secrets: Mapping[int, str]) -> TokenKeys:
    """The keys of a purpose, each derived from its version's secret: HMAC over purpose and version.

    What is read for several purposes has keys of its own: their names in order, joined by `+`. Raises
    InputError where the purpose is no name.
    """
    if not _PURPOSES.fullmatch(purpose) or purpose != "+".join(sorted({*purpose.split("+")})):
        raise InputError(
            "A purpose is a name in small letters, or several in order, joined by +.",
            "name one of conf/base/purposes.yml, or those of a role as analytics+marketing.",
        )
    keys = {
        version: _mac(secret.encode(), f"c360 token {version} {purpose}")
        for version, secret in secrets.items()
    }
    return TokenKeys(purpose, keys)


def token(keys: TokenKeys, value: str) -> str:
    """The value's token of the newest version, as `token_frame` makes it on Spark."""
    return _token(keys, keys.version, value)


def tokens_of_all_versions(keys: TokenKeys, value: str) -> list[str]:
    """The value's tokens of every version that is listed, the newest last."""
    return [_token(keys, version, value) for version in sorted(keys.by_version)]


def version_of(keys: TokenKeys, asked: str) -> int:
    """The version of a token.

    Raises InputError where it is no token, or of a version that is dropped.
    """
    match = _FORM.fullmatch(asked)
    if match is None:
        raise InputError("That is no token.", f"give one as t1: and {DIGITS} hexadecimal digits.")
    version = int(match[1])
    if version not in keys.by_version:
        raise InputError(
            f"Tokens of version {version} do not resolve any more (conf: tokens.versions).",
            "ask for a token of a version that is listed.",
        )
    return version


def resolved_values(keys: TokenKeys, asked: str, values: Iterable[str]) -> list[str]:
    """The values whose token this is, in their order: one, or none. The keys' version is the token's.

    Raises InputError as `version_of` does.
    """
    version = version_of(keys, asked)
    return [v for v in values if hmac.compare_digest(_token(keys, version, v), asked)]


def pads(keys: TokenKeys) -> tuple[str, bytes, bytes]:
    """What makes tokens where there is no HMAC: the newest version's prefix and its key, padded for the
    inner hash and for the outer.
    """
    padded = keys.by_version[keys.version].ljust(_BLOCK, b"\0")
    return f"t{keys.version}:", padded.translate(_INNER), padded.translate(_OUTER)


def pads_text(keys: TokenKeys) -> str:
    """`pads` as one text, which `mask_sql` takes apart: prefix, then both keys in hexadecimal digits."""
    prefix, inner, outer = pads(keys)
    return f"{prefix}{inner.hex()}{outer.hex()}"


def _token(keys: TokenKeys, version: int, value: str) -> str:
    return f"t{version}:{_mac(keys.by_version[version], value).hex()[:DIGITS]}"


def _mac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
