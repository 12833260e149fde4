"""Which columns of silver and gold a field of a source feeds."""

import pytest

from lakehouse.pipeline.assessment import gold_columns, nested_fields, silver_columns
from lakehouse.settings.load import load_settings

SOURCES = {source.name: source for source in load_settings("test").sources}


@pytest.mark.parametrize(
    ("feed", "field", "silver", "gold"),
    [
        ("crm_contact", "gender", ["person_record.gender"],
         ["customer.gender", "customer_360.gender", "customer_attribute.lost_values",
          "customer_attribute.value", "customer_history.values", "customer_permitted.purposes"]),
        ("consent_event", "action", ["consent_event.action"],
         ["customer_360.granted", "customer_360.withdrawn", "customer_consent.state",
          "customer_permitted.purposes"]),
        ("web_event", "cookie_id", ["web_event.cookie_id"],
         ["customer_device.identifier_value", "customer_identifier.identifier_value",
          "customer_web_session.cookie_id", "customer_web_session.identified_by"]),
        ("shop_order", "account_id", ["order.person_record_key", "order_line.person_record_key"],
         [f"customer_{fact}.person_record_key"
          for fact in ("cart", "device", "interaction", "order", "order_line", "payment",
                       "recommendation", "return", "web_session")]),
        ("shop_order", "lines[].unit_price", ["order_line.unit_price"],
         ["customer_order_line.unit_price"]),
        ("weather_store", "rain_mm", ["store_weather.rain_millimetres"], []),
    ],
    ids=["by name", "under another name", "by way of devices", "a reference", "below a column",
         "not yet in gold"],
)  # fmt: skip
def test_a_field_is_followed_to_the_columns_it_feeds(
    feed: str, field: str, silver: list[str], gold: list[str]
) -> None:
    found = list(silver_columns(SOURCES[feed], field))

    assert found == silver
    assert gold_columns(found) == gold


def test_what_feeds_take_from_below_a_column_is_a_field_of_its_own() -> None:
    fields = nested_fields(SOURCES["shop_order"])
    assert fields == [f"lines[].{n}" for n in ("line_no", "sku", "qty", "unit_price", "amount")]


def test_a_column_with_fields_below_it_feeds_what_they_feed() -> None:
    assert "order_line.unit_price" in silver_columns(SOURCES["shop_order"], "lines")
