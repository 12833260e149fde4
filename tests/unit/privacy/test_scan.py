"""Personal data in columns declared free of it is found by form and by known values, and never told."""

from collections.abc import Sequence

import pytest

from lakehouse.privacy.scan import Finding, KnownValues, findings, free_columns, texts_of
from lakehouse.settings.load import load_settings
from lakehouse.settings.privacy_scan import Kind, PrivacyScanSettings
from lakehouse.tables.silver import PERSON_RECORD, PRODUCT

NOBODY = KnownValues(())
ANA = KnownValues(
    ["Ana", "Müller", "Ana Müller", "12 High Street", "442079460018", "ben@example.com", "99"]
)


@pytest.fixture(scope="module")
def conf() -> PrivacyScanSettings:
    return load_settings("test").privacy_scan


def found(
    conf: PrivacyScanSettings, values: Sequence[object], known: KnownValues = NOBODY
) -> list[Finding]:
    return findings("silver.product", [{"brand": value} for value in values], known, conf, 2012)


def test_a_finding_counts_the_values_that_were_there_and_those_that_hit(
    conf: PrivacyScanSettings,
) -> None:
    (finding,) = found(conf, ["ana@example.com", "Acme", None, " ", "Acme", "eve@example.com"])

    assert (finding.column, finding.kind) == ("silver.product.brand", Kind.EMAIL)
    assert (finding.value_count, finding.hit_count, finding.share) == (4, 2, 0.5)
    assert finding.is_over


def test_nothing_is_found_in_what_is_free(conf: PrivacyScanSettings) -> None:
    assert found(conf, ["Acme", "EAR-PODS-2", "2026-01-05", "19.99"], ANA) == []
    assert found(conf, []) == found(conf, [None]) == []


@pytest.mark.parametrize(
    "value",
    [
        ["Acme", "ana@example.com"],
        {"owner": "ana@example.com"},
        {"ana@example.com": 1},
        [{"kind": "email", "value": "ana@example.com"}],
    ],
)
def test_it_looks_into_arrays_maps_and_structs(conf: PrivacyScanSettings, value: object) -> None:
    (finding,) = found(conf, [value])

    assert (finding.kind, finding.hit_count) == (Kind.EMAIL, 1)


def test_numbers_dates_and_nothing_have_no_text() -> None:
    assert list(texts_of([1, None, 2.5, True, {"a": 3}])) == ["a"]


@pytest.mark.parametrize(
    "text",
    ["ANA  MÜLLER", "for Ana Müller, please".replace(",", ""), "12 high street", "442079460018"],
)
def test_what_the_lake_knows_of_a_person_is_found_in_any_letters_and_within_a_text(
    conf: PrivacyScanSettings, text: str
) -> None:
    kinds = {finding.kind for finding in found(conf, [text], ANA)}

    assert Kind.KNOWN_VALUE in kinds


def test_a_word_that_is_a_name_too_counts_only_where_there_are_several(
    conf: PrivacyScanSettings,
) -> None:
    names = KnownValues(["Ana", "Ford", "Eve"])

    assert found(conf, ["Ford", "Ford", "Acme"], names) == []
    (finding,) = found(conf, ["Ford", "Ana", "Eve", "Eve"], names)
    assert (finding.kind, finding.hit_count) == (Kind.KNOWN_VALUE, 4)


def test_what_anything_may_equal_is_not_known_of_a_person() -> None:
    assert len(KnownValues(["99", "123456", "2026-01", "Al", "", None, 7])) == 0
    assert len(KnownValues(["1234567", "Ana", "ana "])) == 2


def test_what_is_known_is_kept_as_hashes_under_a_key_of_its_own() -> None:
    first, second = KnownValues(["Ana Müller"]), KnownValues(["Ana Müller"])

    assert first._hashes != second._hashes
    assert "müller" not in repr(vars(first)).casefold()


def test_conf_may_allow_a_finding_with_a_reason_in_one_column_and_kind(
    conf: PrivacyScanSettings,
) -> None:
    allowed = [{"column": "silver.product.brand", "kind": "email", "reason": "Brands write so."}]
    lenient = PrivacyScanSettings.model_validate({**conf.model_dump(), "allowed": allowed})

    email, phone = found(lenient, ["ana@example.com", "+442079460018"])

    assert (email.kind, email.is_over, email.reason) == (Kind.EMAIL, False, "Brands write so.")
    assert (phone.kind, phone.is_over) == (Kind.PHONE, True)


def test_a_share_up_to_the_limit_is_let_be(conf: PrivacyScanSettings) -> None:
    streets = ["Acme"] * 99 + ["12 Rugby Road"]

    (at_limit,) = found(conf, streets)
    (over,) = found(conf, [*streets, "13 Rugby Road"])

    assert (at_limit.kind, at_limit.share, at_limit.is_over) == (Kind.STREET, 0.01, False)
    assert over.is_over


def test_columns_with_text_that_say_nothing_of_persons_are_looked_at() -> None:
    assert "product_name" in free_columns(PRODUCT)
    assert "list_price" not in free_columns(PRODUCT)
    assert "email" not in free_columns(PERSON_RECORD)
