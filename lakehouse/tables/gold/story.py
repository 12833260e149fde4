"""Gold: one customer's whole story: where they stand, what happened, and all at a glance."""

from lakehouse.tables.gold.parts import (
    CONTACT_DAY,
    CONTACT_KIND,
    CUSTOMER_ID,
    DIRECT,
    PSEUDONYM,
    QUASI,
    SERVICE,
    STATED_PREFERENCES,
    about_customers,
    measures,
)
from lakehouse.tables.spec import Column

_MOMENTS = (
    "gold.customer_order.ordered_at",
    "gold.customer_payment.paid_at",
    "gold.customer_return.returned_at",
    "gold.customer_web_session.started_at",
    "silver.media_touch.touched_at",
    "gold.customer_ticket.opened_at",
    "gold.customer_ticket.closed_at",
    "gold.customer_ticket.reopened_at",
    "gold.customer_interaction.happened_at",
    "gold.customer_recommendation.clicked_at",
    "silver.consent_event.happened_at",
    "gold.customer_loyalty_movement.told_at",
    "gold.customer_journey_stage.valid_from_date",
    "gold.household_member.valid_from",
    "gold.household_member.valid_to",
    "silver.loyalty.joined_date",
    "linkage.identity_event.occurred_at",
)
_KEYS = (
    "gold.customer_order.record_key",
    "gold.customer_payment.record_key",
    "gold.customer_return.record_key",
    "gold.customer_web_session.session_key",
    "silver.media_touch.record_key",
    "gold.customer_ticket.record_key",
    "gold.customer_interaction.interaction_key",
    "gold.customer_recommendation.recommendation_key",
    "silver.consent_event.record_key",
    "gold.customer_loyalty_movement.movement_key",
    "gold.customer_journey_stage.customer_id",
    "gold.customer_journey_stage.valid_from_date",
    "gold.household_member.household_id",
    "gold.household_member.customer_id",
    "gold.household_member.valid_from",
    "silver.loyalty.record_key",
    "linkage.identity_event.event_id",
)
_ORDERED = ("gold.customer_order.order_date", "gold.customer_order.status")

CUSTOMER_JOURNEY_STAGE = about_customers(
    "customer_journey_stage",
    "One row per customer and stage that the customer went through, one at a time and without gaps, by "
    "the dates of orders that count.",
    CUSTOMER_ID,
    Column(
        "stage",
        "string",
        "prospect (known, no order yet), new (first order), active (ordered again), lapsing, lapsed (no "
        "order for the days that conf says) or won_back (ordered after that).",
        required=True,
        fed_by=_ORDERED,
    ),
    Column(
        "valid_from_date",
        "date",
        "First day of the stage.",
        required=True,
        fed_by=("gold.customer.first_seen_date", *_ORDERED),
    ),
    Column(
        "valid_to_date",
        "date",
        "Day on which the next stage began; null for the stage of today.",
        fed_by=_ORDERED,
    ),
    primary_key=("customer_id", "valid_from_date"),
    owner="insight",
)

CUSTOMER_TIMELINE = about_customers(
    "customer_timeline",
    "One row per event between a known customer and the company, over all kinds of fact; nobody's words.",
    Column(
        "event_key",
        "string",
        "Type of the event and key of the fact.",
        PSEUDONYM,
        required=True,
        fed_by=_KEYS,
    ),
    CUSTOMER_ID,
    Column("happened_at", "timestamp", "When it happened.", required=True, fed_by=_MOMENTS),
    Column("event_date", "date", "UTC date of happened_at.", required=True, fed_by=_MOMENTS),
    Column(
        "event_type",
        "string",
        "order, payment, payment_failed, refund, returned (without a refund to the customer), web_session, paid_visit (each by paid media, also during a session), message_sent, message_opened, message_clicked, "
        "unsubscribed, message, recommendation_clicked, ticket_opened, ticket_closed, ticket_reopened, call, chat, social_mention, "
        "survey_response, "
        "consent_granted, consent_withdrawn, loyalty_joined, points_earned, points_spent, tier_changed, became_new, became_active, became_lapsing, became_lapsed, "
        "became_won_back, household_joined or household_left (where others were too), customer_created, customer_merged or customer_split.",
        required=True,
    ),
    Column(
        "source_system",
        "string",
        "System that told of it; linkage for the customer's id; null for a stage, which follows from orders, and a household.",
    ),
    Column(
        "record_key",
        "string",
        "Key of the fact in the table that the type belongs to; of a stage, customer and first day; of a household, it and the member's period.",
        PSEUDONYM,
        required=True,
        fed_by=_KEYS,
    ),
    Column("title", "string", "What happened, in plain words.", QUASI, required=True),
    Column(
        "channel",
        "string",
        "Channel, as the fact has it; of a return store, where the receipt was made; of a paid visit its medium.",
    ),
    Column(
        "campaign_id",
        "string",
        "Campaign of the message or visit; of a session the first of those in it.",
    ),
    Column(
        "amount",
        "decimal(18,2)",
        "Amount of an order, payment or refund, or what was returned was worth, in currency.",
        unit="currency",
        fed_by=(
            "gold.customer_order.total_amount",
            "gold.customer_payment.amount",
            "gold.customer_return.returned_amount",
        ),
    ),
    Column("currency", "string", "ISO 4217 code of the amount."),
    Column(
        "reporting_amount",
        "decimal(18,2)",
        "Amount in the reporting currency.",
        unit="reporting currency",
    ),
    primary_key=("event_key",),
    owner="customer-data",
    purposes=SERVICE,
)

