"""The page to read first: every table after bronze, what it is made from, and by which function.

Bronze is one step per source file in conf and needs no line here; see `ingestion`.
"""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from functools import reduce
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.errors import ConfigurationError, LinkageError
from lakehouse.gold import GOLD_BUILDS_ON, GOLD_READS, GOLD_TOLD_BY
from lakehouse.gold.campaign import campaign
from lakehouse.gold.channel import channel
from lakehouse.gold.customer import customer
from lakehouse.gold.customer_360 import customer_360
from lakehouse.gold.customer_attribute import customer_attribute
from lakehouse.gold.customer_cart import customer_cart
from lakehouse.gold.customer_consent import customer_consent
from lakehouse.gold.customer_contact_point import customer_contact_point
from lakehouse.gold.customer_device import customer_device
from lakehouse.gold.customer_history import customer_history
from lakehouse.gold.customer_identifier import customer_identifier
from lakehouse.gold.customer_interaction import customer_interaction
from lakehouse.gold.customer_interest import customer_interest
from lakehouse.gold.customer_journey_stage import customer_journey_stage
from lakehouse.gold.customer_loyalty import customer_loyalty
from lakehouse.gold.customer_loyalty_movement import customer_loyalty_movement
from lakehouse.gold.customer_metric import customer_metric
from lakehouse.gold.customer_order import customer_order
from lakehouse.gold.customer_order_line import customer_order_line
from lakehouse.gold.customer_payment import customer_payment
from lakehouse.gold.customer_permitted import customer_permitted
from lakehouse.gold.customer_recommendation import customer_recommendation
from lakehouse.gold.customer_record import customer_record
from lakehouse.gold.customer_relation import customer_relation
from lakehouse.gold.customer_return import customer_return
from lakehouse.gold.customer_ticket import customer_ticket
from lakehouse.gold.customer_timeline import customer_timeline
from lakehouse.gold.customer_web_session import customer_web_session
from lakehouse.gold.date import date as calendar_dates
from lakehouse.gold.household import household
from lakehouse.gold.household_member import household_member
from lakehouse.gold.order_attribution import order_attribution
from lakehouse.gold.product import product
from lakehouse.gold.reconciliation import reconciliation
from lakehouse.gold.source import source_rows
from lakehouse.gold.store import store
from lakehouse.gold.web_funnel import web_funnel
from lakehouse.linkage.artefact import latest_model, load_model, publish_model, save_model
from lakehouse.linkage.blocking import oversized_block
from lakehouse.linkage.cluster import cluster
from lakehouse.linkage.column_fill import column_fill
from lakehouse.linkage.customer_alias import customer_alias
from lakehouse.linkage.customer_id import identity_map
from lakehouse.linkage.evidence import follows_on, is_full, record_evidence, touched_record
from lakehouse.linkage.frequency import still_held, term_frequency
from lakehouse.linkage.guards import shared_identifier
from lakehouse.linkage.identity_event import identity_event
from lakehouse.linkage.increment import Increment
from lakehouse.linkage.link import is_full_run
from lakehouse.linkage.model import TrainedModel
from lakehouse.linkage.overrides import effective_overrides, standing_decisions
from lakehouse.linkage.review_task import review_task
from lakehouse.linkage.score import check_model, scored_edge
from lakehouse.linkage.train import train
from lakehouse.pipeline.model_warnings import warn_of_lost_model, warn_of_unlearnt_columns
from lakehouse.serve.customer_product import customer_product, kept_customers
from lakehouse.serve.group_product import group_product
from lakehouse.serve.permitted import Permissions
from lakehouse.settings.linkage import LinkageSettings
from lakehouse.settings.models import Settings
from lakehouse.settings.products import Product
from lakehouse.settings.purposes import Purpose
from lakehouse.settings.sources import Source
from lakehouse.silver import DERIVED, SILVER_READS, bronze_reads, silver_table
from lakehouse.tables.gold import (
    CUSTOMER_CONSENT,
    CUSTOMER_PERMITTED,
    GOLD_TABLES,
    SOURCE,
)
from lakehouse.tables.local_frame import local_frame
from lakehouse.tables.ops import LINK_OVERRIDE, REVIEW_TASK
from lakehouse.tables.registry import GATED_TABLES
from lakehouse.tables.spec import Layer, TableSpec

