"""A fault of the configuration: the file, the key in it, what is wrong. Never the value."""

from collections.abc import Sequence
from dataclasses import dataclass

from lakehouse.errors import ConfigurationError


@dataclass(frozen=True, order=True)
class Fault:
    """One thing to correct. `key` is a dotted path within `file`; empty for the file as a whole."""

    file: str
    key: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}: {self.key}" if self.key else self.file
        return f"{place}: {self.message}"


def dotted(path: Sequence[str | int]) -> str:
    """`("feeds", 0, "map")` as `feeds[0].map`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")


def refuse(faults: Sequence[Fault]) -> None:
    """Raises ConfigurationError with every fault on a line of its own, if there are any."""
    if not faults:
        return
    lines = "".join(f"\n  {fault}" for fault in sorted(set(faults)))
    count = f"{len(set(faults))} fault" + ("s" if len(set(faults)) > 1 else "")
    raise ConfigurationError(
        f"The configuration has {count}; nothing was touched.{lines}\n",
        "correct them, then try `c360 config check`.",
    )
