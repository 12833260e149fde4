"""A trained model as a dated JSON file, with a card that a person can read beside it."""

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lakehouse.errors import LinkageError, NotFoundError
from lakehouse.linkage.model import LevelParameters, TrainedModel
from lakehouse.settings.linkage import LinkageSettings

_FORMAT = 1


def conf_hash(settings: LinkageSettings) -> str:
    """Digest of what decides a model: comparisons, training, thresholds and sharing limits."""
    content = settings.model_dump_json(
        include={"comparisons", "blocking", "training", "thresholds", "guards", "least_fill"}
    )
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def content_version(
    comparisons: Mapping[str, tuple[LevelParameters, ...]],
    prior: float,
    join_weight: float,
    unused_blocking: Sequence[str],
    conf: str,
) -> str:
    """A version that two models share only if they score alike."""
    shares = {name: [asdict(level) for level in levels] for name, levels in comparisons.items()}
    content = json.dumps([shares, prior, join_weight, list(unused_blocking), conf], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:12]


def save_model(model: TrainedModel, folder: str | Path, date: str) -> Path:
    """Write `<date>-<version>.json` and its card into the folder; the path of the former.

    `date` is the run's date as yyyy-mm-dd, or a moment that begins so: file names sort by age.
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    path = target / f"{date}-{model.version}.json"
    content = asdict(model) | {"format": _FORMAT, "date": date}
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    # The card first: a model that is found is whole, whenever this process dies.
    path.with_suffix(".md").write_text(card_text(model, date), encoding="utf-8")
    partial.replace(path)
    return path


def publish_model(path: Path, folder: str | Path) -> Path:
    """Copy a model file and its card into the folder; the copy's path. A model found there is whole."""
    target = Path(folder) / path.name
    target.parent.mkdir(parents=True, exist_ok=True)
    if path.with_suffix(".md").exists():
        shutil.copyfile(path.with_suffix(".md"), target.with_suffix(".md"))
    partial = target.with_suffix(".partial")
    shutil.copyfile(path, partial)
    partial.replace(target)
    return target


def load_model(path: str | Path) -> TrainedModel:
    """The model of a file that `save_model` wrote.

    Raises NotFoundError if there is no such file, LinkageError if it is no model.
    """
    file = Path(path)
    if not file.is_file():
        raise NotFoundError(f"No linkage model at {file}.", "train one, or name another file.")
    try:
        return _from_content(json.loads(file.read_text(encoding="utf-8")))
    except (ValueError, KeyError, TypeError) as error:
        raise LinkageError(
            f"{file} is not a linkage model that this version reads.", "train a model anew."
        ) from error


def latest_model(*folders: str | Path) -> Path | None:
    """The newest model file of the first of the folders that has any; None if none has."""
    for folder in folders:
        files = sorted(Path(folder).glob("[0-9][0-9][0-9][0-9]-*.json"))
        if files:
            return files[-1]
    return None


def model_of_version(version: str, folder: str | Path) -> TrainedModel | None:
    """The model of that version in the folder; None if it is not there, or cannot be read any more."""
    path = file_of_version(version, folder)
    try:
        return None if path is None else load_model(path)
    except LinkageError:
        return None


def file_of_version(version: str, folder: str | Path) -> Path | None:
    """The file of the model of that version in the folder; None if it is not there."""
    # Not by a pattern that holds the version: it comes from a table.
    files = Path(folder).glob("[0-9][0-9][0-9][0-9]-*.json")
    return next((path for path in files if path.stem.endswith(f"-{version}")), None)


def _from_content(content: Mapping[str, Any]) -> TrainedModel:
    if content["format"] != _FORMAT:
        raise ValueError("another format")
    return TrainedModel(
        version=content["version"],
        conf_hash=content["conf_hash"],
        columns=tuple(content["columns"]),
        comparisons={
            name: tuple(LevelParameters(**level) for level in levels)
            for name, levels in content["comparisons"].items()
        },
        prior=float(content["prior"]),
        join_weight=float(content["join_weight"]),
        review_weight=float(content["review_weight"]),
        unlike=content["unlike"],
        # Models from before used all rules.
        unused_blocking=tuple(content.get("unused_blocking", ())),
        asked=_asked(content.get("asked")),
        card=content["card"],
    )


def _asked(content: Mapping[str, Sequence[str]] | None) -> dict[str, tuple[str, ...]] | None:
    if content is None:
        return None
    return {name: tuple(columns) for name, columns in content.items()}


def card_text(model: TrainedModel, date: str) -> str:
    """The model's card as Markdown: where it comes from, what it weighs, what to be wary of."""
    lines = [
        f"# Linkage model {model.version}",
        "",
        f"Trained on {date} without labels. Configuration {model.conf_hash}.",
        f"Chance that two random records are one person: {model.prior:.3g}.",
        f"Pairs join from a weight of {model.join_weight:.1f} bits and are kept for review"
        f" from {model.review_weight:.1f}.",
        "",
        "| comparison | level | among true pairs | among chance pairs | weight, bits |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {name} | {level.label} | {level.m:.4f} | {level.u:.3g} | {level.weight:+.1f} |"
        for name, levels in model.comparisons.items()
        for level in levels
    ]
    facts = json.dumps(model.card, indent=1, sort_keys=True)
    return "\n".join([*lines, "", "```json", facts, "```", ""])
