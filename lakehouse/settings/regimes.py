"""Which law a person is under, by residence, as conf/base/regimes.yml says it."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import Field, StringConstraints, model_validator

from lakehouse.settings.base_types import Frozen, Name, Text
from lakehouse.settings.purposes import LegalBasis, PurposeSettings

Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]


class Right(StrEnum):
    """What a person may ask for."""

    ACCESS = "access"
    PORTABILITY = "portability"
    RECTIFICATION = "rectification"
    ERASURE = "erasure"
    RESTRICTION = "restriction"
    OBJECTION = "objection"
    OPT_OUT_OF_SALE = "opt_out_of_sale"


class Unknown(StrEnum):
    """What holds of a person who never decided: not before a yes, or until a no."""

    OPT_IN = "opt_in"
    OPT_OUT = "opt_out"


class Regime(Frozen):
    """One law. `countries` are ISO 3166-1 alpha-2; with `regions` it holds there alone (in any letters).

    A request is acknowledged within `acknowledge_days` and answered within `deadline_days`, which
    `extension_days` may be added to once; `warn_days` before that somebody is told. `bases` says the
    legal bases in this law's words. `sooner` says by right within how many days the law has it answered
    instead, with no extension. `where_unknown` says by purpose what holds of those who never
    decided; by default nothing that needs consent is allowed.
    """

    name: Name
    title: Text
    countries: tuple[Country, ...] = Field(min_length=1)
    regions: tuple[Text, ...] = ()
    rights: tuple[Right, ...] = Field(min_length=1)
    deadline_days: int = Field(ge=1, le=366)
    extension_days: int = Field(ge=0, le=366)
    acknowledge_days: int = Field(ge=1, le=366)
    warn_days: int = Field(ge=1, le=366)
    sooner: dict[Right, int] = Field(default_factory=dict)
    bases: dict[LegalBasis, Text]
    where_unknown: dict[Name, Unknown] = Field(default_factory=dict)
    complaint: Text

    @model_validator(mode="after")
    def _regions_of_one_country(self) -> Self:
        if self.regions and len(self.countries) > 1:
            raise ValueError("regions need one country, which they lie in")
        return self

    @model_validator(mode="after")
    def _warns_in_time(self) -> Self:
        if max(self.warn_days, self.acknowledge_days) > self.deadline_days:
            raise ValueError("warn_days and acknowledge_days must not exceed deadline_days")
        return self

    @model_validator(mode="after")
    def _sooner_than_the_deadline(self) -> Self:
        for right, days in self.sooner.items():
            if right not in self.rights or not 1 <= days < self.deadline_days:
                raise ValueError(
                    "sooner names rights of this law, and fewer days than deadline_days"
                )
        return self

    def days(self, right: Right) -> int:
        """Within how many days a request for that right is answered."""
        return self.sooner.get(right, self.deadline_days)

    def extension(self, right: Right) -> int:
        """Days that may be added to that once; 0 where the law allows none."""
        return 0 if right in self.sooner else self.extension_days

    def unknown(self, purpose: str) -> Unknown:
        """What holds of a person who never decided about that purpose."""
        return self.where_unknown.get(purpose, Unknown.OPT_IN)


class RegimeSettings(Frozen):
    """The whole of conf/base/regimes.yml: laws by name, and the one that holds where none is known."""

    default: Name
    regimes: dict[Name, Regime] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _named(cls, content: Any) -> Any:
        """Each regime goes by its key."""
        regimes = content.get("regimes") if isinstance(content, dict) else None
        if not isinstance(regimes, dict):
            return content
        named = {k: {"name": k, **v} if isinstance(v, dict) else v for k, v in regimes.items()}
        return {**content, "regimes": named}

    @model_validator(mode="after")
    def _one_law_for_each_place(self) -> Self:
        if self.default not in self.regimes:
            raise ValueError("default names no regime")
        places = [place for regime in self.regimes.values() for place in _places(regime)]
        twice = sorted(
            {country for country, region in places if places.count((country, region)) > 1}
        )
        if twice:
            raise ValueError(f"several regimes hold for one place: {', '.join(twice)}")
        return self

    def unknown_by_place(self, purpose: str) -> dict[tuple[str, str], Unknown]:
        """What holds of those who never decided about the purpose, by country and folded region.

        An empty region stands for the rest of the country, an empty country for all others, as in
        `regime_of`.
        """
        laws = self.regimes.values()
        by_place = {place: law.unknown(purpose) for law in laws for place in _places(law)}
        return {**by_place, ("", ""): self.regimes[self.default].unknown(purpose)}

    def regime_of(self, country: str | None, region: str | None = None) -> Regime:
        """The law of that residence: of its region if one has a law of its own, else of its country.

        The default for a country that is None or in no regime.
        """
        by_place = {place: regime for regime in self.regimes.values() for place in _places(regime)}
        found = by_place.get((country or "", _folded(region or "")))
        return found or by_place.get((country or "", "")) or self.regimes[self.default]


def _places(regime: Regime) -> Iterator[tuple[str, str]]:
    for country in dict.fromkeys(regime.countries):
        for region in dict.fromkeys(map(_folded, regime.regions or ("",))):
            yield country, region


def _folded(region: str) -> str:
    return " ".join(region.split()).casefold()


def regime_faults(
    settings: RegimeSettings, purposes: PurposeSettings
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """A legal basis that a regime has no words for, and defaults for what is no purpose."""
    needed = {purpose.legal_basis for purpose in purposes.purposes.values()}
    for name, regime in settings.regimes.items():
        for basis in sorted(needed - regime.bases.keys()):
            yield (
                ("regimes", name, "bases", basis),
                "is missing, and a purpose has this legal basis",
            )
        for purpose in regime.where_unknown:
            if purpose not in purposes.purposes:
                yield ("regimes", name, "where_unknown", purpose), "there is no such purpose"
            elif not purposes.purposes[purpose].needs_consent:
                yield (
                    ("regimes", name, "where_unknown", purpose),
                    "needs no consent, so none is unknown",
                )
