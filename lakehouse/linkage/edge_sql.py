"""The SQL, for DuckDB, that turns Splink's scored pairs into rows of linkage.scored_edge."""

from collections.abc import Mapping, Sequence

from lakehouse.linkage.blocking import rule_name
from lakehouse.linkage.engine import PEOPLE_TABLE
from lakehouse.linkage.evidence import SINGLE_SYSTEM
from lakehouse.linkage.model import (
    UNIQUE_ID,
    TrainedModel,
    gamma_of,
    levels_of,
    used_rules,
)
from lakehouse.settings.linkage import (
    ComparisonRule,
    Contradiction,
    GuardSettings,
    LinkageSettings,
)
from lakehouse.tables.linkage import SCORED_EDGE

OVERRIDE = "override"
SAME_SYSTEM = "same_system"
"""The contradiction of two records of a system that knows every person once."""
EDGE_COLUMNS = tuple(c for c in SCORED_EDGE.columns if c.name != OVERRIDE)
EDGE_SCHEMA = ", ".join(f"{c.name} {c.type}" for c in EDGE_COLUMNS)
"""What an engine finds. What a steward said about a pair is looked up when all are found."""
FOUND_BY_GROUP = "group"
_SUPPORT_BOUND = 15.0


def edge_select(
    table: str,
    settings: LinkageSettings,
    model: TrainedModel,
    rules: Sequence[Sequence[str]],
    release_number: int,
) -> str:
    """A SELECT of the columns of EDGE_SCHEMA over Splink's table of predictions.

    Args:
        table: name of that table.
        settings: conf.
        model: the model that scored.
        rules: blocking rules by match_key; a pair with another match_key was found by its group.
        release_number: of the release that this run will make.
    """
    compared = used_rules(settings, model.present)
    names = ", ".join(f"'{rule.name}'" for rule in compared)
    gammas = ", ".join(f"gamma_{rule.name}::integer" for rule in compared)
    weights = ", ".join(f"{_weight(rule, model)}::double" for rule in compared)
    comparable = " or ".join(f"gamma_{rule.name} >= 0" for rule in compared)
    support = " + ".join(_support(rule, model) for rule in compared)
    found_by = "".join(
        f" when '{i}' then {_quoted(rule_name(rule))}" for i, rule in enumerate(rules)
    )
    return f"""
        select {UNIQUE_ID}_l, {UNIQUE_ID}_r, match_weight, match_probability,
            match_weight - {_extra_bits(compared, settings, model)} - {model.joins_from(settings.thresholds)}
                as join_margin,
            case when {comparable}
                then greatest(-{_SUPPORT_BOUND}, least({_SUPPORT_BOUND}, {support})) end as support,
            {_contradiction(settings.guards, model)} as contradiction,
            map([{names}], [{gammas}]) as gammas,
            map([{names}], [{weights}]) as weights,
            case match_key {found_by} when '' then '' else '{FOUND_BY_GROUP}' end as found_by,
            {_quoted(model.version)} as model_version,
            {release_number}::bigint as scored_in_release
        from {table}{_systems() if settings.guards.systems_without_duplicates else ""}
    """  # noqa: S608


