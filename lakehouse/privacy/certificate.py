"""The certificate of an erasure: what was done and what was found, signed, and without personal data."""

import hashlib
import hmac
import json
from collections.abc import Mapping

from lakehouse.privacy.suppression import derived_secret


def signed(content: Mapping[str, object], secret: str) -> dict[str, object]:
    """The content with its checksum, and the signature by a key that is derived from the lake's secret.

    It says what was found in the places named at that time, not that nothing is anywhere.
    """
    text = _canonical(content)
    return {
        **content,
        "sha256": hashlib.sha256(text).hexdigest(),
        "signature": hmac.new(_key(secret), text, hashlib.sha256).hexdigest(),
    }


def is_genuine(certificate: Mapping[str, object], secret: str) -> bool:
    """True if nothing of the certificate was changed, and the lake of this secret gave it."""
    content = {k: v for k, v in certificate.items() if k not in ("sha256", "signature")}
    made = signed(content, secret)
    return all(
        hmac.compare_digest(str(certificate.get(name, "")), str(made[name]))
        for name in ("sha256", "signature")
    )


def _canonical(content: Mapping[str, object]) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def _key(secret: str) -> bytes:
    return derived_secret(secret, "erasure certificate").encode()
