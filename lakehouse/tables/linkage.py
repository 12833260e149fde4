"""Linkage: which records are one customer, why, and by which lasting id."""

from lakehouse.tables.spec import Column, Sensitivity, TableSpec

_PSEUDONYM = Sensitivity.PSEUDONYM

_OWNER = "customer-data"
_PURPOSES = ("service", "analytics", "marketing", "identity")
_RECORD_KEY = Column(
    "record_key", "string", "Record in silver.person_record.", _PSEUDONYM, required=True
)
_MODEL_VERSION = Column(
    "model_version", "string", "Version of the linkage model that decided.", required=True
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
            "joining_weight",
            "double",
            "The match weight less what conf asks in addition of a pair that agrees in names alone: what joins.",
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
            "found_by",
            "string",
            "Blocking rule that found the pair first, or cluster for a pair scored because its group needed it.",
            required=True,
        ),
        _MODEL_VERSION,
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
        _MODEL_VERSION,
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

LINKAGE_TABLES = (SCORED_EDGE, CLUSTER, IDENTITY_MAP)