def _systems() -> str:
    """Joins that give both sides of a pair the system that knows every person once."""
    return "".join(
        f" join (select {UNIQUE_ID} as {UNIQUE_ID}_{side}, {SINGLE_SYSTEM} as {SINGLE_SYSTEM}_{side}"  # noqa: S608
        f" from {PEOPLE_TABLE}) using ({UNIQUE_ID}_{side})"
        for side in ("l", "r")
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _weight(rule: ComparisonRule, model: TrainedModel) -> str:
    adjusted = rule.term_frequency and any(
        level.frequency_column for level in levels_of(rule, model.present)
    )
    return f"(mw_{rule.name} + mw_tf_adj_{rule.name})" if adjusted else f"mw_{rule.name}"


def _support(rule: ComparisonRule, model: TrainedModel) -> str:
    weight = _weight(rule, model)
    return weight if rule.lasting else f"greatest(0.0, {weight})"


def _extra_bits(
    compared: Sequence[ComparisonRule], settings: LinkageSettings, model: TrainedModel
) -> str:
    has_identifiers = any(rule.identifier for rule in compared)
    extra = ["0.0"]
    for asked in settings.guards.corroboration:
        others = [rule for rule in compared if rule.name not in asked.common]
        if has_identifiers or not asked.where_identifiers_are:
            enough = [f"{_weight(rule, model)} >= {asked.least_bits}" for rule in others]
            extra.append(
                f"case when {' or '.join(enough) or 'false'} then 0.0 else {asked.extra_bits} end"
            )
    return f"greatest({', '.join(extra)})"


def set_aside_for(rule: Contradiction, unlike: Mapping[str, float]) -> list[str]:
    """The comparisons that keep the rule from holding, as too many true pairs are unlike in them.

    Args:
        rule: of conf.
        unlike: per comparison, the least share of true pairs that any training session saw unlike.
    """
    return [
        name
        for name, labels in rule.levels.items()
        if "exact" not in labels and unlike.get(name, 0.0) > rule.unlike_at_most
    ]


def _contradiction(guards: GuardSettings, model: TrainedModel) -> str:
    def stands(comparison: str, labels: Sequence[str]) -> str:
        numbers = gamma_of(model, comparison, labels)
        within = ", ".join(str(n) for n in numbers)
        return f"gamma_{comparison} in ({within})" if numbers else "false"

    cases = []
    if guards.systems_without_duplicates:
        is_one = f"{SINGLE_SYSTEM}_l = {SINGLE_SYSTEM}_r"
        cases.append(f"when {is_one} then '{SAME_SYSTEM}'")
    for rule in guards.contradictions:
        if set_aside_for(rule, model.unlike):
            continue
        holds = " and ".join(stands(name, labels) for name, labels in rule.levels.items())
        excused = " or ".join(stands(name, labels) for name, labels in rule.unless.items())
        cases.append(f"when {holds} and not ({excused or 'false'}) then '{rule.name}'")
    return f"case {' '.join(cases)} end" if cases else "cast(null as varchar)"


def pairs_select(keys: Sequence[str]) -> str:
    """Pairs of the table `prepared` that touch a record, each by the first key column that gives it.

    From the touched side on: to join whole blocks would make all pairs of those that lie near a touched one.
    """
    return " union all ".join(
        _pairs(number, key, [f"l.{k} = r.{k}" for k in keys[:number]])
        for number, key in enumerate(keys)
    )


def task_pairs_select(rule_count: int) -> str:
    """The same for table `block`, which holds of all blocks those of one task.

    It has id (the rowid of the record in `prepared`), is_touched, rule_number, block_key, and block_keys, a
    list with the key of every rule.
    """
    # Numbers instead of names of records, and no `or` of a dozen rules within the join: half of the time.
    agreeing = " + ".join(
        f"coalesce(keys_l[{rule + 1}] = keys_r[{rule + 1}], false)::bigint * {1 << rule}"
        for rule in range(rule_count)
    )
    return f"""
        select least(l.{UNIQUE_ID}, r.{UNIQUE_ID}) as join_key_l,
            greatest(l.{UNIQUE_ID}, r.{UNIQUE_ID}) as join_key_r, rule_number::varchar as match_key
        from (
            select l.id as id_l, r.id as id_r, l.rule_number,
                l.block_keys as keys_l, r.block_keys as keys_r
            from block l join block r on l.block_key = r.block_key and l.id <> r.id
                and (not r.is_touched or l.id < r.id)
            where l.is_touched
        )
        join {PEOPLE_TABLE} l on l.rowid = id_l join {PEOPLE_TABLE} r on r.rowid = id_r
        where ({agreeing}) % (1::bigint << rule_number) = 0
    """  # noqa: S608


def _pairs(number: int, key: str, earlier: Sequence[str]) -> str:
    taken = " or ".join(f"coalesce({condition}, false)" for condition in earlier) or "false"
    return f"""
        select least(l.{UNIQUE_ID}, r.{UNIQUE_ID}) as join_key_l,
            greatest(l.{UNIQUE_ID}, r.{UNIQUE_ID}) as join_key_r, '{number}' as match_key
        from {PEOPLE_TABLE} l join {PEOPLE_TABLE} r
            on l.{key} = r.{key} and l.{UNIQUE_ID} <> r.{UNIQUE_ID}
            and (not r.is_touched or l.{UNIQUE_ID} < r.{UNIQUE_ID})
        where l.is_touched and not ({taken})
    """  # noqa: S608


def usable_key(column: str) -> str:
    """The key column, null where its block is in the table `oversized`."""
    is_usable = f"{column} not in (select block_key from oversized)"  # noqa: S608
    return f"case when {is_usable} then {column} end as {column}"


def block_sizes_select(column: str) -> str:
    """Per size of a block of the key column, the number of such blocks."""
    return f"""
        select records, count(*) as blocks from (
            select count(*) as records from {PEOPLE_TABLE}
            where {column} is not null group by {column}
        ) group by records
    """  # noqa: S608
