"""From conf/ and the environment to `Settings`: every fault found before any work, all at once.

Precedence, lowest first: conf/base, conf/<env>, environment variables, the command's arguments.
Mappings are merged key by key; lists and values are replaced. A relative place in a file lies below
the product's home folder, one given by a variable or an argument below the current folder; a URI
(`dbfs:/mnt/lake`) stays as it is.
"""

import os
from collections.abc import Iterator, Mapping, Set
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, ValidationError

from lakehouse.settings import places
from lakehouse.settings.audit import AuditSettings
from lakehouse.settings.documents import Document, Layer, merged, origin, read_layer
from lakehouse.settings.erasure import ErasureSettings
from lakehouse.settings.facts import FactSettings
from lakehouse.settings.faults import Fault, dotted, refuse
from lakehouse.settings.folders import read_products, read_sources
from lakehouse.settings.freshness import FreshnessSettings
from lakehouse.settings.households import Households
from lakehouse.settings.linkage import LinkageSettings
from lakehouse.settings.models import (
    LakeSettings,
    LoggingSettings,
    QualitySettings,
    Settings,
    SparkSettings,
)
from lakehouse.settings.privacy_requests import PrivacyRequestSettings
from lakehouse.settings.privacy_scan import PrivacyScanSettings
from lakehouse.settings.product_policy import ProductPolicy
from lakehouse.settings.purposes import PurposeSettings
from lakehouse.settings.reference_checks import reference_faults
from lakehouse.settings.regimes import RegimeSettings
from lakehouse.settings.retention import RetentionSettings
from lakehouse.settings.roles import Roles, with_consent
from lakehouse.settings.secrets import is_reference
from lakehouse.settings.survivorship import Survivorship
from lakehouse.settings.tokens import TokenSettings
from lakehouse.settings.validation import validation_faults

_BRANCHES: Mapping[str, tuple[str, type[BaseModel]]] = {
    "lakehouse": ("lake", LakeSettings),
    "spark": ("spark", SparkSettings),
    "logging": ("logging", LoggingSettings),
    "quality": ("quality", QualitySettings),
    "linkage": ("linkage", LinkageSettings),
    "survivorship": ("survivorship", Survivorship),
    "facts": ("facts", FactSettings),
    "freshness": ("freshness", FreshnessSettings),
    "households": ("households", Households),
    "erasure": ("erasure", ErasureSettings),
    "purposes": ("purposes", PurposeSettings),
    "product_policy": ("product_policy", ProductPolicy),
    "regimes": ("regimes", RegimeSettings),
    "privacy_requests": ("privacy_requests", PrivacyRequestSettings),
    "privacy_scan": ("privacy_scan", PrivacyScanSettings),
    "roles": ("roles", Roles),
    "audit": ("audit", AuditSettings),
    "tokens": ("tokens", TokenSettings),
    "retention": ("retention", RetentionSettings),
}
_OTHER_BASE_FILES = frozenset({"jars", "metrics"})

ENVIRONMENT: Mapping[str, str] = MappingProxyType(
    {
        "C360_LAKE_ROOT": "lake.root",
        "C360_LANDING": "lake.landing",
        "C360_WORK_DIR": "lake.work_dir",
        "C360_SECRET": "lake.secret",
        "C360_SPARK_MASTER": "spark.master",
        "C360_LINKAGE_ENGINE": "linkage.engine",
        "C360_LINKAGE_FULL": "linkage.full",
        "C360_ROLE": "roles.reader",
        "C360_ACTOR": "audit.actor",
    }
)
"""Variables that say a setting. `C360_KILL` and the places' variables come beside them."""

_OTHER_VARIABLES = frozenset({"C360_HOME", "C360_CONF", "C360_EXPECTATIONS", "C360_KILL"})
_PLACES = {
    "lake": ("root", "landing", "work_dir", "keys"),
    "logging": ("folder",),
    "quality": ("data_docs",),
    "linkage": ("models",),
    "audit": ("folder", "head_file"),
}
_MADE_UP = "demo"
"""The environment whose people are made up, so that who names no role sees them; but only in the lake that
conf names for it: it is also the one that commands take by default, whatever lake they are told."""

_MAY_COMMIT_A_SECRET = frozenset({"demo", "test"})


def load_settings(
    env: str, conf_dir: Path | None = None, overrides: Mapping[str, str] | None = None
) -> Settings:
    """The settings of the environment `env`.

    Args:
        env: the name of a folder beside conf/base.
        conf_dir: the conf folder; by default the product's own or the one that C360_CONF names.
        overrides: dotted keys such as `lake.landing`, which win over all else.

    Raises ConfigurationError that lists every fault by file and key, and shows no value.
    """
    conf = conf_dir or places.conf_dir()
    refuse(_environment_faults(conf, env))
    given, faults = _given_layers(overrides or {}), list[Fault]()
    tree: dict[str, Any] = {"env": env, "kill": os.environ.get("C360_KILL")}
    sources, is_complete = read_sources(conf, env, faults)
    known = tuple(sources.values()) if is_complete else None
    for name, (branch, model) in _BRANCHES.items():
        layers, unread = _branch_layers(conf, env, name)
        faults += unread
        if branch == "roles" and env == _MADE_UP and _names_a_lake(given):
            layers = [layers[0], *map(_without_reader, layers[1:])]
        layers += [Layer(g.label, g.content[branch]) for g in given if branch in g.content]
        content = _with_absolute_places(branch, layers)
        valid = _completed(_validated(model, content, layers, faults), tree)
        if branch == "lake":
            faults += _secret_faults(env, layers)
        faults += [
            Fault(origin(layers, path), dotted(path), message)
            for path, message in reference_faults(valid, known, tree)
        ]
        tree[branch] = valid
        if branch == "product_policy":
            # Products are held against purposes and policy; roles and the scan may name their columns.
            tree["products"] = read_products(conf, env, tree, faults)
    faults += _unknown(given, tree.keys() - {"products"})
    refuse(faults)
    tree["sources"] = tuple(sources[name] for name in sorted(sources))
    return Settings.model_construct(**tree)


