"""Which columns of silver and gold a field of a source feeds."""

import pytest

from lakehouse.pipeline.assessment import gold_columns, silver_columns
from lakehouse.settings.load import load_settings

SOURCES = {source.name: source for source in load_settings("test").sources}


@pytest.mark.parametrize(
    ("feed", "field", "silver", "gold"),
    [
        ("crm_contact", "gender", ["person_record.gender"],
         ["customer.gender", "customer_attribute.value"]),
        ("consent_event", "action", ["consent_event.action"], ["customer_consent.state"]),
        ("web_event", "cookie_id", ["web_event.cookie_id"],
         ["customer_identifier.identifier_value"]),
        ("shop_order", "account_id", ["order.person_record_key", "order_line.person_record_key"],
         ["customer_order.person_record_key", "customer_order_line.person_record_key"]),
        ("weather_store", "rain_mm", ["store_weather.rain_millimetres"], []),
    ],
    ids=["by name", "under another name", "by way of devices", "a reference", "not yet in gold"],
)  # fmt: skip
def test_a_field_is_followed_to_the_columns_it_feeds(
    feed: str, field: str, silver: list[str], gold: list[str]
) -> None:
    found = list(silver_columns(SOURCES[feed], field))

    assert found == silver
    assert gold_columns(found) == gold
