"""What the company sells, where, and the paid campaigns that it runs."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

SKUS = tuple(f"SKU-{number:05d}" for number in range(1, 1201))
STORES = tuple(f"S{number:03d}" for number in range(1, 61))
MEDIA = ("search", "social", "display", "affiliate")
PAID_CAMPAIGNS = tuple(f"PC-{number:03d}" for number in range(1, 25))
BRANDS = ("Norden", "Alba", "Kettle & Co", "Tilia", "Brookside", "Casa Lume")
CATEGORIES = (
    "kitchen",
    "garden",
    "lighting",
    "textiles",
    "storage",
    "toys",
    "sports",
    "stationery",
)


@cache
def list_prices() -> NDArray[np.int64]:
    """Price in cents by position in SKUS; the same in every demo company."""
    rng = np.random.default_rng(20260105)
    return np.asarray(rng.lognormal(3.0, 0.8, len(SKUS)) * 100, dtype=np.int64) // 10 * 10 + 99


def medium_of(campaign: NDArray[np.int64]) -> NDArray[np.int64]:
    """Position in MEDIA of a paid campaign's medium, by its position in PAID_CAMPAIGNS."""
    return campaign % len(MEDIA)
