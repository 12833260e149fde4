"""Keys of records in plain Python: what `keys` makes of columns, of one text. A test holds them equal."""

import hashlib
import re

_GAP = "\x1f"
_ESCAPE = "\x1e"
_ALIKE = re.compile(r"(.?)\1*")


def identity_of(text: str | None) -> str | None:
    """A record's id as keys are made of it; None where it is blank."""
    trimmed = (text or "").strip(" ")
    return (trimmed.lower() if "@" in trimmed else trimmed) or None


def record_key_of(
    secret: str, source_system: str, entity: str, *identity: str | None
) -> str | None:
    """The record_key of a record; None where a part of its identity is."""
    parts = [
        None if part is None else part.replace(_ESCAPE, f"{_ESCAPE}0").replace(_GAP, f"{_ESCAPE}1")
        for part in identity
    ]
    return keyed_hash_of(secret, source_system, entity, *parts)


def keyed_hash_of(secret: str, *parts: str | None) -> str | None:
    """SHA-256 in hex over the secret and the parts; None where a part is."""
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    return hashlib.sha256(_GAP.join((secret, *known)).encode()).hexdigest()


def national_id_of(text: str) -> str | None:
    """A national number as upper-case letters and digits; None where all of them are the same."""
    bare = re.sub("[^A-Za-z0-9]", "", text).upper()
    return None if _ALIKE.fullmatch(bare) else bare
