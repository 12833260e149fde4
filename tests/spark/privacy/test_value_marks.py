"""The marks of a value find it wherever it stands, as its row has it and as a search of files reads it."""

import pytest
from pyspark.sql import SparkSession

from lakehouse.privacy.byte_scan import Finder
from lakehouse.privacy.erasure_marks import cells, mark_secret, value_marks
from lakehouse.tables.local_frame import local_frame


@pytest.fixture(scope="module")
def finder(spark: SparkSession) -> Finder:
    """Knows a street that ends in a dot and an address in quotes."""
    rows = [("Flat 2, 5 Elm St.", '"ann@example.org"')]
    found = cells(local_frame(spark, rows, "street string, email string"), ["street", "email"], [])
    marks = value_marks(found, "secret").collect()
    return Finder({row.mark for row in marks}, mark_secret("secret"))


@pytest.mark.parametrize(
    "text",
    [
        "Flat 2, 5 Elm St.",
        '7,"Flat 2, 5 Elm St.",GB',
        '{"street": "Flat 2, 5 Elm St.", "country": "GB"}',
        "7;Flat 2, 5 Elm St.;GB'ann@example.org'",
        "sent to ann@example.org.",
    ],
)
def test_a_value_that_ends_in_a_dot_or_a_quote_is_found_in_a_cell_of_every_kind(
    finder: Finder, text: str
) -> None:
    assert finder.in_text(text)
    assert not finder.in_text(text.replace("Elm", "Oak").replace("ann@", "eve@"))
