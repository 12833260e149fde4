"""What some people say of how they like it, in the forms of the shop and of the newsletter."""

import numpy as np
from numpy.typing import NDArray

from lakehouse.demo.range import BRANDS, CATEGORIES

_CHANNELS = ("email", "sms", "phone", "post")
_HOURS = tuple(str(hour) for hour in range(24))
_STATED = {
    "preferred_channel": (_CHANNELS, 0.35),
    "preferred_category": (CATEGORIES, 0.3),
    "preferred_brand": (BRANDS, 0.15),
    "preferred_hour": (_HOURS, 0.2),
}
"""By field of a form, what can be chosen, and the share of records that choose."""


def draw_preferences(rng: np.random.Generator, records: int) -> dict[str, NDArray[np.object_]]:
    """By field of the form what each record states; empty where it states nothing."""
    return {name: _chosen(rng, records, *choice) for name, choice in _STATED.items()}


def _chosen(
    rng: np.random.Generator, records: int, choices: tuple[str, ...], share: float
) -> NDArray[np.object_]:
    at = rng.integers(0, len(choices), records)
    stated: NDArray[np.object_] = np.array(choices, dtype=object)[at]
    return np.where(rng.random(records) < share, stated, "")
