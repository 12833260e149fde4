"""What conf/base/linkage.yml may say: which fields are compared and how, and where pairs are
looked for.
"""

import re
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from lakehouse.settings.base_types import Frozen, LocalFolder, Name

Share = Annotated[float, Field(gt=0, le=1)]
Memory = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]*(MB|GB)$")]

_COLUMN, _NUMBER = "[a-z][a-z0-9_]*", "[1-9][0-9]*"
_KEY_PART = re.compile(
    rf"{_COLUMN}"
    rf"|substr\({_COLUMN}, *{_NUMBER}(, *{_NUMBER})?\)"
    rf"|split_part\({_COLUMN}, *'[^'\\]+', *{_NUMBER}\)"
    rf"|(least|greatest)\({_COLUMN}(, *{_COLUMN})+\)"
)


def _portable(part: str) -> str:
    if not _KEY_PART.fullmatch(part):
        raise ValueError(
            "must be a column, or substr(column, 1, 4), split_part(column, '@', 1), "
            "least(column, column) or greatest(column, column)"
        )
    return part


KeyPart = Annotated[str, AfterValidator(_portable)]
"""A column, or an expression over columns that means the same in Spark and DuckDB."""


class ComparisonKind(StrEnum):
    """Ladders of levels, from equal to unlike, that a comparison can climb.

    `levenshtein`, `jaro_winkler` and `exact` take any text column; the others know their field.
    """

    GIVEN_NAME = "given_name"
    FAMILY_NAME = "family_name"
    MIDDLE_NAME = "middle_name"
    BIRTH_DATE = "birth_date"
    EMAIL = "email"
    PHONE = "phone"
    ADDRESS = "address"
    EXACT = "exact"
    LEVENSHTEIN = "levenshtein"
    JARO_WINKLER = "jaro_winkler"


_COLUMN_COUNT = {
    ComparisonKind.GIVEN_NAME: 4,
    ComparisonKind.FAMILY_NAME: 3,
    ComparisonKind.ADDRESS: 3,
}
_LADDERS = (ComparisonKind.LEVENSHTEIN, ComparisonKind.JARO_WINKLER)


class ComparisonRule(Frozen):
    """One field that pairs are compared by.

    `columns` are columns of the person record: for `given_name` the name, its root, the family name (to
    see swapped names) and its sound, for `family_name` the name, the given name and its sound, for
    `address` street, postcode and town, one for all others. `thresholds` are edit distances (rising) for
    levenshtein and similarities (falling) for jaro_winkler. With `term_frequency` agreement on a
    frequent value counts for less. An `identifier` belongs to one person as a rule, so that most
    of its chance agreements are true pairs, which training takes off. `lasting` says that a person
    has one value for life: only then does a difference speak against the unity of a cluster.
    `unlike_at_most` bounds the share of true pairs that training may believe to differ here.
    """

    name: Name
    kind: ComparisonKind
    columns: tuple[Name, ...] = Field(min_length=1)
    thresholds: tuple[Annotated[float, Field(gt=0)], ...] = ()
    term_frequency: bool = True
    identifier: bool = False
    lasting: bool = False
    unlike_at_most: Share = 1.0

    @model_validator(mode="after")
    def _columns_fit_kind(self) -> Self:
        expected = _COLUMN_COUNT.get(self.kind, 1)
        if len(self.columns) != expected:
            raise ValueError(f"{self.kind} takes {expected} columns")
        if (self.kind in _LADDERS) != bool(self.thresholds):
            raise ValueError("thresholds belong to levenshtein and jaro_winkler, and only there")
        rising = self.kind is ComparisonKind.LEVENSHTEIN
        if list(self.thresholds) != sorted(self.thresholds, reverse=not rising):
            raise ValueError("thresholds must go from like to unlike")
        return self


class Contradiction(Frozen):
    """A pair that must not become one customer, whatever its weight says.

    It holds where every comparison in `levels` stands on one of the levels listed for it, unless a
    comparison in `unless` stands on one of its levels. It is set aside where training saw more than
    `unlike_at_most` of the true pairs unlike in one of its comparisons: names that are often
    misspelt beyond recognition do not tell twins apart.
    """

    name: Name
    levels: dict[Name, tuple[str, ...]] = Field(min_length=1)
    unless: dict[Name, tuple[str, ...]] = Field(default_factory=dict)
    unlike_at_most: Share = 0.02


class SharingLimit(Frozen):
    """Beyond how many different people a value is no evidence.

    People are told apart by `people`, key parts whose different values are counted.
    """

    columns: tuple[Name, ...] = Field(min_length=1)
    people: tuple[KeyPart, ...] = Field(min_length=1)
    limit: int = Field(gt=0)

    @property
    def identifier(self) -> str:
        """What the columns are called together, as in `street_match+postcode_match`."""
        return "+".join(self.columns)


