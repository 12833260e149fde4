"""The people of the demo company as they truly are: households, names, addresses, contacts."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lakehouse.demo.names import CountryNames, Pool, name_pools
from lakehouse.demo.places import COUNTRIES, COUNTRY_SHARES, draw_addresses, draw_mobiles, together
from lakehouse.demo.rates import PERSON_RATES

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Texts = NDArray[np.object_]

_PROVIDERS = {
    "GB": (
        "gmail.com",
        "hotmail.co.uk",
        "outlook.com",
        "yahoo.co.uk",
        "icloud.com",
        "btinternet.com",
    ),
    "US": ("gmail.com", "yahoo.com", "outlook.com", "icloud.com", "aol.com", "comcast.net"),
    "DE": ("gmail.com", "gmx.de", "web.de", "t-online.de", "outlook.de", "icloud.com"),
    "FR": ("gmail.com", "orange.fr", "hotmail.fr", "free.fr", "laposte.net", "yahoo.fr"),
    "PL": ("gmail.com", "wp.pl", "onet.pl", "o2.pl", "interia.pl", "outlook.com"),
    "GR": ("gmail.com", "yahoo.gr", "hotmail.gr", "otenet.gr", "outlook.com", "icloud.com"),
    "BG": ("gmail.com", "abv.bg", "mail.bg", "yahoo.com", "outlook.com", "icloud.com"),
    "CN": ("gmail.com", "qq.com", "163.com", "126.com", "outlook.com", "sina.com"),
}
_PROVIDER_SHARES = (0.44, 0.16, 0.14, 0.12, 0.09, 0.05)
_HOUSEHOLD_SIZES = np.array([1, 2, 3, 4, 5])
_HOUSEHOLD_SHARES = (0.45, 0.31, 0.11, 0.09, 0.04)
_FLATMATE_SHARE = 0.14
_CUSTOMERS_PER_BUSINESS = 2_500
_PEOPLE_PER_BUSINESS = 20
_ADDRESS = ("street", "city", "region", "postcode")


@dataclass(frozen=True)
class Chunk:
    """One independent part of the population: its number and the number of its first customer."""

    number: int
    first_customer: int
    customers: int


def _households(rng: np.random.Generator, count: int) -> tuple[Ints, Ints, Ints, Bools]:
    """Per person: household number, position in it, its size, whether it is a shared flat."""
    sizes = rng.choice(_HOUSEHOLD_SIZES, size=count, p=_HOUSEHOLD_SHARES)
    kept = int(np.searchsorted(np.cumsum(sizes), count)) + 1
    sizes = sizes[:kept]
    sizes[-1] -= int(sizes.sum()) - count
    flat = (rng.random(kept) < _FLATMATE_SHARE) & (sizes > 1)
    number = np.repeat(np.arange(kept), sizes)
    position = np.arange(count) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return number, position, np.repeat(sizes, sizes), np.repeat(flat, sizes)


def _birth_dates(
    rng: np.random.Generator, position: Ints, flat: Bools, household: Ints
) -> NDArray[np.datetime64]:
    """Heads of 38 to 74 with a partner near in age; children of 16 to 30; flatmates of 20 to 40."""
    head = rng.integers(38 * 365, 74 * 365, size=int(household.max()) + 1)[household]
    days = np.where(position == 0, head, head + rng.integers(-5 * 365, 5 * 365, size=len(head)))
    child = rng.integers(16 * 365, 30 * 365, size=len(head))
    days = np.where(position >= 2, np.minimum(child, head - 20 * 365), days)
    days = np.where(flat, rng.integers(20 * 365, 40 * 365, size=len(head)), days)
    return np.datetime64("2026-01-01") - days.astype("timedelta64[D]")


def _draw_given(rng: np.random.Generator, names: CountryNames, female: Bools) -> Ints:
    """Positions in the country's female or male pool."""
    return np.where(female, names.female.draw(rng, len(female)), names.male.draw(rng, len(female)))


def _redraw_namesakes(
    rng: np.random.Generator, names: CountryNames, given: Ints, female: Bools, household: Ints
) -> Ints:
    """Nobody shares the first three letters of a given name with a housemate by chance.

    Louis and Louise at one address are told apart by no evidence that every feed has; fathers and
    sons, who are meant to be hard, are named alike later.
    """
    for _ in range(8):
        start = [name[:3] for name in _take(names, given, female, "plain")]
        frame = pd.DataFrame({"household": household, "start": start})
        again = frame.duplicated().to_numpy()
        if not again.any():
            break
        given = given.copy()
        given[again] = _draw_given(rng, names, female[again])
    return given


def _take(names: CountryNames, given: Ints, female: Bools, form: str) -> Texts:
    def of(pool: Pool) -> Texts:
        texts: Texts = getattr(pool, form)
        return texts[np.minimum(given, len(texts) - 1)]

    return np.where(female, of(names.female), of(names.male))


