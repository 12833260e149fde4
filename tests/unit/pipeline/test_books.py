"""Books that do not balance stop the run, and say by how much."""

from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from lakehouse.errors import BooksError
from lakehouse.pipeline import ingestion
from lakehouse.pipeline.ingestion import FeedBook, feed_books

EVEN = FeedBook("crm_contact", 10, 7, 1, 1, 1)
LACKING = FeedBook("shop_order", 10, 8, 1, 0, 0)


@pytest.fixture(autouse=True)
def _no_session(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written is of no matter here, so that it needs no Spark."""
    monkeypatch.setattr(ingestion, "local_frame", Mock())


def test_a_record_that_nobody_accounts_for_stops_the_run() -> None:
    with pytest.raises(BooksError) as refused:
        feed_books(Mock(), Mock(), [EVEN, LACKING])

    assert "shop_order has 10 in, 8 good, 1 quarantined, 0 duplicate, 0 rejected" in str(
        refused.value
    )
    assert "crm_contact" not in str(refused.value)


def test_even_books_are_written() -> None:
    tables = Mock()
    tables.write.return_value = 3

    assert feed_books(SimpleNamespace(spark=Mock(), tables=tables), Mock(), [EVEN]) == 3
