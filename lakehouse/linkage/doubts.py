"""What is doubtful about a model: what one would not expect of it, and what of conf does not hold for it."""

from collections.abc import Mapping, Sequence
from typing import Any

from lakehouse.linkage.edge_sql import set_aside_for
from lakehouse.linkage.model import TrainedModel
from lakehouse.settings.linkage import LinkageSettings


def doubtful(
    model: TrainedModel,
    rare: frozenset[str],
    blocking: Sequence[Mapping[str, Any]],
    settings: LinkageSettings,
) -> list[str]:
    """Agreement that speaks against a match, contradictions that do not hold, rules that are not used.

    Args:
        model: as it was trained.
        rare: columns that fewer of the records have than conf asks for, though some do.
        blocking: what the card says of each blocking rule.
        settings: conf.
    """
    return [
        *(
            f"{name}: agreement speaks against one person"
            for name, levels in model.comparisons.items()
            if levels[0].weight < 0
        ),
        *_set_aside(model, settings),
        *_without_columns(model, rare, settings),
        *(
            f"the blocking rule {told['rule']} is not used: of {told['new_pairs']} pairs that no worthier"
            f" rule finds {told['new_true_pairs']} are expected to be true"
            for told in blocking
            if not told["is_used"]
        ),
    ]


def _set_aside(model: TrainedModel, settings: LinkageSettings) -> list[str]:
    """The contradictions whose comparisons are unlike in too many true pairs."""
    set_aside = (
        (rule, set_aside_for(rule, model.unlike)) for rule in settings.guards.contradictions
    )
    return [
        f"the contradiction {rule.name} is set aside: more than {rule.unlike_at_most} of true pairs"
        f" are unlike in {', '.join(comparisons)}"
        for rule, comparisons in set_aside
        if comparisons
    ]


def _without_columns(
    model: TrainedModel, rare: frozenset[str], settings: LinkageSettings
) -> list[str]:
    """The contradictions whose comparisons are left out as next to no record has their column."""
    columns = {
        rule.name: [column for column in rule.columns if column in rare]
        for rule in settings.comparisons
        if rule.name not in model.comparisons
    }
    lacking: Sequence[tuple[str, list[str]]] = [
        (rule.name, [column for name in rule.levels for column in columns.get(name, ())])
        for rule in settings.guards.contradictions
    ]
    return [
        f"the contradiction {name} holds for nothing: fewer than {100 * settings.least_fill:g} % of the"
        f" records have {', '.join(missing)}"
        for name, missing in lacking
        if missing
    ]
