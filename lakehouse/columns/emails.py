"""E-mail addresses: email-validator says what one is, providers say which ones are the same."""

import re
from functools import lru_cache

from anyascii import anyascii
from email_validator import EmailNotValidError, validate_email
from pyspark.sql import Column

from lakehouse.columns.arrow import lookup, texts_named

_FACTS = texts_named("address", "match", "rule")

_MOST_CHARACTERS = 254
_MOST_LOCAL_CHARACTERS = 64
_PLAIN_LOCAL_PART = re.compile(r"[a-z0-9_+-]+(\.[a-z0-9_+-]+)*")

_WRITTEN_FOR_NONE = """
none null n.a nil nobody noone nomail noemail no.email no-email unknown undefined noreply
no-reply donotreply do-not-reply test tester testing asdf qwerty xxx fake example anonymous
notgiven notprovided
"""
_NOBODY = frozenset(_WRITTEN_FOR_NONE.split())
_NOWHERE = re.compile(r"^(none|null|test|nomail|noemail|unknown|fake|xxx|asdf|invalid)\.")

_SAME_PROVIDER = {
    "googlemail.com": "gmail.com",
    "protonmail.com": "proton.me",
    "pm.me": "proton.me",
    "me.com": "icloud.com",
    "mac.com": "icloud.com",
    "ya.ru": "yandex.ru",
}
_DOTS_IGNORED = frozenset({"gmail.com"})
_TAGGING_PROVIDERS = """
gmail.com outlook.com hotmail.com hotmail.co.uk live.com msn.com icloud.com proton.me
fastmail.com fastmail.fm yandex.ru yandex.com zoho.com gmx.de gmx.net posteo.de mailbox.org
"""
_PLUS_TAGS = frozenset(_TAGGING_PROVIDERS.split())


def email_facts(text: Column) -> Column:
    """A struct of `address`, `match` and `rule` of a squashed text; select it before its fields.

    `address` is in lower case, null where `rule` says why: `junk_email` (an address that stands for
    none) or `invalid_email`. `match` is ASCII and alike for addresses that reach the same mailbox.
    """
    return _email_facts(text)


def email_of(text: str) -> dict[str, str | None]:
    """The facts of one address."""
    local, at, domain = text.lower().strip("<>;, ").removeprefix("mailto:").rpartition("@")
    if (local if at else domain) in _NOBODY or (at and _NOWHERE.match(domain + ".")):
        return {"address": None, "match": None, "rule": "junk_email"}
    domains = _domain(domain) if at and _is_local_part(local) else None
    if domains is None or len(local) + 1 + len(domains[0]) > _MOST_CHARACTERS:
        return {"address": None, "match": None, "rule": "invalid_email"}
    written, comparable = domains
    return {
        "address": f"{local}@{written}",
        "match": f"{_mailbox(local, comparable)}@{comparable}",
        "rule": None,
    }


def _is_local_part(local: str) -> bool:
    """Asks the library only where the answer is not plain, which is rare: it takes 25 µs."""
    if len(local) > _MOST_LOCAL_CHARACTERS:
        return False
    return bool(_PLAIN_LOCAL_PART.fullmatch(local)) or _checked(f"{local}@gmail.com") is not None


@lru_cache(maxsize=100_000)
def _domain(domain: str) -> tuple[str, str] | None:
    """The domain as it is written and as it is compared; null where it is none."""
    checked = _checked(f"someone@{domain}")
    if checked is None:
        return None
    written, comparable = checked
    return written.lower(), _SAME_PROVIDER.get(comparable.lower(), comparable.lower())


def _checked(address: str) -> tuple[str, str] | None:
    try:
        valid = validate_email(address, check_deliverability=False)
    except EmailNotValidError:
        return None
    return valid.domain, valid.ascii_domain


def _mailbox(local: str, domain: str) -> str:
    name = local.split("+", 1)[0] or local if domain in _PLUS_TAGS else local
    if domain in _DOTS_IGNORED:
        name = name.replace(".", "")
    return name if name.isascii() else anyascii(name).lower()


_email_facts = lookup(email_of, _FACTS)
