"""Which attributes each feed of people holds, and how often."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class View:
    """Which attributes a feed holds: the share of its records that state each, and its limits.

    `anchors` is how many of (birth date, own e-mail, own telephone, address) a record keeps at
    least, so that every record can be found by somebody who looks well.
    """

    feed: str
    fill: dict[str, float] = field(default_factory=dict)
    anchors: int = 0
    only_windows_1252: bool = False

    def states(self, attribute: str) -> bool:
        """Whether the feed has the attribute at all."""
        return attribute in self.fill


VIEWS = {
    view.feed: view
    for view in (
        View(
            "crm_contact",
            {
                "given": 1.0,
                "middle": 0.6,
                "birth_date": 0.9,
                "gender": 0.85,
                "email": 0.85,
                "second_email": 0.5,
                "phone": 0.85,
                "second_phone": 0.5,
                "address": 0.95,
                "handle": 0.4,
            },
            anchors=2,
            only_windows_1252=True,
        ),
        View(
            "shop_account",
            {
                "given": 1.0,
                "birth_date": 0.62,
                "email": 1.0,
                "phone": 0.7,
                "address": 0.85,
                "handle": 0.3,
            },
            anchors=2,
        ),
        View(
            "pos_loyalty_member",
            {
                "given": 1.0,
                "birth_date": 0.9,
                "gender": 0.7,
                "email": 0.6,
                "phone": 0.85,
                "address": 0.88,
            },
            anchors=2,
        ),
        View(
            "support_ticket", {"given": 1.0, "email": 0.85, "phone": 0.6, "handle": 0.15}, anchors=1
        ),
        View("newsletter_subscriber", {"given": 0.7, "email": 1.0, "postcode": 0.45}),
        View("social_profile", {"given": 1.0, "email": 0.25, "city": 0.75, "handle": 1.0}),
    )
}