_INTEREST = ("bought", "carted", "viewed")
_TOLD_BY = {
    "bought": ("gold.customer_order_line.order_date",),
    "carted": ("gold.customer_web_session.carted_products",),
    "viewed": ("gold.customer_web_session.viewed_products",),
}

CUSTOMER_INTEREST = about_customers(
    "customer_interest",
    "One row per customer, category of products and domain: what tells of interest in it, and until when "
    "that counts by conf/base/freshness.yml.",
    CUSTOMER_ID,
    Column("category", "string", "Category in gold.product.", required=True),
    Column("domain", "string", "Domain whose cut-offs hold, such as marketing.", required=True),
    Column(
        "fresh_until_date",
        "date",
        "First day on which it no longer counts.",
        required=True,
        fed_by=tuple(column for kind in _INTEREST for column in _TOLD_BY[kind]),
    ),
    *(
        Column(
            f"last_{kind}_date", "date", f"Last day on which one was {kind}.", fed_by=_TOLD_BY[kind]
        )
        for kind in _INTEREST
    ),
    *measures(*((f"{kind}_count", f"Times that one was {kind}.", "facts") for kind in _INTEREST)),
    primary_key=("customer_id", "category", "domain"),
    owner="insight",
)

_COUNTS = ", as far as they still count."
"""What descriptions of facts with a cut-off end in."""

_FACT_DAYS = (
    "gold.customer_order.order_date",
    "gold.customer_web_session.session_date",
    "gold.customer_ticket.opened_date",
    "gold.customer_interaction.interaction_date",
    "gold.customer_recommendation.clicked_at",
)

_LINE = ("gold.customer_order_line.product_id",)
_AREA = "silver.demographic."

