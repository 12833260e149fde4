"""E-mail addresses as columns; what one is, `email_address` says."""

from pyspark.sql import Column

from lakehouse.columns.arrow import lookup, texts_named
from lakehouse.columns.email_address import email_of

_FACTS = texts_named("address", "match", "rule")


def email_facts(text: Column) -> Column:
    """A struct of `address`, `match` and `rule` of a squashed text; select it before its fields.

    `address` is in lower case, null where `rule` says why: `junk_email` (an address that stands for
    none) or `invalid_email`. `match` is ASCII and alike for addresses that reach the same mailbox.
    """
    return _email_facts(text)


_email_facts = lookup(email_of, _FACTS)
