"""Two stories told by many systems, as files that lie beside those of a demo company.

Sarah browses, leaves a cart, gets an e-mail and chats with an agent. Sam is Samuel at the shop, Sammy on
social media, S. Smith in the loyalty list; Samantha, who lives with him, Samuel senior, who lived there
before, and Priya, who has his old number, are others.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

DAY = "2026-01-05"
SNAPSHOT = f"{DAY}T03:00:00Z"
SAM = ("shop:A-SAM", "crm:C-SAM", "pos:L-SAM", "social:U-SAM")
OTHERS = ("shop:A-SAMANTHA", "crm:C-SENIOR", "shop:A-PRIYA")

_CRM = (
    "contact_id,first_name,middle_name,last_name,suffix,birth_date,gender,email,email_2,phone,phone_2,"
    "street,city,region,postcode,country,social_handle,created_on,snapshot_at"
)
_CONSENT = (
    "consent_event_id,subject_system,subject_id,purpose,channel,action,legal_basis,happened_at,"
    "received_at,email"
)
_MILL_LANE = {"street": "12 Mill Lane", "city": "Leeds", "postcode": "LS1 4AB", "country": "GB"}


def write_stories(landing: Path) -> None:
    """Adds the files of both stories to the first day's drop."""
    folder = landing / DAY
    text = {
        "crm_contact-story.csv": "\n".join([_CRM, *_contacts()]),
        "pos_loyalty_member-story.txt": "L-SAM|S. Smith|19850314|M|07911123456||12 Mill Lane|Leeds|"
        f"LS1 4AB|GB|G|900|20240105|{SNAPSHOT}",
        "consent_event-story.csv": f"{_CONSENT}\nG-1,shop,A-SARAH,marketing,email,grant,consent,"
        "2025-11-30T10:00:00Z,2025-11-30T10:00:20Z,",
        "support_ticket-story.json": json.dumps([_TICKET]),
    }
    for name, lines in {
        "shop_account-story.jsonl": _accounts(),
        "shop_order-story.jsonl": [_ORDER],
        "social_profile-story.jsonl": [_PROFILE],
        "social_mention-story.jsonl": [_MENTION],
        "web_event-story.jsonl": _events(),
        "marketing_event-story.jsonl": _messages(),
    }.items():
        text[name] = "\n".join(json.dumps(line) for line in lines)
    for name, content in text.items():
        (folder / name).write_text(content + "\n", encoding="cp1252")


def _contacts() -> list[str]:
    sam = "C-SAM,Sam,,Smith,,14/03/1985,M,samuel.smith85@gmail.com,,+44 7911 123456,07911 654321,"
    senior = "C-SENIOR,Samuel,,Smith,Sr,20/01/1955,M,,,01132 460111,,"
    at = "12 Mill Lane,Leeds,,LS1 4AB,GB,,01/02/2020"
    return [f"{sam}{at},{SNAPSHOT}", f"{senior}{at},{SNAPSHOT}"]


def _account(
    key: str, given: str, family: str, born: str, email: str, phone: str
) -> dict[str, Any]:
    return {
        "account_id": key,
        "op": "upsert",
        "given_name": given,
        "family_name": family,
        "birth_date": born,
        "email": email,
        "phone": phone,
        "marketing_opt_in": "no",
        "registered_on": "2022-01-31",
        "address": _MILL_LANE,
        "updated_at": "2025-10-25T14:02:19Z",
    }


def _accounts() -> list[Mapping[str, Any]]:
    sarah = _account(
        "A-SARAH", "Sarah", "Okonkwo", "1990-07-21", "sarah.okonkwo@gmail.com", "07911222333"
    )
    priya = _account(
        "A-PRIYA", "Priya", "Raman", "1998-11-02", "priya.raman98@gmail.com", "07911654321"
    )
    return [
        sarah | {"address": {**_MILL_LANE, "street": "3 Quay Street", "postcode": "LS2 7EE"}},
        _account(
            "A-SAM", "Samuel", "Smith", "1985-03-14", "samuel.smith85@gmail.com", "07911123456"
        ),
        _account(
            "A-SAMANTHA", "Samantha", "Smith", "1987-06-02", "samantha.s@outlook.com", "07911777888"
        ),
        priya | {"address": {**_MILL_LANE, "street": "88 Harbour Road", "postcode": "LS9 8AA"}},
    ]


