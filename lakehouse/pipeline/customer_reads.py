"""Reading one customer: found, recorded in the audit, and only then given to the surface that shows it."""

from datetime import date

from lakehouse.pipeline.audit import record
from lakehouse.pipeline.customer_page import CustomerPage, customer_page, richest_customer
from lakehouse.pipeline.customer_search import Found, find_customers
from lakehouse.pipeline.reader_tables import reader_tables
from lakehouse.settings.models import Settings


def read_customer(
    settings: Settings,
    asked: str,
    *,
    surface: str,
    as_of: date | None = None,
    number: int | None = None,
) -> CustomerPage | Found:
    """The page of the customer who is meant, as the role of the session sees it; who may be meant if several.

    Raises:
        AccessError: the role reads for no purpose of gold.customer, or the read cannot be recorded.
        NotFoundError, SeveralFoundError: as `find_customers` has it.
    """
    tables = reader_tables(settings, as_of=as_of, number=number)
    found = find_customers(tables, asked)
    subjects = found.customer_ids
    record(
        settings,
        action="read" if len(subjects) == 1 else "search",
        surface=surface,
        subjects=subjects,
        release=tables.clear.number,
    )
    if len(subjects) > 1:
        return found
    return customer_page(tables, subjects[0], as_of=as_of, retired_id=found.retired_id)


def read_example(settings: Settings, *, surface: str) -> tuple[str, CustomerPage] | None:
    """The id and page of the customer whom most systems know; None if the release has no customer."""
    tables = reader_tables(settings)
    customer_id = richest_customer(tables)
    if customer_id is None:
        return None
    record(
        settings,
        action="read",
        surface=surface,
        subjects=[customer_id],
        release=tables.clear.number,
    )
    return customer_id, customer_page(tables, customer_id)
