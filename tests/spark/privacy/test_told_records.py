"""Which records a row tells is the same in plain Python as in Spark, or an archive would leave rows out."""

from typing import Any

from pyspark.sql import SparkSession

from lakehouse.privacy.bronze_persons import BronzePersons
from lakehouse.settings.load import load_settings
from lakehouse.silver.intake import Catalogue, own_key
from lakehouse.silver.paths import opened
from lakehouse.tables.local_frame import local_frame

SETTINGS = load_settings("test")
SOURCES = {source.name: source for source in SETTINGS.sources}
SECRET = SETTINGS.lake.secret.get_secret_value()
ROWS: dict[str, list[dict[str, Any]]] = {
    "web_event": [{"event_id": " E1 "}, {"event_id": "Ann@X.org"}, {"event_id": " "}],
    "pos_receipt_line": [{"receipt_id": "R1", "line_no": "2"}, {"receipt_id": "R1"}],
    "web_recommendation": [
        {"event_id": "E1", "items": '[{"position": 1}, {"position": "07"}, {}]'},
        {"event_id": "E2", "items": "["},
    ],
    "support_ticket": [
        {
            "ticket_id": "T1",
            "requester": '{"requester_id": 710}',
            "messages": '[{"number": 1}]',
        },
        {"ticket_id": "T2", "requester": "[1]", "messages": '{"number": 1}'},
    ],
}


def test_plain_python_finds_the_records_that_silver_makes_of_a_row(spark: SparkSession) -> None:
    persons = BronzePersons(SOURCES, SECRET)
    for name, rows in ROWS.items():
        source = SOURCES[name]
        names = [column.name for column in source.columns]
        told = [tuple(row.get(n) for n in names) for row in rows]
        bronze = local_frame(spark, told, ", ".join(f"`{n}` string" for n in names))
        in_spark = {
            row.key
            for feed in source.feeds
            for row in opened(bronze, source, feed)
            .select(own_key(source, feed, Catalogue(SOURCES, SECRET)).alias("key"))
            .where("key IS NOT NULL")
            .collect()
        }

        assert in_spark, name
        assert {key for row in rows for key in persons.told(source, row)} == in_spark, name
