"""Ops: what the runs did, and what people decided. Written by the runner and by jobs only.

These tables are append-only logs, a run having a row for its start and one for its end; but for
ops.review_task, which a step of linkage makes anew.
"""

from lakehouse.tables.spec import Column, Sensitivity, TableSpec, WriteMode

REVERTED_TO = "reverted to "
"""What the reason of a release begins with that makes an earlier one current again; its number follows."""

ERASURE = "erasure"
"""The reason of a release from which people were erased: none before it can be read any more."""

RETENTION = "retention"
"""The reason of a release that lacks rows whose retention has passed; it is of the same day as the one before."""

COMPACTION = "compaction"
"""The reason of a release that holds the rows of the one before it in other files."""

_DIRECT = Sensitivity.DIRECT_IDENTIFIER
_QUASI = Sensitivity.QUASI_IDENTIFIER
_PSEUDONYM = Sensitivity.PSEUDONYM

_RUN_ID = Column(
    "run_id", "string", "The run that wrote the row.", required=True, run_metadata=True
)
_RUN_NUMBER = Column(
    "run_number",
    "bigint",
    "Number given to the run id; the txnVersion of its writes.",
    required=True,
    run_metadata=True,
)


def _ops(
    entity: str,
    description: str,
    *columns: Column,
    primary_key: tuple[str, ...],
    subject_key: str | tuple[str, ...] | None = None,
    retention_days: int = 730,
    purposes: tuple[str, ...] = ("operations",),
    write_mode: WriteMode = WriteMode.APPEND,
    retention_from: str | None = None,
) -> TableSpec:
    return TableSpec(
        name=f"ops.{entity}",
        description=description,
        columns=columns,
        primary_key=primary_key,
        owner="data-engineering",
        retention_days=retention_days,
        purposes=purposes,
        write_mode=write_mode,
        subject_key=subject_key,
        retention_from=retention_from,
    )


RUN = _ops(
    "run",
    "One row per attempt of a run and its end: the manifest that says what made a release.",
    _RUN_ID,
    _RUN_NUMBER,
    Column("status", "string", "started, succeeded, failed or reverted.", required=True),
    Column("as_of_date", "date", "Day that the run was for: landing folders up to it are read."),
    Column(
        "recorded_at", "timestamp", "When the row was written.", required=True, run_metadata=True
    ),
    Column(
        "code_version",
        "string",
        "Version of this package and, after a plus, the digest of its code.",
        run_metadata=True,
    ),
    Column(
        "settings_hash",
        "string",
        "SHA-256 of settings, the secret's fingerprint, code, suites and the choice of tables: what decides the result beside day and files.",
        run_metadata=True,
    ),
    Column(
        "secret_fingerprint",
        "string",
        "Keyed hash of a fixed text: the same for all runs of a lake, as another secret would change every key.",
        run_metadata=True,
    ),
    Column(
        "model_version",
        "string",
        "Linkage model that the run scored by; null if it scored nothing.",
    ),
    Column(
        "input_versions",
        "map<string,bigint>",
        "Table versions that the run began from.",
        run_metadata=True,
    ),
    Column(
        "output_versions",
        "map<string,bigint>",
        "Table versions that the run ended with.",
        run_metadata=True,
    ),
    Column("row_counts", "map<string,bigint>", "Rows of each table after the run.", unit="rows"),
    Column(
        "step_seconds",
        "map<string,double>",
        "Wall time of each step.",
        unit="seconds",
        run_metadata=True,
    ),
    Column("error_code", "string", "Code of the error that ended a failed run."),
    primary_key=("run_id", "recorded_at"),
)

RELEASE = _ops(
    "release",
    "One row per table of a release: the version that readers see. The rows of a release come at once.",
    Column(
        "release_number",
        "bigint",
        "Rising number; the greatest is current.",
        required=True,
        run_metadata=True,
    ),
    _RUN_ID,
    Column("table_name", "string", "Table.", required=True),
    Column(
        "table_version",
        "bigint",
        "Its Delta version in this release.",
        required=True,
        run_metadata=True,
    ),
    Column(
        "released_at",
        "timestamp",
        "When the release became current.",
        required=True,
        run_metadata=True,
    ),
    Column(
        "reason",
        "string",
        "run, replay, compaction, retention, erasure, or reverted to which release.",
        run_metadata=True,
    ),
    Column(
        "definition",
        "string",
        "What a data product's rows were made by: its version, and a digest of the columns and terms of its "
        "file. Null for other tables.",
    ),
    Column(
        "made_for",
        "date",
        "Day of the run that made a data product's rows: an earlier one where its gate stopped it since. Null "
        "for other tables.",
    ),
    primary_key=("release_number", "table_name"),
)

