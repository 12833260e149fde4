"""The settings of one environment as one frozen tree; each stage gets only its own branch."""

import hashlib
import hmac
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from lakehouse.settings.audit import AuditSettings
from lakehouse.settings.base_types import Frozen, LocalFolder
from lakehouse.settings.encryption import EncryptionSettings, keys_place
from lakehouse.settings.erasure import ErasureSettings
from lakehouse.settings.facts import FactSettings
from lakehouse.settings.freshness import FreshnessSettings
from lakehouse.settings.households import Households
from lakehouse.settings.linkage import LinkageSettings
from lakehouse.settings.places import local_path
from lakehouse.settings.privacy_requests import PrivacyRequestSettings
from lakehouse.settings.privacy_scan import PrivacyScanSettings
from lakehouse.settings.product_policy import ProductPolicy
from lakehouse.settings.products import Product
from lakehouse.settings.purposes import PurposeSettings
from lakehouse.settings.regimes import RegimeSettings
from lakehouse.settings.retention import RetentionSettings
from lakehouse.settings.roles import Roles
from lakehouse.settings.secrets import SECRET_MIN_LENGTH, Resolved
from lakehouse.settings.sources import Source
from lakehouse.settings.spark_options import MASTER, option_faults
from lakehouse.settings.survivorship import Survivorship
from lakehouse.settings.tokens import TokenSettings
from lakehouse.tables.gold import GOLD_TABLES, LASTING_TABLES, RECONCILED_TABLES, RECONCILIATION
from lakehouse.tables.registry import STATIC_TABLES
from lakehouse.tables.spec import TableSpec

CATALOG_PREFIX = r"^([a-z][a-z0-9_]*\.)?[a-z][a-z0-9_]*$"
"""What stands before the name of a layer in a catalog: `main.c360_`, or `c360_`."""
_DECISIVE = (
    "gold.customer",
    "gold.customer_consent",
    "gold.customer_metric",
    "gold.customer_permitted",
    "gold.customer_record",
)
"""Tables by which it is known whose data may be used, and for how long."""
_SPARK_OPTION = r"^spark(\.[A-Za-z0-9_\-]+)+$"

SparkOption = Annotated[str, StringConstraints(pattern=_SPARK_OPTION)]


class LockKind(StrEnum):
    """What keeps two writers apart: `flock` on a file system, `external` where a scheduler does."""

    FLOCK = "flock"
    EXTERNAL = "external"


