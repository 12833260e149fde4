"""A customer's page on a terminal. Whatever the data hold is shown and never obeyed."""

from collections.abc import Mapping, Sequence

from rich import box
from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from lakehouse.cli.customer_sections import sections
from lakehouse.cli.section import Section, money, text
from lakehouse.pipeline.customer_page import CustomerPage
from lakehouse.pipeline.customer_search import Match
from lakehouse.report import inert as inert_text

_MOST_MATCHES = 20
_MORE_MATCHES = ": another word of the name leaves fewer, --json has them all"
_SOURCES_WIDTH = 16  # their list may break; an address beside it had better not


def print_page(page: CustomerPage, console: Console, *, everything: bool) -> None:
    """Prints the page; without `everything` the newest entries of each section."""
    console.print(Panel(_header(page), box=box.ROUNDED, padding=(0, 1)))
    for section in sections(page, everything=everything):
        _print_section(section, console, len(section.rows) if everything else section.most)


def print_matches(matches: Sequence[Match], console: Console) -> None:
    """Prints who may be meant, with what tells one from another."""
    rows = [
        (
            match.customer_id,
            match.display_name or "",
            match.city or "",
            str(match.birth_year or ""),
            text(match.record_count),
        )
        for match in matches
    ]
    columns = ("customer", "name", "town", "born", "records")
    _print_section(
        Section("Customers", columns, rows, _MOST_MATCHES), console, _MOST_MATCHES, _MORE_MATCHES
    )


def inert(value: str) -> Text:
    """The text with each character that would steer a terminal, or hide, as its escape sequence."""
    return Text(inert_text(value))


def _print_section(
    section: Section, console: Console, most: int, more: str = " (--all shows them)"
) -> None:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    for column in section.columns:
        table.add_column(
            column,
            justify="right" if column in ("amount", "records") else "left",
            max_width=_SOURCES_WIDTH if column == "sources" else None,
            overflow="fold",
        )
    for row in section.rows[:most]:
        table.add_row(*(inert(cell or "") for cell in row))
    console.print(Text(f"\n{section.title}", style="bold"))
    console.print(table)
    left = len(section.rows) - most
    if left > 0:
        console.print(Text(f"and {left:,} more{more}", style="dim"))


def _header(page: CustomerPage) -> Text:
    golden = page.gold["customer"][0]
    records = _many(golden["record_count"], "record")
    lines = [
        inert(golden["display_name"] or "(no name)"),
        Text(page.customer_id, style="dim"),
        _line(
            ("born", _born(page)),
            ("", ", ".join(golden[k] for k in ("city", "region", "country") if golden[k])),
            ("known since", golden["first_seen_date"]),
        ),
        _line(("", f"{records} in {_many(golden['source_count'], 'system')}")),
        *(_line(*facts) for facts in _value(page)),
        _line(("as release", f"{page.release} has it"), ("made for", page.released_for)),
        _line(("read as", page.role if any(page.masked.values()) else ""), ("", _masked(page))),
    ]
    lines[0].stylize("bold")
    if page.retired_id:
        lines.append(inert(f"{page.retired_id} is no more: its records live on in this customer."))
        lines[-1].stylize("yellow")
    others = [former for former in page.former_ids if former != page.retired_id]
    lines.append(_line(("known before as", ", ".join(others))))
    return Text("\n").join(line for line in lines if line.plain)


def _born(page: CustomerPage) -> str:
    day = page.gold["customer"][0]["birth_date"]
    if day and "birth_date" in page.masked.get("customer", ()):
        return f"{day:%Y}"
    return text(day)


def _masked(page: CustomerPage) -> str:
    """What of the golden record is masked for the reader."""
    names = [name.replace("_", " ") for name in page.masked.get("customer", ())]
    return f"masked: {', '.join(names)}" if names else ""


def _value(page: CustomerPage) -> list[tuple[tuple[str, object], ...]]:
    metrics = page.gold["customer_metric"]
    if not metrics:
        return []
    metric = metrics[0]
    # For who may read it, this counts the contacts too that marketing may not know of.
    contact = {**metric, **(page.gold.get("customer_360") or [{}])[0]}
    spent = [money(v["currency"], v["total_amount"]) for v in metric["order_values"] or []]
    lost = [
        f"{metric[name]} {name.split('_')[0]}"
        for name in ("returned_order_count", "cancelled_order_count")
        if metric[name]
    ]
    return [
        (
            ("", _many(metric["order_count"], "order") + (f" ({', '.join(lost)})" if lost else "")),
            ("worth", " + ".join(spent)),
            ("last", _ago(page, metric, "last_order_date")),
        ),
        (
            ("", _many(contact["interaction_count"], "contact")),
            ("last", _ago(page, contact, "last_contact_date")),
            ("last active", contact["last_active_date"]),
        ),
    ]


def _ago(page: CustomerPage, row: Mapping[str, object], name: str) -> str:
    day, days = row[name], page.days_since[name]
    if day is None:
        return ""
    return f"{day} ({_many(days, 'day')} ago)" if days is not None and days > 0 else f"{day}"


def _many(count: int | None, what: str) -> str:
    return "" if count is None else f"{count:,} {what}" + ("" if count == 1 else "s")


def _line(*facts: tuple[str, object]) -> Text:
    """The facts that are known, each after what it is, between dots."""
    told = (f"{name} {text(value)}".strip() for name, value in facts if text(value))
    return inert(" · ".join(told))
