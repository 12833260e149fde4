"""What one part of the settings names in another: systems, purposes, columns that have to be there."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from lakehouse.settings.linkage import LinkageSettings
from lakehouse.settings.linkage_checks import linkage_faults
from lakehouse.settings.privacy_scan import PrivacyScanSettings, scan_faults
from lakehouse.settings.purposes import NAMED_BY_TABLES, PurposeSettings, purpose_faults
from lakehouse.settings.regimes import RegimeSettings, regime_faults
from lakehouse.settings.roles import Roles, role_faults
from lakehouse.settings.sources import Source
from lakehouse.settings.survivorship import Survivorship, priority_faults
from lakehouse.tables.registry import STATIC_TABLES

Path = tuple[str | int, ...]


def reference_faults(
    valid: BaseModel | None, sources: Sequence[Source] | None, before: Mapping[str, Any]
) -> Iterator[tuple[Path, str]]:
    """What a branch names that is not there, in itself, in sources or in the branches before it.

    Args:
        valid: the branch; None if it is not valid.
        sources: all sources; None where some could not be read.
        before: the branches before it by name, None each that is not valid, and the data products.
    """
    products = [product.table for product in before.get("products", ())]
    systems = None if sources is None else {source.source_system for source in sources}
    if isinstance(valid, LinkageSettings):
        yield from linkage_faults(valid, systems)
    if isinstance(valid, Roles):
        yield from role_faults(valid, products)
    if isinstance(valid, Survivorship) and systems is not None:
        yield from priority_faults(valid, systems)
    if isinstance(valid, PurposeSettings):
        yield from purpose_faults(valid, NAMED_BY_TABLES, STATIC_TABLES)
    purposes = before.get("purposes")
    if isinstance(valid, RegimeSettings) and isinstance(purposes, PurposeSettings):
        yield from regime_faults(valid, purposes)
    if isinstance(valid, PrivacyScanSettings) and sources is not None:
        yield from scan_faults(valid, sources, products)
