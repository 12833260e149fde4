"""What a customer's page shows on a terminal, section by section, in the order in which an agent asks."""

from collections.abc import Callable, Mapping

from lakehouse.cli.origin_sections import WHERE_FROM
from lakehouse.cli.section import (
    Section,
    customer_name,
    day_of,
    further_section,
    heading,
    money,
    newest,
    telling_columns,
    text,
)
from lakehouse.pipeline.customer_page import CustomerPage
from lakehouse.storage.released_tables import Row

_PARTS_OF_OTHERS = ("customer", "customer_metric", "customer_order_line")
_REPEATS = ("customer_360", "household")
"""Tables that say again what others say; of a household its members are shown."""

_PREFERENCES = {
    "channel": ("stated_channel", "preferred_order_channel"),
    "category": ("stated_category", "preferred_category"),
    "brand": ("stated_brand", "preferred_brand"),
    "hour": ("stated_hour", "preferred_order_hour"),
}
"""By what is preferred, the columns of gold.customer_360 that tell what the customer says and does."""

_SAID_OF_ALL = ("household_id", "valid_to")


def sections(page: CustomerPage, *, everything: bool) -> list[Section]:
    """The sections that have rows. With `everything` those too that repeat what others show."""
    repeated = {
        *_REPEATS,
        *(["customer_interaction"] if page.gold.get("customer_timeline") else []),
    }
    left_out = set() if everything else repeated
    found = [make(page) for entity, make in _ASKED_FIRST.items() if entity not in left_out]
    left_out |= {*_ASKED_FIRST, *WHERE_FROM, *_PARTS_OF_OTHERS}
    found += [further_section(page, entity) for entity in page.gold if entity not in left_out]
    found += [make(page) for make in WHERE_FROM.values()]
    return [section for section in found if section.rows]


def _contact_points(page: CustomerPage) -> Section:
    rows = newest(page.gold["customer_contact_point"], "last_seen_at")
    rows.sort(key=lambda row: not row["is_primary"])
    return Section(
        "Contact",
        ("", "value", "", "last seen", "sources"),
        [
            (
                row["contact_type"],
                row["written_value"],
                "primary" if row["is_primary"] else "",
                day_of(row["last_seen_at"]),
                text(row["sources"]),
            )
            for row in rows
        ],
        most=8,
    )


def _consents(page: CustomerPage) -> Section:
    return Section(
        "Consent",
        ("purpose", "channel", "state", "decided", "source", ""),
        [
            (
                row["purpose"],
                row["channel"],
                row["state"],
                day_of(row["decided_at"]),
                row["source_system"],
                "records disagree" if row["has_conflict"] else "",
            )
            for row in page.gold["customer_consent"]
        ],
        most=12,
    )


def _preferences(page: CustomerPage) -> Section:
    """What the customer says to prefer beside what their orders show."""
    told = [
        (what, *(text(row.get(column)) for column in columns))
        for row in page.gold.get("customer_360", [])
        for what, columns in _PREFERENCES.items()
    ]
    rows = [row for row in told if any(row[1:])]
    return Section("Preferences", ("", "stated", "by orders"), rows, most=4)


def _orders(page: CustomerPage) -> Section:
    lines: dict[str, list[str]] = {}
    for line in sorted(page.gold["customer_order_line"], key=lambda line: line["line_number"] or 0):
        what = line["product_name"] or line["product_id"]
        lines.setdefault(line["order_record_key"], []).append(f"{text(line['quantity'])} × {what}")
    return Section(
        "Orders",
        ("day", "order", "channel", "status", "amount", "what"),
        [
            (
                text(row["order_date"]),
                row["order_id"],
                row["channel"],
                "told again" if row.get("same_purchase_key") else text(row["status"]),
                money(row["currency"], row["total_amount"]),
                "; ".join(lines.get(row["record_key"], [])),
            )
            for row in newest(page.gold["customer_order"], "ordered_at")
        ],
        most=5,
    )


def _interactions(page: CustomerPage) -> Section:
    return Section(
        "Contacts with us",
        ("at (UTC)", "what", "channel", "source", "told"),
        [
            (
                text(row["happened_at"]),
                text(row["interaction_type"]).replace("_", " "),
                text(row["channel"]),
                row["source_system"],
                _told(row),
            )
            for row in newest(page.gold["customer_interaction"], "happened_at")
        ],
        most=8,
    )


def _told(row: Row) -> str:
    score, pages = row["score"], row["page_count"]
    parts = [
        *(text(row[name]).replace("_", " ") for name in ("action", "topic", "campaign_id")),
        f"score {score}" if score is not None else "",
        f"{pages} pages" if pages else "",
    ]
    return ", ".join(part for part in parts if part)


def _timeline(page: CustomerPage) -> Section:
    return Section(
        "Timeline",
        ("at (UTC)", "event", "channel", "source", "what", "amount"),
        [
            (
                text(row.get("happened_at")),
                text(row.get("event_type")).replace("_", " "),
                text(row.get("channel")),
                text(row.get("source_system")),
                text(row.get("title")),
                money(row.get("currency"), row.get("amount")),
            )
            for row in newest(page.gold.get("customer_timeline", []), "happened_at")
        ],
        most=10,
    )


def _web_sessions(page: CustomerPage) -> Section:
    return Section(
        "Visits to the web site",
        ("at (UTC)", "pages", "in the cart", "cart", "known by"),
        [
            (
                text(row.get("started_at")),
                text(row.get("page_paths")),
                text(row.get("cart_contents")),
                text(row.get("cart_state")).replace("_", " "),
                text(row.get("identified_by")).replace("_", " "),
            )
            for row in newest(page.gold.get("customer_web_session", []), "started_at")
        ],
        most=5,
    )


def _household(page: CustomerPage) -> Section:
    """Everybody who lives there today, if the customer does not live alone."""
    members = page.household_members if len(page.household_members) > 1 else []
    columns = [name for name in telling_columns(members) if name not in _SAID_OF_ALL]
    return Section(
        "Household",
        ("who", *(heading(name) for name in columns)),
        [
            (customer_name(page, row["customer_id"]), *(text(row[name]) for name in columns))
            for row in members
        ],
        most=10,
    )


_ASKED_FIRST: Mapping[str, Callable[[CustomerPage], Section]] = {
    "customer_contact_point": _contact_points,
    "customer_consent": _consents,
    "customer_360.preferences": _preferences,
    "customer_timeline": _timeline,
    "customer_order": _orders,
    "customer_interaction": _interactions,
    "customer_web_session": _web_sessions,
    "household_member": _household,
}