_ORDER = {
    "order_id": "W-SARAH",
    "account_id": "A-SARAH",
    "ordered_at": "2025-12-01T10:00:00Z",
    "updated_at": "2025-12-01T10:15:00Z",
    "status": "SHIPPED",
    "currency": "GBP",
    "total": "57.09",
    "lines": [
        {"line_no": 1, "sku": "SKU-00010", "qty": 1, "unit_price": "57.09", "amount": "57.09"}
    ],
}

_PROFILE = {
    "profile_id": "U-SAM",
    "network": "x",
    "handle": "@sammysmith85",
    "display_name": "Sammy Smith",
    "city": "Leeds",
    "email": "samuel.smith85@gmail.com",
    "followers": 12,
    "updated_at": "2025-04-27T13:18:24Z",
}

_MENTION = {
    "mention_id": "Y-SAM",
    "network": "x",
    "author_id": "U-SAM",
    "author_handle": "sammysmith85",
    "posted_at": f"{DAY}T08:56:16Z",
    "collected_at": f"{DAY}T09:26:16Z",
    "text": "Love the new garden range",
    "likes": 4,
}

_TICKET = {
    "ticket_id": "K-SARAH",
    "opened_at": f"{DAY}T15:00:00Z",
    "closed_at": f"{DAY}T15:20:00Z",
    "updated_at": f"{DAY}T15:20:00Z",
    "channel": "chat",
    "topic": "product",
    "priority": "normal",
    "status": "closed",
    "subject": "The lamp in my cart",
    "requester": {
        "requester_id": "R-SARAH",
        "name": "Sarah Okonkwo",
        "email": "sarah.okonkwo@gmail.com",
        "country": "GB",
    },
    "messages": [
        {"number": 1, "author": "customer", "sent_at": f"{DAY}T15:00:00Z", "body": "Is it bright?"},
        {"number": 2, "author": "agent", "sent_at": f"{DAY}T15:05:00Z", "body": "800 lumens."},
    ],
}


def _events() -> list[Mapping[str, Any]]:
    """A visit before she logs in, and one in which she fills a cart and leaves."""
    steps: Sequence[tuple[str, str, str, str | None]] = (
        ("visit", "09:00:00", "/", None),
        ("page_view", "09:01:00", "/lighting", None),
        ("visit", "10:00:00", "/lighting", None),
        ("page_view", "10:01:00", "/product/sku-00079", "SKU-00079"),
        ("cart", "10:02:00", "/cart", "SKU-00079"),
    )
    events = []
    for n, (kind, at, path, sku) in enumerate(steps):
        is_later = n >= 2
        events.append(
            {
                "event_id": f"E-SARAH-{n}",
                "event_type": kind,
                "event_time": f"{DAY}T{at}Z",
                "received_at": f"{DAY}T{at}Z",
                "session_id": f"s-sarah-{int(is_later)}",
                "cookie_id": "ck-sarah",
                "device_id": "dv-sarah",
                "page_path": path,
                **({"product_id": sku} if sku else {}),
                **({"account_id": "A-SARAH"} if is_later else {}),
            }
        )
    return events


def _messages() -> list[Mapping[str, Any]]:
    return [
        {
            "event_id": f"M-SARAH-{n}",
            "event_type": kind,
            "event_time": f"{DAY}T{at}Z",
            "received_at": f"{DAY}T{at}Z",
            "campaign_id": "EM-CART",
            "channel": "email",
            "recipient_system": "shop",
            "recipient_id": "A-SARAH",
            "email": "sarah.okonkwo@gmail.com",
        }
        for n, (kind, at) in enumerate((("send", "14:00:00"), ("click", "14:05:00")))
    ]
