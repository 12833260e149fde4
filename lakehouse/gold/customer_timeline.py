"""gold.customer_timeline: all that happened between a customer and the company, in one stream."""

from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.gold.identity import with_customer
from lakehouse.gold.timeline_contacts import contact_events
from lakehouse.gold.timeline_households import household_events
from lakehouse.gold.timeline_purchases import purchase_events
from lakehouse.gold.timeline_standing import identity_events, loyalty_events, stage_events
from lakehouse.gold.timeline_web import web_events


def customer_timeline(  # noqa: PLR0913 (one for each table that it reads)
    *,
    customer_order: DataFrame,
    customer_payment: DataFrame,
    customer_return: DataFrame,
    customer_web_session: DataFrame,
    media_touch: DataFrame,
    customer_ticket: DataFrame,
    customer_interaction: DataFrame,
    customer_recommendation: DataFrame,
    customer_loyalty_movement: DataFrame,
    customer_journey_stage: DataFrame,
    household_member: DataFrame,
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
        *purchase_events(customer_order, customer_payment, customer_return),
        *web_events(customer_web_session, media_touch, customer_recommendation),
        *contact_events(
            customer_ticket, customer_interaction, with_customer(consent_event, identity_map)
        ),
        *loyalty_events(customer_loyalty_movement, with_customer(loyalty, identity_map)),
        stage_events(customer_journey_stage),
        *household_events(household_member, identity_map, customer_alias),
        identity_events(identity_event, identity_map, customer_alias),
    ]
    return reduce(DataFrame.unionByName, events).where(F.col("customer_id").isNotNull())
