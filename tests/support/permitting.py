"""People who permit different things, and which roles of conf see what is known of them."""

ALL = ("service", "analytics", "marketing", "identity", "legal", "operations")
PERMITTED: dict[str, tuple[str, ...]] = {
    "agreed": ALL,
    "withdrew": ("service", "analytics", "identity", "legal", "operations"),
    "objected": ("service", "marketing", "identity", "legal", "operations"),
    "restricted": ("legal",),
}
"""By customer: who agreed to marketing, withdrew it, objected to analytics, is restricted for all."""

NOBODY = None
"""Whose row it is where nobody knows who it was, such as a guest's order."""
WHO = (*PERMITTED, NOBODY)

SEEN: dict[str, set[str | None]] = {
    "default": {"agreed", "withdrew", "objected", NOBODY},
    "agent": {"agreed", "withdrew", "objected", NOBODY},
    "marketer": {"agreed", "objected"},
    "analyst": {"agreed", "withdrew", NOBODY},
    "steward": {"agreed", "withdrew", "objected", NOBODY},
    "privacy_officer": {*WHO},
    "engineer": {"agreed", "withdrew", "objected", NOBODY},
}
"""By role, whose orders it sees."""