LANDING_FILE = _ops(
    "landing_file",
    "One row per landing file and run that saw it first: the ledger by which a file is ingested once.",
    _RUN_ID,
    Column("feed", "string", "Feed whose pattern the file matches.", required=True),
    Column("source_file", "string", "Path below the landing root.", required=True),
    Column("file_hash", "string", "SHA-256 of the file's bytes.", required=True),
    Column("byte_count", "bigint", "Size of the file.", unit="bytes"),
    Column("modified_at", "timestamp", "Time of the file when it was seen.", run_metadata=True),
    Column(
        "record_count",
        "bigint",
        "Records by a count that the parser has no part in.",
        unit="records",
    ),
    Column("status", "string", "ingested, duplicate or rejected.", required=True),
    Column(
        "reason",
        "string",
        "Why a file was rejected; same_content for a duplicate, erasure for one that an erasure has rewritten.",
    ),
    Column("missing_columns", "array<string>", "Required columns that a rejected file lacks."),
    Column(
        "original_hash",
        "string",
        "SHA-256 of the bytes as they were delivered, by which bronze knows the file; null where they are as they were.",
    ),
    Column(
        "repeated_columns",
        "array<string>",
        "Columns that a rejected file has more than once; one that no source declares by its place.",
    ),
    primary_key=("source_file", "file_hash"),
)

FEED_BOOK = _ops(
    "feed_book",
    "One row per feed and run: rows in = good + quarantined + duplicate + rejected.",
    _RUN_ID,
    Column("feed", "string", "Feed.", required=True),
    Column(
        "in_count",
        "bigint",
        "Records in the files, by the independent count, an unreadable file as one; of a replay, the "
        "held records tried.",
        required=True,
        unit="records",
    ),
    Column("good_count", "bigint", "Records written to bronze.", required=True, unit="records"),
    Column(
        "quarantined_count",
        "bigint",
        "Records held in quarantine, malformed or without a key; of a replay, those still held.",
        required=True,
        unit="records",
    ),
    Column(
        "duplicate_count",
        "bigint",
        "Records of files ingested before, or earlier in the same run.",
        required=True,
        unit="records",
    ),
    Column(
        "rejected_count",
        "bigint",
        "Records of files that were rejected whole (one that cannot be read counts as one), and those of "
        "suppressed people.",
        required=True,
        unit="records",
    ),
    Column("is_balanced", "boolean", "True if the four add up to the count in.", required=True),
    Column(
        "suppressed_count",
        "bigint",
        "Of the rejected records, those of people who were erased and must not come back.",
        unit="records",
    ),
    primary_key=("run_id", "feed"),
)

QUARANTINE = _ops(
    "quarantine",
    "One row per held row: malformed at bronze, or failing a row rule later. Kept verbatim for replay.",
    _RUN_ID,
    Column("table_name", "string", "Table that the row was meant for.", required=True),
    Column("record_key", "string", "Key of the row, where it has one.", _PSEUDONYM),
    Column("source_feed", "string", "Feed that the row came by."),
    Column("source_file", "string", "Landing file of the row."),
    Column("source_row_number", "bigint", "Row in its file, from 1."),
    Column("reasons", "array<string>", "Reason codes.", required=True),
    Column("payload", "binary", "The row's bytes as they came, or the row as JSON.", _DIRECT),
    Column(
        "quarantined_at", "timestamp", "When the row was held.", required=True, run_metadata=True
    ),
    primary_key=("run_id", "table_name", "source_file", "source_row_number", "record_key"),
    subject_key="record_key",
    retention_from="quarantined_at",
)

QUALITY_RESULT = _ops(
    "quality_result",
    "One row per expectation and run: counts only, never a value.",
    _RUN_ID,
    Column("table_name", "string", "Table that was checked.", required=True),
    Column("expectation", "string", "Expectation type.", required=True),
    Column("column_name", "string", "Column or columns that it is about."),
    Column("severity", "string", "fail, quarantine or warn.", required=True),
    Column("reason", "string", "Reason code of the rule.", required=True),
    Column("is_success", "boolean", "True if the expectation held.", required=True),
    Column("evaluated_count", "bigint", "Rows looked at.", unit="rows"),
    Column("unexpected_count", "bigint", "Rows that broke it.", unit="rows"),
    Column("checked_at", "timestamp", "When it was checked.", required=True, run_metadata=True),
    primary_key=("run_id", "table_name", "expectation", "column_name", "reason"),
    retention_from="checked_at",
)