LINKAGE = Layer.LINKAGE.value


@dataclass(frozen=True)
class Inputs:
    """What a step may use: frames at this run's versions, settings, the day, the last release's frames.

    `scratch` is a folder that driver and workers see, for what scoring spills; it ends with the run.
    `own_models` is where the run's model stands; one that it trains waits there for its release.
    `made_for` has the day of the run that made what the last release has of each data product. `forgets`
    is true of a run that erases people.
    """

    spark: SparkSession
    settings: Settings
    as_of: date
    run_id: str
    release_number: int
    scratch: Path
    own_models: Path
    frames: Mapping[str, DataFrame]
    previous: Mapping[str, DataFrame]
    made_for: Mapping[str, date] = field(default_factory=dict)
    forgets: bool = False

    @property
    def secret(self) -> str:
        """What hashes are keyed by."""
        return self.settings.lake.secret.get_secret_value()

    @property
    def as_of_at(self) -> datetime:
        """The moment from which what this run decides is valid: midnight UTC of its day."""
        return datetime.combine(self.as_of, time(), tzinfo=UTC)


@dataclass(frozen=True)
class Step:
    """One table: the tables it is made from and the function that makes it.

    `builds_on` names tables that it reads as the last release has them. `is_retired` marks a
    table that no source fills: its step makes it empty, and is needed only where a release has the table
    from the time when one did. `keep` makes what stays of the last release's rows where the gate stops
    the table alone; without it they stay as they are.
    """

    table: str
    reads: tuple[str, ...]
    build: Callable[[Inputs], DataFrame]
    builds_on: tuple[str, ...] = ()
    is_retired: bool = False
    keep: Callable[[Inputs], DataFrame] | None = None

    @property
    def stops_alone(self) -> bool:
        """True of a data product: where its gate fails, or what its domain wrote cannot be computed, the
        run goes on without it.
        """
        return self.layer == Layer.SERVE

    @property
    def layer(self) -> str:
        """The layer that it is carried out with: what stewards are asked belongs to the links."""
        return LINKAGE if self.table == REVIEW_TASK.name else self.table.split(".")[0]


def all_steps(
    sources: Sequence[Source], leave_out: Sequence[str] = (), products: Sequence[Product] = ()
) -> list[Step]:
    """Every step after bronze, in an order that can be carried out.

    Tables of gold that `leave_out` names are retired, as if nothing told of them, and with them the
    products that are made from them.
    """
    silver = _silver_steps(sources)
    retired = {step.table for step in silver if step.is_retired} | {*leave_out}
    gold = _gold_steps(retired)
    gone = {step.table for step in gold if step.is_retired}
    return [*silver, *_LINKAGE_STEPS, *gold, *(_serve_step(product, gone) for product in products)]