class Corroboration(Frozen):
    """What a pair needs beside the fields that different people share.

    A pair in which no other comparison than `common` weighs at least `least_bits` must reach
    `extra_bits` more than the join weight: namesakes share names, whose frequencies understate how names
    go together, and those who live together a family name and an address. With
    `where_identifiers_are` only data is asked that has a comparison of identifiers.
    """

    common: tuple[Name, ...] = Field(min_length=1)
    least_bits: float = Field(default=5.0, ge=0)
    extra_bits: float = Field(default=9.0, ge=0)
    where_identifiers_are: bool = False


class GuardSettings(Frozen):
    """What keeps runs and clusters from growing without bound.

    `pairs_per_record` and `max_block_records` bound each blocking rule (blocks above are left out,
    largest first), `max_cluster_records` a cluster before its threshold is raised,
    `least_mean_support` the mean weight, in bits, that two groups must have for each other. Systems
    in `systems_without_duplicates` know every person once: two records of one are two people, unless
    one is a closed account (`is_account_active` of the person record is false).
    """

    sharing: tuple[SharingLimit, ...] = ()
    pairs_per_record: int = Field(default=30, gt=0)
    max_block_records: int = Field(default=300, gt=1)
    max_cluster_records: int = Field(default=150, gt=1)
    least_mean_support: float = 4.0
    corroboration: tuple[Corroboration, ...] = ()
    contradictions: tuple[Contradiction, ...] = ()
    systems_without_duplicates: tuple[Name, ...] = ()


class LinkageMetric(StrEnum):
    """What a run measures of its links. Shares lie between 0 and 1.

    A component is all that pairs which join connect; one that is too large is cut into several
    customers, so that only its own size tells how far a chain of pairs has grown. A value is no longer
    shared if the last run left it out as shared by too many people, and this one does not.
    Moved records, merged and split customers are shares of what was there before the run. Customers
    with more than 3 given names or surnames, or more than 5 postcodes, are signs of over-merging; names
    that several records give with one e-mail or phone, but several customers have, of under-merging.
    A record is in review if its pair with another customer's is nearly strong enough to join. A
    customer is loose if no more edges hold its three or more records together than must; a bridge is an
    edge of such a customer without which it would fall apart. The scored pairs are counted by their
    distance from joining, in bits: the histogram tells of a model or threshold that went astray. A
    linked record is not its customer's only one. An oversized block holds too many records to compare
    them; its pairs are left out, but for those that another rule finds.
    """

    RECORDS = "records"
    RECORDS_BEFORE = "records_before"
    CUSTOMERS = "customers"
    LARGEST_CUSTOMER_RECORDS = "largest_customer_records"
    LARGEST_COMPONENT_RECORDS = "largest_component_records"
    NO_LONGER_SHARED_VALUES = "no_longer_shared_values"
    OVERSIZED_BLOCKS = "oversized_blocks"
    OVERSIZED_BLOCK_PAIRS = "oversized_block_pairs"
    MOVED_RECORD_SHARE = "moved_record_share"
    MERGED_CUSTOMER_SHARE = "merged_customer_share"
    SPLIT_CUSTOMER_SHARE = "split_customer_share"
    MANY_NAMES_SHARE = "many_names_share"
    MANY_POSTCODES_SHARE = "many_postcodes_share"
    SPREAD_EMAIL_SHARE = "spread_email_share"
    SPREAD_PHONE_SHARE = "spread_phone_share"
    REVIEW_RECORD_SHARE = "review_record_share"
    LOOSE_CUSTOMER_SHARE = "loose_customer_share"
    BRIDGE_SHARE = "bridge_share"
    PAIR_DENSITY = "pair_density"
    LINKED_RECORD_SHARE = "linked_record_share"
    PAIRS_BELOW_MINUS_4 = "pairs_below_minus_4_bits"
    PAIRS_FROM_MINUS_4 = "pairs_minus_4_to_minus_2_bits"
    PAIRS_FROM_MINUS_2 = "pairs_minus_2_to_0_bits"
    PAIRS_FROM_0 = "pairs_0_to_2_bits"
    PAIRS_FROM_2 = "pairs_2_to_5_bits"
    PAIRS_FROM_5 = "pairs_5_to_10_bits"
    PAIRS_FROM_10 = "pairs_10_to_20_bits"
    PAIRS_FROM_20 = "pairs_20_bits_and_more"


