"""Gold: how customers are dealt with: visits to the web site, and the support desk."""

from lakehouse.tables.gold.parts import (
    DIRECT,
    KNOWN_CUSTOMER_ID,
    PERSON_LINK,
    PSEUDONYM,
    QUASI,
    SERVICE,
    SOURCE_SYSTEM,
    about_customers,
)
from lakehouse.tables.spec import Column

_EVENT = "silver.web_event"


def _minutes(name: str, description: str, *fed_by: str) -> Column:
    columns = tuple(f"gold.customer_ticket.{column}" for column in fed_by)
    return Column(name, "bigint", description, unit="minutes", fed_by=columns)


CUSTOMER_WEB_SESSION = about_customers(
    "customer_web_session",
    "One row per session on the web site or in the app. Machines and visitors whom nobody knows stay, "
    "so that events add up.",
    Column(
        "session_key",
        "string",
        "Source system and session id; of events that name no session, record_key of the first in their run on one "
        "cookie, else device (web.session_gap_minutes), with one account's logins. A device of several accounts has "
        "runs of logins alone.",
        PSEUDONYM,
        required=True,
        fed_by=(f"{_EVENT}.session_id", f"{_EVENT}.record_key"),
    ),
    KNOWN_CUSTOMER_ID,
    PERSON_LINK,
    SOURCE_SYSTEM,
    Column("record_key", "string", "First event in silver.web_event.", PSEUDONYM, required=True),
    Column(
        "identified_by",
        "string",
        "login (in the session); earlier_login or later_login (on the same cookie); earlier_device_login or "
        "later_device_login (on the same device, if one account alone logged in on it); null if nobody knows.",
        fed_by=(f"{_EVENT}.person_record_key", f"{_EVENT}.cookie_id", f"{_EVENT}.device_id"),
    ),
    Column(
        "known_from_at",
        "timestamp",
        "Since when it is known whose session it is: the login, or its start after an earlier one.",
        fed_by=(f"{_EVENT}.event_at",),
    ),
    Column("cookie_id", "string", "Cookie of the browser.", DIRECT),
    Column("device_id", "string", "Device of the visitor.", DIRECT),
    Column(
        "is_bot",
        "boolean",
        "True if on a day of the session its cookie had more events than conf allows (web.bot_events_per_day), or its "
        "device, for each account that logged in on that on the day.",
        required=True,
    ),
    Column(
        "started_at", "timestamp", "First event.", required=True, fed_by=(f"{_EVENT}.event_at",)
    ),
    Column("ended_at", "timestamp", "Last event.", required=True, fed_by=(f"{_EVENT}.event_at",)),
    Column(
        "session_date",
        "date",
        "UTC date of started_at.",
        required=True,
        fed_by=(f"{_EVENT}.event_at",),
    ),
    Column(
        "furthest_step",
        "string",
        "visit, page_view, cart or checkout; null if no event is any of them.",
        fed_by=(f"{_EVENT}.event_type",),
    ),
    Column(
        "campaign_id",
        "string",
        "Paid campaign of its first visit that names one; null if none does. All are in silver.media_touch.",
    ),
    Column(
        "medium",
        "string",
        "Medium of that campaign: search, social, display or affiliate; null without a campaign.",
    ),
    Column("referrer", "string", "Host that the visitor came from.", QUASI),
    Column("event_count", "bigint", "Events.", unit="events", required=True),
    Column("page_count", "bigint", "Page views.", unit="pages", required=True),
    Column(
        "page_paths",
        "array<string>",
        "Pages seen, in order, each once.",
        QUASI,
        required=True,
        fed_by=(f"{_EVENT}.page_path",),
    ),
    Column(
        "viewed_products",
        "array<string>",
        "Products whose page was seen, in order, each once.",
        QUASI,
        required=True,
        fed_by=(f"{_EVENT}.product_id",),
    ),
    Column(
        "carted_products",
        "array<string>",
        "Products put into the cart, in order, each once.",
        QUASI,
        required=True,
        fed_by=(f"{_EVENT}.product_id",),
    ),
    Column(
        "carted_at",
        "timestamp",
        "When something was last put into the cart; null without a cart.",
        fed_by=(f"{_EVENT}.event_at",),
    ),
    Column(
        "cart_state",
        "string",
        "checked_out (in the session, and nothing put in since), recovered (by an order within "
        "web.cart_recovery_days), abandoned; null without a cart.",
        fed_by=(f"{_EVENT}.event_type", "gold.customer_order.ordered_at"),
    ),
    Column(
        "cart_contents",
        "array<string>",
        "Products of the cart that cart_state is about, in order, each once: those put in after the last checkout "
        "before carted_at, or all if there was none.",
        QUASI,
        required=True,
        fed_by=(f"{_EVENT}.product_id",),
    ),
    primary_key=("session_key",),
    owner="digital",
    retention_days=395,
)

_SESSION = "gold.customer_web_session"

_LOGIN_MOMENTS = (f"{_SESSION}.known_from_at", f"{_EVENT}.event_at")

