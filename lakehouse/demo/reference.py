"""Feeds that name nobody: catalogue, paid media, demographics by postal area, store weather."""

import numpy as np
import pyarrow as pa

from lakehouse.demo.calendar import Calendar
from lakehouse.demo.landing import Landing, Shape
from lakehouse.demo.lines import delimited, drawn, moments, money
from lakehouse.demo.people import Ints
from lakehouse.demo.places import COUNTRIES, cities
from lakehouse.demo.range import (
    BRANDS,
    CATEGORIES,
    MEDIA,
    PAID_CAMPAIGNS,
    SKUS,
    STORES,
    list_prices,
    medium_of,
)

PRODUCT_COLUMNS = [
    "product_id",
    "product_name",
    "category",
    "brand",
    "currency",
    "list_price",
    "snapshot_at",
]
MEDIA_COLUMNS = [
    "campaign_id",
    "campaign_name",
    "medium",
    "spend_date",
    "impressions",
    "clicks",
    "spend",
    "currency",
    "reported_at",
]
DEMOGRAPHIC_COLUMNS = [
    "country",
    "postcode_area",
    "population",
    "median_income",
    "currency",
    "median_age",
    "snapshot_at",
]
WEATHER_COLUMNS = [
    "store_id",
    "weather_date",
    "temperature_c",
    "rain_mm",
    "condition",
    "measured_at",
]

_NOUNS = (
    "lamp",
    "chair",
    "basket",
    "cushion",
    "kettle",
    "planter",
    "notebook",
    "ball",
    "rug",
    "shelf",
)
_HISTORY_DAYS = 90


def _shape(columns: list[str]) -> Shape:
    return Shape("csv", ",".join(columns))


def _stamp(calendar: Calendar, day: int, count: int) -> pa.Array:
    return moments(np.full(count, int(calendar.closes(day)), dtype=np.int64))


def _catalogue(rng: np.random.Generator, landing: Landing) -> None:
    n = len(SKUS)
    name = [f"{BRANDS[i % 6]} {_NOUNS[i % 10]} {100 + i}" for i in range(n)]
    price = list_prices()
    for day in range(landing.calendar.days):
        cells = {
            "product_id": list(SKUS),
            "product_name": name,
            "category": drawn(CATEGORIES, np.arange(n) % len(CATEGORIES)),
            "brand": drawn(BRANDS, np.arange(n) % 6),
            "currency": ["GBP"] * n,
            "list_price": money(price),
            "snapshot_at": _stamp(landing.calendar, day, n),
        }
        landing.write("catalogue_product", day, _shape(PRODUCT_COLUMNS), delimited(cells, ","))
        price = np.where(rng.random(n) < 0.03, price * 9 // 10, price)


def _days_of(calendar: Calendar, day: int) -> Ints:
    """Days since 1970 that a drop reports: a quarter back for the first, else the day before."""
    closing = int(calendar.closes(day)) // 86_400
    return np.arange(closing - (_HISTORY_DAYS if day == 0 else 1), closing)


def _dates(days: Ints) -> pa.Array:
    return pa.array(days.astype(np.int32)).cast(pa.date32()).cast(pa.string())


def _media_spend(rng: np.random.Generator, landing: Landing) -> None:
    for day in range(landing.calendar.days):
        dates = _days_of(landing.calendar, day)
        campaign = np.tile(np.arange(len(PAID_CAMPAIGNS)), len(dates))
        impressions = rng.integers(500, 90_000, len(campaign))
        clicks = rng.binomial(impressions, 0.012)
        names = [f"{MEDIA[i % 4].title()} campaign {i + 1}" for i in range(len(PAID_CAMPAIGNS))]
        cells = {
            "campaign_id": drawn(PAID_CAMPAIGNS, campaign),
            "campaign_name": drawn(names, campaign),
            "medium": drawn(MEDIA, medium_of(campaign)),
            "spend_date": _dates(np.repeat(dates, len(PAID_CAMPAIGNS))),
            "impressions": impressions,
            "clicks": clicks,
            "spend": money(clicks * rng.integers(15, 90, len(campaign))),
            "currency": ["GBP"] * len(campaign),
            "reported_at": _stamp(landing.calendar, day, len(campaign)),
        }
        landing.write("media_spend", day, _shape(MEDIA_COLUMNS), delimited(cells, ","))


def _areas(country: str) -> list[str]:
    return sorted({head.rstrip("-") for _, _, head in cities(country)})


def _demographics(rng: np.random.Generator, landing: Landing) -> None:
    """Once, in the first drop: a third party's list does not change from day to day."""
    areas = [(country, area) for country in COUNTRIES for area in _areas(country)]
    n = len(areas)
    currency = {"GB": "GBP", "US": "USD", "PL": "PLN", "BG": "BGN", "CN": "CNY"}
    age = rng.integers(310, 520, n)
    cells = {
        "country": [country for country, _ in areas],
        "postcode_area": [area for _, area in areas],
        "population": rng.integers(4_000, 90_000, n),
        "median_income": money(rng.integers(1_800_000, 7_500_000, n)),
        "currency": [currency.get(country, "EUR") for country, _ in areas],
        "median_age": [f"{years // 10}.{years % 10}" for years in age.tolist()],
        "snapshot_at": _stamp(landing.calendar, 0, n),
    }
    landing.write("demographics_postcode", 0, _shape(DEMOGRAPHIC_COLUMNS), delimited(cells, ","))


def _weather(rng: np.random.Generator, landing: Landing) -> None:
    for day in range(landing.calendar.days):
        dates = _days_of(landing.calendar, day)
        store = np.tile(np.arange(len(STORES)), len(dates))
        tenths = rng.integers(-60, 280, len(store))
        rain = np.where(rng.random(len(store)) < 0.4, rng.integers(1, 300, len(store)), 0)
        wet = np.where(tenths < 0, 3, np.where(rain > 220, 4, 2))
        cells = {
            "store_id": drawn(STORES, store),
            "weather_date": _dates(np.repeat(dates, len(STORES))),
            "temperature_c": [f"{value / 10:.1f}" for value in tenths.tolist()],
            "rain_mm": [f"{value / 10:.1f}" for value in rain.tolist()],
            "condition": drawn(
                ("sun", "cloud", "rain", "snow", "storm"),
                np.where(rain > 0, wet, rng.integers(0, 2, len(store))),
            ),
            "measured_at": _stamp(landing.calendar, day, len(store)),
        }
        landing.write("weather_store", day, _shape(WEATHER_COLUMNS), delimited(cells, ","))


def write_reference_feeds(rng: np.random.Generator, landing: Landing) -> None:
    """All feeds that no customer is in."""
    _catalogue(rng, landing)
    _media_spend(rng, landing)
    _demographics(rng, landing)
    _weather(rng, landing)
