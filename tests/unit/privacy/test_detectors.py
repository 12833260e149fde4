"""What looks like personal data is found, and what only resembles it is not."""

import re
from datetime import date, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lakehouse.privacy.detectors import kinds_in, passes_luhn
from lakehouse.settings.privacy_scan import Kind

COUNTRIES = ("GB", "US", "DE", "FR", "ES", "IT", "NL")


def kinds(text: str) -> set[Kind]:
    return set(kinds_in(text, COUNTRIES, latest_birth_year=2012))


FOUND = {
    Kind.EMAIL: (
        "ana@example.com",
        "write to Ana.Müller+shop@mail.example.co.uk, please",
        '{"from":"ana@example.com"}',
    ),
    Kind.PHONE: (
        "+442079460018",
        "+49 30 901820",
        "0044 20 7946 0018",
        "call 020 7946 0018 after six",
        "(030) 901820",
        "030/901820",
        "212-736-5000",
        "01 42 68 53 00",
    ),
    Kind.CARD: (
        "4111111111111111",
        "5500 0055 5555 5559",
        "3782-822463-10005",
        "paid with 6011111111111117.",
    ),
    Kind.IBAN: (
        "GB82WEST12345698765432",
        "DE89 3704 0044 0532 0130 00",
        "to NL91ABNA0417164300 PLEASE",
    ),
    Kind.NATIONAL_ID: (
        "078-05-1120",
        "QQ 12 34 56 C".replace("QQ", "AB"),
        "RSSMRA85T10A562S",
        "12345678Z",
        "X1234567L",
        "255081416802538",
    ),
    Kind.IP_ADDRESS: ("203.0.113.77", "from 192.168.1.20, twice", "2001:db8::8a2e:370:7334"),
    Kind.BIRTH_DATE: ("1984-03-09", "09.03.1984", "3/9/1984", "born 1984-03-09 in Kent"),
    Kind.STREET: (
        "12 High Street",
        "221b Baker St",
        "Lange Straße 7",
        "Hauptstr. 12a",
        "8 rue Victor Hugo",
        "Calle de Alcalá 42",
        "Via Roma 10",
    ),
}


@pytest.mark.parametrize(
    ("kind", "text"), [(kind, text) for kind, texts in FOUND.items() for text in texts]
)
def test_personal_data_is_found_in_every_usual_form(kind: Kind, text: str) -> None:
    assert kind in kinds(text)


HARMLESS = (
    # ids and codes
    *(
        "1000234567",
        "202601050001",
        "0012345678",
        "000000012345",
        "SO-2026-000123",
        "RCPT-0450-99812",
    ),
    *("A-10442-77", "SKU-100-200-300", "10000000000000001", "4000-1234", "INV/2026/01/0005"),
    "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "bronze/2026-01-05/crm_contact-20260105.csv",
    # products: EAN-13 of Germany begins with 4, as a card does
    *("4006381333931", "5901234123457", "9780306406157", "EAR-PODS-2", "Ear Pods Black 32 GB"),
    # moments, amounts, measures
    *("2026-01-05T10:11:12Z", "2026-01-05 10:11:12.123+01:00", "05.01.2026 10:20", "01/05/2026"),
    *(
        "1767607872123",
        "1767607872",
        "1234567.89",
        "-12.50",
        "1,234,567.89",
        "0.0000012345",
        "51.5074",
    ),
    # versions, times, percentages
    *("4.1.4", "4.1.0.2", "10:20:30", "3.11", "127.0.0.1", "99.9 %"),
    # words
    *("marketing", "at home", "@acme", "St", "via web", "in via 3 steps", "12 place settings"),
    *("One row per order.", "visit, cart, checkout", "C360-040", "12345678A", "QR 12 34"),
    # check digits that are wrong
    *(
        "4111111111111112",
        "GB82WEST12345698765431",
        "RSSMRA85T10A562T",
        "12345678A",
        "255081416802539",
    ),
    '[{"line_no": 1, "sku": "P-10042", "qty": 2, "unit_price": "19.99", "amount": "39.98"}]',
)


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_resembles_personal_data_is_let_be(text: str) -> None:
    assert kinds(text) == set()


@given(st.integers(min_value=1, max_value=10**12))
def test_no_plain_number_up_to_twelve_digits_is_anything(number: int) -> None:
    assert kinds(str(number)) == set()


@given(
    st.integers(min_value=0, max_value=10**6),
    st.sampled_from(["ORD-{:08d}", "S{:06d}", "{:010d}", "P-{:05d}"]),
)
def test_no_running_number_of_an_order_a_store_or_a_product_is_anything(
    number: int, form: str
) -> None:
    assert kinds(form.format(number)) == set()


@given(st.dates(min_value=date(2013, 1, 1)), st.times())
def test_a_day_or_moment_after_the_last_birth_year_is_nothing(day: date, time: object) -> None:
    assert kinds(day.isoformat()) == kinds(f"{day.isoformat()}T{time}") == set()


@example("21255501-4200-4123-8555-014212345678")
@given(st.uuids())
def test_random_ids_are_nothing(number: object) -> None:
    assert kinds(str(number)) == set()


def test_by_luhn_every_changed_digit_is_noticed() -> None:
    card = "4111111111111111"
    changed = [
        card[:i] + d + card[i + 1 :] for i in range(16) for d in "0123456789" if d != card[i]
    ]

    assert passes_luhn(card)
    assert not any(map(passes_luhn, changed))


def test_a_day_is_a_birth_date_up_to_the_given_year_only() -> None:
    born = date(1990, 5, 17)

    assert kinds_in(born.isoformat(), (), 1990) == {Kind.BIRTH_DATE}
    assert kinds_in((born + timedelta(days=365)).isoformat(), (), 1990) == frozenset()


def test_a_long_text_is_read_in_good_time() -> None:
    # Patterns that try every way to cut a text into pieces would not end.
    for text in ("a" * 50_000, "1 " * 25_000, "a." * 25_000, "12 ab " * 8_000, "::" * 20_000):
        assert not re.search("x", text)
        assert kinds(text) == set()
