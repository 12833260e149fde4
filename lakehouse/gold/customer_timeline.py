"""gold.customer_timeline: all that happened between a customer and the company, in one stream."""

from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.gold.customer_interaction import BY_THE_DESK
from lakehouse.gold.customer_order import purchases
from lakehouse.gold.customer_payment import refunds
from lakehouse.gold.identity import current_identity, with_customer

_OPTIONAL = {
    "channel": "string",
    "campaign_id": "string",
    "amount": "decimal(18,2)",
    "currency": "string",
    "reporting_amount": "decimal(18,2)",
}
"""Columns that not every kind of event fills, with their types."""

_TOUCHES = {
    "send": "message_sent",
    "open": "message_opened",
    "click": "message_clicked",
    "unsubscribe": "unsubscribed",
}
"""By action of a campaign touch, its type of event."""

_CONTACTS = {
    "message_sent": "Was sent campaign",
    "message_opened": "Opened campaign",
    "message_clicked": "Clicked in campaign",
    "unsubscribed": "Unsubscribed from campaign",
    "message": "Campaign",
    "social_mention": "Mentioned the company on",
    "survey_response": "Answered survey",
    "call": "Called the support desk",
    "chat": "Chatted with the support desk",
}
_BEGUN_BY_THE_DESK = {
    "call": "Was called by the support desk",
    "chat": "Was asked into a chat by the support desk",
}
"""By type of event, how its title begins."""


def customer_timeline(  # noqa: PLR0913 (one for each table that it reads)
    *,
    customer_order: DataFrame,
    customer_payment: DataFrame,
    customer_return: DataFrame,
    customer_web_session: DataFrame,
    customer_ticket: DataFrame,
    customer_interaction: DataFrame,
    customer_recommendation: DataFrame,
    customer_loyalty_movement: DataFrame,
    customer_journey_stage: DataFrame,
    consent_event: DataFrame,
    loyalty: DataFrame,
    identity_map: DataFrame,
    identity_event: DataFrame,
    customer_alias: DataFrame,
) -> DataFrame:
    """One row per event of a known customer, with a title in plain words and nobody's own words.

    Key: event_key. Columns: those of gold.customer_timeline.
    """
    events = [
        _orders(purchases(customer_order)),
        _payments(customer_payment.where(~F.col("is_told_again"))),
        _returns(customer_return, customer_payment, customer_order),
        _visits(customer_web_session),
        *_tickets(customer_ticket),
        _contacts(customer_interaction),
        _clicked_lists(customer_recommendation),
        _consents(with_customer(consent_event, identity_map)),
        *_loyalty(customer_loyalty_movement),
        _memberships(with_customer(loyalty, identity_map)),
        _stages(customer_journey_stage),
        _identities(identity_event, identity_map, customer_alias),
    ]
    return reduce(DataFrame.unionByName, events).where(F.col("customer_id").isNotNull())


def _events(
    rows: DataFrame, kind: Column, key: str, moment: str, title: Column, **given: Column
) -> DataFrame:
    """Rows that are one event each, in the table's columns. `given` fills some that are optional."""
    optional = [
        given.get(name, F.lit(None)).cast(data_type).alias(name)
        for name, data_type in _OPTIONAL.items()
    ]
    return rows.select(
        F.concat_ws(":", kind, F.col(key)).alias("event_key"),
        "customer_id",
        F.col(moment).alias("happened_at"),
        F.to_date(moment).alias("event_date"),
        kind.alias("event_type"),
        given.get("source_system", F.col("source_system")).alias("source_system"),
        F.col(key).alias("record_key"),
        title.alias("title"),
        *optional,
    )


def _columns(*names: str) -> dict[str, Column]:
    return {name: F.col(name) for name in names}


def _orders(customer_order: DataFrame) -> DataFrame:
    where = F.when(F.col("channel") == "store", F.concat_ws(" ", F.lit("in store"), "store_id"))
    title = F.concat_ws(
        ", ",
        F.concat_ws(" ", F.lit("Ordered"), where.otherwise(F.lit("in the web shop"))),
        "status",
    )
    return _events(
        customer_order,
        F.lit("order"),
        "record_key",
        "ordered_at",
        title,
        **_columns("channel", "currency", "reporting_amount"),
        amount=F.col("total_amount"),
    )


def _payments(customer_payment: DataFrame) -> DataFrame:
    status = F.coalesce("status", F.lit("unknown"))
    kind = (
        F.when(status == "failed", "payment_failed")
        .when((status == "refunded") | (F.col("amount") < 0), "refund")
        .otherwise("payment")
    )
    words = {"refund": "Refunded", "payment_failed": "Payment failed", "payment": "Paid"}
    title = F.concat_ws(" by ", _told(kind, words), "method")
    return _events(
        customer_payment,
        kind,
        "record_key",
        "paid_at",
        title,
        **_columns("amount", "currency", "reporting_amount"),
    )