FRESHNESS = _ops(
    "freshness",
    "One row per run and feed that silver has rows of: how long before the end of the run's day its source told of "
    "it last, against its limit, and how long before that end its newest event happened.",
    _RUN_ID,
    Column("as_of_date", "date", "Day of the run.", required=True),
    Column("source_feed", "string", "Feed, as named in conf.", required=True),
    Column(
        "newest_at",
        "timestamp",
        "Newest sequence_at that silver holds: when a version came to be, a snapshot was taken, or, of web events, "
        "messages and tills, an event was received or exported.",
        required=True,
    ),
    Column(
        "lag_hours",
        "double",
        "From newest_at to the end of the day; 0 for a clock that runs ahead.",
        required=True,
        unit="hours",
    ),
    Column(
        "newest_event_at",
        "timestamp",
        "When the newest event of the feed in silver happened, such as an order or a page view; what is dated after "
        "the day has a wrong clock and does not count. Null for a feed whose rows are no events, such as a list of people.",
    ),
    Column(
        "event_lag_hours",
        "double",
        "From newest_event_at to the end of the day.",
        unit="hours",
    ),
    Column("limit_hours", "int", "The source's freshness limit; null for none.", unit="hours"),
    Column("is_late", "boolean", "True if lag_hours is beyond the limit.", required=True),
    Column("row_count", "bigint", "Rows of the feed in silver.", required=True, unit="rows"),
    Column(
        "stale_row_count",
        "bigint",
        "Rows of it that count as stale at the end of the day (fresh_until_at).",
        required=True,
        unit="rows",
    ),
    primary_key=("run_id", "source_feed"),
    retention_from="as_of_date",
)

FACT_FRESHNESS = _ops(
    "fact_freshness",
    "One row per run, domain and kind of fact with a cut-off (conf/base/freshness.yml): how many facts of customers "
    "counted on the run's day, and how many fed nothing any more.",
    _RUN_ID,
    Column("as_of_date", "date", "Day of the run.", required=True),
    Column("domain", "string", "Domain whose cut-off it is.", required=True),
    Column("fact", "string", "Kind of fact.", required=True),
    Column("fresh_count", "bigint", "Facts that counted.", required=True, unit="facts"),
    Column("stale_count", "bigint", "Facts that no longer did.", required=True, unit="facts"),
    primary_key=("run_id", "domain", "fact"),
    retention_from="as_of_date",
)

CORRECTION_COUNT = _ops(
    "correction_count",
    "One row per rule that replaced or removed values, with its count, per run.",
    _RUN_ID,
    Column("table_name", "string", "Table that was corrected.", required=True),
    Column("source_feed", "string", "Feed that the values came by.", required=True),
    Column("column_name", "string", "Column that was corrected.", required=True),
    Column("rule", "string", "Rule that did it.", required=True),
    Column("corrected_count", "bigint", "Values corrected.", required=True, unit="values"),
    primary_key=("run_id", "table_name", "source_feed", "column_name", "rule"),
)

LINK_OVERRIDE = _ops(
    "link_override",
    "One row per decision of a steward about two person records: the newest of a pair holds, in every later run.",
    Column(
        "record_key_l",
        "string",
        "The record of the pair whose key sorts first.",
        _PSEUDONYM,
        required=True,
    ),
    Column("record_key_r", "string", "The other record of the pair.", _PSEUDONYM, required=True),
    Column(
        "decision",
        "string",
        "same (must become one customer), different (must not), skip (nothing is decided, and nobody is asked again), or withdrawn (nothing is decided).",
        required=True,
    ),
    Column("decided_by", "string", "The steward who decided.", _QUASI, required=True),
    Column("reason", "string", "Why, in the steward's words.", _DIRECT, required=True),
    Column("decided_at", "timestamp", "When it was decided.", required=True, run_metadata=True),
    primary_key=("record_key_l", "record_key_r", "decided_at"),
    subject_key=("record_key_l", "record_key_r"),
    retention_days=3650,
    retention_from="decided_at",
)

