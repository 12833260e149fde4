"""Tokens: what stands for a value where its reader may tell equals apart, and nothing more.

A token is HMAC-SHA-256 of the value by a key of the purpose, with the key's version in front
(`t1:9f…`). One value has one token within a purpose, so that tables join, and another one in every
other purpose. Nothing leads back from a token but the keys and the values themselves.

Spark has no HMAC. It is put together here of its SHA-256, by a frame of one row that holds the padded
key and is joined in: a key that stood as a literal in the plan would be printed with it.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.errors import InputError
from lakehouse.tables.local_frame import local_frame

_DIGITS = 32
"""Hexadecimal digits of a token: 128 bits, so that two of a billion values never meet."""

_FORM = re.compile(rf"t([1-9]\d*):[0-9a-f]{{{_DIGITS}}}")
_PURPOSE = re.compile(r"[a-z][a-z0-9_]{0,63}")
_BLOCK = 64
_INNER, _OUTER = bytes(b ^ 0x36 for b in range(256)), bytes(b ^ 0x5C for b in range(256))
_PREFIX, _INNER_PAD, _OUTER_PAD = "_token_prefix", "_token_inner_pad", "_token_outer_pad"


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

    Raises InputError where the purpose is no name.
    """
    if not _PURPOSE.fullmatch(purpose):
        raise InputError(
            "A purpose is a name in small letters.", "name one of conf/base/purposes.yml."
        )
    keys = {
        version: _mac(secret.encode(), f"c360 token {version} {purpose}")
        for version, secret in secrets.items()
    }
    return TokenKeys(purpose, keys)


def token(keys: TokenKeys, value: str) -> str:
    """The value's token of the newest version, as `tokenised` makes it in Spark."""
    return _token(keys, keys.version, value)


def version_of(keys: TokenKeys, asked: str) -> int:
    """The version of a token.

    Raises InputError where it is no token, or of a version that is dropped.
    """
    match = _FORM.fullmatch(asked)
    if match is None:
        raise InputError("That is no token.", f"give one as t1: and {_DIGITS} hexadecimal digits.")
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


def token_pads(spark: SparkSession, keys: TokenKeys) -> DataFrame:
    """One row with what `tokenised` joins in: the newest version's prefix and padded key."""
    padded = keys.by_version[keys.version].ljust(_BLOCK, b"\0")
    row = (f"t{keys.version}:", padded.translate(_INNER), padded.translate(_OUTER))
    ddl = f"{_PREFIX} string, {_INNER_PAD} binary, {_OUTER_PAD} binary"
    return local_frame(spark, [row], ddl)


def tokenised(frame: DataFrame, columns: Sequence[str], pads: DataFrame) -> DataFrame:
    """The frame with the values of these text columns replaced by their tokens; null stays null.

    `pads` is what `token_pads` returns for the purpose that the frame is made for.
    """

    def of(name: str) -> Column:
        inner = F.sha2(F.concat(F.col(_INNER_PAD), F.encode(F.col(name), "UTF-8")), 256)
        outer = F.sha2(F.concat(F.col(_OUTER_PAD), F.unhex(inner)), 256)
        return F.concat(F.col(_PREFIX), F.left(outer, F.lit(_DIGITS))).alias(name)

    joined = frame.crossJoin(F.broadcast(pads))
    return joined.select(*(of(name) if name in columns else name for name in frame.columns))


def _token(keys: TokenKeys, version: int, value: str) -> str:
    return f"t{version}:{_mac(keys.by_version[version], value).hex()[:_DIGITS]}"


def _mac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