def _returns(
    customer_return: DataFrame, customer_payment: DataFrame, customer_order: DataFrame
) -> DataFrame:
    """What came back by a receipt and without a refund to the same customer, which would tell of it."""
    again = customer_order.where(F.col("same_purchase_key").isNotNull()).select(
        F.col("record_key").alias("order_record_key"), "same_purchase_key"
    )
    # Of any currency, unlike the refunds that customer_return counts.
    refunded = (
        refunds(customer_payment)
        .join(again, on="order_record_key", how="left")
        .select(
            F.coalesce("same_purchase_key", "order_record_key").alias("record_key"), "customer_id"
        )
    )
    back = customer_return.where(F.col("returned_at").isNotNull()).join(
        refunded, on=["record_key", "customer_id"], how="left_anti"
    )
    title = F.when(F.col("is_whole_order"), "Returned the whole order").otherwise(
        "Returned part of an order"
    )
    return _events(
        back,
        F.lit("returned"),
        "record_key",
        "returned_at",
        title,
        currency=F.col("currency"),
        # A receipt tells of it, wherever it was bought.
        source_system=F.col("return_source_system"),
        channel=F.lit("store"),
        amount=F.col("returned_amount"),
        reporting_amount=F.col("returned_reporting_amount"),
    )


def _visits(customer_web_session: DataFrame) -> DataFrame:
    pages = F.when(F.col("page_count") == 1, F.lit("1 page")).otherwise(
        F.concat_ws(" ", "page_count", F.lit("pages"))
    )
    cart = F.concat_ws(" ", F.lit("cart"), F.replace("cart_state", F.lit("_"), F.lit(" ")))
    title = F.concat_ws(
        ", ", F.lit("Visited the web site"), pages, F.when(F.col("cart_state").isNotNull(), cart)
    )
    return _events(
        customer_web_session,
        F.lit("web_session"),
        "session_key",
        "started_at",
        title,
        channel=F.lit("web"),
        campaign_id=F.col("campaign_id"),
    )


def _tickets(customer_ticket: DataFrame) -> list[DataFrame]:
    closed = customer_ticket.where(F.col("closed_at").isNotNull())
    reopened = customer_ticket.where("is_reopened")
    topic = F.coalesce("topic", F.lit("no topic"))
    return [
        _events(
            rows,
            F.lit(kind),
            "record_key",
            moment,
            F.concat(F.lit(words), topic),
            channel=F.col("channel"),
        )
        for rows, kind, moment, words in (
            (customer_ticket, "ticket_opened", "opened_at", "Asked for help: "),
            (closed, "ticket_closed", "closed_at", "Ticket closed: "),
            (reopened, "ticket_reopened", "reopened_at", "Ticket reopened: "),
        )
    ]


def _contacts(customer_interaction: DataFrame) -> DataFrame:
    """Messages, calls, chats, mentions and answers; visits and tickets have tables that tell more."""
    action, is_touch = F.col("action"), F.col("interaction_type") == "campaign_touch"
    kind = F.when(is_touch, F.coalesce(_told(action, _TOUCHES), F.lit("message"))).otherwise(
        F.col("interaction_type")
    )
    begun = F.when(action.isin(*BY_THE_DESK), _told(kind, _BEGUN_BY_THE_DESK))
    score = F.concat_ws(" ", F.lit("score"), F.col("score"))
    title = F.concat_ws(
        ", ",
        F.concat_ws(
            " ", F.coalesce(begun, _told(kind, _CONTACTS)), F.coalesce("campaign_id", "topic")
        ),
        F.when(F.col("score").isNotNull(), score),
        F.when(action.isin("unanswered", "outbound_unanswered"), F.lit("not answered")),
        _length(F.col("handling_seconds")),
    )
    rows = customer_interaction.where(
        ~F.col("interaction_type").isin("web_session", "support_ticket")
    )
    return _events(
        rows,
        kind,
        "interaction_key",
        "happened_at",
        title,
        **_columns("channel", "campaign_id"),
    )


def _length(handling_seconds: Column) -> Column:
    """So many minutes, a begun one as a whole; null without a length."""
    minutes = F.greatest(F.ceil(handling_seconds / F.lit(60)), F.lit(1))
    unit = F.when(minutes == 1, "minute").otherwise("minutes")
    return F.when(handling_seconds.isNotNull(), F.concat_ws(" ", minutes, unit))


