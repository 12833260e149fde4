"""Two domains over the same truth: each has its own terms, and sees whom and what its purpose allows."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import reduce
from types import SimpleNamespace
from typing import Any

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.gold.customer_permitted import customer_permitted
from lakehouse.pipeline.steps import all_steps
from lakehouse.serve.customer_product import customer_product, kept_customers
from lakehouse.serve.permitted import Permissions
from lakehouse.settings.models import Settings
from lakehouse.settings.products import Product
from lakehouse.settings.purposes import Purpose
from lakehouse.settings.regimes import RegimeSettings, Unknown
from lakehouse.tables.gold import (
    CUSTOMER,
    CUSTOMER_360,
    CUSTOMER_ATTRIBUTE,
    CUSTOMER_CONSENT,
    CUSTOMER_METRIC,
    CUSTOMER_PERMITTED,
    CUSTOMER_RECORD,
)
from lakehouse.tables.ops import RESTRICTION

Frames = Callable[..., DataFrame]
DAY = date(2026, 1, 5)
SPOKE_LATELY, ORDERED_LATELY, LONG_AGO = date(2025, 12, 1), date(2025, 12, 24), date(2023, 1, 1)


def consent(customer: str, channel: str, state: str = "granted", purpose: str = "marketing") -> Any:
    return {"customer_id": customer, "purpose": purpose, "channel": channel, "state": state}


CONSENTS = [
    consent("ann", "email"),
    consent("ben", "sms"),
    consent("ben", "email", "withdrawn"),
    consent("cid", "email", "withdrawn"),
    consent("cid", "post", "granted", "personalisation"),
    consent("eve", "web"),
]


@pytest.fixture(scope="module")
def gold(table: Frames) -> dict[str, DataFrame]:
    """Customers with an address each, of whom two ordered or spoke lately; dan was never asked."""
    names = ("ann", "ben", "cid", "dan", "eve", "fay")
    people = [
        {
            "customer_id": n,
            "display_name": n,
            "email": f"{n}@post.org",
            "phone": f"+4420794600{i}0",
            "postcode": "EH1 1AA",
            "birth_date": date(1980, 5, 17),
        }
        for i, n in enumerate(names)
    ]
    told = {
        "ann": {"last_order_date": ORDERED_LATELY, "last_contact_date": LONG_AGO},
        "ben": {"last_order_date": LONG_AGO, "last_contact_date": SPOKE_LATELY},
    }
    metrics = [{"customer_id": n, **told.get(n, {})} for n in names]
    wide = [{**person, **told.get(person["customer_id"], {})} for person in people]
    return {
        "gold.customer": table(CUSTOMER, *people),
        "gold.customer_metric": table(CUSTOMER_METRIC, *metrics),
        "gold.customer_360": table(CUSTOMER_360, *wide),
    }


@pytest.fixture(scope="module")
def decided(table: Frames, shipped: Settings) -> Callable[..., Permissions]:
    """These consents and those of the test; one record is restricted, that of fay, for marketing."""
    names = ("ann", "ben", "cid", "dan", "eve", "fay", "erased")
    owned = [{"customer_id": n, "record_key": f"r-{n}", "is_current": n != "fay"} for n in names]
    restricted = {"record_key": "r-fay", "purpose": "marketing"}

    def build(
        *more: Any,
        restrictions: Any = (restricted,),
        lives: Any = (),
        seen: Any = (),
        active: Any = (),
        regimes: RegimeSettings = shipped.regimes,
        purposes: Mapping[str, Purpose] = shipped.purposes.purposes,
    ) -> Permissions:
        consents = table(CUSTOMER_CONSENT, *CONSENTS, consent("fay", "email"), *more)
        permitted = customer_permitted(
            customer_consent=consents,
            restriction=table(RESTRICTION, *restrictions),
            customer_record=table(CUSTOMER_RECORD, *owned),
            customer_attribute=table(CUSTOMER_ATTRIBUTE, *lives),
            customer=table(CUSTOMER, *seen),
            customer_metric=table(CUSTOMER_METRIC, *active),
            purposes=purposes,
            regimes=regimes,
            as_of=DAY,
        )
        return Permissions(consents, permitted)

    return build


def shipped_product(settings: Settings, name: str) -> tuple[Product, Purpose]:
    (product,) = (p for p in settings.products if p.name == name)
    return product, settings.purposes.purposes[product.purpose]


def by_customer(frame: DataFrame) -> dict[str, Any]:
    return {row.customer_id: row for row in frame.collect()}


def test_marketing_sees_who_consented_each_by_the_channels_that_they_allow(
    gold: dict[str, DataFrame], decided: Callable[..., Permissions], shipped: Settings
) -> None:
    product, purpose = shipped_product(shipped, "marketing_customer")

    frame = customer_product(gold, decided(), product, purpose, DAY)
    rows = by_customer(frame)

    assert tuple(frame.columns) == product.table.column_names
    assert {c: (r.email, r.phone) for c, r in rows.items()} == {
        "ann": ("ann@post.org", None),
        "ben": (None, "+442079460010"),
    }
    assert {r.postcode for r in rows.values()} == {"EH1"}


def test_the_two_domains_mean_different_things_by_active(
    gold: dict[str, DataFrame], decided: Callable[..., Permissions], shipped: Settings
) -> None:
    consents = decided()
    rows = {
        name: by_customer(
            customer_product(gold, consents, *shipped_product(shipped, name), as_of=DAY)
        )
        for name in ("marketing_customer", "care_customer")
    }

    marketing = {c: r.is_active for c, r in rows["marketing_customer"].items()}
    care = {c: r.is_active for c, r in rows["care_customer"].items()}
    assert marketing == {"ann": True, "ben": False}
    assert care == {
        "ann": False,
        "ben": True,
        "cid": False,
        "dan": False,
        "eve": False,
        "fay": False,
    }


def test_who_objected_is_in_no_product_of_a_purpose_that_needs_no_consent(
    gold: dict[str, DataFrame], decided: Callable[..., Permissions], shipped: Settings
) -> None:
    product = Product.model_validate(
        {
            **shipped_product(shipped, "marketing_customer")[0].model_dump(),
            "purpose": "analytics",
            "definitions": [
                {
                    "name": "was_here",
                    "type": "boolean",
                    "expression": "customer_metric.last_order_date is not null",
                    "description": "Ordered.",
                }
            ],
            "filter": "not was_here",
            "columns": [{"name": "area", "of": "customer.postcode", "mask": "generalised"}],
        }
    )
    objection = consent("cid", "web", "withdrawn", "analytics")

    frame = customer_product(
        gold,
        decided(objection),
        product,
        shipped.purposes.purposes["analytics"],
        DAY,
    )

    assert {c: r.area for c, r in by_customer(frame).items()} == {
        "dan": "EH1",
        "eve": "EH1",
        "fay": "EH1",
    }


def test_of_a_product_that_is_stopped_who_withdrew_or_is_gone_goes_all_the_same(
    gold: dict[str, DataFrame],
    table: Frames,
    decided: Callable[..., Permissions],
    shipped: Settings,
) -> None:
    product, purpose = shipped_product(shipped, "marketing_customer")
    before = [
        {"customer_id": "ann", "email": "ann@post.org", "phone": "+1", "is_active": True},
        {"customer_id": "ben", "email": "ben@post.org", "phone": "+2"},
        {"customer_id": "cid", "email": "cid@post.org"},
        {"customer_id": "erased", "email": "erased@post.org"},
        {"customer_id": "fay", "email": "fay@post.org"},
    ]
    later = decided(consent("erased", "email"), consent("ann", "sms", "withdrawn"))

    frame = kept_customers(table(product.table, *before), gold, later, product, purpose)

    assert {c: (r.email, r.phone, r.is_active) for c, r in by_customer(frame).items()} == {
        "ann": ("ann@post.org", None, True),
        "ben": (None, "+2", None),
    }


def test_nobody_is_used_for_a_purpose_for_longer_than_it_lasts_after_they_last_did_something(
    gold: dict[str, DataFrame], decided: Callable[..., Permissions], shipped: Settings
) -> None:
    product, purpose = shipped_product(shipped, "care_customer")
    lasts = purpose.model_copy(update={"longest_days": 30})
    first_day, before = DAY - timedelta(days=30), DAY - timedelta(days=31)
    seen = [{"customer_id": who, "first_seen_date": LONG_AGO} for who in ("ann", "ben", "cid")]
    active = [
        {"customer_id": "ann", "last_active_date": first_day},
        {"customer_id": "ben", "last_active_date": before},
    ]
    told = {"restrictions": (), "seen": seen, "active": active}
    ends = {**shipped.purposes.purposes, product.purpose: lasts}

    for_good = customer_product(gold, decided(**told), product, purpose, DAY)
    found = customer_product(gold, decided(**told, purposes=ends), product, lasts, DAY)

    assert set(by_customer(for_good)) == {"ann", "ben", "cid", "dan", "eve", "fay"}
    assert set(by_customer(found)) == {"ann", "dan", "eve", "fay"}


def test_who_decided_lately_about_a_purpose_has_done_something_lately(
    gold: dict[str, DataFrame], decided: Callable[..., Permissions], shipped: Settings
) -> None:
    product, purpose = shipped_product(shipped, "marketing_customer")
    lasts = purpose.model_copy(update={"longest_days": 30})
    seen = [{"customer_id": who, "first_seen_date": LONG_AGO} for who in ("ann", "ben", "dan")]
    granted_at = datetime(2025, 12, 24, tzinfo=UTC)
    agreed = {**consent("dan", "email"), "decided_at": granted_at}

    ends = {**shipped.purposes.purposes, product.purpose: lasts}
    found = customer_product(gold, decided(agreed, seen=seen, purposes=ends), product, lasts, DAY)

    assert set(by_customer(found)) == {"dan"}


@pytest.mark.parametrize(
    ("made_for", "kept"),
    [
        pytest.param(DAY - timedelta(days=30), {"ann"}, id="as old as it may be"),
        pytest.param(DAY - timedelta(days=31), set(), id="older"),
        pytest.param(None, {"ann"}, id="of a release that does not tell"),
    ],
)
def test_a_product_that_has_been_stopped_for_longer_than_its_days_keeps_nobody(
    gold: dict[str, DataFrame],
    table: Frames,
    decided: Callable[..., Permissions],
    shipped: Settings,
    made_for: date | None,
    kept: set[str],
) -> None:
    product, _ = shipped_product(shipped, "marketing_customer")
    product = product.model_copy(update={"retention_days": 30})
    (step,) = (
        s for s in all_steps(shipped.sources, (), [product]) if s.table == product.table_name
    )
    said = decided()
    frames = {
        **gold,
        CUSTOMER_CONSENT.name: said.customer_consent,
        CUSTOMER_PERMITTED.name: said.customer_permitted,
    }
    inputs: Any = SimpleNamespace(
        settings=shipped,
        as_of=DAY,
        frames=frames,
        previous={product.table_name: table(product.table, {"customer_id": "ann"})},
        made_for={} if made_for is None else {product.table_name: made_for},
    )

    assert step.keep is not None
    assert set(by_customer(step.keep(inputs))) == kept


def test_a_restriction_holds_for_its_purpose_or_for_all_until_it_ends(
    gold: dict[str, DataFrame], decided: Callable[..., Permissions], shipped: Settings
) -> None:
    def restricted(to: datetime | None, purpose: str | None) -> list[dict[str, Any]]:
        return [{"record_key": "r-fay", "purpose": purpose, "restricted_to": to}]

    before, after = datetime(2026, 1, 4, tzinfo=UTC), datetime(2026, 1, 6, tzinfo=UTC)
    cases = {
        "all": restricted(None, None),
        "not yet over": restricted(after, "service"),
        "over": restricted(before, "service"),
        "of another purpose": restricted(None, "marketing"),
        "lifted": restricted(None, "service") + restricted(before, "service"),
        "lifted for one of two": restricted(None, "service") + restricted(before, None),
    }
    product, purpose = shipped_product(shipped, "care_customer")
    seen = {
        name: customer_product(gold, decided(restrictions=rows), product, purpose, DAY)
        .where("customer_id = 'fay'")
        .select(F.lit(name).alias("case"))
        for name, rows in cases.items()
    }

    found = reduce(DataFrame.unionByName, seen.values()).collect()
    assert {row["case"] for row in found} == {"over", "of another purpose", "lifted"}


def lives(customer: str, country: str, region: str | None = None, *lost: str) -> Any:
    """The attributes that say where a customer lives; `lost` are countries that other records give."""
    told = {"customer_id": customer, "lost_values": []}
    others = [(other, "r", "s", datetime(2026, 1, 1)) for other in lost]  # noqa: DTZ001
    rows = [{**told, "attribute": "country", "value": country, "lost_values": others}]
    return [*rows, *([{**told, "attribute": "region", "value": region}] if region else [])]


@pytest.mark.parametrize(
    ("homes", "served"),
    [
        ([], ["ann", "ben"]),
        (lives("dan", "US", " california "), ["ann", "ben", "dan"]),
        (lives("dan", "US", "Nevada"), ["ann", "ben"]),
        (lives("dan", "GB"), ["ann", "ben"]),
        (lives("dan", "US", "CA", "DE"), ["ann", "ben"]),
        (lives("cid", "US", "CA"), ["ann", "ben"]),
        (lives("fay", "US", "CA"), ["ann", "ben"]),
    ],
    ids=[
        "unknown",
        "there",
        "elsewhere in the country",
        "abroad",
        "in dispute",
        "no",
        "restricted",
    ],
)
def test_silence_is_a_yes_only_where_the_law_of_an_undisputed_residence_says_so(
    gold: dict[str, DataFrame],
    decided: Callable[..., Permissions],
    shipped: Settings,
    homes: Any,
    served: list[str],
) -> None:
    product, purpose = shipped_product(shipped, "marketing_customer")
    law = shipped.regimes.regimes["ccpa"]
    silent = law.model_copy(update={"where_unknown": {"marketing": Unknown.OPT_OUT}})
    regimes = shipped.regimes.model_copy(
        update={"regimes": {**shipped.regimes.regimes, "ccpa": silent}}
    )

    frame = customer_product(gold, decided(lives=homes, regimes=regimes), product, purpose, DAY)
    rows = by_customer(frame)

    assert sorted(rows) == served
    if "dan" in rows:
        assert (rows["dan"].email, rows["dan"].phone) == ("dan@post.org", "+442079460030")


def test_by_the_laws_that_come_along_silence_is_no_wherever_somebody_lives(
    gold: dict[str, DataFrame], decided: Callable[..., Permissions], shipped: Settings
) -> None:
    product, purpose = shipped_product(shipped, "marketing_customer")
    homes = [*lives("dan", "US", "CA"), *lives("eve", "DE")]

    frame = customer_product(gold, decided(lives=homes), product, purpose, DAY)

    assert sorted(by_customer(frame)) == ["ann", "ben"]