class LogLevel(StrEnum):
    """The least grave message that is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LakeSettings(Frozen):
    """Where tables, landing files and scratch data lie. `root` and `landing` are absolute paths or URIs.

    With `catalog_prefix` (such as `main.c360_`) tables go by catalog name
    `main.c360_gold.customer`, without it by path `<root>/gold/customer`. `secret` keys every hash
    of a source id: change it and every key changes. `leave_out` names tables of gold that nobody
    wants: what reads them finds them empty. `keys` is the folder of data keys, by default beside the root.
    """

    root: str
    landing: str
    work_dir: LocalFolder
    secret: Resolved
    catalog_prefix: Annotated[str, StringConstraints(pattern=CATALOG_PREFIX)] | None = None
    lock: LockKind = LockKind.FLOCK
    keep_releases: int = Field(default=10, ge=1)
    parallel_steps: int = Field(default=2, ge=1, le=64)
    leave_out: tuple[str, ...] = ()
    encryption: EncryptionSettings = EncryptionSettings()
    keys: str | None = None

    @field_validator("leave_out")
    @classmethod
    def _tables_of_gold(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        known = {spec.name for spec in GOLD_TABLES}
        if unknown := [name for name in names if name not in known]:
            raise ValueError(f"gold has no table {', '.join(unknown)}")
        if lasting := [
            name for name in names if name in {*LASTING_TABLES, "gold.customer_attribute"}
        ]:
            # Once empty, they could not be made again: they hold what sources no longer tell.
            raise ValueError(f"cannot go without {', '.join(lasting)}: they keep what was before")
        if decisive := {*_DECISIVE} & {*names}:
            raise ValueError(
                f"cannot go without {', '.join(sorted(decisive))}: they say whom nobody may be served"
            )
        if RECONCILED_TABLES & {*names} and RECONCILIATION.name not in names:
            raise ValueError(
                f"leave out {RECONCILIATION.name}, too, which compares what is left out"
            )
        return names

    @field_validator("secret")
    @classmethod
    def _long_enough(cls, secret: Resolved) -> Resolved:
        if len(secret.get_secret_value()) < SECRET_MIN_LENGTH:
            raise ValueError(f"the secret needs at least {SECRET_MIN_LENGTH} characters")
        return secret

    @model_validator(mode="after")
    def _lock_excludes_others(self) -> Self:
        if self.lock is LockKind.FLOCK and local_path(self.root) is None:
            raise ValueError("lock flock needs a root on a file system; elsewhere say external")
        # Two machines can share a catalog and its tables without sharing the folder of the lock.
        if self.lock is LockKind.FLOCK and self.catalog_prefix is not None:
            raise ValueError("lock flock keeps nobody from a catalog's tables: say external")
        return self

    @model_validator(mode="after")
    def _keys_lie_apart(self) -> Self:
        # Raises ValueError where a copy of the lake's files would hold the keys to them.
        keys_place(self.root, self.keys)
        return self

    @property
    def keys_root(self) -> str:
        """The folder of data keys."""
        return keys_place(self.root, self.keys)

    def master_keys(self) -> dict[int, bytes]:
        """The keys that data keys are wrapped by, by version; the greatest wraps."""
        return self.encryption.master_keys_by(self.secret.get_secret_value())

    def record_hash_key(self) -> bytes:
        """The key of the hashes by which data keys know their records."""
        key = self.secret.get_secret_value().encode()
        return hmac.new(key, b"c360 record of a data key", hashlib.sha256).digest()

    def secret_fingerprint(self) -> str:
        """What tells this secret from another and gives neither away: a keyed hash of a fixed text."""
        key = self.secret.get_secret_value().encode()
        return hmac.new(key, b"c360 secret fingerprint", hashlib.sha256).hexdigest()[:16]


class SparkSettings(Frozen):
    """Options of the session, beside those that the tables need to be right.

    `master` is used for a local session; under spark-submit the submitter says it.
    """

    master: str = "local[*]"
    options: dict[SparkOption, str] = Field(default_factory=dict)

    @field_validator("master")
    @classmethod
    def _is_a_master(cls, master: str) -> str:
        if not MASTER.fullmatch(master):
            raise ValueError("must be local[2], local[*], yarn or an address spark:// or k8s://")
        return master

    @field_validator("options")
    @classmethod
    def _can_be_taken(cls, options: dict[str, str]) -> dict[str, str]:
        if faults := list(option_faults(options)):
            raise ValueError("; ".join(faults))
        return options


class LoggingSettings(Frozen):
    """How much is logged, and where the log files of a run and of Spark lie."""

    level: LogLevel = LogLevel.INFO
    folder: LocalFolder


class QualitySettings(Frozen):
    """Where the reports of the gates go, and the share of a run's time that they may take."""

    data_docs: LocalFolder
    cost_limit_percent: int = Field(default=15, ge=1, le=100)


class Settings(Frozen):
    """Everything that conf/ and the environment say, validated as a whole."""

    env: str
    lake: LakeSettings
    spark: SparkSettings
    logging: LoggingSettings
    quality: QualitySettings
    linkage: LinkageSettings
    survivorship: Survivorship
    facts: FactSettings
    freshness: FreshnessSettings
    households: Households
    erasure: ErasureSettings
    purposes: PurposeSettings
    product_policy: ProductPolicy
    products: tuple[Product, ...] = ()
    regimes: RegimeSettings
    privacy_requests: PrivacyRequestSettings
    privacy_scan: PrivacyScanSettings
    roles: Roles
    audit: AuditSettings
    tokens: TokenSettings
    retention: RetentionSettings
    sources: tuple[Source, ...] = Field(min_length=1)
    kill: str | None = None

    @property
    def tables(self) -> tuple[TableSpec, ...]:
        """Every table of the lake: bronze by its sources, what code declares, serve by its products."""
        bronze = (source.bronze_table for source in self.sources)
        return (*bronze, *STATIC_TABLES, *self.product_tables)

    @property
    def product_tables(self) -> tuple[TableSpec, ...]:
        """The tables of serve, one per data product."""
        return tuple(product.table for product in self.products)

    def digest(self) -> str:
        """SHA-256 of all that bears on what a run tells; secrets, encryption and who reads are not part."""
        unread = ("logging", "privacy_scan", "privacy_requests", "audit", "kill")
        beside = dict.fromkeys(unread, True)
        apart = {"lake": {"secret", "encryption", "keys"}, "roles": {"reader"}}
        content = self.model_dump_json(exclude={**apart, **beside})
        return hashlib.sha256(content.encode()).hexdigest()

    def secret_values(self) -> frozenset[str]:
        """Every secret that these settings resolve, for what must not tell any."""
        secret = self.lake.secret.get_secret_value()
        masters = (
            key.get_secret_value() for key in self.lake.encryption.master_keys.values() if key
        )
        return frozenset({secret, *self.tokens.secrets(secret).values(), *masters})
