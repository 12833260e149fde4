"""The committed list of jars: Maven coordinates and the SHA-256 that each file must have."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints, ValidationError

from lakehouse.errors import PrerequisiteError
from lakehouse.settings.base_types import Frozen
from lakehouse.settings.documents import Layer, read_layer
from lakehouse.settings.faults import Fault, dotted, refuse
from lakehouse.settings.places import conf_dir
from lakehouse.settings.validation import validation_faults

_FILE = "conf/base/jars.yml"


class Jar(Frozen):
    """One jar of a Maven repository."""

    coordinates: Annotated[str, StringConstraints(pattern=r"^[\w.\-]+:[\w.\-]+:[\w.\-]+$")]
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]

    @property
    def file_name(self) -> str:
        """The jar's file name in a Maven repository."""
        _, artifact, version = self.coordinates.split(":")
        return f"{artifact}-{version}.jar"


class JarList(Frozen):
    """conf/base/jars.yml: the jars for every Spark, and those built for one Spark version."""

    every_spark: tuple[Jar, ...] = Field(min_length=1)
    by_spark: dict[str, tuple[Jar, ...]]

    def for_spark(self, version: str) -> tuple[Jar, ...]:
        """The jars for the Spark of that version, as `4.1.4`.

        Raises PrerequisiteError when there is no Delta for it.
        """
        minor = ".".join(version.split(".")[:2])
        if minor not in self.by_spark:
            raise PrerequisiteError(
                f"pyspark {version} is installed; Delta's jars are known for "
                f"{', '.join(self.by_spark)}.",
                "install the pinned packages: `pip install --require-hashes -r constraints.txt`.",
            )
        return self.by_spark[minor] + self.every_spark


def load_jar_list(conf: Path | None = None) -> JarList:
    """The list in `conf` (default: the product's own conf folder).

    Raises ConfigurationError that lists every fault by key.
    """
    layer = read_layer((conf or conf_dir()) / "base" / "jars.yml", _FILE)
    refuse([layer] if isinstance(layer, Fault) else [])
    content = layer.content if isinstance(layer, Layer) else {}
    try:
        return JarList.model_validate(content)
    except ValidationError as error:
        refuse([Fault(_FILE, dotted(p), m) for p, m in validation_faults(error, content)])
        raise
