"""What training listens to: EM over pairs that share a block, and pairs that stewards called the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from splink import block_on

from lakehouse.linkage.engine import PEOPLE_TABLE, database, linker, predicted, register_pairs
from lakehouse.linkage.model import UNIQUE_ID, TrainedModel, splink_settings
from lakehouse.linkage.refine import SAME
from lakehouse.settings.linkage import LinkageSettings

Floats = npt.NDArray[np.float64]

DECIDED = "decisions"
"""What stands for the blocking of the session of stewards' decisions."""
_LEAST_SESSION_PAIRS = 20
_EM_ITERATIONS = (25, 5, 2)


@dataclass(frozen=True)
class Session:
    """What one session saw and learnt. `match_share` is the share of true pairs among `pairs`, `m` the
    share of the true pairs on each level of a comparison.
    """

    blocking: tuple[str, ...]
    pairs: int
    match_share: float
    m: Mapping[str, Floats]


def em_sessions(
    connection: duckdb.DuckDBPyConnection, model: TrainedModel, settings: LinkageSettings
) -> tuple[list[Session], list[str]]:
    """One session per blocking of conf that the data has the columns and enough pairs for.

    And what is doubtful about them: those that did not come through, or stopped before they settled.
    """
    training = settings.training
    sessions, doubts = [], []
    for blocking in training.blocking:
        if not set(blocking) <= model.present:
            continue
        pairs = _pair_count(connection, blocking)
        if pairs < _LEAST_SESSION_PAIRS:
            continue
        bound = None if pairs <= training.max_session_pairs else training.max_session_pairs
        learnt, stopped_after = _em(connection, model, settings, blocking, bound)
        if learnt is None:
            doubts.append(f"{_name(blocking)}: the session did not come through and taught nothing")
            continue
        if stopped_after:
            doubts.append(
                f"{_name(blocking)}: stopped after {stopped_after} iterations, before it settled"
            )
        share = float(learnt.probability_two_random_records_match)
        shares = {c.output_column_name: _observed_shares(c) for c in learnt.comparisons}
        sessions.append(Session(blocking, pairs, share, shares))
    return sessions, doubts


def _name(blocking: Sequence[str]) -> str:
    return f"session {' + '.join(blocking)}"


def _em(
    connection: duckdb.DuckDBPyConnection,
    model: TrainedModel,
    settings: LinkageSettings,
    blocking: Sequence[str],
    max_pairs: int | None,
) -> tuple[Any, int]:
    """What Splink's EM learns from one blocking; None if it does not come through.

    And after how many iterations it stopped; 0 if it settled.

    On data without errors a share can fall below what a float holds, which Splink 5.0 answers with
    a ValueError; a few steps are then as good as many.
    """
    for iterations in _EM_ITERATIONS:
        built = linker(
            connection,
            splink_settings(settings, model, term_frequencies=False, max_iterations=iterations),
        )
        try:
            session = built.training.estimate_parameters_using_expectation_maximisation(
                block_on(*blocking),
                estimate_without_term_frequencies=True,
                max_pairs=max_pairs,
                record_sample_proportion=1.0,
            )
        except ValueError:
            continue
        # The first of the history is what EM began with; Splink tells it nowhere else.
        made = len(session._core_model_settings_history) - 1  # noqa: SLF001
        return session.core_model_settings, iterations if made == iterations else 0
    return None, 0


def _observed_shares(comparison: Any) -> Floats:
    levels = [lv for lv in comparison.comparison_levels if not lv.is_null_level]
    shares = [lv.m_probability for lv in levels]
    return np.array([share if isinstance(share, float) else 0.0 for share in shares])


def _pair_count(connection: duckdb.DuckDBPyConnection, blocking: Sequence[str]) -> int:
    columns = ", ".join(blocking)
    known = " and ".join(f"{c} is not null" for c in blocking)
    return _count(
        connection,
        "select coalesce(sum(n * (n - 1) // 2), 0)::bigint from"  # noqa: S608
        f" (select count(*) as n from {PEOPLE_TABLE} where {known} group by {columns})",
    )


def decided_session(
    decided: pa.Table, model: TrainedModel, settings: LinkageSettings
) -> list[Session]:
    """The session of the pairs that stewards called the same; none if they are too few to learn from.

    Pairs that they called different teach nothing here: they are the hardest of all, and say little of
    how often strangers agree by chance.

    Args:
        decided: record_key, overrides (other record → decision) and the model's columns.
        model: the model so far, for its levels.
        settings: conf.
    """
    with database(settings.limits.memory_limit, settings.limits.threads) as connection:
        connection.register("decided", decided)
        connection.execute(f"create table {PEOPLE_TABLE} as select * from decided")  # noqa: S608
        connection.execute(
            f"""create table decided_pair as
            select l.{UNIQUE_ID} as join_key_l, r.{UNIQUE_ID} as join_key_r, '0' as match_key
            from {PEOPLE_TABLE} l join {PEOPLE_TABLE} r
                on l.{UNIQUE_ID} < r.{UNIQUE_ID} and l.overrides[r.{UNIQUE_ID}] = '{SAME}'"""  # noqa: S608
        )
        pairs = _count(connection, "select count(*) from decided_pair")
        if pairs < _LEAST_SESSION_PAIRS:
            return []
        built = linker(connection, splink_settings(settings, model, term_frequencies=False))
        register_pairs(connection, built, "decided_pair")
        table = predicted(built, None)
        shares = {
            name: _level_shares(connection, table, name, len(levels))
            for name, levels in model.comparisons.items()
        }
    return [Session((DECIDED,), pairs, 1.0, {n: s for n, s in shares.items() if s.sum()})]


def _level_shares(
    connection: duckdb.DuckDBPyConnection, table: str, comparison: str, levels: int
) -> Floats:
    """The share of the table's pairs on each level, best first; all 0 if none can be compared."""
    counted = connection.execute(
        f"select gamma_{comparison}, count(*) from {table} where gamma_{comparison} >= 0 group by 1"  # noqa: S608
    ).fetchall()
    seen = np.zeros(levels)
    for gamma, pairs in counted:
        seen[levels - 1 - gamma] = pairs
    return np.asarray(seen / max(seen.sum(), 1.0))


def _count(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    return int(connection.execute(query).fetchall()[0][0])
