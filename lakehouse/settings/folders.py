"""Folders of conf/ that hold one file per thing, such as a source or a data product."""

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from lakehouse.settings.documents import Layer, merged, origin, read_layer
from lakehouse.settings.faults import Fault, dotted
from lakehouse.settings.product_checks import product_faults
from lakehouse.settings.product_policy import ProductPolicy
from lakehouse.settings.products import Product
from lakehouse.settings.purposes import PurposeSettings
from lakehouse.settings.source_checks import source_faults
from lakehouse.settings.sources import Source
from lakehouse.settings.validation import validation_faults

Described = TypeVar("Described", bound=BaseModel)


class Folder:
    """The files `<base and env>/<folder>/*.yml`: one layer over the other, by the files' stems."""

    def __init__(self, conf: Path, env: str, folder: str) -> None:
        self.layers: dict[str, list[Layer]] = {}
        self.faults: list[Fault] = []
        for place in ("base", env):
            for path in sorted((conf / place / folder).glob("*.yml")):
                layer = read_layer(path, f"conf/{place}/{folder}/{path.name}")
                if isinstance(layer, Fault):
                    self.faults.append(layer)
                else:
                    self.layers.setdefault(path.stem, []).append(layer)

    def valid(self, model: type[Described]) -> dict[str, Described]:
        """What each file describes, by stem; what cannot be read so is among the faults."""
        found: dict[str, Described] = {}
        for name, layers in self.layers.items():
            content = merged(layers)
            try:
                found[name] = model.model_validate(content)
            except ValidationError as error:
                self.faults += [
                    self.fault(name, path, message)
                    for path, message in validation_faults(error, content)
                ]
        return found

    def fault(self, name: str, path: tuple[str | int, ...], message: str) -> Fault:
        """A fault at a key of what `name` describes, in the file that says it."""
        return Fault(origin(self.layers[name], path), dotted(path), message)


def read_sources(conf: Path, env: str, faults: list[Fault]) -> tuple[dict[str, Source], bool]:
    """The sources by name, and whether all could be read; `faults` comes empty and gains theirs."""
    folder = Folder(conf, env, "sources")
    sources = folder.valid(Source)
    faults += folder.faults
    if not folder.layers:
        faults.append(Fault("conf/base/sources", "", "no source is described here"))
    is_complete = not faults
    faults += [
        folder.fault(name, key, message)
        for name, key, message in source_faults(sources, complete=is_complete)
    ]
    return sources, is_complete


def read_products(
    conf: Path, env: str, before: Mapping[str, object], faults: list[Fault]
) -> tuple[Product, ...]:
    """The data products that have no fault, in order of name; `faults` gains those of the others.

    They are held against the purposes and the policy among the branches before: none is sound where these
    could not be read.
    """
    purposes, policy = before["purposes"], before["product_policy"]
    folder = Folder(conf, env, "products")
    products = folder.valid(Product)
    faults += folder.faults
    if not (isinstance(purposes, PurposeSettings) and isinstance(policy, ProductPolicy)):
        return ()
    found = [*product_faults(products, purposes, policy)]
    faults += [folder.fault(name, key, message) for name, key, message in found]
    unsound = {name for name, _, _ in found}
    return tuple(products[name] for name in sorted(products.keys() - unsound))