def selected_steps(
    sources: Sequence[Source],
    only: Sequence[str],
    leave_out: Sequence[str] = (),
    products: Sequence[Product] = (),
) -> list[Step]:
    """The steps of the layers and tables that `only` names; all of them if it names none.

    The tables of linkage build on what the last run left in each other, so that naming one of them
    names them all. A table of gold names the data products that are made from it, and whom they
    may tell of: else who withdrew consent would be served on from a release whose gold says so.

    Raises:
        ConfigurationError: a name is neither a layer nor a table; lists all such names.
    """
    steps = all_steps(sources, leave_out, products)
    tables = {step.table for step in steps} | {s.bronze_table.name for s in sources}
    layers = {step.layer for step in steps} | {Layer.BRONZE.value for _ in sources}
    unknown = [name for name in only if name not in tables | layers]
    if unknown:
        raise ConfigurationError(
            f"--only: {', '.join(unknown)} is neither a layer nor a table.",
            f"choose from {', '.join(sorted(layers))} or a table such as gold.customer.",
        )
    wanted = set(only) | {LINKAGE for name in only if name.startswith(f"{LINKAGE}.")}
    chosen = [s for s in steps if not only or {s.table, s.layer} & wanted]
    chosen += _reading(chosen, [s for s in steps if s.table == CUSTOMER_PERMITTED.name])
    chosen += _reading(chosen, [s for s in steps if s.stops_alone])
    # A product that is named alone leaves out who is restricted since.
    read = {table for step in chosen if step.stops_alone for table in step.reads}
    chosen += [s for s in steps if s.table == CUSTOMER_PERMITTED.name and s.table in read]
    # A table that lost its sources is emptied with what reads it, lest two states of a lake meet.
    read = {table for step in chosen for table in step.reads}
    return [s for s in steps if s in chosen or (s.is_retired and s.table in read)]


def _reading(chosen: Sequence[Step], others: Sequence[Step]) -> list[Step]:
    """Those of the others that are not chosen and read what the chosen make."""
    made = {step.table for step in chosen}
    return [step for step in others if step not in chosen and made & {*step.reads}]


def made_anew(steps: Sequence[Step]) -> frozenset[str]:
    """The tables of silver and gold of which these steps keep no row that the last release has."""
    layers = (Layer.SILVER.value, Layer.GOLD.value)
    return frozenset(s.table for s in steps if s.layer in layers and s.table not in s.builds_on)


def most_awaited_first(steps: Sequence[Step]) -> list[Step]:
    """The steps by how many others wait for them, directly or in turn; in their order where even.

    Carried out in this order the long chain, from people through linkage to gold, starts at once
    and the rest fills the gaps.
    """
    awaited_by: dict[str, set[str]] = {step.table: set() for step in steps}
    for step in reversed(steps):
        for read in set(step.reads) & awaited_by.keys() - {step.table}:
            awaited_by[read] |= {step.table, *awaited_by[step.table]}
    return sorted(steps, key=lambda step: -len(awaited_by[step.table]))


def _silver_steps(sources: Sequence[Source]) -> list[Step]:
    """A step per silver table; what no feed fills any more is made empty, lest its last rows stay."""
    fed = {feed.table for source in sources for feed in source.feeds}
    made = {entity for entity in DERIVED if fed & set(SILVER_READS[entity])}
    specs = [spec for spec in GATED_TABLES if spec.layer is Layer.SILVER]
    return [
        _silver_step(s.name, sources) if s.entity in fed | made else _retired_step(s) for s in specs
    ]


def _retired_step(spec: TableSpec) -> Step:
    """Makes the table empty, from nothing."""
    return Step(
        spec.name,
        (),
        lambda inputs: local_frame(inputs.spark, (), spec.ddl()),
        is_retired=True,
    )


def _silver_step(table: str, sources: Sequence[Source]) -> Step:
    entity = table.split(".")[1]
    feeds = bronze_reads(entity, sources)
    silver_reads = tuple(f"silver.{name}" for name in SILVER_READS.get(entity, ()))

    def build(inputs: Inputs) -> DataFrame:
        return silver_table(
            entity,
            {s.name: inputs.frames[s.bronze_table.name] for s in feeds},
            inputs.settings.sources,
            {name.split(".")[1]: inputs.frames[name] for name in silver_reads},
            secret=inputs.secret,
            as_of=inputs.as_of,
        )

    return Step(table, (*(s.bronze_table.name for s in feeds), *silver_reads), build)


