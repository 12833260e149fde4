"""What a run is told by files, read together: every fault of settings, suites, gates and jars at once."""

from collections.abc import Mapping, Sequence

from lakehouse.errors import read_together
from lakehouse.quality.product_suite import product_suites
from lakehouse.quality.rules import Suite
from lakehouse.quality.suites import read_suites
from lakehouse.settings.jar_list import load_jar_list
from lakehouse.settings.load import load_settings
from lakehouse.settings.models import Settings
from lakehouse.settings.places import expectations_dir
from lakehouse.settings.products import Product
from lakehouse.tables.registry import GATED_TABLES


def checked_settings(env: str, overrides: Mapping[str, str] | None = None) -> Settings:
    """The settings of an environment, of which suites, gates and the list of jars are right too.

    Raises ConfigurationError or SuiteError that lists every fault, and shows no value.
    """

    def with_fit_gates() -> Settings:
        settings = load_settings(env, overrides=overrides)
        product_suites(settings.products)
        return settings

    settings: Settings
    settings, *_ = read_together(with_fit_gates, _table_suites, load_jar_list)
    return settings


def all_suites(products: Sequence[Product]) -> dict[str, Suite]:
    """The suite of each gated table and of each of these data products, by table name.

    Raises SuiteError, or ConfigurationError where suites and products have faults; it lists them all.
    """
    tables, own = read_together(_table_suites, lambda: product_suites(products))
    return {**tables, **own}


def _table_suites() -> dict[str, Suite]:
    return read_suites(expectations_dir(), GATED_TABLES)
