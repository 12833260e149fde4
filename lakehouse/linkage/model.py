"""A linkage model: every comparison's levels with how often true pairs and chance pairs stand on
them.

It holds no SQL: conditions come from the rules in conf when a linker is built.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import splink.comparison_level_library as cll
import splink.comparison_library as cl
from splink import SettingsCreator
from splink.blocking_rule_library import CustomRule
from splink.internals.comparison_creator import ComparisonCreator
from splink.internals.comparison_level_creator import ComparisonLevelCreator

from lakehouse.linkage.levels import Level, ladder, null_condition
from lakehouse.settings.level_labels import level_labels
from lakehouse.settings.linkage import ComparisonRule, LinkageSettings, ThresholdSettings

UNIQUE_ID = "record_key"
_LEAST_REST = 0.02


@dataclass(frozen=True)
class LevelParameters:
    """One level: `m` is its share among true pairs, `u` among chance pairs. Best level first."""

    label: str
    m: float
    u: float

    @property
    def weight(self) -> float:
        """What standing on the level says for one person, in bits."""
        return math.log2(self.m / self.u)


@dataclass(frozen=True)
class TrainedModel:
    """What training found, all that scoring needs beside conf.

    `prior` is the chance that two random records are one person; `join_weight` and `review_weight`
    are match weights in bits, by the thresholds that it was trained with; `columns` are those of the
    person record that had values; `unlike` is, per comparison, the least share of true pairs that any
    training session saw unlike; `unused_blocking` names the blocking rules that are not worth their pairs.
    `asked` are the comparisons that conf asked for, each with its columns, whether the data had these or
    not; None in models from before this was kept.
    `card` tells how the model came to be: counts, sessions, warnings; never a person's value.
    """

    version: str
    conf_hash: str
    columns: tuple[str, ...]
    comparisons: Mapping[str, tuple[LevelParameters, ...]]
    prior: float
    join_weight: float
    review_weight: float
    unlike: Mapping[str, float] = field(default_factory=dict)
    unused_blocking: tuple[str, ...] = ()
    asked: Mapping[str, tuple[str, ...]] | None = None
    card: Mapping[str, Any] = field(default_factory=dict)

    @property
    def present(self) -> frozenset[str]:
        """The columns as a set."""
        return frozenset(self.columns)

    @property
    def prior_weight(self) -> float:
        """The match weight, in bits, of a pair of which nothing is known."""
        return math.log2(self.prior / (1 - self.prior))

    def joins_from(self, thresholds: ThresholdSettings) -> float:
        """The match weight from which a pair joins: the number that conf gives, else the model's own."""
        return self.join_weight if thresholds.join == "auto" else thresholds.join

    def kept_from(self, thresholds: ThresholdSettings) -> float:
        """The match weight from which a pair is kept for review."""
        return self.joins_from(thresholds) - thresholds.review

    def with_parameters(
        self, comparisons: Mapping[str, tuple[LevelParameters, ...]]
    ) -> "TrainedModel":
        """The same model with other shares."""
        return replace(self, comparisons=comparisons)


def levels_of(rule: ComparisonRule, present: frozenset[str]) -> list[Level]:
    """All levels of a comparison but null, best first; empty if the data has none of its columns.

    The expected shares add up to one.
    """
    levels = ladder(rule, present)
    if not levels:
        return []
    rest = max(_LEAST_REST, 1 - sum(level.expected for level in levels))
    levels.append(Level(level_labels(rule)[-1], "ELSE", rest))
    total = sum(level.expected for level in levels)
    return [replace(level, expected=level.expected / total) for level in levels]


def used_rules(settings: LinkageSettings, present: frozenset[str]) -> list[ComparisonRule]:
    """The comparisons that the data can answer."""
    return [rule for rule in settings.comparisons if ladder(rule, present)]


def expected_parameters(
    settings: LinkageSettings, present: frozenset[str]
) -> dict[str, tuple[LevelParameters, ...]]:
    """Shares before training: `m` as expected, `u` as if values never agreed by chance."""
    found = {}
    for rule in used_rules(settings, present):
        levels = levels_of(rule, present)
        rare = 1e-3 / len(levels)
        shares = [rare] * (len(levels) - 1) + [1 - rare * (len(levels) - 1)]
        found[rule.name] = tuple(
            LevelParameters(level.label, level.expected, u)
            for level, u in zip(levels, shares, strict=True)
        )
    return found


def splink_settings(
    settings: LinkageSettings,
    model: TrainedModel,
    *,
    blocking_columns: Sequence[str] = (),
    term_frequencies: bool = True,
    max_iterations: int = 25,
) -> SettingsCreator:
    """Splink's settings for this model.

    Args:
        settings: the rules that the model was trained with.
        model: shares and prior.
        blocking_columns: columns of ready block keys; records with equal keys are compared, if one of
            the two is touched.
        term_frequencies: false for training, which Splink does without them.
        max_iterations: of EM.
    """
    comparisons: list[ComparisonCreator | dict[str, Any]] = [
        _comparison(rule, model, term_frequencies) for rule in used_rules(settings, model.present)
    ]
    return SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name=UNIQUE_ID,
        probability_two_random_records_match=model.prior,
        comparisons=comparisons,
        max_iterations=max_iterations,
        blocking_rules_to_generate_predictions=[_touching(c) for c in blocking_columns],
        retain_matching_columns=True,
        retain_intermediate_calculation_columns=True,
    )


def _touching(key: str) -> CustomRule:
    return CustomRule(f"l.{key} = r.{key} and (l.is_touched or r.is_touched)", sql_dialect="duckdb")


def _comparison(
    rule: ComparisonRule, model: TrainedModel, term_frequencies: bool
) -> cl.CustomComparison:
    null = cll.CustomLevel(null_condition(rule, model.present), "null").configure(
        is_null_level=True
    )
    creators: list[ComparisonLevelCreator | dict[str, Any]] = [null]
    for level, shares in zip(
        levels_of(rule, model.present), model.comparisons[rule.name], strict=True
    ):
        creator = cll.ElseLevel() if level.condition == "ELSE" else cll.CustomLevel(level.condition)
        creator.configure(
            m_probability=shares.m,
            u_probability=shares.u,
            label_for_charts=level.label,
        )
        if level.frequency_column and rule.term_frequency and term_frequencies:
            creator.configure(
                tf_adjustment_column=level.frequency_column, disable_tf_exact_match_detection=True
            )
        creators.append(creator)
    return cl.CustomComparison(output_column_name=rule.name, comparison_levels=creators)


def frequency_columns(settings: LinkageSettings, present: frozenset[str]) -> list[str]:
    """Columns whose value frequencies scoring needs, in order, each once."""
    columns = [
        level.frequency_column
        for rule in used_rules(settings, present)
        if rule.term_frequency
        for level in levels_of(rule, present)
    ]
    return list(dict.fromkeys(c for c in columns if c))


def gamma_of(model: TrainedModel, comparison: str, labels: Sequence[str]) -> list[int]:
    """The numbers that Splink gives the labelled levels: 0 is the last, null is -1."""
    levels = model.comparisons.get(comparison, ())
    return [len(levels) - 1 - i for i, level in enumerate(levels) if level.label in labels]