def _clicked_lists(customer_recommendation: DataFrame) -> DataFrame:
    """Lists that were shown and not clicked are many, and tell of the company rather than of the customer."""
    clicked = customer_recommendation.where("is_clicked")
    title = F.concat_ws(" ", F.lit("Clicked recommended product"), "product_id")
    return _events(
        clicked,
        F.lit("recommendation_clicked"),
        "recommendation_key",
        "clicked_at",
        title,
        channel=F.lit("web"),
    )


def _consents(consent_event: DataFrame) -> DataFrame:
    is_grant = F.col("action").eqNullSafe("grant")
    kind = F.when(is_grant, "consent_granted").otherwise("consent_withdrawn")
    words = F.when(is_grant, "Allowed").otherwise("No longer allows")
    title = F.concat_ws(" ", words, "purpose", F.lit("by"), "channel")
    return _events(
        consent_event, kind, "record_key", "happened_at", title, channel=F.col("channel")
    )


def _loyalty(customer_loyalty_movement: DataFrame) -> list[DataFrame]:
    """What changed in points, and what in the tier: a movement can tell of both."""
    change = F.col("points_change")
    points = F.concat_ws(
        " ", F.when(change > 0, "Earned").otherwise("Spent"), F.abs(change), F.lit("loyalty points")
    )
    tiers = F.concat_ws(" to ", "former_tier", "tier")
    return [
        _events(rows, kind, "movement_key", "told_at", title)
        for rows, kind, title in (
            (
                customer_loyalty_movement.where(change != 0),
                F.when(change > 0, "points_earned").otherwise("points_spent"),
                points,
            ),
            (
                customer_loyalty_movement.where("is_tier_change"),
                F.lit("tier_changed"),
                F.concat_ws(" ", F.lit("Loyalty tier"), tiers),
            ),
        )
    ]


def _memberships(loyalty: DataFrame) -> DataFrame:
    joined = loyalty.where(F.col("joined_date").isNotNull()).withColumn(
        "joined_at", F.col("joined_date").cast("timestamp")
    )
    title = F.lit("Joined the loyalty programme")
    return _events(joined, F.lit("loyalty_joined"), "record_key", "joined_at", title)


def _stages(customer_journey_stage: DataFrame) -> DataFrame:
    """Stages that a customer came into. To become a prospect is to become known, of which linkage tells."""
    words = {
        "new": "Became a new customer",
        "active": "Became an active customer",
        "lapsing": "Began to lapse",
        "lapsed": "Lapsed",
        "won_back": "Was won back",
    }
    stages = customer_journey_stage.where(F.col("stage").isin(*words)).select(
        "customer_id",
        "stage",
        F.concat_ws(":", "customer_id", "valid_from_date").alias("stage_key"),
        F.col("valid_from_date").cast("timestamp").alias("began_at"),
    )
    return _events(
        stages,
        F.concat(F.lit("became_"), "stage"),
        "stage_key",
        "began_at",
        _told(F.col("stage"), words),
        source_system=F.lit(None).cast("string"),
    )


def _identities(
    identity_event: DataFrame, identity_map: DataFrame, customer_alias: DataFrame
) -> DataFrame:
    """What happened to the customer id itself; a merge is told of the one that lives on today."""
    living = current_identity(identity_map).select("customer_id").distinct()
    words = {
        "created": "First told of as one customer",
        "merged": "Found to be one with another customer",
        "split": "Found to be another than a customer it was part of",
    }
    # Of one that was split since, in one of those: a merge is one event.
    successor = customer_alias.groupBy(F.col("customer_id").alias("other_customer_id")).agg(
        F.min("current_customer_id").alias("successor")
    )
    merged_into = F.coalesce("successor", "other_customer_id")
    told = (
        identity_event.where(F.col("event").isin(*words))
        .join(successor, on="other_customer_id", how="left")
        .select(
            "event_id",
            "occurred_at",
            "event",
            F.when(F.col("event") == "merged", merged_into)
            .otherwise(F.col("customer_id"))
            .alias("customer_id"),
        )
    )
    return _events(
        told.join(living, on="customer_id", how="left_semi"),
        F.concat(F.lit("customer_"), "event"),
        "event_id",
        "occurred_at",
        _told(F.col("event"), words),
        source_system=F.lit("linkage"),
    )


def _told(value: Column, words: dict[str, str]) -> Column:
    """What the words say for the value; null for one that they lack."""
    return F.coalesce(*(F.when(value == name, F.lit(word)) for name, word in words.items()))
