"""Linkage: which records are one customer, why, and by which lasting id."""

from lakehouse.tables.spec import Column, Sensitivity, TableSpec

_PSEUDONYM = Sensitivity.PSEUDONYM

_OWNER = "customer-data"
_PURPOSES = ("service", "analytics", "marketing", "identity")
_RECORD_KEY = Column(
    "record_key", "string", "Record in silver.person_record.", _PSEUDONYM, required=True
)
_MODEL_VERSION = Column(
    "model_version", "string", "Version of the linkage model that scored the pair.", required=True
)

RECORD_EVIDENCE = TableSpec(
    name="linkage.record_evidence",
    description="One row per person record: what linkage looks at of it in this run.",
    columns=(
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
            "fingerprint",
            "string",
            "Keyed SHA-256 of evidence and overrides: differs from the last run's if the record changed.",
            _PSEUDONYM,
            required=True,
        ),
        Column("conf_hash", "string", "Digest of the linkage configuration.", required=True),
    ),
    primary_key=("record_key",),
    owner=_OWNER,
    retention_days=395,
    purposes=_PURPOSES,
    subject_key="record_key",
)

SHARED_IDENTIFIER = TableSpec(
    name="linkage.shared_identifier",
    description="One row per value that too many different people share to tell any of them: it is no evidence in this run.",
    columns=(
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
    ),
    primary_key=("identifier", "value_hash"),
    owner=_OWNER,
    retention_days=395,
    purposes=_PURPOSES,
)

OVERSIZED_BLOCK = TableSpec(
    name="linkage.oversized_block",
    description="One row per block that holds too many records to compare them all: its pairs are found by other rules or not at all.",
    columns=(
        Column("blocking_rule", "string", "The rule, as its parts in conf.", required=True),
        Column(
            "block_key",
            "bigint",
            "Keyed hash that the records of the block share.",
            _PSEUDONYM,
            required=True,
        ),
        Column("record_count", "bigint", "Records of the block.", required=True, unit="records"),
    ),
    primary_key=("block_key",),
    owner=_OWNER,
    retention_days=395,
    purposes=_PURPOSES,
)

TOUCHED_RECORD = TableSpec(
    name="linkage.touched_record",
    description="One row per person record that this run looked at anew: pairs of all others kept their weights.",
    columns=(
        _RECORD_KEY,
        Column(
            "cause",
            "string",
            "new, changed (its values, a value that too many share, a decision), deleted, block_size (a block became too large or is so no longer) or full.",
            required=True,
        ),
    ),
    primary_key=("record_key",),
    owner=_OWNER,
    retention_days=395,
    purposes=_PURPOSES,
    subject_key="record_key",
)

TERM_FREQUENCY = TableSpec(
    name="linkage.term_frequency",
    description="One row per column and value that several person records have: how frequent it is. Counted anew by a full run only.",
    columns=(
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
    ),
    primary_key=("column_name", "value_hash"),
    owner=_OWNER,
    retention_days=395,
    purposes=_PURPOSES,
)

SCORED_EDGE = TableSpec(
    name="linkage.scored_edge",
    description="One row per pair of person records that was compared and may be one person, or that lies in one group.",
    columns=(
        Column(
            "record_key_l",
            "string",
            "The record of the pair whose key sorts first.",
            _PSEUDONYM,
            required=True,
        ),
        Column(
            "record_key_r", "string", "The other record of the pair.", _PSEUDONYM, required=True
        ),
        Column(
            "match_weight",
            "double",
            "Evidence that the two are one person, prior included.",
            required=True,
            unit="bits",
        ),
        Column(
            "match_probability", "double", "The same as a probability by the model.", required=True
        ),
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
            "Rule by which the two must not become one customer; null if none holds.",
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
    ),
    primary_key=("record_key_l", "record_key_r"),
    owner=_OWNER,
    retention_days=395,
    purposes=_PURPOSES,
    subject_key="record_key_l",
)

CLUSTER = TableSpec(
    name="linkage.cluster",
    description="One row per person record with the cluster that this run put it into.",
    columns=(
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
    ),
    primary_key=("record_key",),
    owner=_OWNER,
    retention_days=395,
    purposes=_PURPOSES,
    subject_key="record_key",
)

IDENTITY_MAP = TableSpec(
    name="linkage.identity_map",
    description="One row per person record and period in which it belonged to one customer.",
    columns=(
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
    ),
    primary_key=("record_key", "valid_from"),
    owner=_OWNER,
    retention_days=3650,
    purposes=_PURPOSES,
    subject_key="record_key",
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
)