def _names_a_lake(given: list[Layer]) -> bool:
    places = {"root", "catalog_prefix"}
    return any(not places.isdisjoint(layer.content.get("lake", {})) for layer in given)


def _without_reader(layer: Layer) -> Layer:
    return Layer(layer.label, {k: v for k, v in layer.content.items() if k != "reader"})


def _unknown(given: list[Layer], branches: Set[str]) -> list[Fault]:
    return [
        Fault(layer.label, "", "no setting goes by this name")
        for layer in given
        if not layer.content.keys() <= branches
    ]


def _environment_faults(conf: Path, env: str) -> list[Fault]:
    if not (conf / "base").is_dir():
        return [Fault(str(conf), "", "has no folder base: this is no conf folder")]
    known = sorted(p.name for p in conf.iterdir() if p.is_dir() and p.name != "base")
    if env not in known:
        return [Fault("argument env", "", f"no such environment; conf has {', '.join(known)}")]
    return [
        *_stray_files(conf, "base", _BRANCHES.keys() | _OTHER_BASE_FILES),
        *_stray_files(conf, env, _BRANCHES.keys()),
        *_stray_variables(),
    ]


def _stray_files(conf: Path, folder: str, known: Set[str]) -> Iterator[Fault]:
    """A file that nothing reads would be believed to say something."""
    names = {f"{name}.yml" for name in known}
    for path in sorted((conf / folder).glob("*.y*ml")):
        if path.name not in names:
            message = f"nothing reads this file; known are {', '.join(sorted(names))}"
            yield Fault(f"conf/{folder}/{path.name}", "", message)


def _stray_variables() -> Iterator[Fault]:
    known = ENVIRONMENT.keys() | _OTHER_VARIABLES
    for name in sorted(os.environ):
        if name.startswith("C360_") and name not in known:
            yield Fault(f"environment variable {name}", "", "no setting goes by this name")


def _branch_layers(conf: Path, env: str, name: str) -> tuple[list[Layer], list[Fault]]:
    read = [read_layer(conf / "base" / f"{name}.yml", f"conf/base/{name}.yml")]
    if (conf / env / f"{name}.yml").exists():
        read.append(read_layer(conf / env / f"{name}.yml", f"conf/{env}/{name}.yml"))
    layers = [layer for layer in read if isinstance(layer, Layer)]
    return layers, [fault for fault in read if isinstance(fault, Fault)]


def _given_layers(overrides: Mapping[str, str]) -> list[Layer]:
    """One layer per environment variable and argument, in rising precedence."""
    variables = [
        Layer(f"environment variable {name}", _nested(key, os.environ[name]))
        for name, key in ENVIRONMENT.items()
        if name in os.environ
    ]
    return variables + [Layer(f"argument {k}", _nested(k, v)) for k, v in overrides.items()]


def _nested(key: str, value: str) -> Document:
    first, *rest = key.split(".")
    return {first: _nested(".".join(rest), value) if rest else value}


def _with_absolute_places(branch: str, layers: list[Layer]) -> Document:
    absolute = []
    for layer in layers:
        base = places.home_dir() if layer.label.startswith("conf/") else Path.cwd()
        content = dict(layer.content)
        for key in _PLACES.get(branch, ()):
            place = content.get(key)
            if isinstance(place, str) and place and not places.is_uri(place):
                content[key] = str((base / Path(place).expanduser()).resolve())
        absolute.append(Layer(layer.label, content))
    return merged(absolute)


def _validated(
    model: type[BaseModel], content: Document, layers: list[Layer], faults: list[Fault]
) -> BaseModel | None:
    if not layers:
        return None
    try:
        return model.model_validate(content)
    except ValidationError as error:
        for path, message in validation_faults(error, content):
            if path == ("secret",) and "secret" not in content:
                continue  # told by _secret_faults, which knows where a secret may come from
            faults.append(Fault(origin(layers, path), dotted(path), message))
        return None


def _completed(valid: BaseModel | None, before: Mapping[str, Any]) -> BaseModel | None:
    """The branch with what follows from those before it."""
    purposes = before.get("purposes")
    if isinstance(valid, Roles) and isinstance(purposes, PurposeSettings):
        return with_consent(valid, purposes)
    return valid


def _secret_faults(env: str, layers: list[Layer]) -> list[Fault]:
    holders = {
        layer.label: layer.content["secret"] for layer in layers if "secret" in layer.content
    }
    if not holders:
        return [Fault("environment variable C360_SECRET", "", f"must be set in environment {env}")]
    if env in _MAY_COMMIT_A_SECRET:
        return []
    return [
        Fault(
            label,
            "secret",
            "a secret does not belong in a file: name where it is (env:, file:, keyring: or databricks:), "
            "or set C360_SECRET",
        )
        for label, secret in holders.items()
        if label.startswith("conf/") and not is_reference(secret)
    ]