CUSTOMER_DEVICE = about_customers(
    "customer_device",
    "One row per device or cookie and period in which the logins on it were one customer's. Whose a visit was, "
    "without a login too, says gold.customer_web_session.",
    KNOWN_CUSTOMER_ID,
    Column("identifier_type", "string", "device or cookie.", required=True),
    Column(
        "identifier_value",
        "string",
        "Device or cookie, as the source names it.",
        DIRECT,
        required=True,
        fed_by=(f"{_SESSION}.device_id", f"{_SESSION}.cookie_id"),
    ),
    Column(
        "known_from_at",
        "timestamp",
        "First login of the period: from then on it is known whose it is.",
        required=True,
        fed_by=_LOGIN_MOMENTS,
    ),
    Column(
        "known_to_at",
        "timestamp",
        "When somebody else logged in on it; null while nobody has.",
        fed_by=_LOGIN_MOMENTS,
    ),
    Column(
        "last_login_at",
        "timestamp",
        "Last login of the period.",
        required=True,
        fed_by=_LOGIN_MOMENTS,
    ),
    Column(
        "is_shared",
        "boolean",
        "True if logins of several customers were ever made on it: it is nobody's alone.",
        required=True,
    ),
    Column(
        "login_count",
        "bigint",
        "Sessions of the period with a login.",
        unit="sessions",
        required=True,
    ),
    SOURCE_SYSTEM,
    Column(
        "person_record_key",
        "string",
        "record_key in silver.person_record of the account of the first login.",
        PSEUDONYM,
        required=True,
    ),
    Column(
        "session_key",
        "string",
        "Session of the first login in gold.customer_web_session; several accounts can log in during one.",
        PSEUDONYM,
        required=True,
    ),
    primary_key=("session_key", "identifier_type", "known_from_at", "person_record_key"),
    owner="digital",
    retention_days=395,
)

CUSTOMER_TICKET = about_customers(
    "customer_ticket",
    "One row per ticket of the support desk and how it was handled; nobody's words.",
    Column("record_key", "string", "Ticket in silver.support_ticket.", PSEUDONYM, required=True),
    KNOWN_CUSTOMER_ID,
    PERSON_LINK,
    SOURCE_SYSTEM,
    Column("ticket_id", "string", "Ticket number in its source.", PSEUDONYM, required=True),
    Column("channel", "string", "email, chat, phone or web."),
    Column("topic", "string", "What it is about, from the desk's list."),
    Column("priority", "string", "low, normal, high or urgent."),
    Column("status", "string", "open, pending or closed."),
    Column("opened_at", "timestamp", "When it was opened.", required=True),
    Column(
        "opened_date",
        "date",
        "UTC date of opened_at.",
        required=True,
        fed_by=("silver.support_ticket.opened_at",),
    ),
    Column(
        "first_response_at",
        "timestamp",
        "When the desk first wrote, took a call or chat, or began one that the customer took; null if it did not.",
        fed_by=("silver.support_message.sent_at", "silver.support_message.answered_at"),
    ),
    Column(
        "closed_at",
        "timestamp",
        "When it was closed; null while open, and where the desk does not say when.",
    ),
    Column(
        "is_closing_known",
        "boolean",
        "False if its status is closed and its source does not say when that came about.",
        required=True,
        fed_by=("silver.support_ticket.status", "silver.support_ticket.closed_at"),
    ),
    Column(
        "message_count",
        "bigint",
        "Messages, calls and chats by either side.",
        unit="messages",
        required=True,
    ),
    Column(
        "agent_message_count",
        "bigint",
        "Messages, calls and chats that the desk began.",
        unit="messages",
        required=True,
    ),
    _minutes(
        "first_response_minutes",
        "From opening to the desk's first response.",
        "opened_at",
        "first_response_at",
    ),
    _minutes(
        "handling_minutes",
        "From the desk's first response to closing.",
        "first_response_at",
        "closed_at",
    ),
    _minutes("resolution_minutes", "From opening to closing.", "opened_at", "closed_at"),
    Column(
        "is_reopened",
        "boolean",
        "True if the customer wrote after it was closed for the first time, or if it was open again after that.",
        required=True,
        fed_by=(
            "silver.support_message.author",
            "silver.support_message.sent_at",
            "silver.support_ticket.first_closed_at",
            "silver.support_ticket.open_again_at",
        ),
    ),
    Column(
        "is_first_contact_resolution",
        "boolean",
        "True if it was closed after one response by the desk and was not reopened.",
        required=True,
        fed_by=(
            "silver.support_message.author",
            "silver.support_message.sent_at",
            "silver.support_ticket.first_closed_at",
            "silver.support_ticket.open_again_at",
        ),
    ),
    Column(
        "conversation_count",
        "bigint",
        "Calls and chats about it; each is in gold.customer_interaction.",
        unit="conversations",
        required=True,
        fed_by=("silver.support_message.channel",),
    ),
    Column(
        "conversation_seconds",
        "bigint",
        "For how long these were handled, from the answer to the end.",
        unit="seconds",
        required=True,
        fed_by=("silver.support_message.answered_at", "silver.support_message.ended_at"),
    ),
    Column(
        "reopened_at",
        "timestamp",
        "When the customer first wrote after the first closing, or when its source first told of it as open again, "
        "whichever came first; null if it was not reopened.",
        fed_by=(
            "silver.support_message.author",
            "silver.support_message.sent_at",
            "silver.support_ticket.first_closed_at",
            "silver.support_ticket.open_again_at",
        ),
    ),
    primary_key=("record_key",),
    owner="support",
    purposes=SERVICE,
)
