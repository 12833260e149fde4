"""Secrets by reference: where a secret is, in place of what it is.

`env:NAME` is a variable of the environment, `file:/run/secrets/c360` the text of a file,
`keyring:service/name` an entry of the machine's keyring, `databricks:scope/key` one of a secret scope.
No message holds a secret: it names the reference, or not even that where a plain secret may have been
put in its place.
"""

import importlib
import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, SecretStr

SECRET_MIN_LENGTH = 16


def is_reference(text: object) -> bool:
    """True for `env:…`, `file:…`, `keyring:…` and `databricks:…`."""
    return isinstance(text, str) and text.partition(":")[0] in _RESOLVERS and ":" in text


def resolved(text: object) -> object:
    """The secret that a reference names; what is no reference as it is.

    Raises ValueError that says what keeps the secret from being read, without any part of it.
    """
    if not isinstance(text, str) or not is_reference(text):
        return text
    scheme, _, place = text.partition(":")
    secret = _RESOLVERS[scheme](place)
    if len(secret) < SECRET_MIN_LENGTH:
        raise ValueError(
            f"what {scheme}:{place} names needs at least {SECRET_MIN_LENGTH} characters"
        )
    return secret


def _reference_only(text: object) -> object:
    if not is_reference(text):
        forms = ", ".join(f"{scheme}:…" for scheme in _RESOLVERS)
        raise ValueError(f"must be a reference to a secret ({forms}), never the secret itself")
    return resolved(text)


Referenced = Annotated[SecretStr, BeforeValidator(_reference_only)]
"""A secret that settings give by reference alone."""

Resolved = Annotated[SecretStr, BeforeValidator(resolved)]
"""A secret given by reference, or plainly where `load` admits it."""


def _of_environment(name: str) -> str:
    if name not in os.environ:
        raise ValueError(f"the environment has no variable {name}")
    return os.environ[name]


def _of_file(place: str) -> str:
    path = Path(place)
    if not path.is_absolute():
        raise ValueError(
            "the file of a secret is named by its whole path, as file:/run/secrets/c360"
        )
    try:
        if stat.S_IMODE(path.stat().st_mode) & (stat.S_IROTH | stat.S_IWOTH):
            raise ValueError(
                f"everybody may read or write {place}: take that away (chmod o= {place})"
            )
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise ValueError(f"{place} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{place} does not hold text in UTF-8") from None


def _of_keyring(place: str) -> str:
    service, name = _two_parts(place, "keyring:service/name")
    try:
        secret = importlib.import_module("keyring").get_password(service, name)
    except ImportError:
        raise ValueError("a keyring needs the package keyring, which is not installed") from None
    except Exception as error:  # noqa: BLE001 - of whatever backend this machine has
        raise ValueError(f"the keyring cannot be read ({type(error).__name__})") from None
    if secret is None:
        raise ValueError(f"the keyring has no entry {place}")
    return str(secret)


def _of_databricks(place: str) -> str:
    scope, key = _two_parts(place, "databricks:scope/key")
    try:
        dbutils = importlib.import_module("databricks.sdk.runtime").dbutils
        return str(dbutils.secrets.get(scope, key))
    except ImportError:
        raise ValueError(
            "databricks:… can be read on Databricks only; name another place"
        ) from None
    except Exception as error:  # noqa: BLE001 - its text may quote what it was asked for
        raise ValueError(f"the secret scope cannot be read ({type(error).__name__})") from None


def _two_parts(place: str, form: str) -> tuple[str, str]:
    first, slash, last = place.partition("/")
    if not (first and slash and last):
        raise ValueError(f"must have the form {form}")
    return first, last


_RESOLVERS: Mapping[str, Callable[[str], str]] = {
    "env": _of_environment,
    "file": _of_file,
    "keyring": _of_keyring,
    "databricks": _of_databricks,
}
