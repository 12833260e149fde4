"""The scored pairs of the training sample, which prior, threshold and blocking rules are read off."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import duckdb
import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from lakehouse.linkage.blocking import key_column, largest_block
from lakehouse.linkage.edge_sql import block_sizes_select
from lakehouse.linkage.engine import PEOPLE_TABLE
from lakehouse.linkage.model import UNIQUE_ID
from lakehouse.linkage.training_session import Floats
from lakehouse.settings.linkage import LinkageSettings

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def probabilities(weights: Floats) -> Floats:
    """That the pairs of these match weights, in bits, are one person each."""
    return np.asarray(1 / (1 + np.exp2(-np.clip(weights, -500, 500))))


@dataclass(frozen=True)
class SampledPairs:
    """Pairs of records of the sample, one element each in every array.

    `weights` are match weights in bits; `left` and `right` number the records; `found_by` has a bit per
    blocking rule that finds the pair, by the rule's place in conf.
    """

    weights: Floats
    left: Integers
    right: Integers
    found_by: Integers

    def chosen(self, which: Flags) -> "SampledPairs":
        """Those of the pairs of which it is true."""
        return SampledPairs(
            self.weights[which], self.left[which], self.right[which], self.found_by[which]
        )

    def found_by_any(self, rules: Sequence[int]) -> "SampledPairs":
        """Those that one of the rules finds."""
        return self.chosen((self.found_by & sum(1 << rule for rule in rules)) != 0)

    def with_prior(self, prior_weight: float) -> "SampledPairs":
        """The same pairs, whose weights were without a prior, under this one."""
        return replace(self, weights=self.weights + prior_weight)

    def from_weight(self, least: float) -> "SampledPairs":
        """Those of that weight or more."""
        return self.chosen(self.weights >= least)

    def within_clusters(self, joined: "SampledPairs") -> "SampledPairs":
        """Those of whom both records are in one of the clusters that the joined pairs make."""
        ends = (joined.left, joined.right)
        records = 1 + max(int(side.max(initial=0)) for side in (self.left, self.right, *ends))
        links = coo_array((np.ones(len(ends[0]), dtype=np.int8), ends), shape=(records, records))
        _, cluster = connected_components(links, directed=False)
        return self.chosen(cluster[self.left] == cluster[self.right])


NO_PAIRS = SampledPairs(np.array([]), *(np.array([], dtype=np.int64) for _ in range(3)))


def sampled_pairs(
    connection: duckdb.DuckDBPyConnection, scored: str, rules: Sequence[int]
) -> SampledPairs:
    """The pairs of Splink's table `scored`, and which of the rules find them in the table `prepared`."""
    bits = " | ".join(
        f"case when l.{key_column(n)} = r.{key_column(n)} then {1 << n}::bigint else 0 end"
        for n in rules
    )
    columns = connection.execute(
        f"select match_weight, l.rowid as l, r.rowid as r, {bits} as found_by from {scored} p"  # noqa: S608
        f" join {PEOPLE_TABLE} l on l.{UNIQUE_ID} = p.{UNIQUE_ID}_l"
        f" join {PEOPLE_TABLE} r on r.{UNIQUE_ID} = p.{UNIQUE_ID}_r order by 1"
    ).fetchnumpy()
    weights = np.asarray(columns["match_weight"], dtype=np.float64)
    numbers = (np.asarray(columns[name], dtype=np.int64) for name in ("l", "r", "found_by"))
    return SampledPairs(weights, *numbers)


def pair_weights(connection: duckdb.DuckDBPyConnection, scored: str) -> Floats:
    """The match weights alone, rising, of the pairs of Splink's table `scored`."""
    weights = connection.execute(f"select match_weight from {scored} order by 1").fetchnumpy()  # noqa: S608
    return np.asarray(weights["match_weight"], dtype=np.float64)


def cap_blocks(
    connection: duckdb.DuckDBPyConnection, sampled: int, records: int, settings: LinkageSettings
) -> None:
    """Null the keys, in the table `prepared`, of the blocks that a run does not use as they are too large.

    Args:
        connection: with the sample in that table.
        sampled: number of records in the sample.
        records: number of all records.
        settings: conf. Of a block the sample has that share of the records, and of what a rule may cost
            that share of the pairs per record.
    """
    share = sampled / records
    budget = sampled * share * settings.guards.pairs_per_record
    most = max(2, round(share * settings.guards.max_block_records))
    capped = []
    for number in range(len(settings.blocking)):
        key = key_column(number)
        sizes = connection.execute(block_sizes_select(key)).fetchall()
        cap = largest_block(sizes, budget, most)
        capped.append(
            f"case when count({key}) over (partition by {key}) <= {cap} then {key} end as {key}"
        )
    names = ", ".join(key_column(number) for number in range(len(settings.blocking)))
    connection.execute(
        f"create or replace table {PEOPLE_TABLE} as"  # noqa: S608
        f" select * exclude ({names}), {', '.join(capped)} from {PEOPLE_TABLE}"
    )