ATTRIBUTE_OVERRIDE = _ops(
    "attribute_override",
    "One row per decision of a steward about a customer's attributes: the newest of a record and group "
    "holds, in every later run, for the customer to whom the record belongs then, or did last.",
    Column(
        "record_key",
        "string",
        "record_key in silver.person_record of a record of the customer: the decision goes where it goes, and stays "
        "with the customer when it is gone.",
        _PSEUDONYM,
        required=True,
    ),
    Column(
        "attribute_group",
        "string",
        "Group of conf's survivorship that the values replace as a whole.",
        required=True,
    ),
    Column("decision", "string", "set, or withdrawn (the rules decide again).", required=True),
    Column(
        "values",
        "map<string,string>",
        "By golden attribute of the group, its value in standard form; null if withdrawn.",
        _DIRECT,
    ),
    Column("decided_by", "string", "The steward who decided.", _QUASI, required=True),
    Column("reason", "string", "Why, in the steward's words.", _DIRECT, required=True),
    Column("decided_at", "timestamp", "When it was decided.", required=True, run_metadata=True),
    primary_key=("record_key", "attribute_group", "decided_at"),
    subject_key="record_key",
    retention_days=3650,
    retention_from="decided_at",
)

LINKAGE_QUALITY = _ops(
    "linkage_quality",
    "One row per metric of linkage and attempt of a run: how much changed, and signs of people merged or split wrongly.",
    _RUN_ID,
    _RUN_NUMBER,
    Column("as_of_date", "date", "Day that the run was for.", required=True),
    Column("metric", "string", "What is measured.", required=True),
    Column(
        "value",
        "double",
        "The measure; shares lie between 0 and 1. Null if there is nothing to share.",
    ),
    Column("warn_above", "double", "From above which value a run warns; null if never."),
    Column(
        "fail_above", "double", "From above which value a run publishes nothing; null if never."
    ),
    Column("warn_below", "double", "From below which value a run warns; null if never."),
    Column(
        "fail_below", "double", "From below which value a run publishes nothing; null if never."
    ),
    primary_key=("run_number", "metric"),
)

REVIEW_TASK = _ops(
    "review_task",
    "One row per doubt that a steward can settle: two customers who may be one, or one who may be several.",
    Column(
        "task_id",
        "string",
        "SHA-256 of the pair's keys, 16 hex digits of it: the same in every run that asks about the pair.",
        _PSEUDONYM,
        required=True,
    ),
    Column(
        "kind",
        "string",
        "uncertain_pair (the two records are two customers) or suspicious_customer (they are one).",
        required=True,
    ),
    Column(
        "reason",
        "string",
        "near_threshold, group_cut (the pair joins, but the whole spoke against it), a contradiction rule of conf; "
        "held_by_one_pair (a weak pair without which the customer would fall apart), many_names, many_postcodes.",
        required=True,
    ),
    Column(
        "record_key_l",
        "string",
        "The record of the pair whose key sorts first: of two customers their most likely pair, of one its least likely, or the one that holds it together.",
        _PSEUDONYM,
        required=True,
    ),
    Column("record_key_r", "string", "The other record of the pair.", _PSEUDONYM, required=True),
    Column("customer_id_l", "string", "Customer of the first record.", _PSEUDONYM, required=True),
    Column("customer_id_r", "string", "Customer of the other.", _PSEUDONYM, required=True),
    Column(
        "record_count",
        "bigint",
        "Records of the customer or both customers: what a decision is about.",
        required=True,
        unit="records",
    ),
    Column(
        "join_margin",
        "double",
        "By how much the pair exceeds what pairs that join must reach; below 0 it does not.",
        required=True,
        unit="bits",
    ),
    Column(
        "match_probability", "double", "That the two are one person, by the model.", required=True
    ),
    Column(
        "priority",
        "double",
        "record_count divided by 1 plus the pair's distance from joining, in bits: the greater, the sooner.",
        required=True,
    ),
    Column(
        "weights",
        "map<string,double>",
        "What each comparison says for one person.",
        required=True,
        unit="bits",
    ),
    Column(
        "masked_l",
        "map<string,string>",
        "What the first record says, by column of the person record, in masked form.",
        _QUASI,
        required=True,
    ),
    Column(
        "masked_r", "map<string,string>", "The same of the other record.", _QUASI, required=True
    ),
    primary_key=("task_id",),
    subject_key=("record_key_l", "record_key_r"),
    retention_days=395,
    purposes=("identity",),
    write_mode=WriteMode.OVERWRITE,
)

