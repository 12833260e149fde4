"""By which card or account people pay: one each, but for couples who have one together."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from lakehouse.demo.lines import numbered
from lakehouse.demo.people import Chunk
from lakehouse.demo.population import PersonFeed

_COUPLES_WHO_SHARE = 0.4


def draw_payment_accounts(
    rng: np.random.Generator, chunk: Chunk, people: pd.DataFrame, feeds: Iterable[PersonFeed]
) -> dict[str, str]:
    """By id of a record, the provider's token of the account by which its person pays."""
    n = len(people)
    tokens = numbered("PA", chunk.first_customer + rng.permutation(n)).to_pylist()
    household = people["household"].to_numpy()
    head = np.flatnonzero(people["position"].to_numpy() == 0)[household]
    is_partner = (people["position"] == 1).to_numpy() & ~people["flat"].to_numpy()
    shares = is_partner & (rng.random(n) < _COUPLES_WHO_SHARE)
    account = np.where(shares, head, np.arange(n)).tolist()
    return {
        record: tokens[account[person]]
        for feed in feeds
        for record, person in zip(feed.records["record_id"], feed.records["person"], strict=True)
    }
