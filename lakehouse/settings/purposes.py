"""Why personal data may be used, as conf/base/purposes.yml says it; tables name purposes by these names."""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from lakehouse.settings.base_types import Frozen, Name, Text
from lakehouse.tables.bronze import bronze_table
from lakehouse.tables.registry import STATIC_TABLES
from lakehouse.tables.spec import TableSpec


class LegalBasis(StrEnum):
    """Grounds on which data may be used, by the names of GDPR article 6(1), from (a) to (f)."""

    CONSENT = "consent"
    CONTRACT = "contract"
    LEGAL_OBLIGATION = "legal_obligation"
    VITAL_INTEREST = "vital_interest"
    PUBLIC_TASK = "public_task"
    LEGITIMATE_INTEREST = "legitimate_interest"


_OBJECTIONABLE = (LegalBasis.PUBLIC_TASK, LegalBasis.LEGITIMATE_INTEREST, LegalBasis.CONSENT)


class Controller(Frozen):
    """Who answers for the data: the company's name, and where a person may write."""

    name: Text
    contact: Text


class Purpose(Frozen):
    """One purpose: `title` and `text` are read by the persons themselves.

    `consent_purpose` is what consent events call it: needed where the basis is consent; elsewhere a
    withdrawal by that name is an objection. `recipients` are categories of those it is shared with.
    `is_sale` is true where data is sold, or shared for advertising across contexts, as the CCPA says it.
    `longest_days` is for how many days after a customer last did something they are used for it, and a
    table that is kept for it alone is kept at most; without it as long as its tables are kept.
    """

    title: Text
    text: Text
    legal_basis: LegalBasis
    recipients: tuple[Text, ...]
    consent_purpose: Name | None = None
    is_sale: bool = False
    longest_days: int | None = Field(default=None, ge=1)

    @property
    def may_be_objected_to(self) -> bool:
        """True if a person may forbid it: a duty, a contract or a life to save stand whatever she says.

        An objection to what rests on consent takes the consent back (GDPR articles 7(3), 21(1) and 21(3)).
        """
        return self.legal_basis in _OBJECTIONABLE

    @property
    def needs_consent(self) -> bool:
        """True if nothing may be used for it before the person agreed."""
        return self.legal_basis is LegalBasis.CONSENT

    @model_validator(mode="after")
    def _consent_has_a_name(self) -> Self:
        if self.needs_consent and self.consent_purpose is None:
            raise ValueError("consent_purpose must say what consent events call it")
        return self


class PurposeSettings(Frozen):
    """The whole of conf/base/purposes.yml: purposes by name, and the controller where one is said."""

    controller: Controller | None = None
    purposes: dict[Name, Purpose] = Field(min_length=1)


def purpose_faults(
    settings: PurposeSettings, named: Mapping[str, str], specs: Iterable[TableSpec] = ()
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """A purpose that is named and not described, or described and never named, or shorter than a table needs.

    Args:
        settings: what conf describes.
        named: by purpose, one who names it, such as a table.
        specs: the tables, of which each may be kept as long as the purpose that needs it for longest.
    """
    for name, who in sorted(named.items()):
        if name not in settings.purposes:
            yield ("purposes", name), f"is missing, and {who} names it"
    for name in settings.purposes:
        if name not in named:
            yield ("purposes", name), "nothing names this purpose"
    for spec in specs:
        days = {
            n: settings.purposes[n].longest_days for n in spec.purposes if n in settings.purposes
        }
        ends = {name: longest for name, longest in days.items() if longest is not None}
        if spec.personal_columns and ends and len(ends) == len(days):
            name = max(ends, key=ends.__getitem__)
            if spec.retention_days > ends[name]:
                yield (
                    ("purposes", name, "longest_days"),
                    f"must be {spec.retention_days} at least, as {spec.name} is kept so long for it",
                )


def named_purposes(specs: Iterable[TableSpec]) -> dict[str, str]:
    """By purpose that a table names, the first such table."""
    named: dict[str, str] = {}
    for spec in specs:
        for purpose in spec.purposes:
            named.setdefault(purpose, spec.name)
    return named


NAMED_BY_TABLES = named_purposes((*STATIC_TABLES, bronze_table("any", "", "", ())))
"""The purposes that tables name. All bronze tables name the same, whatever source they are made from."""
