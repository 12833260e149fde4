"""The `c360` command. Importing it starts no JVM, and no command loads more than it needs."""

from lakehouse.cli.app import app
from lakehouse.cli.commands import (
    audit,
    customer,
    data,
    data_keys,
    demo,
    erasure,
    holds,
    machine,
    masked,
    people,
    privacy,
    products,
    requests,
    retention,
    roles,
    stewards,
    tokens,
)

__all__ = ["main"]

machine.add_to(app)
data.add_to(app)
stewards.add_to(app)
customer.add_to(app)
privacy.add_to(app)
requests.add_to(privacy.privacy)
erasure.add_to(privacy.privacy)
holds.add_to(privacy.privacy)
demo.add_to(app)
people.add_to(app)
masked.add_to(app)
audit.add_to(app)
roles.add_to(app)
products.add_to(app)
tokens.add_to(privacy.privacy)
retention.add_to(privacy.privacy)
data_keys.add_to(privacy.privacy)


def main() -> None:
    """The command line's entry point; ends the process with the command's exit code."""
    app()
