"""Events of contact between a customer and the company: tickets, messages, calls, consent."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.gold.customer_interaction import BY_THE_DESK
from lakehouse.gold.timeline_event import in_words, named, timeline_events

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


def contact_events(
    customer_ticket: DataFrame, customer_interaction: DataFrame, consent_event: DataFrame
) -> list[DataFrame]:
    """Frames of `timeline_events`; `consent_event` has the customer_id of today."""
    return [*_tickets(customer_ticket), _contacts(customer_interaction), _consents(consent_event)]


def _tickets(customer_ticket: DataFrame) -> list[DataFrame]:
    closed = customer_ticket.where(F.col("closed_at").isNotNull())
    reopened = customer_ticket.where("is_reopened")
    topic = F.coalesce("topic", F.lit("no topic"))
    return [
        timeline_events(
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
    kind = F.when(is_touch, F.coalesce(in_words(action, _TOUCHES), F.lit("message"))).otherwise(
        F.col("interaction_type")
    )
    begun = F.when(action.isin(*BY_THE_DESK), in_words(kind, _BEGUN_BY_THE_DESK))
    score = F.concat_ws(" ", F.lit("score"), F.col("score"))
    title = F.concat_ws(
        ", ",
        F.concat_ws(
            " ", F.coalesce(begun, in_words(kind, _CONTACTS)), F.coalesce("campaign_id", "topic")
        ),
        F.when(F.col("score").isNotNull(), score),
        F.when(action.isin("unanswered", "outbound_unanswered"), F.lit("not answered")),
        _length(F.col("handling_seconds")),
    )
    rows = customer_interaction.where(
        ~F.col("interaction_type").isin("web_session", "support_ticket")
    )
    return timeline_events(
        rows,
        kind,
        "interaction_key",
        "happened_at",
        title,
        **named("channel", "campaign_id"),
    )


def _length(handling_seconds: Column) -> Column:
    """So many minutes, a begun one as a whole; null without a length."""
    minutes = F.greatest(F.ceil(handling_seconds / F.lit(60)), F.lit(1))
    unit = F.when(minutes == 1, "minute").otherwise("minutes")
    return F.when(handling_seconds.isNotNull(), F.concat_ws(" ", minutes, unit))


def _consents(consent_event: DataFrame) -> DataFrame:
    is_grant = F.col("action").eqNullSafe("grant")
    kind = F.when(is_grant, "consent_granted").otherwise("consent_withdrawn")
    words = F.when(is_grant, "Allowed").otherwise("No longer allows")
    title = F.concat_ws(" ", words, "purpose", F.lit("by"), "channel")
    return timeline_events(
        consent_event, kind, "record_key", "happened_at", title, channel=F.col("channel")
    )