def linkage_model(
    evidence: DataFrame, settings: LinkageSettings, as_of: date, own_models: Path
) -> TrainedModel:
    """The run's model: the newest of the configured folder, or, if there is none, one trained on `evidence`.

    It stands in `own_models`: this run's later steps find it there, and so does one that resumes it,
    also where another model was trained in between.
    """
    own = latest_model(own_models)
    if own is not None:
        return load_model(own)
    newest = latest_model(settings.models)
    if newest is not None:
        return load_model(publish_model(newest, own_models))
    trained = train(evidence, settings)
    if not trained.comparisons:
        # Too few people to learn from: kept, it would keep all later runs from training.
        return trained
    return load_model(save_model(trained, own_models, as_of.isoformat()))


def require_fitting_model(settings: LinkageSettings) -> None:
    """Refuses the newest model of the configured folder where a run could not score by it.

    Raises:
        ConfigurationError: it is no model, or was trained with other comparisons than conf has.
    """
    newest = latest_model(settings.models)
    try:
        if newest is not None:
            check_model(load_model(newest), settings)
    except LinkageError as error:
        raise ConfigurationError(
            f"{error.what} It is the newest of {settings.models}; nothing was touched.",
            "go back to the conf of the model, or run `c360 train`, which makes one by this conf. A lake "
            "without a release has nothing to train on: name an empty folder as linkage.models.",
        ) from None


_EVIDENCE, _OVERSIZED = "linkage.record_evidence", "linkage.oversized_block"
_TOUCHED, _FREQUENCY = "linkage.touched_record", "linkage.term_frequency"
_EDGE, _CLUSTER, _MAP = "linkage.scored_edge", "linkage.cluster", "linkage.identity_map"
_OVERRIDE = LINK_OVERRIDE.name
_SHARED, _EVENT, _ALIAS = (
    "linkage.shared_identifier",
    "linkage.identity_event",
    "linkage.customer_alias",
)


def _shared_identifier(inputs: Inputs) -> DataFrame:
    people = inputs.frames["silver.person_record"]
    return shared_identifier(people, inputs.settings.linkage.guards.sharing, inputs.secret)


def _record_evidence(inputs: Inputs) -> DataFrame:
    return record_evidence(
        inputs.frames["silver.person_record"],
        inputs.frames[_SHARED],
        effective_overrides(inputs.frames[_OVERRIDE]),
        inputs.settings.linkage,
        inputs.secret,
    )


def _oversized_block(inputs: Inputs) -> DataFrame:
    evidence = inputs.frames[_EVIDENCE]
    return oversized_block(evidence, inputs.settings.linkage, inputs.scratch)


def _touched_record(inputs: Inputs) -> DataFrame:
    evidence, last_evidence = inputs.frames[_EVIDENCE], inputs.previous[_EVIDENCE]
    settings = inputs.settings.linkage
    fill = column_fill(evidence, settings)
    goes_by = latest_model(inputs.own_models, settings.models)
    if goes_by is not None:
        warn_of_unlearnt_columns(fill, load_model(goes_by), settings)
    is_full = is_full_run(
        fill, last_evidence, inputs.previous[_FREQUENCY], inputs.previous[_EDGE], settings
    )
    oversized, last_oversized = inputs.frames[_OVERSIZED], inputs.previous[_OVERSIZED]
    return touched_record(evidence, last_evidence, oversized, last_oversized, is_full=is_full)


def _term_frequency(inputs: Inputs) -> DataFrame:
    last, settings = inputs.previous[_EVIDENCE], inputs.settings.linkage
    # Whether a column has doubled takes a pass over all evidence; the touched records tell.
    if (
        follows_on(last, settings)
        and not settings.full
        and not is_full(inputs.frames[_TOUCHED], inputs.frames[_EVIDENCE])
    ):
        last_frequencies = inputs.previous[_FREQUENCY]
        if not inputs.forgets:
            return last_frequencies
        return still_held(last_frequencies, inputs.frames[_EVIDENCE], settings, inputs.secret)
    return term_frequency(inputs.frames[_EVIDENCE], settings, inputs.secret)