class QualityLimit(Frozen):
    """From above, or below, which value of a metric a run warns, or publishes nothing. Null: never."""

    warn: float | None = Field(default=None, ge=0)
    fail: float | None = Field(default=None, ge=0)
    warn_below: float | None = Field(default=None, ge=0)
    fail_below: float | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _limits_stand_in_order(self) -> Self:
        order = (self.fail_below, self.warn_below, self.warn, self.fail)
        known = [limit for limit in order if limit is not None]
        if known != sorted(known):
            raise ValueError("must rise in the order fail_below, warn_below, warn, fail")
        return self


class QualityLimits(Frozen):
    """Limits of ops.linkage_quality, by metric.

    `least_records`: where this run and the last both have fewer person records, a share says little,
    and no limit fails a run.
    """

    least_records: int = Field(default=1_000, ge=0)
    metrics: dict[LinkageMetric, QualityLimit] = Field(default_factory=dict)


class TrainingSettings(Frozen):
    """How the model learns without labels.

    A sample of at most `max_records` records (by hash, the same on each run); `random_pairs` pairs
    for the share of chance agreements; one EM session per entry of `blocking`. Expected shares
    count as `expected_pairs` observed pairs, a session for at most `session_pairs`. With `decisions` the
    pairs that stewards called the same are one more session. A blocking rule of which the pairs that no
    worthier rule finds are more than `dear_rule_share` of all, and more than `pairs_per_true_pair` for
    each that is expected to be true, is not used.
    """

    blocking: tuple[tuple[Name, ...], ...] = Field(min_length=1)
    max_records: int = Field(default=200_000, gt=0)
    random_pairs: int = Field(default=1_000_000, gt=0)
    max_session_pairs: int = Field(default=2_000_000, gt=0)
    expected_pairs: int = Field(default=20, gt=0)
    session_pairs: int = Field(default=5_000, gt=0)
    least_match_share: Share = 0.005
    dear_rule_share: Share = 0.01
    pairs_per_true_pair: float = Field(default=1_000, gt=0)
    seed: int = 1
    decisions: bool = False


class ThresholdSettings(Frozen):
    """Match weights, in bits, from which a pair joins, or is kept for review.

    With `join: auto` the model takes the lowest weight, not below `lowest_join`, from which on, by its
    own estimate, the pairs reach `precision`, and all pairs within the clusters that they make
    `cluster_precision`. `review` lies that many bits below.
    """

    join: float | Literal["auto"] = "auto"
    precision: Share = 0.98
    cluster_precision: Share = 0.9
    lowest_join: float = 1.5
    review: float = Field(default=6.0, ge=0)


class Engine(StrEnum):
    """What scores pairs: Splink on DuckDB in the driver, or blocks spread over Spark's tasks."""

    AUTO = "auto"
    SPARK = "spark"
    DUCKDB = "duckdb"


class EngineLimits(Frozen):
    """`auto` takes duckdb in a local session up to `duckdb_up_to_records` records.

    `threads` 0 means all cores. `records_per_task` bounds what one Spark task scores at once.
    Up to `pairs_in_one_task` joining pairs one task finds all groups, beyond it all tasks do.
    """

    duckdb_up_to_records: int = Field(default=1_000_000, ge=0)
    memory_limit: Memory = "4GB"
    task_memory_limit: Memory = "1GB"
    threads: int = Field(default=0, ge=0)
    records_per_task: int = Field(default=400_000, gt=0)
    pairs_in_one_task: int = Field(default=2_000_000, ge=0)


class LinkageSettings(Frozen):
    """Everything that decides which records are one customer. One more field is one more entry.

    A blocking rule is a list of key parts: records that agree in all of them are compared.
    Comparisons and rules whose columns the data does not have, or has in fewer than `least_fill` of
    its records, are left out. A run scores what changed since the last one; with `full` it scores
    every pair anew and counts afresh how frequent values are. A customer all of whose records were
    away keeps its id where they come back within `returns_within_days`: a source may give a number that
    has long been free to somebody else.
    """

    engine: Engine = Engine.AUTO
    full: bool = False
    limits: EngineLimits = EngineLimits()
    models: LocalFolder
    least_fill: Share = 0.002
    returns_within_days: int = Field(default=30, ge=0, le=36_500)
    comparisons: tuple[ComparisonRule, ...] = Field(min_length=1)
    # A pair is told by one 64-bit number which of them find it.
    blocking: tuple[tuple[KeyPart, ...], ...] = Field(min_length=1, max_length=62)
    training: TrainingSettings
    thresholds: ThresholdSettings = ThresholdSettings()
    guards: GuardSettings = GuardSettings()
    quality: QualityLimits = QualityLimits()

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        names = [rule.name for rule in self.comparisons]
        if len(set(names)) != len(names):
            raise ValueError("two comparisons have one name")
        return self
