"""How often people and chance agree: what sessions of EM and random pairs say, weighed against each other."""

from collections.abc import Sequence
from dataclasses import replace

import duckdb
import numpy as np

from lakehouse.linkage.engine import linker
from lakehouse.linkage.model import LevelParameters, TrainedModel, splink_settings
from lakehouse.linkage.training_session import Floats, Session
from lakehouse.settings.linkage import LinkageSettings

_DOUBTFUL = 3.0
"""Times the bound of unlike true pairs up to which a session is listened to for want of a better."""
_DIGITS = 9
_LEAST_CHANCE = 1 / 128
"""Share of an identifier's chance agreements that are left when true pairs are taken off."""
_MOST_TRUE = 0.97
"""Share of true pairs among agreements on one identifier beyond which no session is believed."""

Levels = dict[str, tuple[LevelParameters, ...]]
"""By comparison, what each of its levels says."""


def with_chance_shares(
    connection: duckdb.DuckDBPyConnection,
    model: TrainedModel,
    sampled: int,
    settings: LinkageSettings,
) -> Levels:
    """`u` by random pairs. A level that none of them reached counts as half a pair."""
    training = settings.training
    built = linker(connection, splink_settings(settings, model, term_frequencies=False))
    built.training.estimate_u_using_random_sampling(
        max_pairs=training.random_pairs, seed=training.seed, min_count_per_level=None, num_chunks=1
    )
    learnt = {c["output_column_name"]: c for c in built.misc.save_model_to_json()["comparisons"]}
    pairs = min(training.random_pairs, sampled * (sampled - 1) / 2)
    found = {}
    for name, levels in model.comparisons.items():
        own = [lv for lv in learnt[name]["comparison_levels"] if not lv.get("is_null_level")]
        seen = np.array([lv.get("u_probability", 0.0) for lv in own])
        smooth = (seen * pairs + 0.5) / (pairs * seen.sum() + 0.5 * len(own))
        found[name] = tuple(
            replace(level, u=round(float(u), _DIGITS + 3))
            for level, u in zip(levels, smooth, strict=True)
        )
    return found


def averaged(
    model: TrainedModel, sessions: Sequence[Session], settings: LinkageSettings
) -> tuple[Levels, list[str]]:
    """`m` from all sessions and the expectation, and what is doubtful about it."""
    training = settings.training
    warnings = []
    found = {}
    bounds = {rule.name: rule.unlike_at_most for rule in settings.comparisons}
    for name, levels in model.comparisons.items():
        total = training.expected_pairs * np.array([level.m for level in levels])
        taught = _trusted(sessions, name, bounds[name], training.least_match_share)
        if not taught:
            warnings.append(f"{name}: no session could teach it; expected shares are used")
        for session in taught:
            true_pairs = session.match_share * session.pairs
            total = total + min(true_pairs, training.session_pairs) * session.m[name]
        unseen = _unseen(levels, [session.m[name] for session in taught])
        if taught and unseen:
            warnings.append(
                f"{name}: no session saw {', '.join(unseen)}; expected shares stand there"
            )
        shares = total / total.sum()
        if shares[-1] > bounds[name]:
            warnings.append(
                f"{name}: {shares[-1]:.2f} of true pairs unlike; bounded to {bounds[name]}"
            )
            shares[:-1] *= (1 - bounds[name]) / shares[:-1].sum()
            shares[-1] = bounds[name]
        found[name] = tuple(
            replace(level, m=round(float(m), _DIGITS))
            for level, m in zip(levels, shares, strict=True)
        )
    return found, warnings


def _unseen(levels: Sequence[LevelParameters], shares: Sequence[Floats]) -> list[str]:
    """The levels on which no session saw a true pair."""
    return [level.label for place, level in enumerate(levels) if not any(m[place] for m in shares)]


def _trusted(
    sessions: Sequence[Session], name: str, bound: float, least_match_share: float
) -> list[Session]:
    """Sessions that can teach a comparison.

    One that blocks on what households share takes relatives for one person, and then finds more
    true pairs unlike than there can be. Those are left out as long as another session is left.
    """
    able = [s for s in sessions if name in s.m and s.match_share >= least_match_share]
    for most in (bound, bound * _DOUBTFUL):
        trusted = [s for s in able if s.m[name][-1] <= most]
        if trusted:
            return trusted
    return []


def least_unlike(sessions: Sequence[Session]) -> dict[str, float]:
    """Per comparison, the least share of unlike true pairs of any session.

    A session that blocks on a shared address takes households for people, but not all do.
    """
    names = {name for session in sessions for name in session.m}
    return {
        name: round(min(float(s.m[name][-1]) for s in sessions if name in s.m), _DIGITS)
        for name in sorted(names)
    }


def without_true_pairs(
    model: TrainedModel, prior: float, sessions: Sequence[Session], settings: LinkageSettings
) -> Levels:
    """`u` of identifiers without the true pairs among the random pairs, bounded from below.

    Random pairs hold few agreements, and of these what is left is the small difference of two
    larger numbers. A session that blocked on the identifier has seen thousands: by Bayes' rule the
    share of true pairs among them says what chance agreement is at most.
    """
    found = dict(model.comparisons)
    for rule in settings.comparisons:
        name = rule.name
        if not rule.identifier or name not in found:
            continue
        levels = found[name]
        seen = np.array([level.u for level in levels])
        true = prior * np.array([level.m for level in levels])
        left = np.maximum(seen - true, seen * _LEAST_CHANCE)
        for session in sessions:
            if session.blocking == rule.columns:
                share = min(session.match_share, _MOST_TRUE)
                left[0] = min(left[0], true[0] / (1 - prior) * (1 - share) / share)
        left /= left.sum()
        found[name] = tuple(
            replace(level, u=round(float(u), _DIGITS + 3))
            for level, u in zip(levels, left, strict=True)
        )
    return found
