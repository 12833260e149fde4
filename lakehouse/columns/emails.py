"""E-mail addresses: email-validator says what one is, providers say which ones are the same."""

import re
from functools import lru_cache

import pyarrow as pa
from anyascii import anyascii
from email_validator import EmailNotValidError, validate_email
from pyspark.sql import Column
from pyspark.sql.types import StringType, StructField, StructType
from pyspark.sql import functions as F

from lakehouse.columns.arrow import looked_up

_SPARK = StructType(
    [
        StructField("address", StringType()),
        StructField("match", StringType()),
        StructField("rule", StringType()),
    ]
)
_ARROW = pa.struct([(field.name, pa.string()) for field in _SPARK])

_MOST_CHARACTERS = 254
_PLAIN_LOCAL_PART = re.compile(r"[a-z0-9_+-]+(\.[a-z0-9_+-]+)*")

_NOBODY = frozenset(
    "none null na n.a nil nobody noone nomail noemail no.email no-email unknown undefined"
    " noreply no-reply donotreply do-not-reply test tester testing asdf qwerty xxx abc fake"
    " example anonymous notgiven notprovided".split()
)
_NOWHERE = re.compile(r"^(none|null|na|test|nomail|noemail|unknown|fake|xxx|asdf|invalid|abc)\.")

_SAME_PROVIDER = {
    "googlemail.com": "gmail.com",
    "protonmail.com": "proton.me",
    "pm.me": "proton.me",
    "me.com": "icloud.com",
    "mac.com": "icloud.com",
    "ya.ru": "yandex.ru",
}
_DOTS_IGNORED = frozenset({"gmail.com"})
_PLUS_TAGS = frozenset(
    "gmail.com outlook.com hotmail.com hotmail.co.uk live.com msn.com icloud.com proton.me"
    " fastmail.com fastmail.fm yandex.ru yandex.com zoho.com gmx.de gmx.net posteo.de"
    " mailbox.org".split()
)


def email_facts(text: Column) -> Column:
    """A struct of `address`, `match` and `rule` of a squashed text; select it before its fields.

    `address` is in lower case, null where `rule` says why: `junk_email` (an address that stands for
    none) or `invalid_email`. `match` is ASCII and alike for addresses that reach the same mailbox.
    """
    return _email_facts(text)


@F.arrow_udf(returnType=_SPARK)
def _email_facts(texts: pa.Array) -> pa.Array:
    return looked_up(texts, _facts, _ARROW)


def _facts(text: str) -> dict[str, str | None]:
    local, at, domain = text.lower().strip("<>;, ").removeprefix("mailto:").rpartition("@")
    if local in _NOBODY or (at and _NOWHERE.match(domain + ".")):
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
    if len(local) <= 64 and _PLAIN_LOCAL_PART.fullmatch(local):
        return True
    return _checked(f"{local}@gmail.com") is not None


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
