"""Gold: pure functions from silver and the identity map to conformed tables about customers.

One module per table; its public function has the table's name and takes the frames of `GOLD_READS`,
each under its entity's name. `gold.source` alone is made from settings, by `source_rows`.
"""

from collections.abc import Mapping

from lakehouse.tables.gold import LASTING_TABLES

GOLD_READS: Mapping[str, tuple[str, ...]] = {
    "gold.customer_record": ("linkage.identity_map", "linkage.customer_alias"),
    "gold.customer_attribute": (
        "silver.person_record",
        "linkage.identity_map",
        "ops.attribute_override",
        "gold.customer_record",
    ),
    "gold.customer": ("gold.customer_attribute", "silver.person_record", "linkage.identity_map"),
    "gold.customer_identifier": (
        "silver.person_record",
        "silver.loyalty",
        "silver.device",
        "linkage.identity_map",
    ),
    "gold.customer_contact_point": (
        "gold.customer_attribute",
        "silver.person_record",
        "linkage.identity_map",
    ),
    "gold.customer_history": (
        "silver.person_record",
        "linkage.identity_map",
        "ops.attribute_override",
        "gold.customer_record",
    ),
    "gold.customer_order": (
        "silver.order",
        "silver.order_line",
        "silver.store_weather",
        "linkage.identity_map",
    ),
    "gold.customer_order_line": (
        "silver.order_line",
        "gold.customer_order",
        "linkage.identity_map",
    ),
    "gold.customer_payment": ("silver.payment", "gold.customer_order", "linkage.identity_map"),
    "gold.customer_return": (
        "gold.customer_order",
        "gold.customer_order_line",
        "gold.customer_payment",
    ),
    "gold.customer_web_session": (
        "silver.web_event",
        "gold.customer_order",
        "linkage.identity_map",
    ),
    "gold.customer_device": (
        "gold.customer_web_session",
        "silver.web_event",
        "linkage.identity_map",
    ),
    "gold.customer_recommendation": (
        "silver.recommendation",
        "gold.customer_web_session",
        "gold.customer_order",
        "gold.customer_order_line",
        "linkage.identity_map",
    ),
    "gold.customer_ticket": (
        "silver.support_ticket",
        "silver.support_message",
        "linkage.identity_map",
    ),
    "gold.customer_interaction": (
        "gold.customer_web_session",
        "silver.campaign_event",
        "silver.support_ticket",
        "silver.support_message",
        "silver.social_mention",
        "silver.survey_response",
        "linkage.identity_map",
    ),
    "gold.customer_consent": (
        "silver.consent_event",
        "linkage.identity_map",
        "linkage.customer_alias",
    ),
    "gold.customer_loyalty": ("silver.loyalty", "linkage.identity_map"),
    "gold.customer_loyalty_movement": ("silver.loyalty", "linkage.identity_map"),
    "gold.customer_metric": ("gold.customer", "gold.customer_order", "gold.customer_interaction"),
    "gold.customer_permitted": (
        "gold.customer_consent",
        "ops.restriction",
        "gold.customer_record",
        "gold.customer_attribute",
        "gold.customer",
        "gold.customer_metric",
    ),
    "gold.household_member": (
        "gold.customer_attribute",
        "silver.person_record",
        "silver.payment",
        "linkage.identity_map",
        "linkage.customer_alias",
    ),
    "gold.household": ("gold.household_member", "gold.customer"),
    "gold.customer_relation": (
        "gold.customer_attribute",
        "silver.person_record",
        "silver.payment",
        "linkage.identity_map",
        "gold.household_member",
    ),
    "gold.customer_journey_stage": ("gold.customer", "gold.customer_order"),
    "gold.order_attribution": (
        "gold.customer_order",
        "gold.customer_web_session",
        "gold.customer_interaction",
        "silver.media_touch",
    ),
    "gold.customer_timeline": (
        "gold.customer_order",
        "gold.customer_payment",
        "gold.customer_return",
        "gold.customer_web_session",
        "silver.media_touch",
        "gold.customer_ticket",
        "gold.customer_interaction",
        "gold.customer_recommendation",
        "gold.customer_loyalty_movement",
        "gold.customer_journey_stage",
        "gold.household_member",
        "silver.consent_event",
        "silver.loyalty",
        "linkage.identity_map",
        "linkage.identity_event",
        "linkage.customer_alias",
    ),
    "gold.product": (
        "silver.product",
        "silver.order_line",
        "silver.recommendation",
        "silver.web_event",
    ),
    "gold.customer_cart": ("gold.customer_web_session", "gold.customer_order", "gold.product"),
    "gold.customer_interest": (
        "gold.customer_order_line",
        "gold.customer_web_session",
        "gold.product",
    ),
    "gold.campaign": (
        "silver.media_spend",
        "gold.customer_interaction",
        "gold.customer_web_session",
        "silver.media_touch",
        "gold.order_attribution",
    ),
    "gold.web_funnel": ("gold.customer_web_session",),
    "gold.customer_360": (
        "gold.customer",
        "gold.customer_metric",
        "gold.customer_order",
        "gold.customer_order_line",
        "gold.product",
        "gold.customer_web_session",
        "gold.customer_ticket",
        "gold.customer_interaction",
        "gold.customer_recommendation",
        "gold.customer_consent",
        "gold.customer_journey_stage",
        "gold.customer_interest",
        "gold.household_member",
        "gold.household",
        "gold.customer_loyalty",
        "silver.demographic",
    ),
    "gold.reconciliation": (
        "silver.order",
        "silver.order_line",
        "silver.payment",
        "silver.media_spend",
        "silver.web_event",
        "gold.customer_order",
        "gold.customer_order_line",
        "gold.customer_payment",
        "gold.customer_return",
        "gold.campaign",
        "gold.customer_web_session",
    ),
    "gold.store": ("gold.customer_order", "silver.store_weather"),
    "gold.channel": (
        "gold.customer_order",
        "gold.customer_interaction",
        "gold.customer_consent",
        "gold.customer_web_session",
        "silver.media_spend",
    ),
    "gold.date": (
        "gold.customer_order",
        "gold.customer_interaction",
        "gold.customer_payment",
        "gold.customer_web_session",
        "gold.customer_cart",
        "gold.customer_recommendation",
        "gold.customer_consent",
        "gold.customer_loyalty",
        "gold.customer_loyalty_movement",
        "gold.customer_journey_stage",
        "gold.customer_timeline",
        "silver.media_spend",
    ),
    "gold.source": (),
}
"""Tables that each gold table is made from, in an order in which they can be built."""

GOLD_TOLD_BY: Mapping[str, tuple[str, ...]] = {
    "gold.customer_order": ("silver.order",),
    "gold.customer_order_line": ("silver.order_line",),
    "gold.customer_payment": ("silver.payment",),
    "gold.customer_return": ("gold.customer_order",),
    "gold.customer_web_session": ("silver.web_event",),
    "gold.customer_device": ("gold.customer_web_session",),
    "gold.household_member": ("silver.person_record",),
    "gold.customer_relation": ("silver.person_record",),
    "gold.product": ("silver.product",),
    "gold.customer_cart": ("gold.customer_web_session",),
    "gold.customer_recommendation": ("silver.recommendation",),
    "gold.order_attribution": ("gold.customer_web_session", "gold.customer_interaction"),
}
"""By gold table, those of its reads that make its rows: where all of them are retired, so is it.

Of a table that is not here all reads outside linkage and ops do.
"""

GOLD_BUILDS_ON = LASTING_TABLES
"""Tables that take themselves, as the last release has them, too: as the frame `previous`."""
