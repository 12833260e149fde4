"""Linkage: which records are one customer, why, and by which lasting id."""

from lakehouse.tables.spec import Column, Sensitivity, TableSpec, WriteMode

_PSEUDONYM = Sensitivity.PSEUDONYM

_RECORD_KEY = Column(
    "record_key", "string", "Record in silver.person_record.", _PSEUDONYM, required=True
)
_MODEL_VERSION = Column(
    "model_version", "string", "Version of the linkage model that scored the pair.", required=True
)


def _linkage(
    entity: str,
    description: str,
    *columns: Column,
    primary_key: tuple[str, ...],
    retention_days: int = 395,
    subject_key: str | tuple[str, ...] | None = None,
    write_mode: WriteMode = WriteMode.OVERWRITE,
    retention_from: str | None = None,
) -> TableSpec:
    return TableSpec(
        name=f"linkage.{entity}",
        description=description,
        columns=columns,
        primary_key=primary_key,
        owner="customer-data",
        retention_days=retention_days,
        purposes=("service", "analytics", "marketing", "identity"),
        write_mode=write_mode,
        subject_key=subject_key,
        retention_from=retention_from,
    )


RECORD_EVIDENCE = _linkage(
    "record_evidence",
    "One row per person record: what linkage looks at of it in this run.",
    _RECORD_KEY,
    Column(
        "evidence",
        "map<string,string>",
        "Value per column of the person record that comparisons, blocking rules or guards read; values that too many people share are left out.",
        Sensitivity.DIRECT_IDENTIFIER,
        required=True,
    ),
    Column(
        "block_keys",
        "array<bigint>",
        "Keyed hash per blocking rule of conf, in its order: records that share one are compared. Null where the rule does not apply.",
        _PSEUDONYM,
        required=True,
    ),
    Column(
        "overrides",
        "map<string,string>",
        "What stewards decided of the record and another, by the other's record_key: same or different.",
        _PSEUDONYM,
        required=True,
    ),
    Column(
        "values_fingerprint",
        "string",
        "Keyed SHA-256 of the record's own values, the shared ones included: tells a changed record from a guard's finding.",
        _PSEUDONYM,
    ),
    Column(
        "fingerprint",
        "string",
        "Keyed SHA-256 of evidence, overrides and configuration: differs from the last run's if linkage sees the record otherwise.",
        _PSEUDONYM,
        required=True,
    ),
    Column("conf_hash", "string", "Digest of the linkage configuration.", required=True),
    primary_key=("record_key",),
    subject_key="record_key",
)

SHARED_IDENTIFIER = _linkage(
    "shared_identifier",
    "One row per value that too many different people share to tell any of them: it is no evidence in this run.",
    Column(
        "identifier",
        "string",
        "Columns of the person record that hold the value, joined by plus signs.",
        required=True,
    ),
    Column("value_hash", "string", "Keyed SHA-256 of the value.", _PSEUDONYM, required=True),
    Column(
        "people_count",
        "bigint",
        "Different people that carry the value.",
        required=True,
        unit="people",
    ),
    primary_key=("identifier", "value_hash"),
)

OVERSIZED_BLOCK = _linkage(
    "oversized_block",
    "One row per block that holds too many records to compare them all: its pairs are found by other rules or not at all.",
    Column("blocking_rule", "string", "The rule, as its parts in conf.", required=True),
    Column(
        "block_key",
        "bigint",
        "Keyed hash that the records of the block share.",
        _PSEUDONYM,
        required=True,
    ),
    Column("record_count", "bigint", "Records of the block.", required=True, unit="records"),
    primary_key=("block_key",),
)

TOUCHED_RECORD = _linkage(
    "touched_record",
    "One row per person record that this run looked at anew: pairs of all others kept their weights.",
    _RECORD_KEY,
    Column(
        "cause",
        "string",
        "new, changed (its values), deleted, override (a steward decided), sharing (a value that too many share now or no longer), block_size (a block became too large or is so no longer) or full (as it was, in a full run).",
        required=True,
    ),
    primary_key=("record_key",),
    subject_key="record_key",
)

TERM_FREQUENCY = _linkage(
    "term_frequency",
    "One row per column and value that several person records have: how frequent it is. Counted anew by a full run only, which comes by itself when a column has doubled.",
    Column("column_name", "string", "Column of the person record.", required=True),
    Column(
        "value_hash",
        "string",
        "Keyed SHA-256 of the value; * for every value without a row of its own.",
        _PSEUDONYM,
        required=True,
    ),
    Column(
        "share",
        "double",
        "Share of the column's known values that are this one.",
        required=True,
    ),
    Column(
        "value_count",
        "bigint",
        "Known values of the column when they were counted.",
        unit="records",
    ),
    primary_key=("column_name", "value_hash"),
)

