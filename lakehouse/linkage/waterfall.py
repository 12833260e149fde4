"""Splink's waterfall chart of one pair, from the numbers that its edge keeps."""

from typing import Any

import vl_convert
from splink.internals.charts import WaterfallChart

from lakehouse.linkage.explain import ScoredPair
from lakehouse.linkage.model import TrainedModel
from lakehouse.report import inert

_VEGA_LITE = "5.21"
_WIDTH_PER_BAR, _HEIGHT = 75, 320


def level_reached(pair: ScoredPair, comparison: str, model: TrainedModel | None) -> str:
    """What the pair reached in a comparison: the level's label in the model, its number without one.

    Empty where the model that scored it has no such comparison.
    """
    gamma = pair.gammas.get(comparison)
    if gamma is None:
        return ""
    if gamma < 0:
        return "not comparable"
    levels = model.comparisons.get(comparison, ()) if model else ()
    return levels[len(levels) - 1 - gamma].label if gamma < len(levels) else f"level {gamma}"


def waterfall_svg(pair: ScoredPair, model: TrainedModel | None) -> str:
    """The chart as SVG: from the prior over each comparison to the match weight. No value of a record.

    Args:
        pair: of linkage.scored_edge.
        model: the model that scored it, for the names of levels; None if it is no longer there.
    """
    before = pair.match_weight - sum(pair.weights.values())
    steps = [("Prior", "", before)]
    steps += [
        (name, level_reached(pair, name, model), weight) for name, weight in pair.weights.items()
    ]
    steps.append(("Final score", "", pair.match_weight))
    chart = WaterfallChart([_record(number, *step) for number, step in enumerate(steps)])
    chart.set_width_height(width=_WIDTH_PER_BAR * len(steps), height=_HEIGHT)
    svg: str = vl_convert.vegalite_to_svg(_still(chart.chart_dict), vl_version=_VEGA_LITE)
    return svg


def _record(number: int, name: str, level: str, weight: float) -> dict[str, Any]:
    # A control character in a label ends the whole process inside the library.
    name, level = inert(name), inert(level)
    return {
        "column_name": name,
        "label_for_charts": level,
        "log2_bayes_factor": weight,
        "bayes_factor": 2.0**weight,
        "value_l": "",
        "value_r": level,
        "bar_sort_order": number,
        "record_number": 0,
    }


def _still(spec: dict[str, Any]) -> dict[str, Any]:
    """The chart without its slider over pairs."""
    params = [{"name": p["name"], "value": p["value"]} for p in spec["params"]]
    return {**spec, "params": params}
