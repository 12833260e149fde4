"""What each feed knows of the people: their attributes, seen through named distortions."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lakehouse.demo.distort import (
    JUNK_EMAILS,
    PLACEHOLDER_BIRTH_DATES,
    mistyped_emails,
    other_gmail_form,
    upper,
    with_typos,
)
from lakehouse.demo.names import nicknames
from lakehouse.demo.places import pick
from lakehouse.demo.rates import DISTORTIONS, RECORD_RATES
from lakehouse.demo.views import View

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Texts = NDArray[np.object_]


class Labels:
    """Which distortions each record of a feed shows."""

    def __init__(self, records: int) -> None:
        self.marks = np.zeros((records, len(DISTORTIONS)), dtype=bool)

    def add(self, distortion: str, where: Bools) -> None:
        """Marks the records of `where`."""
        self.marks[:, DISTORTIONS.index(distortion)] |= where

    def clear(self, distortion: str, where: Bools) -> None:
        """Unmarks the records of `where`."""
        self.marks[:, DISTORTIONS.index(distortion)] &= ~where


class _Observation:
    """The records of one feed while they are being distorted."""

    def __init__(
        self, rng: np.random.Generator, people: pd.DataFrame, person: Ints, view: View
    ) -> None:
        self.rng, self.view, self.person, self.n = rng, view, person, len(person)
        self.true = {c: people[c].to_numpy()[person] for c in people.columns}
        self.labels = Labels(self.n)
        self.namesake: Bools = self.true["father"] | self.true["son"]
        self.delicate: Bools = self.namesake | self.true["twin"]
        self.heavy = np.zeros(self.n, dtype=np.int64)

    def chance(self, share: float) -> Bools:
        return self.rng.random(self.n) < share

    def strike(self, distortion: str, eligible: Bools, limit: int = 2) -> Bools:
        """Where a distortion falls; no record bears more than `limit` that cost evidence."""
        where = self.chance(getattr(RECORD_RATES, distortion)) & eligible & (self.heavy < limit)
        self.heavy += where
        self.labels.add(distortion, where)
        return where

    def stated(self, attribute: str) -> Bools:
        return self.chance(self.view.fill.get(attribute, 0.0))

    def names(self) -> tuple[Texts, Texts]:
        """Given and family name as the record has them, before case."""
        t, open_to_all = self.true, ~self.delicate
        maiden = self.strike("maiden_name", t["has_maiden_name"])
        form = {
            s: np.where(maiden, t["maiden" + s], t["family" + s])
            for s in ("", "_variant", "_plain")
        }
        differs = (t["given"] != t["given_variant"]) | (form[""] != form["_variant"])
        scripted = self.strike("accents_and_scripts", differs)
        given = np.where(scripted, t["given_variant"], t["given"])
        family = np.where(scripted, form["_variant"], form[""])
        if self.view.only_windows_1252:
            given, family = self._encodable(given, family, form["_plain"], scripted)
        given = self._short(given, open_to_all & ~scripted)
        slip = self.strike("typo", open_to_all & (self.heavy == 0))
        part = self.rng.random(self.n)
        self.email_slip = slip & (part > 0.8) & self.view.states("address")
        family = with_typos(self.rng, family, slip & (part < 0.5))
        given = with_typos(self.rng, given, slip & (part >= 0.5) & ~self.email_slip)
        swapped = self.strike("swapped_names", open_to_all & self.view.states("address"))
        return np.where(swapped, family, given), np.where(swapped, given, family)

    def _encodable(
        self, given: Texts, family: Texts, plain_family: Texts, scripted: Bools
    ) -> tuple[Texts, Texts]:
        plain = np.array(
            [not _fits_windows_1252(a + b) for a, b in zip(given, family, strict=True)], dtype=bool
        )
        self.labels.clear("accents_and_scripts", plain & scripted)
        written = np.array(
            [not _fits_windows_1252(a + b) for a, b in zip(self.true["given"], family, strict=True)]
        )
        self.labels.add("accents_and_scripts", plain & written & ~scripted)
        return np.where(plain, self.true["given_plain"], given), np.where(
            plain, plain_family, family
        )

    def _short(self, given: Texts, eligible: Bools) -> Texts:
        known = nicknames()
        has_short = np.array([name in known for name in given], dtype=bool)
        short = self.strike("nickname", eligible & has_short)
        out = given.copy()
        for row in np.flatnonzero(short).tolist():
            forms = known[out[row]]
            out[row] = forms[int(self.rng.integers(0, len(forms)))]
        return out

    def birth_dates(self) -> Texts:
        """ISO texts; empty where the record states none."""
        stated = self.stated("birth_date") | (self.namesake & self.view.states("birth_date"))
        days = self.true["birth_date"].astype("datetime64[D]").astype(str).astype(object)
        blind = self.strike("placeholder_birth_date", stated & ~self.namesake)
        return np.where(
            blind, pick(self.rng, self.n, PLACEHOLDER_BIRTH_DATES), np.where(stated, days, "")
        )

    def emails(self) -> Texts:
        """Addresses in lower case; empty where the record states none."""
        t, stated = self.true, self.stated("email")
        second = t["has_second_email"] & self.chance(0.4) & ~self.delicate
        own = np.where(second, t["second_email"], t["email"])
        own = other_gmail_form(self.rng, own, self.chance(0.2))
        own = mistyped_emails(self.rng, own, self.email_slip)
        family = (
            (t["shared_email"] != "") & (t["shared_email"] != t["email"]) & stated & ~self.delicate
        )
        shared = self.strike("shared_family_email", family & ~self.email_slip)
        junk = self.strike("junk_email", stated & ~shared & ~self.delicate & ~self.email_slip)
        own = np.where(
            shared, t["shared_email"], np.where(junk, pick(self.rng, self.n, JUNK_EMAILS), own)
        )
        self.own_email = stated & ~shared & ~junk & ~second
        return np.where(stated | self.email_slip, own, "")

    def phones(self) -> Texts:
        """National significant numbers; empty where the record states none."""
        t, stated = self.true, self.stated("phone")
        old = self.strike("new_phone", stated & t["has_new_phone"] & ~self.namesake)
        self.labels.add("recycled_phone", stated & t["recycled"] & (old | ~t["has_new_phone"]))
        self.own_phone = stated & ~old
        return np.where(stated, np.where(old, t["old_mobile"], t["mobile"]), "")

    def addresses(self) -> dict[str, Texts]:
        stated = self.stated("address") if self.view.states("address") else self.chance(1.0)
        old = self.strike("moved_house", stated & self.true["moved"])
        self.own_address = stated & ~old
        out = {}
        for part in ("street", "city", "region", "postcode"):
            values = np.where(old, self.true["old_" + part], self.true[part])
            shown = stated & self.stated(part) if not self.view.states("address") else stated
            out[part] = np.where(shown, values, "")
        if not self.view.states("address"):
            self.labels.clear("moved_house", old & (out["city"] == "") & (out["postcode"] == ""))
        return out


def _fits_windows_1252(text: str) -> bool:
    try:
        text.encode("windows-1252")
    except UnicodeEncodeError:
        return False
    return True


def _lose_values(seen: _Observation, values: dict[str, Texts]) -> None:
    """Blanks one attribute, of those that a record of this feed usually has."""
    if not seen.view.states("address"):
        return
    lost = seen.strike("missing_values", ~seen.delicate & (seen.heavy < 1))
    which = seen.rng.integers(0, 4, size=seen.n)
    for number, columns in enumerate(
        (("birth_date",), ("phone",), ("email",), ("street", "postcode"))
    ):
        for column in columns:
            values[column] = np.where(lost & (which == number), "", values[column])
    seen.own_phone &= ~(lost & (which == 1))
    seen.own_email &= ~(lost & (which == 2))
    seen.own_address &= ~(lost & (which == 3))


def _keep_anchors(seen: _Observation, values: dict[str, Texts]) -> None:
    """Gives back e-mail and telephone to a record that has too little left to be found by."""
    good_birth = (values["birth_date"] != "") & ~np.isin(
        values["birth_date"], PLACEHOLDER_BIRTH_DATES
    )
    anchors = good_birth.astype(np.int64) + seen.own_email + seen.own_phone
    anchors += seen.own_address & seen.view.states("address")
    short = anchors < np.where(seen.namesake, max(seen.view.anchors, 1), seen.view.anchors)
    values["email"] = np.where(
        short & seen.view.states("email"), seen.true["email"], values["email"]
    )
    values["phone"] = np.where(
        short & seen.view.states("phone"), seen.true["mobile"], values["phone"]
    )
    for distortion in ("junk_email", "shared_family_email", "new_phone", "recycled_phone"):
        seen.labels.clear(distortion, short)
    seen.labels.clear(
        "missing_values", short & (values["birth_date"] != "") & (values["street"] != "")
    )
    seen.labels.add("recycled_phone", short & seen.true["recycled"] & ~seen.true["has_new_phone"])


def _finish_case(seen: _Observation, values: dict[str, Texts]) -> None:
    loud = seen.chance(RECORD_RATES.upper_case) & (values["given"] != "")
    seen.labels.add("upper_case", loud)
    for column in ("given", "family", "street", "city"):
        values[column] = upper(values[column], loud)
    values["email"] = upper(values["email"], loud & seen.chance(0.5))


def observe(
    rng: np.random.Generator, people: pd.DataFrame, person: Ints, view: View
) -> tuple[pd.DataFrame, Labels]:
    """One record per entry of `person` (row numbers in `people`), as the feed of `view` has it.

    Columns: person (row in people), given, family, middle, suffix, gender, birth_date (ISO text),
    date_style (0 is the feed's own), email, second_email, phone and second_phone (national
    significant numbers), street, city, region, postcode, country, handle. Unknown is an empty text.
    """
    seen = _Observation(rng, people, person, view)
    t = seen.true
    given, family = seen.names()
    values: dict[str, Texts] = {
        "birth_date": seen.birth_dates(),
        "email": seen.emails(),
        "phone": seen.phones(),
    }
    values |= seen.addresses()
    named = seen.stated("given")
    named |= t["shared_email"] != ""
    values |= {"given": np.where(named, given, ""), "family": np.where(named, family, "")}
    unnamed = ~named
    for distortion in ("nickname", "typo", "accents_and_scripts", "maiden_name", "swapped_names"):
        seen.labels.clear(distortion, unnamed)
    _lose_values(seen, values)
    _keep_anchors(seen, values)
    _finish_case(seen, values)
    styled = (values["birth_date"] != "") & seen.chance(RECORD_RATES.date_formats)
    seen.labels.add("date_formats", styled)
    seen.labels.add("twins", t["twin"])
    seen.labels.add("father_and_son", seen.namesake)
    suffix = np.where(t["father"], "Sr", np.where(t["son"], "Jr", ""))
    optional = {
        "middle": np.where(seen.stated("middle"), t["middle"], ""),
        "suffix": np.where(seen.chance(0.5), suffix, ""),
        "gender": np.where(seen.stated("gender"), np.where(t["female"], "F", "M"), ""),
        "second_email": np.where(
            seen.stated("second_email") & t["has_second_email"], t["second_email"], ""
        ),
        "second_phone": np.where(
            seen.stated("second_phone") & t["has_new_phone"], t["old_mobile"], ""
        ),
        "date_style": np.where(styled, rng.integers(1, 3, size=seen.n), 0),
        "country": t["country"],
        "person": person,
    }
    return pd.DataFrame(values | optional), seen.labels
