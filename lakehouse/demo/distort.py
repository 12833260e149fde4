"""What goes wrong with a value on its way into a source: pure functions over texts."""

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Texts = NDArray[np.object_]

JUNK_EMAILS = (
    "none@none.com",
    "test@test.com",
    "noemail@noemail.com",
    "unknown@unknown.com",
    "na@na.com",
)
PLACEHOLDER_BIRTH_DATES = ("1900-01-01", "1970-01-01", "1901-01-01")

_NEIGHBOURS = dict(
    zip(
        "abcdefghijklmnopqrstuvwxyz",
        "svxsedghujkkmniowrdybgcztx",
        strict=True,
    )
)


def _mistyped(text: str, place: int, kind: int) -> str:
    """One slip of the finger behind the first letter: swap, drop, double or hit the next key."""
    if len(text) < 4:
        return text + text[-1:]
    at = 1 + place % (len(text) - 2)
    if kind == 0 and text[at] != text[at + 1]:
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    if kind == 1:
        return text[:at] + text[at + 1 :]
    if kind == 2:
        return text[:at] + text[at] + text[at:]
    return text[:at] + _NEIGHBOURS.get(text[at], "e" if text[at] != "e" else "a") + text[at + 1 :]


def with_typos(rng: np.random.Generator, texts: Texts, where: Bools) -> Texts:
    """The texts with one typing error at every place of `where`; never in the first character."""
    out = texts.copy()
    rows = np.flatnonzero(where)
    places, kinds = (
        rng.integers(0, 1000, len(rows)).tolist(),
        rng.integers(0, 4, len(rows)).tolist(),
    )
    for row, place, kind in zip(rows.tolist(), places, kinds, strict=True):
        out[row] = _mistyped(out[row], place, kind)
    return out


def mistyped_emails(rng: np.random.Generator, emails: Texts, where: Bools) -> Texts:
    """The addresses with one typing error in the local part at every place of `where`."""
    local = np.array([email.partition("@")[0] for email in emails], dtype=object)
    domain = np.array([email.partition("@")[2] for email in emails], dtype=object)
    return np.where(where, with_typos(rng, local, where) + "@" + domain, emails)


def other_gmail_form(rng: np.random.Generator, emails: Texts, where: Bools) -> Texts:
    """Gmail addresses at `where` in another form that reaches the same mailbox."""
    out = emails.copy()
    for row in np.flatnonzero(where).tolist():
        local, _, domain = out[row].partition("@")
        if domain != "gmail.com":
            continue
        bare = local.replace(".", "")
        dotted = bare[:2] + "." + bare[2:]
        out[row] = (f"{bare}@gmail.com", f"{dotted}@gmail.com", f"{local}+shop@gmail.com")[
            int(rng.integers(0, 3))
        ]
    return out


def upper(texts: Texts, where: Bools) -> Texts:
    """The texts in capitals at every place of `where`."""
    out = texts.copy()
    for row in np.flatnonzero(where).tolist():
        out[row] = out[row].upper()
    return out