def _scored_edge(inputs: Inputs) -> DataFrame:
    evidence = inputs.frames[_EVIDENCE]
    increment = Increment(
        evidence,
        inputs.frames[_TOUCHED],
        inputs.frames[_OVERSIZED],
        inputs.frames[_FREQUENCY],
        inputs.previous[_EDGE],
        inputs.previous[_CLUSTER],
    )
    settings = inputs.settings.linkage
    if latest_model(inputs.own_models) is None:
        warn_of_lost_model(increment.last_edges, settings.models)
    return scored_edge(
        increment,
        linkage_model(evidence, settings, inputs.as_of, inputs.own_models),
        settings,
        secret=inputs.secret,
        work_dir=inputs.scratch,
        release_number=inputs.release_number,
    )


def _cluster(inputs: Inputs) -> DataFrame:
    return cluster(
        inputs.frames[_EVIDENCE],
        inputs.frames[_EDGE],
        inputs.frames[_TOUCHED],
        inputs.previous[_CLUSTER],
        inputs.settings.linkage,
        inputs.scratch,
    )


def _identity_map(inputs: Inputs) -> DataFrame:
    return identity_map(
        inputs.frames[_CLUSTER],
        inputs.previous[_MAP],
        inputs.as_of_at,
        inputs.release_number,
        inputs.settings.linkage.returns_within_days,
    )


def _identity_event(inputs: Inputs) -> DataFrame:
    return identity_event(
        inputs.frames[_MAP],
        inputs.frames[_TOUCHED],
        inputs.frames[_CLUSTER],
        inputs.previous[_CLUSTER],
        inputs.previous[_EVENT],
        inputs.previous[_MAP],
        inputs.run_id,
    )


def _customer_alias(inputs: Inputs) -> DataFrame:
    return customer_alias(inputs.frames[_MAP], inputs.settings.linkage.returns_within_days)


def _review_task(inputs: Inputs) -> DataFrame:
    return review_task(
        inputs.frames["silver.person_record"],
        inputs.frames[_MAP],
        inputs.frames[_EVIDENCE],
        inputs.frames[_EDGE],
        standing_decisions(inputs.frames[_OVERRIDE]),
        review=inputs.settings.linkage.thresholds.review,
    )


_LINKAGE_STEPS = (
    Step(_SHARED, ("silver.person_record",), _shared_identifier),
    Step(_EVIDENCE, ("silver.person_record", _SHARED, _OVERRIDE), _record_evidence),
    Step(_OVERSIZED, (_EVIDENCE,), _oversized_block),
    Step(
        _TOUCHED,
        (_EVIDENCE, _OVERSIZED),
        _touched_record,
        (_EVIDENCE, _OVERSIZED, _FREQUENCY, _EDGE),
    ),
    Step(_FREQUENCY, (_EVIDENCE, _TOUCHED), _term_frequency, (_EVIDENCE, _FREQUENCY)),
    Step(
        _EDGE,
        (_EVIDENCE, _TOUCHED, _OVERSIZED, _FREQUENCY),
        _scored_edge,
        (_EDGE, _CLUSTER),
    ),
    Step(_CLUSTER, (_EVIDENCE, _EDGE, _TOUCHED), _cluster, (_CLUSTER,)),
    Step(_MAP, (_CLUSTER,), _identity_map, (_MAP,)),
    Step(_EVENT, (_MAP, _TOUCHED, _CLUSTER), _identity_event, (_CLUSTER, _EVENT, _MAP)),
    Step(_ALIAS, (_MAP,), _customer_alias),
    Step(
        REVIEW_TASK.name, ("silver.person_record", _MAP, _EVIDENCE, _EDGE, _OVERRIDE), _review_task
    ),
)


