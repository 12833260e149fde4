"""YAML as it lies in conf/: read strictly, laid over each other, traceable to its file."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from lakehouse.settings.faults import Fault

Document = dict[str, Any]

ABSENT = object()
"""Stands for a key that is not there, as null is a value."""


@dataclass(frozen=True)
class Layer:
    """One origin of settings: its name for messages, and what it says."""

    label: str
    content: Document


# Ten times as quick where PyYAML was built with libyaml, which its wheels are.
_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _StrictLoader(_SafeLoader):  # type: ignore[misc]
    """SafeLoader that refuses a key given twice, of which YAML would silently keep the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key} is given twice", key_node.start_mark
                )
            seen.add(key)
        mapping: dict[Hashable, Any] = super().construct_mapping(node, deep)
        return mapping


def read_layer(path: Path, label: str) -> Layer | Fault:
    """The YAML mapping in that file, or what is wrong with the file as a whole."""
    try:
        loader = _StrictLoader(path.read_text(encoding="utf-8"))
        content = loader.get_single_data()
    except yaml.MarkedYAMLError as error:
        line = f" (line {error.problem_mark.line + 1})" if error.problem_mark else ""
        return Fault(label, "", f"not valid YAML: {error.problem}{line}")
    except (UnicodeDecodeError, yaml.YAMLError):
        return Fault(label, "", "not valid YAML in UTF-8")
    except OSError as error:
        return Fault(label, "", f"cannot be read: {error.strerror}")
    if content is None:
        return Layer(label, {})
    if not isinstance(content, dict) or not all(isinstance(key, str) for key in content):
        return Fault(label, "", "must hold keys and values")
    return Layer(label, content)


def yaml_text(content: Document) -> str:
    """The mapping as YAML, keys in their order, a value on one line."""
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=10_000)


def merged(layers: Sequence[Layer]) -> Document:
    """The layers laid over each other: mappings key by key, all else replaced."""
    content: Document = {}
    for layer in layers:
        content = _over(content, layer.content)
    return content


def origin(layers: Sequence[Layer], path: Sequence[str | int]) -> str:
    """The label of the last layer that says something at `path`, or at the longest part of it."""
    for length in range(len(path), 0, -1):
        for layer in reversed(layers):
            if _holds(layer.content, path[:length]):
                return layer.label
    return layers[0].label


def _over(lower: Mapping[str, Any], upper: Mapping[str, Any]) -> Document:
    result = dict(lower)
    for key, value in upper.items():
        old = result.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            result[key] = _over(old, value)
        else:
            result[key] = value
    return result


def below(content: Any, part: str | int) -> Any:
    """What `content` holds under that key or number; ABSENT if nothing."""
    if isinstance(content, dict):
        return content.get(part, ABSENT)
    if isinstance(content, list) and isinstance(part, int) and part < len(content):
        return content[part]
    return ABSENT


def _holds(content: Any, path: Sequence[str | int]) -> bool:
    for part in path:
        content = below(content, part)
    return content is not ABSENT
