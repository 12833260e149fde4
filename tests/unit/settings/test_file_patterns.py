"""Two sources may not take one file, and sources whose files are told apart may stand side by side."""

import pytest

from lakehouse.settings.file_patterns import overlap


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("*/crm_contact-*.csv", "*/crm_contact-*.csv"),
        ("*/*-*.csv", "*/crm_contact-*.csv"),
        ("*-*.csv", "*/crm_contact-*.csv"),
        ("*/crm_*-a.csv", "*/*_contact-*.csv"),
        ("*/pos_receipt*.txt", "*/pos_receipt_line-*.txt"),
        ("day-?/a", "day-[!0]/*"),
        ("a[b", "a[b"),
    ],
)
def test_a_file_that_fits_both_patterns_is_found(first: str, second: str) -> None:
    assert overlap(first, second)
    assert overlap(second, first)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("*/crm_contact-*.csv", "*/shop_order-*.csv"),
        ("*/crm_contact-*.csv", "*/crm_contact-*.txt"),
        ("*/pos_receipt-*.txt", "*/pos_receipt_line-*.txt"),
        ("day-[0-4]/*", "day-[!0-4]/*"),
        ("crm/*.csv", "shop/*.csv"),
    ],
)
def test_patterns_that_no_file_fits_both_are_told_apart(first: str, second: str) -> None:
    assert not overlap(first, second)
