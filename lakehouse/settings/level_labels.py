"""What the levels of each comparison are called: conf may name them, so conf is checked by them.

`lakehouse.linkage.levels` says what each means.
"""

from collections.abc import Mapping

from lakehouse.settings.linkage import ComparisonKind, ComparisonRule

_UNLIKE = "unlike"

_LABELS: Mapping[ComparisonKind, tuple[str, ...]] = {
    ComparisonKind.GIVEN_NAME: (
        "exact", "swapped", "same root", "prefix", "initial", "nearly equal", "same sound",
        "similar 0.8", "crossed", _UNLIKE,
    ),
    ComparisonKind.FAMILY_NAME: (
        "exact", "swapped", "nearly equal", "same sound", "similar 0.8", "shared part", _UNLIKE,
    ),
    ComparisonKind.MIDDLE_NAME: ("exact", "initial", _UNLIKE),
    ComparisonKind.BIRTH_DATE: (
        "exact", "day and month swapped", "one edit", "two edits", "two parts equal", "same year",
        "within a generation", "generation apart",
    ),
    ComparisonKind.EMAIL: ("exact", "same name part", "two edits", "four edits", _UNLIKE),
    ComparisonKind.PHONE: ("exact", "one edit", "two edits", _UNLIKE),
    ComparisonKind.ADDRESS: (
        "street and place", "similar street and place", "street", "similar street",
        "postcode and town", "postcode", "near postcode", "town", "similar town", _UNLIKE,
    ),
    ComparisonKind.EXACT: ("exact", _UNLIKE),
}  # fmt: skip


def threshold_label(kind: ComparisonKind, threshold: float) -> str:
    """The level of a threshold: `2 edits` or `similar 0.9`."""
    if kind is ComparisonKind.LEVENSHTEIN:
        return f"{int(threshold)} edits"
    return f"similar {threshold}"


def level_labels(rule: ComparisonRule) -> tuple[str, ...]:
    """The labels of a comparison whose columns the data has all, best first, unlike last."""
    near = (threshold_label(rule.kind, threshold) for threshold in rule.thresholds)
    return _LABELS.get(rule.kind) or ("exact", *near, _UNLIKE)