SCORED_EDGE = _linkage(
    "scored_edge",
    "One row per pair of person records that was compared and may be one person, or that lies in one group.",
    Column(
        "record_key_l",
        "string",
        "The record of the pair whose key sorts first.",
        _PSEUDONYM,
        required=True,
    ),
    Column("record_key_r", "string", "The other record of the pair.", _PSEUDONYM, required=True),
    Column(
        "match_weight",
        "double",
        "Evidence that the two are one person, prior included.",
        required=True,
        unit="bits",
    ),
    Column("match_probability", "double", "The same as a probability by the model.", required=True),
    Column(
        "join_margin",
        "double",
        "By how much the match weight exceeds what the model, and conf of a pair that agrees in names alone, asks of pairs that join: 0 or more joins.",
        required=True,
        unit="bits",
    ),
    Column(
        "support",
        "double",
        "Evidence without prior in which another contact value counts nothing; null if no field of the two can be compared.",
        unit="bits",
    ),
    Column(
        "contradiction",
        "string",
        "Rule by which the two must not become one customer, same_system for two accounts, none of them closed, of a system that knows everybody once; null if none holds.",
    ),
    Column(
        "gammas",
        "map<string,int>",
        "Level reached per comparison: 0 is unlike, higher is more alike, -1 is not comparable.",
        required=True,
    ),
    Column(
        "weights",
        "map<string,double>",
        "What each comparison says for one person, the rarity of its value included.",
        required=True,
        unit="bits",
    ),
    Column(
        "found_by",
        "string",
        "Blocking rule that found the pair first, or group for a pair scored because its group needed it.",
        required=True,
    ),
    _MODEL_VERSION,
    Column(
        "scored_in_release",
        "bigint",
        "Number of the release whose run scored the pair.",
        required=True,
        run_metadata=True,
    ),
    Column(
        "override",
        "string",
        "What a steward decided of the pair: same or different; null if nothing.",
    ),
    primary_key=("record_key_l", "record_key_r"),
    subject_key=("record_key_l", "record_key_r"),
)

CLUSTER = _linkage(
    "cluster",
    "One row per person record with the cluster that this run put it into.",
    _RECORD_KEY,
    Column(
        "cluster_id",
        "string",
        "Smallest record_key of the cluster: names it within this run only.",
        _PSEUDONYM,
        required=True,
    ),
    Column(
        "component_id",
        "string",
        "Smallest record_key of all that edges which join connect with the record: its cluster is part of them.",
        _PSEUDONYM,
        required=True,
    ),
    primary_key=("record_key",),
    subject_key="record_key",
)

IDENTITY_MAP = _linkage(
    "identity_map",
    "One row per person record and period in which it belonged to one customer.",
    _RECORD_KEY,
    Column(
        "customer_id",
        "string",
        "Lasting id of the customer; never given to another.",
        _PSEUDONYM,
        required=True,
    ),
    Column(
        "valid_from",
        "timestamp",
        "From when on the record belonged to the customer (a run's as-of).",
        required=True,
    ),
    Column("valid_to", "timestamp", "Until when (exclusive); null while it does."),
    primary_key=("record_key", "valid_from"),
    retention_days=3650,
    retention_from="valid_to",
    subject_key="record_key",
)

ERASED = "erased"
"""The event of a customer who was erased."""

IDENTITY_EVENT = _linkage(
    "identity_event",
    "One row per thing that happened to a customer: written once, by the run that caused it.",
    Column(
        "event_id",
        "string",
        "SHA-256 of what the event says, 32 hex digits of it.",
        _PSEUDONYM,
        required=True,
    ),
    Column("customer_id", "string", "Whom it happened to.", _PSEUDONYM, required=True),
    Column(
        "event",
        "string",
        "created, joined (a record came), left (a record went), merged (into the other, and is no more), split (came off the other), retired (no record is left) or erased (as the person asked; of a customer with this event there is no other).",
        required=True,
    ),
    Column("record_key", "string", "The record that joined or left; null otherwise.", _PSEUDONYM),
    Column(
        "other_customer_id",
        "string",
        "Into whom it was merged, from whom it was split, where the record came from or went to; null if nobody.",
        _PSEUDONYM,
    ),
    Column("record_count", "bigint", "Records that this moved.", required=True, unit="records"),
    Column("occurred_at", "timestamp", "From when on it holds (a run's as-of).", required=True),
    Column(
        "cause",
        "string",
        "new_record, new_edge, changed_record, deleted_record, override, guard, model_change (a full run weighed all anew), erasure, or unknown (from before events were kept).",
        required=True,
    ),
    Column("run_id", "string", "The run that recorded it.", required=True, run_metadata=True),
    primary_key=("event_id",),
    retention_days=3650,
    subject_key=("customer_id", "other_customer_id"),
    retention_from="occurred_at",
    write_mode=WriteMode.APPEND,
)

CUSTOMER_ALIAS = _linkage(
    "customer_alias",
    "One row per customer id that is no more and id in which its records live on.",
    Column("customer_id", "string", "The id that is no more.", _PSEUDONYM, required=True),
    Column(
        "current_customer_id",
        "string",
        "An id that it resolves to: one after a merge, several where that customer was split since.",
        _PSEUDONYM,
        required=True,
    ),
    primary_key=("customer_id", "current_customer_id"),
    retention_days=3650,
    subject_key=("customer_id", "current_customer_id"),
)

LINKAGE_TABLES = (
    SHARED_IDENTIFIER,
    RECORD_EVIDENCE,
    OVERSIZED_BLOCK,
    TOUCHED_RECORD,
    TERM_FREQUENCY,
    SCORED_EDGE,
    CLUSTER,
    IDENTITY_MAP,
    IDENTITY_EVENT,
    CUSTOMER_ALIAS,
)