PRIVACY_REQUEST = _ops(
    "privacy_request",
    "One row per step of what a person asked for: the newest step of a request says where it stands.",
    Column("request_id", "string", "Id of the request: random, says nothing.", required=True),
    Column(
        "step",
        "string",
        "received, scoped (whom it is about is known), identity_verified, identity_refused, approved, extended, "
        "executed, proved, delivered, refused, closed or lifted (what it limited is over).",
        required=True,
    ),
    Column(
        "kind",
        "string",
        "access, portability, rectification, erasure, restriction, objection or opt_out_of_sale.",
        required=True,
    ),
    Column(
        "scope",
        "string",
        "exact (records that match what the person gave) or connected (all records of their customers).",
        required=True,
    ),
    Column("regime", "string", "Law by residence, as named in conf.", required=True),
    Column("due_at", "timestamp", "Until when it must be answered.", required=True),
    Column("actor", "string", "Who took the step.", _QUASI, required=True),
    Column("note", "string", "Why or how, in words that name nobody.", _DIRECT),
    Column(
        "purpose",
        "string",
        "Purpose that a restriction or objection is about; null for all of them.",
    ),
    Column(
        "record_keys",
        "array<string>",
        "Records in silver.person_record that the request is about, in order; told when it is scoped.",
        _PSEUDONYM,
    ),
    Column(
        "reasons", "map<string,string>", "By record_key, why the record is included.", _PSEUDONYM
    ),
    Column(
        "identifier_hashes",
        "array<string>",
        "Keyed SHA-256 of each identifier that the person gave; what it was is kept nowhere.",
        _PSEUDONYM,
    ),
    Column("at", "timestamp", "When the step was taken.", required=True, run_metadata=True),
    primary_key=("request_id", "at"),
    retention_from="at",
    subject_key="record_keys",
    retention_days=1095,
    purposes=("legal",),
)

RESTRICTION = _ops(
    "restriction",
    "One row per person record and purpose for which its customer's data must not be used, and one more "
    "that ends it.",
    Column(
        "record_key",
        "string",
        "Record in silver.person_record: the restriction goes where the record goes, and stays with the "
        "customer when the record is gone.",
        _PSEUDONYM,
        required=True,
    ),
    Column("kind", "string", "restriction, objection or opt_out_of_sale.", required=True),
    Column("purpose", "string", "Purpose that is restricted; null for all of them."),
    Column("restricted_from", "timestamp", "From when on.", required=True),
    Column(
        "restricted_to",
        "timestamp",
        "Until when, exclusive; null while no row of the same record, purpose and request ends it.",
    ),
    Column(
        "request_id", "string", "Request in ops.privacy_request that it follows.", required=True
    ),
    primary_key=("record_key", "request_id", "purpose", "restricted_to"),
    subject_key="record_key",
    retention_days=3650,
    purposes=("legal",),
)

LEGAL_HOLD = _ops(
    "legal_hold",
    "One row per person record and step of a legal hold: while one holds, nothing of the record is erased or expires.",
    Column(
        "hold_id", "string", "Id of the hold, of all records that it was placed on.", required=True
    ),
    Column("record_key", "string", "Record in silver.person_record.", _PSEUDONYM, required=True),
    Column("step", "string", "placed or lifted.", required=True),
    Column("reason", "string", "Why, as plans and certificates name it.", _DIRECT, required=True),
    Column("held_until", "date", "Last day of the hold; null until it is lifted."),
    Column("said_by", "string", "Who placed or lifted it.", _QUASI, required=True),
    Column("said_at", "timestamp", "When it was said.", required=True, run_metadata=True),
    primary_key=("hold_id", "record_key", "step"),
    subject_key="record_key",
    retention_days=3650,
    purposes=("legal",),
)

OPS_TABLES = (
    RUN,
    RELEASE,
    LANDING_FILE,
    FEED_BOOK,
    QUARANTINE,
    QUALITY_RESULT,
    FRESHNESS,
    FACT_FRESHNESS,
    CORRECTION_COUNT,
    LINK_OVERRIDE,
    ATTRIBUTE_OVERRIDE,
    LINKAGE_QUALITY,
    REVIEW_TASK,
    PRIVACY_REQUEST,
    RESTRICTION,
    LEGAL_HOLD,
)
