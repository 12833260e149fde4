"""What becomes of a feed's rows on their way into silver's tables."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import Row as SparkRow
from pyspark.sql import functions as F

from lakehouse.errors import ConfigurationError
from lakehouse.quality.gate import Verdict, gate
from lakehouse.quality.quarantine import FLAGS, flagged, good_rows, held_rows
from lakehouse.quality.suites import read_suites
from lakehouse.settings.load import load_settings
from lakehouse.settings.places import expectations_dir
from lakehouse.settings.sources import DeleteFlag, Source
from lakehouse.silver import bronze_reads, silver_table
from lakehouse.tables.registry import GATED_TABLES
from lakehouse.tables.silver import CONSENT_EVENT, ORDER_LINE, SILVER_TABLES, SUPPORT_MESSAGE
from lakehouse.tables.silver import ORDER as ORDER_SPEC
from tests.spark.silver.conftest import Landed, Row, source

ACCOUNT = source(
    "account",
    "id name born phone address at",
    load_kind="delta",
    freshness_limit_hours=48,
    feeds=[
        {
            "table": "person_record",
            "country": "GB",
            "date_formats": ["dd/MM/yyyy"],
            "map": {
                "full_name": "name",
                "birth_date": "born",
                "phone": "phone",
                "city": "address.city",
                "street": {"join": ["address.house", "address.road"]},
            },
        }
    ],
)
ORDER = source(
    "order",
    "id account total lines at",
    feeds=[
        {
            "table": "order",
            "person": {"source": "shop_account", "id": "account"},
            "map": {
                "order_id": "id",
                "channel": {"constant": "shop"},
                "ordered_at": "at",
                "currency": {"constant": "eur"},
                "total_amount": "total",
            },
        },
        {
            "table": "order_line",
            "each": "lines",
            "map": {
                "product_id": "item.sku",
                "quantity": "item.count",
                "unit_price": "item.price",
            },
        },
    ],
)
RECEIPT_LINE = source(
    "receipt_line",
    "id receipt sku count price at",
    feeds=[
        {
            "table": "order_line",
            "order": {"source": "shop_order", "id": "receipt"},
            "map": {
                "line_number": "id",
                "product_id": "sku",
                "quantity": "count",
                "unit_price": "price",
                "currency": {"constant": "GBP"},
            },
        }
    ],
)
PAYMENT = source(
    "payment",
    "id channel order method account amount at",
    feeds=[
        {
            "table": "payment",
            "order": {
                "source": {"column": "channel", "values": {"web": "shop_order"}},
                "id": "order",
            },
            "map": {
                "payment_id": "id",
                "order_id": "order",
                "paid_at": "at",
                "method": {"column": "method", "values": {"CC": "card"}},
                "payment_account_key": "account",
                "amount": "amount",
                "currency": {"constant": "EUR"},
            },
        }
    ],
)
TICKET = source(
    "ticket",
    "id opened closed state asker messages at",
    load_kind="delta",
    feeds=[
        {
            "table": "support_ticket",
            "person": {"source": "shop_ticket", "id": "asker.id"},
            "map": {
                "ticket_id": "id",
                "opened_at": "opened",
                "closed_at": "closed",
                "status": "state",
            },
        },
        {
            "table": "support_message",
            "each": "messages",
            "map": {"author": "item.by", "sent_at": "item.at", "body": "item.text"},
        },
        {
            "table": "person_record",
            "record_id": ["asker.id"],
            "map": {"full_name": "asker.name", "email": "asker.email"},
        },
    ],
)
EVENT = source(
    "event",
    "id kind at account cookie page campaign",
    feeds=[
        {
            "table": "web_event",
            "person": {"source": "shop_account", "id": "account"},
            "map": {
                "event_id": "id",
                "event_type": "kind",
                "event_at": "at",
                "cookie_id": "cookie",
                "page_path": "page",
                "campaign_id": "campaign",
            },
        }
    ],
)
PRICED_ORDER = source(
    "priced_order",
    "id money total placed at",
    feeds=[
        {
            "table": "order",
            "map": {
                "order_id": "id",
                "channel": {"constant": "shop"},
                "ordered_at": "placed",
                "currency": "money",
                "total_amount": "total",
            },
        }
    ],
)
CONSENT = source(
    "consent",
    "id action decided mail at",
    feeds=[
        {
            "table": "consent_event",
            "map": {
                "consent_event_id": "id",
                "action": "action",
                "happened_at": "decided",
                "email": "mail",
                "purpose": {"constant": "marketing"},
                "channel": {"constant": "email"},
            },
        }
    ],
)
SOURCES = (ACCOUNT, ORDER, RECEIPT_LINE, PAYMENT, TICKET, EVENT)
DAY = date(2026, 1, 10)


def built(
    table: str, bronze: Mapping[str, DataFrame], silver: Mapping[str, DataFrame] | None = None
) -> DataFrame:
    return silver_table(
        table, bronze, SOURCES, silver or {}, secret="a secret of the tests", as_of=DAY
    )


def by_id(frame: DataFrame) -> dict[str, SparkRow]:
    return {row["source_record_id"]: row for row in frame.collect()}


def people(landed: Landed, *rows: Row) -> DataFrame:
    return built("person_record", {"shop_account": landed(ACCOUNT, rows)})


def orders(landed: Landed, rows: Sequence[Row]) -> DataFrame:
    accounts = landed(ACCOUNT, [{"id": "A1", "name": "Ann Lee", "at": "2026-01-01"}])
    return built("order", {"shop_order": landed(ORDER, rows), "shop_account": accounts})


def corrections(row: SparkRow) -> list[tuple[str, str, str]]:
    return [(c["column"], c["rule"], c["original"]) for c in row["corrections"]]


def test_a_person_comes_out_in_standard_shape_with_where_it_came_from(landed: Landed) -> None:
    frame = people(
        landed,
        {
            "id": "A1",
            "name": "Lee, Ann",
            "born": "03/02/1990",
            "phone": "07911 123456",
            "address": '{"city": "Leeds", "house": 5, "road": "High Street"}',
            "at": "2026-01-05T10:00:00Z",
        },
    )
    row = frame.collect()[0]
    assert (row["given_name"], row["family_name"]) == ("Ann", "Lee")
    assert row["birth_date"] == date(1990, 2, 3)
    assert row["phone"] == "+447911123456"
    assert (row["city"], row["street"], row["country"]) == ("Leeds", "5 High Street", None)
    assert (row["source_feed"], row["source_file"], row["source_row_number"]) == (
        "shop_account",
        "a",
        1,
    )
    assert row["sequence_at"].replace(tzinfo=UTC) == datetime(2026, 1, 5, 10, tzinfo=UTC)
    assert row["fresh_until_at"].replace(tzinfo=UTC) == datetime(2026, 1, 7, 10, tzinfo=UTC)


CONTACT = source(
    "contact",
    "id name phone mobile points at",
    load_kind="snapshot",
    feeds=[
        {
            "table": "person_record",
            "country": "GB",
            "map": {"full_name": "name", "phone": "phone", "secondary_phone": "mobile"},
        }
    ],
)


@pytest.mark.parametrize("turned", [False, True])
def test_a_record_of_a_snapshot_feed_has_changed_when_it_last_began_to_read_as_it_does(
    landed: Landed, turned: bool
) -> None:
    def told(contact: str, day: int, phone: str, **more: Any) -> Row:
        return {"id": contact, "name": "Ann Lee", "phone": phone, "at": f"2026-01-0{day}",
                "file": f"2026-01-0{day}/contacts.csv", **more}  # fmt: skip

    rows = [
        # Points are nothing that silver reads of a person; on the fifth day the snapshot lacks her.
        *(told("unchanged", day, "1", points=str(day)) for day in (1, 2, 3, 4, 6)),
        *(told("changed", day, "1" if day < 3 else "2") for day in (1, 2, 3, 4, 5, 6)),
        *(told("and back", day, "2" if day == 4 else "1") for day in (1, 2, 3, 4, 5, 6)),
        *(told("moved", day, "1" if day < 6 else "", mobile="1" if day == 6 else None)
          for day in (5, 6)),
        told("new", 6, "1"),
        told("gone", 5, "1"),
        # A correction of the second day's snapshot, which came on the third and counts as a whole.
        *(told(contact, 2, "1") | {"file": "2026-01-03/contacts.csv", "file_hash": "corrected"}
          for contact in ("unchanged", "changed", "and back", "told wrongly")),
        told("told wrongly", 2, "9"),
        *(told("told wrongly", day, "1") for day in (1, 3, 6)),
    ]  # fmt: skip
    bronze = {"shop_contact": landed(CONTACT, rows[::-1] if turned else rows)}
    made = silver_table(
        "person_record", bronze, (CONTACT,), {}, secret="a secret of the tests", as_of=DAY
    )
    assert {row["source_record_id"]: f"{row['changed_at']:%d}" for row in made.collect()} == {
        "unchanged": "01",
        "changed": "03",
        "and back": "05",
        "moved": "06",
        "new": "06",
        "told wrongly": "01",
    }


def test_a_record_of_a_delta_feed_that_is_told_again_has_changed_when_it_began_to_read_as_it_does(
    landed: Landed,
) -> None:
    accounts = [
        {"id": "new", "name": "Ann", "at": "2026-01-05"},
        {"id": "sent again", "name": "Ann", "at": "2026-01-03"},
        # Whether it wants letters is nothing that silver reads of a person.
        {"id": "sent again", "name": "Ann", "address": '{"letters": "no"}', "at": "2026-01-05"},
        {"id": "corrected", "name": "Ann", "at": "2026-01-03"},
        {"id": "corrected", "name": "Anne", "at": "2026-01-05"},
    ]
    ben, old, new = (
        {"id": asker, "name": name}
        for asker, name in (("B1", "Ben"), ("C1", "Cem Old"), ("C1", "Cem New"))
    )
    tickets = [
        ticket("T1", ben, "2026-01-02"),
        ticket("T2", ben, "2026-01-06"),
        # The fourth ticket was put down to the asker of the third by mistake.
        ticket("T3", old, "2026-01-02"),
        ticket("T4", new, "2026-01-04"),
        ticket("T4", ben, "2026-01-05"),
        ticket("T5", None, "2026-01-05"),
    ]
    bronze = {"shop_account": landed(ACCOUNT, accounts), "shop_ticket": landed(TICKET, tickets)}
    found = by_id(built("person_record", bronze))
    assert {name: f"{row['changed_at']:%d}" for name, row in found.items()} == {
        "new": "05",
        "sent again": "03",
        "corrected": "05",
        "B1": "02",
        "C1": "02",
    }


def test_a_record_key_is_keyed_and_never_the_same_for_two_secrets(landed: Landed) -> None:
    bronze = {"shop_account": landed(ACCOUNT, [{"id": "A1", "name": "Ann", "at": "2026-01-05"}])}
    keys = {
        silver_table("person_record", bronze, SOURCES, {}, secret=secret, as_of=DAY).collect()[0][
            "record_key"
        ]
        for secret in ("one secret", "another secret")
    }
    assert len(keys) == 2
    assert all(len(key) == 64 for key in keys)


def test_every_table_comes_out_in_the_types_of_its_spec(landed: Landed) -> None:
    bronze = {s.name: landed(s, []) for s in SOURCES}
    person = built("person_record", bronze)
    order = built("order", bronze)
    event = built("web_event", bronze)
    ticket = built("support_ticket", bronze)
    frames = {
        "person_record": person,
        "order": order,
        "order_line": built("order_line", bronze, {"order": order}),
        "payment": built("payment", bronze, {"order": order}),
        "support_ticket": ticket,
        "support_message": built("support_message", bronze, {"support_ticket": ticket}),
        "web_event": event,
        "device": built("device", bronze, {"web_event": event}),
        "media_touch": built("media_touch", bronze, {"web_event": event}),
    }
    specs = {spec.entity: spec for spec in SILVER_TABLES}
    for table, frame in frames.items():
        declared = [(c.name, c.type) for c in specs[table].columns]
        assert [(f.name, f.dataType.simpleString()) for f in frame.schema] == declared


def test_an_order_knows_whether_the_person_it_names_is_known(landed: Landed) -> None:
    rows = by_id(
        orders(
            landed,
            [
                {"id": "O1", "account": "A1", "total": "9.99", "at": "2026-01-02T23:30:00-02:00"},
                {"id": "O2", "account": "A9", "total": "5", "at": "2026-01-02"},
                {"id": "O3", "account": None, "total": "5", "at": "2026-01-02"},
            ],
        )
    )
    assert {i: r["has_known_person"] for i, r in rows.items()} == {
        "O1": True,
        "O2": False,
        "O3": True,
    }
    assert rows["O3"]["person_record_key"] is None
    assert rows["O1"]["order_date"] == date(2026, 1, 3)
    assert (rows["O1"]["total_amount"], rows["O1"]["currency"]) == (Decimal("9.99"), "EUR")


ACCOUNT_THAT_CLOSES = ACCOUNT.model_copy(
    update={"delete_flag": DeleteFlag(column="phone", values=("closed",))}
)
MEMBER = source(
    "member",
    "id name at",
    load_kind="snapshot",
    feeds=[{"table": "person_record", "map": {"full_name": "name"}}],
)
RECEIPT = source(
    "receipt",
    "id card total lines at",
    feeds=[
        feed.model_dump() | {"person": {"source": "shop_member", "id": "card"}}
        if feed.table == "order"
        else feed.model_dump()
        for feed in ORDER.feeds
    ],
)


CARD = source(
    "card",
    "id tier points at",
    load_kind="snapshot",
    feeds=[
        {
            "table": "loyalty",
            "person": {"source": "shop_card", "id": "id"},
            "map": {
                "loyalty_number": "id",
                "tier": {"column": "tier", "values": {"B": "basic", "S": "silver"}},
                "points": "points",
            },
        }
    ],
)


def test_a_loyalty_account_tells_what_its_snapshots_told_where_that_changed(
    landed: Landed,
) -> None:
    def told(day: int, tier: str, points: str, card: str = "1") -> Row:
        return {
            "id": card,
            "tier": tier,
            "points": points,
            "at": f"2026-01-0{day}",
            "file": f"f{day}",
        }

    bronze = {
        "shop_card": landed(
            CARD,
            [
                # The first day came last.
                *(told(2, "B", "10"), told(3, "B", "10"), told(4, "S", "25"), told(5, "X", "none")),
                *(told(6, "B", "10"), told(1, "B", "7"), told(6, "B", "3", card="2")),
            ],
        )
    }

    made = silver_table("loyalty", bronze, (CARD,), {}, secret="a secret of the tests", as_of=DAY)
    accounts = by_id(made)

    assert (accounts["1"]["tier"], accounts["1"]["points"]) == ("basic", 10)
    balances = {
        card: [(f"{b.told_at:%d}", b.tier, b.points) for b in row["balances"]]
        for card, row in accounts.items()
    }
    # The fifth day tells nothing that can be read; the tenth point comes back and is told again.
    assert balances == {
        "1": [("01", "basic", 7), ("02", "basic", 10), ("04", "silver", 25), ("06", "basic", 10)],
        "2": [("06", "basic", 3)],
    }


def test_an_order_stays_when_its_person_leaves_and_goes_when_there_never_was_one(
    landed: Landed,
) -> None:
    sources = (ACCOUNT_THAT_CLOSES, MEMBER, ORDER, RECEIPT, TICKET)
    line = '[{"sku": "p1", "count": 1, "price": 5}]'
    sold: Row = {"total": "5", "lines": line, "at": "2026-01-02"}
    bronze = {
        "shop_account": landed(
            ACCOUNT_THAT_CLOSES,
            [
                {"id": "A1", "name": "Ann Lee", "at": "2026-01-01"},
                {"id": "A1", "phone": "closed", "at": "2026-01-03"},
            ],
        ),
        "shop_member": landed(
            MEMBER,
            [
                {"id": "M1", "name": "Bob Ray", "at": "2026-01-01", "file": "monday"},
                {"id": "M2", "name": "Cy Fox", "at": "2026-01-03", "file": "tuesday"},
            ],
        ),
        "shop_order": landed(
            ORDER, [{"id": f"of {a}", "account": a, **sold} for a in ("A1", "A9")]
        ),
        "shop_receipt": landed(
            RECEIPT, [{"id": f"of {m}", "card": m, **sold} for m in ("M1", "M2", "M9")]
        ),
    }
    made = partial(silver_table, secret="a secret of the tests", as_of=DAY)
    suite = read_suites(expectations_dir(), GATED_TABLES)["silver.order"]

    people_today = made("person_record", bronze, sources, {})
    staged = flagged(made("order", bronze, sources, {}), suite, ORDER_SPEC)
    lines = made("order_line", bronze, sources, {"order": good_rows(staged)})

    assert [p["source_record_id"] for p in people_today.collect()] == ["M2"]
    assert set(by_id(good_rows(staged))) == {"of A1", "of M1", "of M2"}
    held = {r["source_record_id"]: r[FLAGS]["reasons"] for r in held_rows(staged).collect()}
    assert held == {"of A9": ["orphan_order"], "of M9": ["orphan_order"]}
    assert set(by_id(lines)) == {"of A1|1", "of M1|1", "of M2|1"}


def test_an_order_of_a_person_whom_nobody_told_of_is_held_until_its_account_comes(
    landed: Landed,
) -> None:
    early = landed(ORDER, [{"id": "O1", "account": "A9", "total": "5", "at": "2026-01-02"}])
    suite = read_suites(expectations_dir(), GATED_TABLES)["silver.order"]

    def good(*accounts: Row) -> list[str]:
        bronze = {"shop_order": early, "shop_account": landed(ACCOUNT, accounts)}
        return list(by_id(good_rows(flagged(built("order", bronze), suite, ORDER_SPEC))))

    other: Row = {"id": "A1", "name": "Ann Lee", "at": "2026-01-01"}
    assert good(other) == []
    assert good(other, {"id": "A9", "name": "Bob Ray", "at": "2026-01-03"}) == ["O1"]


def test_an_order_reads_its_own_feeds_and_those_of_the_people_whom_it_names() -> None:
    sources = (ACCOUNT, MEMBER, ORDER, RECEIPT, TICKET, PAYMENT)

    assert [s.name for s in bronze_reads("order", sources)] == [
        "shop_order",
        "shop_receipt",
        "shop_account",
        "shop_member",
    ]
    assert [s.name for s in bronze_reads("payment", sources)] == ["shop_payment"]


def test_a_value_that_cannot_be_read_is_null_and_written_down_and_its_row_stays(
    landed: Landed,
) -> None:
    row = by_id(orders(landed, [{"id": "O1", "total": "n/a", "at": "2026-02-30"}]))["O1"]
    assert (row["ordered_at"], row["total_amount"]) == (None, None)
    assert corrections(row) == [
        ("ordered_at", "impossible_date", "2026-02-30"),
        ("total_amount", "not_a_number", "n/a"),
    ]


def test_an_order_that_cannot_be_added_up_or_put_in_order_is_held(landed: Landed) -> None:
    sound = {"money": "eur", "total": "19.90", "placed": "2026-01-02", "at": "2026-01-02"}
    changes: dict[str, Row] = {
        "sound": {},
        "a sign": {"money": "€"},
        "a word": {"money": "Euro"},
        "no number": {"total": "n/a"},
        "no total": {"total": None},
        "no sequence": {"at": "yesterday"},
    }
    rows = [{"id": i, **sound, **change} for i, change in changes.items()]
    frame = silver_table(
        "order",
        {PRICED_ORDER.name: landed(PRICED_ORDER, rows)},
        (*SOURCES, PRICED_ORDER),
        {},
        secret="a secret of the tests",
        as_of=DAY,
    )
    staged = flagged(
        frame, read_suites(expectations_dir(), GATED_TABLES)["silver.order"], ORDER_SPEC
    )

    held = {r["source_record_id"]: r[FLAGS]["reasons"] for r in held_rows(staged).collect()}
    assert held == {
        "a sign": ["unknown_currency"],
        "a word": ["unknown_currency"],
        "no number": ["missing_amount"],
        "no total": ["missing_amount"],
        "no sequence": ["impossible_date"],
    }


def test_an_amount_with_more_decimals_than_money_has_is_rounded_and_written_down(
    landed: Landed,
) -> None:
    totals = {"19.995": "20.00", "19.99": "19.99", "19.9900": "19.99", "1e-3": "0.00", "2e1": "20"}
    rows: list[Row] = [{"id": text, "total": text, "at": "2026-01-02"} for text in totals]

    found = by_id(orders(landed, rows))

    assert {i: row["total_amount"] for i, row in found.items()} == {
        text: Decimal(total) for text, total in totals.items()
    }
    assert {i: corrections(row) for i, row in found.items() if corrections(row)} == {
        text: [("total_amount", "rounded", text)] for text in ("19.995", "1e-3")
    }


def test_a_whole_number_is_read_however_it_is_written_and_no_other_is_made_whole(
    landed: Landed,
) -> None:
    counts = {"2": 2, "2.0": 2, "1E2": 100, "-1.0e1": -10, "2.5": None, "two": None}
    rows: list[Row] = [{"id": text, "sku": "p", "count": text} for text in counts]
    bronze = {"shop_receipt_line": landed(RECEIPT_LINE, rows)}
    lines = by_id(built("order_line", bronze, {"order": orders(landed, [])}))
    assert {text: line["quantity"] for text, line in lines.items()} == counts


def test_a_withdrawal_counts_however_badly_it_is_written_and_a_grant_must_be_sound(
    landed: Landed,
) -> None:
    told: dict[str, tuple[str | None, str | None, str | None]] = {
        "grant": ("Grant", "2026-01-01", "2026-01-02"),
        "withdrawal": ("withdraw", "2026-01-01", "2026-01-02"),
        "another word": ("revoke", "2026-01-01", "2026-01-02"),
        "no word": (None, "2026-01-01", "2026-01-02"),
        "no such day": ("withdraw", "2026-02-31", "2026-01-02"),
        "no day": (" ", None, "2026-01-02"),
        "a placeholder": ("withdraw", "1900-01-01", "2026-01-02"),
        "no receipt": ("withdraw", "2026-01-01", "soon"),
        "never": ("withdraw", "?", "?"),
        "grant on no such day": ("grant", "2026-02-31", "2026-01-02"),
        "grant of a placeholder": ("grant", "1900-01-01", "2026-01-02"),
        "grant without receipt": ("grant", "2026-01-01", "soon"),
    }
    rows: list[Row] = [
        {"id": i, "action": action, "decided": decided, "at": at}
        for i, (action, decided, at) in told.items()
    ]
    frame = silver_table(
        "consent_event",
        {CONSENT.name: landed(CONSENT, rows)},
        (CONSENT,),
        {},
        secret="a secret of the tests",
        as_of=DAY,
    )
    suite = read_suites(expectations_dir(), GATED_TABLES)["silver.consent_event"]
    staged = flagged(frame, suite, CONSENT_EVENT)

    held = {r["source_record_id"]: r[FLAGS]["reasons"] for r in held_rows(staged).collect()}
    assert held == {i: ["impossible_date"] for i in told if i == "never" or i.startswith("grant ")}
    good = by_id(good_rows(staged))
    moments = {i: (r["happened_at"].day, r["sequence_at"].day) for i, r in good.items()}
    assert moments == dict.fromkeys(good, (1, 2)) | {
        "no such day": (2, 2),
        "no day": (2, 2),
        "a placeholder": (2, 2),
        "no receipt": (1, 1),
    }
    assert {i: corrections(r) for i, r in good.items() if corrections(r)} == {
        "no such day": [
            ("happened_at", "impossible_date", "2026-02-31"),
            ("happened_at", "moment_of_receipt", None),
        ],
        "no day": [("happened_at", "moment_of_receipt", None)],
        "a placeholder": [("happened_at", "moment_of_receipt", "1900-01-01 00:00:00")],
        "no receipt": [("sequence_at", "moment_of_decision", None)],
    }


def test_who_unsubscribes_leaves_the_newsletter_or_opts_out_withdraws_and_nobody_else_decides(
    landed: Landed,
) -> None:
    sources = {source.name: source for source in load_settings("test").sources}
    told: dict[str, list[Row]] = {
        "marketing_event": [
            {"event_id": kind, "event_type": kind, "event_time": "2026-01-05T10:00:00Z",
             "received_at": "2026-01-05T10:01:00Z", "channel": "email", "email": "a@example.com",
             "recipient_system": "shop", "recipient_id": "A1"}
            for kind in ("send", "open", "click", "Unsubscribe")
        ],
        "newsletter_subscriber": [
            {"subscriber_id": f"N{day} {status}", "status": status, "updated_at": f"2026-01-0{day}"}
            for day, status in ((1, "active"), (2, "unsubscribed"))
        ] + [
            {"subscriber_id": "back again", "status": status, "updated_at": f"2026-01-0{day}"}
            for day, status in ((1, "unsubscribed"), (2, "active"))
        ],
        "shop_account": [
            {"account_id": f"A {said}", "op": "upsert", "marketing_opt_in": said,
             "registered_on": "2025-12-31", "updated_at": "2026-01-03"}
            for said in ("yes", "no", None)
        ],
        "consent_event": [],
    }  # fmt: skip
    bronze = {name: landed(sources[name], rows) for name, rows in told.items()}
    made = partial(silver_table, secret="a secret of the tests", as_of=DAY)
    frame = made("consent_event", bronze, list(sources.values()), {})
    account = made(
        "person_record",
        {"shop_account": landed(sources["shop_account"], [{"account_id": "A1", "op": "upsert"}])},
        list(sources.values()),
        {},
    ).collect()[0]
    suite = read_suites(expectations_dir(), GATED_TABLES)["silver.consent_event"]

    found = by_id(frame)
    assert {
        i: (r["purpose"], r["channel"], r["action"], r["happened_at"].isoformat()[:16])
        for i, r in found.items()
    } == {
        "Unsubscribe": ("marketing", "email", "withdraw", "2026-01-05T10:00"),
        "N2 unsubscribed": ("marketing", "email", "withdraw", "2026-01-02T00:00"),
        "A no": ("marketing", "email", "withdraw", "2025-12-31T00:00"),
    }
    assert found["Unsubscribe"]["person_record_key"] == account["record_key"]
    assert held_rows(flagged(frame, suite, CONSENT_EVENT)).count() == 0


def test_an_address_that_stands_for_none_or_is_none_is_null_and_written_down(
    landed: Landed,
) -> None:
    rows: list[Row] = [
        {"id": i, "action": "grant", "decided": "2026-01-01", "at": "2026-01-02", "mail": mail}
        for i, mail in {
            "1": " Ann@Example.org",
            "2": "none@none.com",
            "3": "ann at home",
            "4": "<Ann@example.org>",
        }.items()
    ]
    frame = silver_table(
        "consent_event",
        {CONSENT.name: landed(CONSENT, rows)},
        (CONSENT,),
        {},
        secret="a secret of the tests",
        as_of=DAY,
    )
    found = by_id(frame)

    assert {i: r["email"] for i, r in found.items()} == {
        "1": "ann@example.org",
        "2": None,
        "3": None,
        "4": "ann@example.org",
    }
    assert {i: corrections(r) for i, r in found.items()} == {
        "1": [],
        "4": [("email", "email_form", "<Ann@example.org>")],
        "2": [("email", "junk_email", "none@none.com")],
        "3": [("email", "invalid_email", "ann at home")],
    }


AREA = source(
    "area",
    "id country code at",
    feeds=[{"table": "demographic", "map": {"country": "country", "postcode_area": "code"}}],
)


def test_a_text_in_another_form_keeps_the_written_one_beside_it_but_for_its_case(
    landed: Landed,
) -> None:
    rows: list[Row] = [
        {"id": "1", "country": " gb ", "code": "LS1", "at": "2026-01-01"},
        {"id": "2", "country": "England", "code": "LS 1", "at": "2026-01-01"},
    ]
    frame = silver_table(
        "demographic",
        {AREA.name: landed(AREA, rows)},
        (AREA,),
        {},
        secret="a secret of the tests",
        as_of=DAY,
    )
    found = by_id(frame)

    assert {(r["country"], r["postcode_area"]) for r in found.values()} == {("GB", "ls1")}
    assert corrections(found["1"]) == []
    assert corrections(found["2"]) == [
        ("country", "iso_country", "England"),
        ("postcode_area", "postal_form", "LS 1"),
    ]


PRODUCT = source(
    "product",
    "id name brand at",
    feeds=[
        {
            "table": "product",
            "map": {"product_id": "id", "product_name": "name", "brand": "brand"},
        }
    ],
)


def test_a_text_typed_by_people_that_stands_for_none_is_null_and_written_down(
    landed: Landed,
) -> None:
    rows: list[Row] = [
        {"id": "1", "name": "Unknown Pleasures", "brand": " N/A", "at": "2026-01-01"},
        {"id": "2", "name": "?", "brand": "null", "at": "2026-01-01"},
    ]
    frame = silver_table(
        "product",
        {PRODUCT.name: landed(PRODUCT, rows)},
        (PRODUCT,),
        {},
        secret="a secret of the tests",
        as_of=DAY,
    )
    found = by_id(frame)

    assert [(r["product_name"], r["brand"]) for r in found.values()] == [
        ("Unknown Pleasures", None),
        (None, None),
    ]
    assert corrections(found["1"]) == [("brand", "placeholder", "N/A")]
    assert sorted(corrections(found["2"])) == [
        ("brand", "placeholder", "null"),
        ("product_name", "placeholder", "?"),
    ]


def test_lines_inside_an_order_go_with_it_and_lines_of_their_own_may_be_orphans(
    landed: Landed,
) -> None:
    two_lines = '[{"sku": "p1", "count": 2, "price": 1.5}, {"sku": "p2", "count": 1, "price": "7"}]'
    rows: list[Row] = [
        {"id": "O1", "account": "A1", "at": "2026-01-02", "lines": two_lines},
        {"id": "O2", "at": "2026-01-02", "lines": two_lines},
        {"id": "O3", "at": "2026-01-02", "lines": "[]"},
    ]
    held = orders(landed, rows).where("order_id != 'O2'")
    bronze = {
        "shop_order": landed(ORDER, rows),
        "shop_receipt_line": landed(
            RECEIPT_LINE,
            [
                {"id": "1", "receipt": "O3", "sku": "p", "count": "-1", "price": "2", "at": "2026"},
                {"id": "2", "receipt": "O9", "sku": "p", "count": "1", "price": "2", "at": "2026"},
            ],
        ),
    }
    lines = by_id(built("order_line", bronze, {"order": held}))
    assert set(lines) == {"O1|1", "O1|2", "1", "2"}
    assert [(r["line_number"], r["line_amount"]) for r in (lines["O1|1"], lines["O1|2"])] == [
        (1, Decimal("3.00")),
        (2, Decimal("7.00")),
    ]
    assert lines["O1|1"]["currency"] == "EUR"
    assert lines["O1|1"]["person_record_key"] is not None
    assert {i: r["has_order"] for i, r in lines.items()} == {
        "O1|1": True,
        "O1|2": True,
        "1": True,
        "2": False,
    }
    assert lines["1"]["line_amount"] == Decimal("-2.00")


NUMBERED_ORDER = source(
    "numbered_order",
    "id lines at",
    feeds=[
        {"table": "order", "map": {"order_id": "id"}},
        {
            "table": "order_line",
            "each": "lines",
            "record_id": ["item.number"],
            "map": {"line_number": "item.number", "product_id": "item.sku"},
        },
    ],
)


@pytest.mark.parametrize("given", [ORDER, NUMBERED_ORDER])
def test_lines_that_are_no_array_are_one_row_that_the_gate_holds(
    landed: Landed, given: Source
) -> None:
    texts = {
        "cut": '[{"number": 1, "sku": "p1"}, {"nu',
        "no array": "n/a",
        "an object": '{"number": 4, "sku": "p1"}',
        "no objects": '[{"number": 2, "sku": "p1"}, 5]',
        "sound": '[{"number": 3, "sku": "p1"}]',
        "empty": " [ ] ",
        "null": "null",
        "blank": " ",
        "absent": None,
    }
    rows: list[Row] = [{"id": i, "lines": t, "at": "2026-01-02"} for i, t in texts.items()]
    bronze = {given.name: landed(given, rows)}
    sources = (*SOURCES, NUMBERED_ORDER)
    made = partial(silver_table, secret="a secret of the tests", as_of=DAY)
    order = made("order", bronze, sources, {})
    lines = made(
        "order_line", bronze, sources, {"order": order.withColumn("currency", F.lit("EUR"))}
    )
    suite = read_suites(expectations_dir(), GATED_TABLES)["silver.order_line"]
    staged = flagged(lines, suite, ORDER_LINE)
    outcome = gate(staged.persist(), suite)

    assert outcome.verdict is Verdict.QUARANTINE
    held = {row["source_record_id"].split("|")[0]: row for row in held_rows(staged).collect()}
    assert set(held) == {"cut", "no array", "an object", "no objects"}
    assert {tuple(row[FLAGS]["reasons"]) for row in held.values()} == {
        ("missing_line_number", "missing_product")
    }
    assert len({row["record_key"] for row in held.values()} - {None}) == 4
    assert [row["product_id"] for row in good_rows(staged).collect()] == ["p1"]


def test_of_two_lines_of_an_order_with_one_number_one_is_held_and_the_run_goes_on(
    landed: Landed,
) -> None:
    lines = '[{"number": 1, "sku": "p1"}, {"number": 1, "sku": "p2"}, {"number": 2, "sku": "p3"}]'
    bronze = {
        NUMBERED_ORDER.name: landed(
            NUMBERED_ORDER, [{"id": "O1", "lines": lines, "at": "2026-01-02"}]
        )
    }
    sources = (*SOURCES, NUMBERED_ORDER)
    made = partial(silver_table, secret="a secret of the tests", as_of=DAY)
    order = made("order", bronze, sources, {})
    frame = made(
        "order_line", bronze, sources, {"order": order.withColumn("currency", F.lit("EUR"))}
    )
    suite = read_suites(expectations_dir(), GATED_TABLES)["silver.order_line"]
    staged = flagged(frame, suite, ORDER_LINE).persist()

    assert gate(staged, suite).verdict is Verdict.QUARANTINE
    (held,) = held_rows(staged).collect()
    assert held[FLAGS]["reasons"] == ["duplicate_key"]
    assert sorted(row["line_number"] for row in good_rows(staged).collect()) == [1, 2]


def test_a_thread_that_is_no_array_is_one_message_that_the_gate_holds(landed: Landed) -> None:
    broken = ticket("T1", None, "2026-01-03") | {"messages": "[{"}
    bronze = {"shop_ticket": landed(TICKET, [broken, ticket("T2", None, "2026-01-03")])}
    messages = built("support_message", bronze, {"support_ticket": built("support_ticket", bronze)})
    suite = read_suites(expectations_dir(), GATED_TABLES)["silver.support_message"]

    (held,) = held_rows(flagged(messages, suite, SUPPORT_MESSAGE)).collect()

    assert held["record_key"] is not None
    assert held[FLAGS]["reasons"] == ["impossible_date", "missing_message_number", "unknown_author"]


def test_a_payment_keeps_the_key_of_an_order_that_is_there_and_of_its_account_a_keyed_hash(
    landed: Landed,
) -> None:
    order = orders(landed, [{"id": "O1", "account": "A1", "at": "2026-01-02"}])
    bronze = {
        "shop_payment": landed(
            PAYMENT,
            [
                {"id": "P1", "channel": "web", "order": "O1", "method": "CC", "amount": "1",
                 "account": "tok-1"},
                {"id": "P2", "channel": "web", "order": "O9", "method": "gold", "amount": "1",
                 "account": " "},
                {"id": "P3", "channel": "fax", "order": "O1", "method": "CC", "amount": "1",
                 "account": "tok-1 "},
            ],
        )
    }  # fmt: skip
    paid = by_id(built("payment", bronze, {"order": order}))
    account = paid["P1"]["payment_account_key"]
    assert account == paid["P3"]["payment_account_key"]
    assert account is not None
    assert "tok-1" not in account
    assert paid["P2"]["payment_account_key"] is None
    held = order.collect()[0]
    assert paid["P1"]["order_record_key"] == held["record_key"]
    assert paid["P1"]["person_record_key"] == held["person_record_key"]
    assert (paid["P2"]["order_record_key"], paid["P3"]["order_record_key"]) == (None, None)
    assert (paid["P1"]["method"], paid["P2"]["method"]) == ("card", None)
    assert corrections(paid["P2"]) == [("method", "unlisted_value", "gold")]


def test_who_asked_in_two_tickets_is_one_person_as_the_newer_ticket_tells(landed: Landed) -> None:
    bronze = {
        "shop_ticket": landed(
            TICKET,
            [
                ticket("T1", {"id": "R1", "name": "Ann Old"}, "2026-01-01"),
                ticket("T2", {"id": "R1", "name": "Ann New"}, "2026-01-02"),
                ticket("T3", None, "2026-01-03"),
            ],
        )
    }
    persons = built("person_record", bronze).collect()
    assert [(p["source_record_id"], p["family_name"]) for p in persons] == [("R1", "New")]
    tickets = by_id(built("support_ticket", bronze))
    assert tickets["T1"]["person_record_key"] == persons[0]["record_key"]
    assert tickets["T3"]["person_record_key"] is None
    messages = by_id(
        built("support_message", bronze, {"support_ticket": built("support_ticket", bronze)})
    )
    assert messages["T1|1"]["body"] == "Hello,\n  it broke."
    assert messages["T1|1"]["ticket_record_key"] == tickets["T1"]["record_key"]
    assert messages["T1|1"]["person_record_key"] == persons[0]["record_key"]


def test_a_ticket_keeps_when_it_was_closed_first_and_when_it_was_open_again(
    landed: Landed,
) -> None:
    rows = [
        {"id": number, "opened": "2026-01-01", "closed": closed, "at": f"2026-01-0{day}"}
        # The first closing comes last, and is of the second day.
        for number, day, closed in (
            *(("T1", 3, None), ("T1", 4, "2026-01-04"), ("T1", 1, None), ("T1", 2, "2026-01-02")),
            *(("T2", 1, None), ("T2", 2, None), ("T2", 3, "2026-01-03")),
        )
    ] + [
        # A desk that does not say when it closes.
        {"id": "T3", "opened": "2026-01-01", "state": state, "at": f"2026-01-0{day}"}
        for day, state in ((1, "Closed"), (2, "open"), (3, "Closed"), (4, "Closed"))
    ]
    tickets = by_id(built("support_ticket", {"shop_ticket": landed(TICKET, rows)}))
    names = ("closed_at", "first_closed_at", "open_again_at")
    assert {
        number: tuple(row[name] and f"{row[name]:%d}" for name in names)
        for number, row in tickets.items()
    } == {"T1": ("04", "02", "03"), "T2": ("03", "03", None), "T3": (None, None, "02")}


@pytest.mark.parametrize("asker", ["Ann Old", '"Ann Old"', '[{"id": "R1"}]', '{"id": "R1"', "17"])
def test_an_asker_who_is_no_object_is_written_down_and_the_ticket_stays(
    landed: Landed, asker: str
) -> None:
    bronze = {"shop_ticket": landed(TICKET, [ticket("T1", None, "2026-01-01") | {"asker": asker}])}

    (found,) = built("support_ticket", bronze).collect()

    assert built("person_record", bronze).count() == 0
    assert found["person_record_key"] is None
    assert [tuple(c) for c in found["corrections"]] == [("asker", "not_an_object", asker)]


def ticket(number: str, asker: dict[str, Any] | None, at: str) -> Row:
    person = None if asker is None else str(asker).replace("'", '"')
    thread = '[{"by": "Customer", "at": "2026-01-01", "text": "Hello,\\n  it broke."}]'
    return {"id": number, "opened": at, "asker": person, "messages": thread, "at": at}


def test_devices_and_media_touches_are_seen_in_web_events(landed: Landed) -> None:
    rows: list[Row] = [
        event("1", "visit", "2026-01-01T10:00:00", campaign="c7", file="early"),
        event("2", "PAGE_VIEW", "2026-01-01T10:05:00", account="A1", file="late"),
        event("3", "cart", "2026-01-01T10:01:00", account="A1"),
        event("4", "visit", "2026-01-02T10:00:00"),
    ]
    events = built("web_event", {"shop_event": landed(EVENT, rows)})
    pages = {r["event_id"]: (r["event_type"], r["page_path"]) for r in events.collect()}
    assert pages["2"] == ("page_view", "/p")
    assert not any(corrections(e) for e in events.collect()), "a query may say who it was"
    devices = built("device", {}, {"web_event": events}).collect()
    assert [(d["cookie_id"], d["device_id"], d["event_count"]) for d in devices] == [
        ("k1", None, 2)
    ]
    assert devices[0]["source_file"] == "late"
    assert devices[0]["first_seen_at"] < devices[0]["last_seen_at"]
    touches = built("media_touch", {}, {"web_event": events}).collect()
    assert [(t["source_record_id"], t["campaign_id"]) for t in touches] == [("1", "c7")]


def event(number: str, kind: str, at: str, **more: str) -> Row:
    return {"id": number, "kind": kind, "at": at, "cookie": "k1", "page": "/p?q=ann", **more}


def test_no_feed_at_hand_is_told_with_the_table_that_lacks_it(landed: Landed) -> None:
    with pytest.raises(ConfigurationError, match=r"fills silver\.payment"):
        built("payment", {"shop_order": landed(ORDER, [])})
