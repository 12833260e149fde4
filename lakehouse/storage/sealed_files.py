"""Files with people in them that leave the tables: encrypted as a whole, under the lake's master key.

A sealed file begins with a line that says what it is, and one of JSON: what it is about, the number of the
master key, and the file's own key, wrapped by it. The rest is AES-GCM by that key, bound to both lines.
"""

import base64
import binascii
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from lakehouse.errors import InputError
from lakehouse.settings.models import LakeSettings
from lakehouse.storage.wrapping import decrypted, unwrapped

ARCHIVE, AUDIENCE = "archive", "audience"
"""The kinds of files that are sealed."""
SEALED = ".sealed"
"""What the name of a sealed file ends in, after the name of what is in it."""
_KIND = b"c360 sealed file 1\n"
_KEY_BYTES, _IV_BYTES = 32, 12


@dataclass(frozen=True)
class SealedFile:
    """What a sealed file is, of which request or data product, and what is in it."""

    kind: str
    name: str
    content: bytes


def sealed(file: SealedFile, lake: LakeSettings) -> bytes:
    """The bytes of the sealed file; the newest master key wraps its key."""
    version, master = max(lake.master_keys().items())
    key = AESGCM.generate_key(_KEY_BYTES * 8)
    about = {"kind": file.kind, "name": file.name, "master_version": version}
    wrapped = _encrypted(master, key, _text(about))
    head = _KIND + _text({**about, "key": base64.b64encode(wrapped).decode()}) + b"\n"
    return head + _encrypted(key, file.content, head)


def opened(content: bytes, lake: LakeSettings) -> SealedFile:
    """What was sealed.

    Raises:
        InputError: this is no sealed file, or it was changed since.
        ConfigurationError: its master key is not in conf, or is another.
    """
    kind, _, rest = content.partition(b"\n")
    line, _, body = rest.partition(b"\n")
    if kind + b"\n" != _KIND:
        raise InputError("This is no sealed file.", "name a file that ends in .sealed.")
    try:
        about = json.loads(line)
        wrapped = base64.b64decode(about.pop("key"), validate=True)
        version = int(about["master_version"])
        kind_of, name = str(about["kind"]), str(about["name"])
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error):
        raise _changed() from None
    key = unwrapped(lake.master_keys(), version, _text(about).decode(), wrapped)
    try:
        return SealedFile(kind_of, name, decrypted(AESGCM(key), body, _KIND + line + b"\n"))
    except (InvalidTag, ValueError):
        raise _changed() from None


def sealed_content(content: bytes, lake: LakeSettings) -> bytes | None:
    """What is in a sealed file; None of any other. Raises as `opened`."""
    return opened(content, lake).content if content.startswith(_KIND) else None


def write_private(path: Path, content: bytes) -> None:
    """Writes the file, whole or not at all, for its owner alone.

    Raises InputError if it is there already, or its folder is not or cannot be written.
    """
    try:
        with _opened_part(path, os.O_TRUNC) as part:
            part.write(content)
        part_of(path).replace(path)
    except OSError as error:
        raise _unwritable(path, error) from None


def begin_private(path: Path) -> None:
    """Leaves what `write_private` leaves that is killed, empty if it is new; raises what it does."""
    try:
        _opened_part(path).close()
    except OSError as error:
        raise _unwritable(path, error) from None


def _opened_part(path: Path, how: int = 0) -> BinaryIO:
    require_place(path)
    flags = os.O_CREAT | os.O_WRONLY | os.O_NOFOLLOW | how
    part = os.fdopen(os.open(part_of(path), flags, 0o600), "wb")
    # Refused where somebody else has put a file of that name there, who could read it.
    os.fchmod(part.fileno(), 0o600)
    return part


def _unwritable(path: Path, error: OSError) -> InputError:
    return InputError(
        f"{path} cannot be written ({type(error).__name__}).",
        "see to it that it can be, then do the same again.",
    )


def part_of(path: Path) -> Path:
    """What is left of the file where `write_private` is killed, or has only begun."""
    return path.with_name(f".{path.name}.part")


def require_place(path: Path) -> None:
    """Raises InputError where the file is there already, or the folder for it is not or cannot be written."""
    if not path.parent.is_dir():
        raise InputError(f"There is no folder {path.parent}.", "make it, or name another.")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise InputError(f"{path.parent} cannot be written.", "name another folder.")
    if path.exists():
        raise InputError(f"{path} is there already.", "name another place.")


def _changed() -> InputError:
    return InputError(
        "The sealed file is not whole, or was changed since it was sealed.", "have it made again."
    )


def _text(about: dict[str, object]) -> bytes:
    return json.dumps(about, sort_keys=True, separators=(",", ":")).encode()


def _encrypted(key: bytes, content: bytes, bound: bytes) -> bytes:
    nonce = os.urandom(_IV_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, content, bound)
