"""Where what a customer's page tells is from, section by section."""

from collections.abc import Callable, Mapping

from lakehouse.cli.section import Section, customer_name, day_of, heading, newest, text
from lakehouse.pipeline.customer_page import CustomerPage
from lakehouse.storage.released_tables import Row


def _golden_record(page: CustomerPage) -> Section:
    return Section(
        "Golden record",
        ("attribute", "value", "from", "as of", "rule"),
        [
            (
                heading(text(row["attribute"])),
                row["value"],
                row["source_system"],
                day_of(row["sequence_at"]),
                heading(text(row["rule"])),
            )
            for row in page.gold["customer_attribute"]
            if row["value"] is not None
        ],
        most=30,
    )


def _lost_values(page: CustomerPage) -> Section:
    return Section(
        "Other values that records give",
        ("attribute", "value", "from", "as of"),
        [
            (
                heading(text(row["attribute"])),
                lost["value"],
                lost["source_system"],
                day_of(lost["sequence_at"]),
            )
            for row in page.gold["customer_attribute"]
            for lost in row.get("lost_values") or []
        ],
        most=8,
    )


def _identifiers(page: CustomerPage) -> Section:
    """One row per identifier, with every system that knows it."""
    known: dict[tuple[str, str], list[Row]] = {}
    for row in newest(page.gold["customer_identifier"], "last_seen_at"):
        known.setdefault((row["identifier_type"], row["identifier_value"]), []).append(row)
    return Section(
        "Identifiers",
        ("", "value", "last seen", "sources"),
        [
            (
                text(kind).replace("_", " "),
                value,
                day_of(rows[0]["last_seen_at"]),
                text(sorted({row["source_system"] for row in rows})),
            )
            for (kind, value), rows in known.items()
        ],
        most=8,
    )


def _identity(page: CustomerPage) -> Section:
    return Section(
        "How this customer came together",
        ("at (UTC)", "event", "records", "cause", "other customer"),
        [
            (
                text(row["occurred_at"]),
                row["event"],
                text(row["record_count"]),
                text(row["cause"]).replace("_", " "),
                customer_name(page, row["other_customer_id"]),
            )
            for row in newest(page.identity, "occurred_at")
        ],
        most=5,
    )


WHERE_FROM: Mapping[str, Callable[[CustomerPage], Section]] = {
    "customer_attribute": _golden_record,
    "customer_attribute.lost_values": _lost_values,
    "customer_identifier": _identifiers,
    "identity_event": _identity,
}
"""By table, the section that it makes, in the order of the page."""