def _gold_steps(retired: Set[str]) -> list[Step]:
    """A step per gold table; one that retired tables alone tell of is retired too."""
    steps: list[Step] = []
    for table, reads in GOLD_READS.items():
        told_by = GOLD_TOLD_BY.get(table, reads)
        told = {n for n in told_by if not n.startswith((f"{LINKAGE}.", f"{Layer.OPS}."))}
        gone = retired | {step.table for step in steps if step.is_retired}
        is_retired = table in gone or (bool(told) and told <= gone)
        steps.append(_retired_step(_GOLD_SPECS[table]) if is_retired else _gold_step(table, reads))
    return steps


def _gold_step(table: str, reads: tuple[str, ...]) -> Step:
    function = _GOLD[table]
    is_built_on = table in GOLD_BUILDS_ON

    def build(inputs: Inputs) -> DataFrame:
        # A function of gold names its parameters after the tables that it reads.
        frames = {name.split(".")[1]: inputs.frames[name] for name in reads}
        if is_built_on:
            frames["previous"] = inputs.previous[table]
        return function(inputs, **frames)

    return Step(table, reads, build, (table,) if is_built_on else ())


def _plain(function: Callable[..., DataFrame]) -> Callable[..., DataFrame]:
    return lambda inputs, **frames: function(**frames)


def _source(inputs: Inputs) -> DataFrame:
    rows = source_rows(inputs.settings.sources)
    return local_frame(inputs.spark, rows, SOURCE.ddl())


_DECIDED = (CUSTOMER_CONSENT.name, CUSTOMER_PERMITTED.name)
"""What every product reads beside its own tables: whom it may tell of."""


def _serve_step(product: Product, gone: Set[str]) -> Step:
    """A step per data product; one of a table that nothing tells of is retired with it."""
    if gone & {*product.tables}:
        return _retired_step(product.table)
    make = customer_product if product.groups is None else group_product

    def build(inputs: Inputs) -> DataFrame:
        gold, decided, purpose = served(inputs)
        return make(gold, decided, product, purpose, inputs.as_of)

    def keep(inputs: Inputs) -> DataFrame:
        gold, decided, purpose = served(inputs)
        previous = inputs.previous[product.table_name]
        made_for = inputs.made_for.get(product.table_name)
        if product.is_outlived(made_for, inputs.as_of):
            return previous.limit(0)
        return kept_customers(previous, gold, decided, product, purpose)

    def served(inputs: Inputs) -> tuple[dict[str, DataFrame], Permissions, Purpose]:
        gold = {name: inputs.frames[name] for name in product.tables}
        decided = Permissions(*(inputs.frames[name] for name in _DECIDED))
        return gold, decided, inputs.settings.purposes.purposes[product.purpose]

    return Step(
        product.table_name,
        tuple(dict.fromkeys((*product.tables, *_DECIDED))),
        build,
        builds_on=(product.table_name,),
        keep=keep if product.groups is None else None,
    )


_GOLD_SPECS = {spec.name: spec for spec in GOLD_TABLES}