def _country_people(rng: np.random.Generator, country: str, base: pd.DataFrame) -> pd.DataFrame:
    """Names, addresses and telephones of the people of one country."""
    names = name_pools()[country]
    household = pd.factorize(base["household"])[0]
    households, n = int(household.max()) + 1, len(base)
    female = base["female"].to_numpy()
    son = base["son"].to_numpy()
    given = _redraw_namesakes(rng, names, _draw_given(rng, names, female), female, household)
    head = np.flatnonzero(base["position"].to_numpy() == 0)
    head_of = np.zeros(households, dtype=np.int64)
    head_of[household[head]] = head
    given = np.where(son, given[head_of[household]], given)
    family = names.family.draw(rng, households)[household]
    family = np.where(base["flat"], names.family.draw(rng, n), family)
    maiden = names.family.draw(rng, n)
    here, before = draw_addresses(rng, country, households), draw_addresses(rng, country, n)
    out = {"given" + s: _take(names, given, female, f) for s, f in _FORMS}
    out |= {"family" + s: getattr(names.family, f)[family] for s, f in _FORMS}
    out |= {"maiden" + s: getattr(names.family, f)[maiden] for s, f in _FORMS}
    for part in ("street", "city", "region", "postcode"):
        out[part] = getattr(here, part)[household]
        out["old_" + part] = getattr(before, part)
    out["mobile"], out["old_mobile"] = draw_mobiles(rng, country, n), draw_mobiles(rng, country, n)
    return pd.DataFrame(out, index=base.index)


_FORMS = (("", "written"), ("_variant", "variant"), ("_plain", "plain"))


def _locals(rng: np.random.Generator, people: pd.DataFrame, work: bool) -> list[str]:
    """Local parts of e-mail addresses: ASCII names with a number that keeps them apart."""
    shape = rng.integers(0, 5, size=len(people)).tolist()
    number = rng.integers(0, 10_000, size=len(people)).tolist()
    year = people["birth_date"].dt.year.to_numpy().tolist()
    names = zip(people["given_plain"], people["family_plain"], shape, number, year, strict=True)
    out = []
    for given, family, s, n, y in names:
        first, last = given.lower(), family.lower().replace("'", "").replace(" ", "")
        if work:
            out.append(f"{first}.{last}{n}" if s < 4 else f"{last}{n}.{first[:2]}")
            continue
        tails = (
            f"{first}.{last}{n}",
            f"{first[0]}{last}{n}",
            f"{first}{n}{last[:3]}",
            f"{last}.{first}{n % 1000}",
        )
        out.append((*tails, f"{first}{last}{y % 100:02d}{n % 100:02d}")[s])
    return out


def _emails(rng: np.random.Generator, people: pd.DataFrame, work: bool) -> Texts:
    local = np.array(_locals(rng, people, work), dtype=object)
    provider = rng.choice(len(_PROVIDER_SHARES), size=len(people), p=_PROVIDER_SHARES)
    table = np.array([_PROVIDERS[country] for country in COUNTRIES], dtype=object)
    country = pd.Categorical(people["country"], categories=COUNTRIES).codes
    return together(local, "@", table[country, provider])


def _handles(rng: np.random.Generator, people: pd.DataFrame) -> Texts:
    number = rng.integers(0, 100_000, size=len(people)).tolist()
    mark = rng.integers(0, 3, size=len(people)).tolist()
    rows = zip(people["given_plain"], people["family_plain"], number, mark, strict=True)
    return np.array(
        [
            f"{g.lower()}{('_', '.', '')[m]}{f.lower().replace(chr(39), '')[: 3 + n % 4]}{n}"
            for g, f, n, m in rows
        ],
        dtype=object,
    )


def _base(rng: np.random.Generator, chunk: Chunk) -> pd.DataFrame:
    """Households and who stands where in them, with twins and sons named after their father."""
    household, position, size, flat = _households(rng, chunk.customers)
    count = int(household.max()) + 1
    country = rng.choice(len(COUNTRIES), size=count, p=COUNTRY_SHARES)[household]
    female = rng.random(chunk.customers) < 0.52
    family = ~flat
    has_twins = (
        (rng.random(count) < PERSON_RATES.twins_per_large_household)[household]
        & (size >= 4)
        & family
    )
    has_son = (
        (rng.random(count) < PERSON_RATES.father_and_son_per_family)[household]
        & (size >= 3)
        & family
    )
    son = has_son & (position == (np.where(size == 5, 4, 2))) & ~(has_twins & (size < 5))
    father = has_son & (position == 0) & ~(has_twins & (size < 5))
    twin = has_twins & ((position == 2) | (position == 3))
    female = np.where(
        father | son, False, np.where(family & (position == 1), ~np.roll(female, 1), female)
    )
    female[father.nonzero()[0] + 1] |= True
    birth = _birth_dates(rng, position, flat, household)
    second = np.flatnonzero(twin & (position == 3))
    birth[second] = birth[second - 1]
    return pd.DataFrame(
        {
            "household": household,
            "position": position,
            "country": np.array(COUNTRIES, dtype=object)[country],
            "female": female,
            "flat": flat,
            "twin": twin,
            "father": father,
            "son": son,
            "birth_date": birth.astype("datetime64[s]"),
        }
    )


