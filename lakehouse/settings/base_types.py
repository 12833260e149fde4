"""What every part of the settings is made of: the base of its models, and types of their values."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints

from lakehouse.report import inert
from lakehouse.settings.places import local_path

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
"""A name that ends up in a table, a column or a path: lower case, digits, underscore."""


def _without_steering(text: str) -> str:
    if inert(text, keep="\n\t") != text:
        raise ValueError("holds a character that steers a terminal, hides, or turns what follows")
    return text


Text = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1),
    AfterValidator(_without_steering),
]
"""Words for people to read."""


def _without_scheme(place: object) -> object:
    if not isinstance(place, str):
        return place
    path = local_path(place)
    if path is None:
        raise ValueError("this is read by Python itself: name a folder, not a URI")
    return str(path)


LocalFolder = Annotated[Path, BeforeValidator(_without_scheme)]
"""A folder that Python reads and writes without Spark."""


class Frozen(BaseModel):
    """Base of all settings: immutable, and a key that nobody declared is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")
