"""Gold: pure functions from silver and the identity map to conformed tables about customers.

One module per table; its public function has the table's name and takes the frames of `GOLD_READS`,
each under its entity's name. `gold.source` alone is made from settings, by `source_rows`.
"""

from collections.abc import Mapping

GOLD_READS: Mapping[str, tuple[str, ...]] = {
    "gold.customer_attribute": ("silver.person_record", "linkage.identity_map"),
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
    "gold.customer_order": ("silver.order", "linkage.identity_map"),
    "gold.customer_order_line": ("silver.order_line", "silver.order", "linkage.identity_map"),
    "gold.customer_interaction": (
        "silver.web_event",
        "silver.campaign_event",
        "silver.support_ticket",
        "silver.social_mention",
        "silver.survey_response",
        "linkage.identity_map",
    ),
    "gold.customer_consent": (
        "silver.consent_event",
        "linkage.identity_map",
        "linkage.customer_alias",
    ),
    "gold.customer_metric": ("gold.customer", "gold.customer_order", "gold.customer_interaction"),
    "gold.household_member": (
        "gold.customer_attribute",
        "silver.person_record",
        "linkage.identity_map",
        "linkage.customer_alias",
    ),
    "gold.household": ("gold.household_member", "gold.customer"),
    "gold.customer_relation": (
        "gold.customer_attribute",
        "silver.person_record",
        "linkage.identity_map",
        "gold.household_member",
    ),
    "gold.product": ("silver.product",),
    "gold.date": ("gold.customer_order", "gold.customer_interaction"),
    "gold.source": (),
}
"""Tables that each gold table is made from, in an order in which they can be built."""

GOLD_BUILDS_ON = frozenset({"gold.customer_contact_point", "gold.household_member"})
"""Tables that take themselves, as the last release has them, too: as the frame `previous`."""