def _share_emails(rng: np.random.Generator, people: pd.DataFrame) -> Texts:
    """The one address that a family uses together: the head's; empty where a family has none."""
    household = people["household"].to_numpy()
    size = np.bincount(household)[household]
    shares = (rng.random(int(household.max()) + 1) < PERSON_RATES.shared_email_per_household)[
        household
    ]
    heads = np.flatnonzero(people["position"].to_numpy() == 0)
    shared = people["email"].to_numpy()[heads][household]
    has_namesakes = (people["father"] | people["son"]).groupby(household).transform("any")
    plain = ~(people["flat"] | has_namesakes).to_numpy()
    return np.where(shares & (size > 1) & plain, shared, "")


def _recycle_phones(rng: np.random.Generator, people: pd.DataFrame) -> Bools:
    """Gives some people a number that a stranger gave up; True for both of them."""
    changed = people["has_new_phone"].to_numpy()
    steady = ~(
        people["has_new_phone"] | people["twin"] | people["father"] | people["son"]
    ).to_numpy()
    mobile, old = people["mobile"].to_numpy().copy(), people["old_mobile"].to_numpy()
    household = people["household"].to_numpy()
    recycled = np.zeros(len(people), dtype=bool)
    for country in COUNTRIES:
        there = (people["country"] == country).to_numpy()
        donors, heirs = (
            rng.permutation(np.flatnonzero(changed & there)),
            rng.permutation(np.flatnonzero(steady & there)),
        )
        count = min(len(donors), len(heirs), int(there.sum() * PERSON_RATES.recycled_phone / 2))
        donors, heirs = donors[:count], heirs[:count]
        strangers = household[donors] != household[heirs]
        donors, heirs = donors[strangers], heirs[strangers]
        mobile[heirs] = old[donors]
        recycled[donors] = recycled[heirs] = True
    people["mobile"] = mobile
    return recycled


def draw_people(rng: np.random.Generator, chunk: Chunk) -> pd.DataFrame:
    """The people of a chunk, one row each, in an order that says nothing about them.

    Columns: person_id, household_id, country, names in three forms, birth_date, address and old
    address, mobile and old mobile, e-mails, handle, and flags of what happened to the person.
    """
    people = _base(rng, chunk)
    parts = [_country_people(rng, str(c), part) for c, part in people.groupby("country", sort=True)]
    people = people.join(pd.concat(parts).sort_index())
    n = len(people)
    people["middle"] = np.where(
        rng.random(n) < 0.45, np.array(list("ABCDEFGHJKLMNPRST"))[rng.integers(0, 17, n)], ""
    )
    people["email"], people["second_email"] = (
        _emails(rng, people, False),
        _emails(rng, people, True),
    )
    people["has_second_email"] = rng.random(n) < PERSON_RATES.second_email
    people["shared_email"] = _share_emails(rng, people)
    people["handle"] = _handles(rng, people)
    namesake = (people["father"] | people["son"]).to_numpy()
    people["moved"] = (rng.random(n) < PERSON_RATES.moved_house) & ~people["twin"] & ~namesake
    people["has_new_phone"] = rng.random(n) < PERSON_RATES.new_phone
    married = people["female"] & (people["position"] < 2) & ~people["twin"]
    people["has_maiden_name"] = (rng.random(n) < PERSON_RATES.maiden_name_of_women) & married
    people["recycled"] = _recycle_phones(rng, people)
    numbers = chunk.first_customer + np.arange(n)
    people["person_id"] = np.array([f"P{number:08d}" for number in numbers.tolist()], dtype=object)
    first = chunk.first_customer
    people["household_id"] = np.array(
        [f"H{first + h:08d}" for h in people["household"].tolist()], dtype=object
    )
    return people


def at_businesses(people: pd.DataFrame) -> pd.DataFrame:
    """The people, of whom some who live alone are reached at the business where they work: `at_business`.

    It takes no draw, so that everything else stays as it is.
    """
    free = (~people.duplicated("household", keep=False) & ~people["moved"]).to_numpy()
    address_of = np.arange(len(people))
    for number in range(len(people) // _CUSTOMERS_PER_BUSINESS):
        country = COUNTRIES[number % len(COUNTRIES)]
        there = np.flatnonzero(free & (people["country"] == country).to_numpy())
        staff = there[:_PEOPLE_PER_BUSINESS]
        if len(staff) == _PEOPLE_PER_BUSINESS:
            address_of[staff] = staff[0]
            free[staff] = False
    at_business = np.isin(address_of, address_of[address_of != np.arange(len(people))])
    addresses = {part: people[part].to_numpy()[address_of] for part in _ADDRESS}
    return people.assign(**addresses, at_business=at_business)