CUSTOMER_360 = about_customers(
    "customer_360",
    "One row per customer: golden record, measures, preferences, consents and area at a glance.",
    CUSTOMER_ID,
    Column("display_name", "string", "Name to greet by.", DIRECT),
    Column("email", "string", "Primary e-mail address.", DIRECT),
    Column("phone", "string", "Primary telephone number in E.164.", DIRECT),
    Column("birth_date", "date", "Birth date.", QUASI),
    Column("gender", "string", "female, male or other, as stated.", QUASI),
    Column("city", "string", "Town.", QUASI),
    Column("region", "string", "State, county or province.", QUASI),
    Column("postcode", "string", "Postal code in the country's usual form.", QUASI),
    Column("country", "string", "Country as ISO 3166-1 alpha-2.", QUASI),
    Column(
        "household_id", "string", "Household of today; null without a known address.", PSEUDONYM
    ),
    Column(
        "household_role",
        "string",
        "parent, child or other, by birth dates; null if there is nothing to go by.",
        QUASI,
        fed_by=("gold.household_member.role",),
    ),
    Column(
        "household_member_count",
        "bigint",
        "Members of the household today.",
        unit="customers",
        fed_by=("gold.household.member_count",),
    ),
    Column("completeness_score", "decimal(4,3)", "As in gold.customer.", required=True),
    Column("trust_score", "decimal(4,3)", "As in gold.customer."),
    Column("first_seen_date", "date", "Earliest date since which a source knows the customer."),
    Column(
        "journey_stage",
        "string",
        "Stage of today in gold.customer_journey_stage; null where conf leaves that out.",
        fed_by=("gold.customer_journey_stage.stage",),
    ),
    Column("first_order_date", "date", "Date of the first order that counts."),
    Column("last_order_date", "date", "Date of the last order that counts."),
    *measures(
        ("order_count", "Orders that count: neither cancelled nor returned.", "orders"),
        ("returned_order_count", "Returned orders.", "orders"),
        ("cancelled_order_count", "Cancelled orders.", "orders"),
    ),
    Column(
        "order_reporting_amount",
        "decimal(28,2)",
        "Sum of the orders that count and have a reporting amount; null if none of several has one, 0 without orders.",
        unit="reporting currency",
        fed_by=("gold.customer_order.reporting_amount",),
    ),
    Column(
        "interaction_count",
        "bigint",
        "Contacts of any kind: a ticket, and each call and chat about it.",
        unit="contacts",
        required=True,
        fed_by=(CONTACT_KIND,),
    ),
    Column(
        "last_contact_date",
        "date",
        "Date of the last contact by either side.",
        fed_by=(CONTACT_DAY, CONTACT_KIND),
    ),
    Column(
        "last_active_date",
        "date",
        "Date on which the customer last did something: any contact but a send or a call by the desk, or any order.",
        fed_by=(CONTACT_DAY, CONTACT_KIND, "gold.customer_interaction.action"),
    ),
    *measures(
        ("store_order_count", "Orders that count and were made in a store.", "orders"),
        ("session_count", f"Sessions on the web site{_COUNTS}", "sessions"),
        ("abandoned_cart_count", f"Sessions whose cart was abandoned{_COUNTS}", "sessions"),
        ("message_sent_count", f"Messages sent to the customer{_COUNTS}", "messages"),
        ("message_click_count", f"Clicks on messages{_COUNTS}", "clicks"),
        ("ticket_count", f"Support tickets{_COUNTS}", "tickets"),
        (
            "open_ticket_count",
            "Support tickets that are not closed, however old; none of days to come.",
            "tickets",
        ),
        ("conversation_count", f"Calls and chats with the support desk{_COUNTS}", "conversations"),
        ("mention_count", f"Public posts about the company{_COUNTS}", "posts"),
        ("recommendation_click_count", f"Clicks on recommended products{_COUNTS}", "clicks"),
        ("stale_fact_count", "Facts of these kinds that count no longer.", "facts"),
    ),
    Column(
        "last_session_at",
        "timestamp",
        "When the last session began.",
        fed_by=("gold.customer_web_session.started_at",),
    ),
    Column(
        "last_survey_score",
        "int",
        f"Score of the last survey that was answered, 0 to 10{_COUNTS}",
        unit="points",
        fed_by=("gold.customer_interaction.score",),
    ),
    *STATED_PREFERENCES,
    Column(
        "preferred_order_channel",
        "string",
        f"Where most orders were made, shop or store{_COUNTS}",
        fed_by=("gold.customer_order.channel",),
    ),
    Column(
        "preferred_order_hour",
        "int",
        f"Hour of the day (UTC) in which most orders were made{_COUNTS}",
        unit="hours",
        fed_by=("gold.customer_order.ordered_at",),
    ),
    Column(
        "preferred_category",
        "string",
        "Category of most lines that count, among those that still interest the customer by the cut-offs of "
        "preference_domain in conf/base/freshness.yml.",
        fed_by=(*_LINE, "gold.product.category"),
    ),
    Column(
        "preferred_brand",
        "string",
        "Brand of most lines that count, in those categories.",
        fed_by=(*_LINE, "gold.product.brand"),
    ),
    Column(
        "interests",
        "array<string>",
        "Categories that interest the customer on the day of the run, as domain:category.",
        required=True,
        fed_by=("gold.customer_interest.fresh_until_date",),
    ),
    *measures(
        (
            "stale_interest_count",
            "Interests that no longer count on the day of the run.",
            "interests",
        )
    ),
    Column(
        "fact_freshness",
        "array<struct<domain:string,fact:string,fresh_count:bigint,stale_count:bigint>>",
        "By domain and kind of fact under facts in conf/base/freshness.yml: how many count on the day of the run, and "
        "how many no longer do. The counts above have those that count for any domain.",
        required=True,
        fed_by=_FACT_DAYS,
    ),
    Column(
        "granted",
        "array<string>",
        "What the customer allows, as purpose:channel; anything else is not allowed.",
        required=True,
        fed_by=("gold.customer_consent.state",),
    ),
    Column(
        "withdrawn",
        "array<string>",
        "What the customer has refused or withdrawn, as purpose:channel.",
        required=True,
        fed_by=("gold.customer_consent.state",),
    ),
    Column(
        "loyalty_tier", "string", "basic, silver or gold.", fed_by=("gold.customer_loyalty.tier",)
    ),
    Column(
        "loyalty_points",
        "bigint",
        "Points balance.",
        unit="points",
        fed_by=("gold.customer_loyalty.points",),
    ),
    *(
        Column(f"area_{name}", data_type, description, unit=unit, fed_by=(f"{_AREA}{fed_by}",))
        for name, data_type, description, unit, fed_by in (
            ("population", "bigint", "People in the postal area.", "people", "population"),
            (
                "median_income",
                "decimal(18,2)",
                "Median yearly household income in the postal area, by a third party.",
                "area_income_currency",
                "median_income",
            ),
            ("income_currency", "string", "ISO 4217 code of that income.", None, "currency"),
            ("median_age", "decimal(5,1)", "Median age in the postal area.", "years", "median_age"),
        )
    ),
    primary_key=("customer_id",),
    owner="insight",
    purposes=SERVICE,
)