_GOLD: Mapping[str, Callable[..., DataFrame]] = {
    "gold.customer_attribute": lambda inputs, **frames: customer_attribute(
        **frames, survivorship=inputs.settings.survivorship, as_of=inputs.as_of
    ),
    "gold.customer": lambda inputs, **frames: customer(
        **frames, survivorship=inputs.settings.survivorship, as_of=inputs.as_of
    ),
    "gold.customer_identifier": _plain(customer_identifier),
    "gold.customer_record": _plain(customer_record),
    "gold.customer_contact_point": _plain(customer_contact_point),
    "gold.customer_history": lambda inputs, **frames: customer_history(
        **frames, survivorship=inputs.settings.survivorship, as_of=inputs.as_of
    ),
    "gold.customer_order": lambda inputs, **frames: customer_order(
        **frames, facts=inputs.settings.facts
    ),
    "gold.customer_order_line": lambda inputs, **frames: customer_order_line(
        **frames, money=inputs.settings.facts.money
    ),
    "gold.customer_payment": lambda inputs, **frames: customer_payment(
        **frames, money=inputs.settings.facts.money
    ),
    "gold.customer_return": lambda inputs, **frames: customer_return(
        **frames, money=inputs.settings.facts.money
    ),
    "gold.customer_web_session": lambda inputs, **frames: customer_web_session(
        **frames, web=inputs.settings.facts.web, as_of=inputs.as_of
    ),
    "gold.customer_device": _plain(customer_device),
    "gold.customer_recommendation": lambda inputs, **frames: customer_recommendation(
        **frames,
        recommendation_days=inputs.settings.facts.recommendation_days,
        as_of=inputs.as_of,
    ),
    "gold.customer_ticket": _plain(customer_ticket),
    "gold.customer_interaction": _plain(customer_interaction),
    "gold.customer_consent": _plain(customer_consent),
    "gold.customer_permitted": lambda inputs, **frames: customer_permitted(
        **frames,
        purposes=inputs.settings.purposes.purposes,
        regimes=inputs.settings.regimes,
        as_of=inputs.as_of,
    ),
    "gold.customer_loyalty": _plain(customer_loyalty),
    "gold.customer_loyalty_movement": _plain(customer_loyalty_movement),
    "gold.customer_metric": lambda inputs, **frames: customer_metric(**frames, as_of=inputs.as_of),
    "gold.customer_journey_stage": lambda inputs, **frames: customer_journey_stage(
        **frames, journey=inputs.settings.facts.journey, as_of=inputs.as_of
    ),
    "gold.order_attribution": lambda inputs, **frames: order_attribution(
        **frames,
        attribution_days=inputs.settings.facts.attribution_days,
        as_of=inputs.as_of,
    ),
    "gold.customer_timeline": _plain(customer_timeline),
    "gold.household_member": lambda inputs, **frames: household_member(
        **frames,
        households=inputs.settings.households,
        as_of=inputs.as_of_at,
        release_number=inputs.release_number,
    ),
    "gold.household": _plain(household),
    "gold.customer_relation": lambda inputs, **frames: customer_relation(
        **frames, households=inputs.settings.households
    ),
    "gold.product": _plain(product),
    "gold.customer_cart": lambda inputs, **frames: customer_cart(
        **frames, facts=inputs.settings.facts, as_of=inputs.as_of
    ),
    "gold.customer_interest": lambda inputs, **frames: customer_interest(
        **frames, freshness=inputs.settings.freshness, as_of=inputs.as_of
    ),
    "gold.campaign": lambda inputs, **frames: campaign(
        **frames,
        money=inputs.settings.facts.money,
        as_of=inputs.as_of,
        smallest_group=inputs.settings.product_policy.smallest_group,
    ),
    "gold.web_funnel": lambda inputs, **frames: web_funnel(
        **frames, smallest_group=inputs.settings.product_policy.smallest_group
    ),
    "gold.customer_360": lambda inputs, **frames: customer_360(
        **frames, freshness=inputs.settings.freshness, as_of=inputs.as_of
    ),
    "gold.reconciliation": _plain(reconciliation),
    "gold.store": lambda inputs, **frames: store(**frames, as_of=inputs.as_of),
    "gold.channel": lambda inputs, **frames: channel(**frames, as_of=inputs.as_of),
    "gold.date": _plain(calendar_dates),
    "gold.source": _source,
}


def correction_count(silver: Mapping[str, DataFrame], run_id: str) -> DataFrame:
    """The rows of ops.correction_count: how often each rule corrected each column of each feed."""
    corrected = [
        frame.select(
            F.lit(table).alias("table_name"), "source_feed", F.explode("corrections").alias("c")
        )
        for table, frame in silver.items()
    ]
    return (
        reduce(DataFrame.unionByName, corrected)
        .groupBy("table_name", "source_feed", "c.column", "c.rule")
        .agg(F.count(F.lit(1)).alias("corrected_count"))
        .select(
            F.lit(run_id).alias("run_id"),
            "table_name",
            "source_feed",
            F.col("column").alias("column_name"),
            "rule",
            "corrected_count",
        )
    )
