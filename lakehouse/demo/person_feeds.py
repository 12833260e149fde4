"""Files of the feeds that describe people: contacts, accounts, members, subscribers, profiles."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lakehouse.demo.calendar import Calendar
from lakehouse.demo.drops import CRM_COLUMNS, NEWSLETTER_COLUMNS, Drops
from lakehouse.demo.lines import Raw, delimited, drawn, json_objects, moments
from lakehouse.demo.places import format_phone, pick
from lakehouse.demo.population import PersonFeed
from lakehouse.demo.preferences import draw_preferences

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Texts = NDArray[np.object_]

DATE_STYLES = {
    "crm_contact": ("%d/%m/%Y", "%Y-%m-%d", "%d.%m.%Y"),
    "shop_account": ("%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y"),
    "pos_loyalty_member": ("%Y%m%d", "%d/%m/%Y", "%Y-%m-%d"),
}
_PHONE_STYLES = {
    "crm_contact": ("grouped", "grouped", "grouped", "international", "plain", "bracketed"),
    "shop_account": ("e164", "e164", "grouped", "plain", "zeros"),
    "pos_loyalty_member": ("plain", "plain", "plain", "e164"),
    "support_ticket": ("grouped", "international", "plain", "e164", "bracketed"),
}
_NETWORKS = ("instagram", "facebook", "x", "tiktok", "linkedin")


def written_dates(iso: Texts, style: Ints, styles: tuple[str, ...]) -> Texts:
    """ISO dates, or empty texts, in the pattern that `style` numbers."""
    out = iso.copy()
    for row, (text, number) in enumerate(zip(iso.tolist(), style.tolist(), strict=True)):
        if text:
            form = styles[number].replace("%d", text[8:]).replace("%m", text[5:7])
            out[row] = form.replace("%Y", text[:4])
    return out


def written_phones(rng: np.random.Generator, feed: str, country: Texts, numbers: Texts) -> Texts:
    """National significant numbers, or empty texts, as the feed's people write them."""
    styles = pick(rng, len(numbers), _PHONE_STYLES[feed])
    rows = zip(styles.tolist(), country.tolist(), numbers.tolist(), strict=True)
    written = [format_phone(s, c, n) if n else "" for s, c, n in rows]
    out: Texts = np.array(written, dtype=object)
    return out


def full_names(rng: np.random.Generator, records: pd.DataFrame, family_first: float) -> Texts:
    """`Given Family`, in some records `Family, Given`, with the suffix where one is stated."""
    given, family, suffix = (records[c].to_numpy() for c in ("given", "family", "suffix"))
    turned = (rng.random(len(records)) < family_first) & (suffix == "")
    forwards = given + " " + family + np.where(suffix == "", "", " " + suffix)
    written: Texts = np.where(turned, family + ", " + given, forwards)
    return written


def _mistaken(rng: np.random.Generator, records: pd.DataFrame, share: float, days: int) -> Bools:
    """Records of the first drop whose birth date is put right by a later one."""
    stated = (records["birth_date"] != "").to_numpy() & (records["day"] == 0).to_numpy()
    return stated & (rng.random(len(records)) < share) & (days > 1)


def _wrong_dates(iso: Texts, where: Bools) -> Texts:
    """Birth dates with a wrong last digit of the year at `where`."""
    wrong = np.array([d and f"{d[:3]}{(int(d[3]) + 3) % 10}{d[4:]}" for d in iso], dtype=object)
    wrong = np.where(np.array([d.endswith("02-29") for d in iso], dtype=bool), iso, wrong)
    return np.where(where, wrong, iso)


def _alive(records: pd.DataFrame, day: int) -> Ints:
    """Rows that a snapshot of the day holds."""
    leaves = records["leaves"].to_numpy()
    return np.flatnonzero((records["day"].to_numpy() <= day) & ((leaves < 0) | (leaves > day)))


def _snapshot_at(calendar: Calendar, day: int, count: int) -> pa.Array:
    return moments(np.full(count, int(calendar.closes(day)), dtype=np.int64))


def write_crm_contacts(drops: Drops, feed: PersonFeed) -> None:
    """A full snapshot every day; wrong birth dates of the first one are right in the next."""
    rng, r, calendar = drops.rng, feed.records, drops.calendar
    country = r["country"].to_numpy()
    birth, style = r["birth_date"].to_numpy(), r["date_style"].to_numpy()
    styles = DATE_STYLES["crm_contact"]
    wrong = _wrong_dates(birth, _mistaken(rng, r, 0.02, calendar.days))
    by_day = [written_dates(wrong, style, styles), written_dates(birth, style, styles)]
    columns = {
        "contact_id": r["record_id"],
        "first_name": r["given"],
        "middle_name": r["middle"],
        "last_name": r["family"],
        "suffix": r["suffix"],
        "birth_date": by_day[0],
        "gender": r["gender"],
        "email": r["email"],
        "email_2": r["second_email"],
        "phone": written_phones(rng, feed.feed, country, r["phone"].to_numpy()),
        "phone_2": written_phones(rng, feed.feed, country, r["second_phone"].to_numpy()),
        "street": r["street"],
        "city": r["city"],
        "region": r["region"],
        "postcode": r["postcode"],
        "country": country,
        "social_handle": r["handle"],
        "created_on": written_dates(calendar.dates_back(rng, len(r), 6), style * 0, styles),
    }
    order = rng.permutation(len(r))
    for day in range(calendar.days):
        rows = order[np.isin(order, _alive(r, day))]
        columns["birth_date"] = by_day[min(day, 1)]
        cells = {name: np.asarray(columns[name], dtype=object)[rows] for name in CRM_COLUMNS[:-1]}
        stamp = _snapshot_at(calendar, day, len(rows))
        drops.deliver(
            feed.feed, day, delimited(cells | {"snapshot_at": stamp}, ",", frozenset({"street"}))
        )


def write_loyalty_members(drops: Drops, feed: PersonFeed) -> None:
    """A full snapshot every day, without header; points and tiers change, and who left is missing."""
    rng, r, calendar = drops.rng, feed.records, drops.calendar
    n = len(r)
    styles = DATE_STYLES[feed.feed]
    columns = {
        "loyalty_number": r["record_id"].to_numpy(),
        "full_name": full_names(rng, r, 0.2),
        "birth_date": written_dates(r["birth_date"].to_numpy(), r["date_style"].to_numpy(), styles),
        "gender": r["gender"].to_numpy(),
        "phone": written_phones(rng, feed.feed, r["country"].to_numpy(), r["phone"].to_numpy()),
        "email": r["email"].to_numpy(),
        "street": r["street"].to_numpy(),
        "city": r["city"].to_numpy(),
        "postcode": r["postcode"].to_numpy(),
        "country": r["country"].to_numpy(),
        "tier": rng.choice(np.array(["B", "S", "G"], dtype=object), n, p=[0.6, 0.28, 0.12]),
    }
    joined = written_dates(calendar.dates_back(rng, n, 5), np.zeros(n, dtype=np.int64), styles)
    points = rng.integers(0, 5000, n)
    tier, moves = columns.pop("tier"), rng.spawn(1)[0]
    order = rng.permutation(n)
    for day in range(calendar.days):
        rows = order[np.isin(order, _alive(r, day))]
        points = points + rng.integers(0, 120, n) * (rng.random(n) < 0.05)
        if day:
            points = points - np.minimum(points, 500) * (moves.random(n) < 0.01)
            tier = np.where((tier == "B") & (moves.random(n) < 0.01), "S", tier)
        cells = {name: values[rows] for name, values in columns.items()} | {"tier": tier[rows]}
        cells |= {"points": points[rows].astype(str).astype(object), "joined_on": joined[rows]}
        drops.deliver(
            feed.feed, day, delimited(cells | {"at": _snapshot_at(calendar, day, len(rows))}, "|")
        )


def _account_lines(columns: dict[str, Texts], rows: Ints, at: Ints) -> pa.Array:
    parts = {name: values[rows] for name, values in columns.items()}
    address = json_objects(
        {name: parts.pop(name) for name in ("country", "street", "city", "region", "postcode")}
    )
    handle = parts.pop("handle")
    social = json_objects(
        {"network": np.full(len(rows), "instagram", dtype=object), "handle": handle}
    )
    social = pc.if_else(pa.array(handle == ""), pa.scalar(None, pa.string()), social)
    return json_objects(
        parts | {"address": Raw(address), "social": Raw(social), "updated_at": moments(at)}
    )


def _deleted_lines(ids: Texts, at: Ints) -> pa.Array:
    return json_objects(
        {
            "account_id": ids,
            "op": np.full(len(ids), "delete", dtype=object),
            "updated_at": moments(at),
        }
    )


def write_shop_accounts(drops: Drops, feed: PersonFeed, preferring: np.random.Generator) -> None:
    """New, changed and deleted accounts every day; some rows are older than what came before."""
    rng, r, calendar = drops.rng, feed.records, drops.calendar
    n = len(r)
    columns = {
        "account_id": r["record_id"].to_numpy(),
        "op": np.full(n, "upsert", dtype=object),
        "given_name": r["given"].to_numpy(),
        "family_name": r["family"].to_numpy(),
        "suffix": r["suffix"].to_numpy(),
        "birth_date": written_dates(
            r["birth_date"].to_numpy(), r["date_style"].to_numpy(), DATE_STYLES[feed.feed]
        ),
        "email": r["email"].to_numpy(),
        "phone": written_phones(rng, feed.feed, r["country"].to_numpy(), r["phone"].to_numpy()),
        "marketing_opt_in": pick(rng, n, ("yes", "yes", "no")),
        "registered_on": calendar.dates_back(rng, n, 4),
        "handle": r["handle"].to_numpy(),
        **draw_preferences(preferring, n),
    } | {part: r[part].to_numpy() for part in ("street", "city", "region", "postcode", "country")}
    wrong = _wrong_dates(r["birth_date"].to_numpy(), _mistaken(rng, r, 0.3, calendar.days))
    earlier = columns | {
        "birth_date": written_dates(wrong, r["date_style"].to_numpy(), DATE_STYLES[feed.feed]),
        "phone": np.full(n, "", dtype=object),
    }
    day, leaves, last = r["day"].to_numpy(), r["leaves"].to_numpy(), calendar.days - 1
    revised = (rng.random(n) < 0.07) & (day < last) & (leaves < 0)
    final_day = np.where(revised, day + 1 + (rng.random(n) * (last - day)).astype(np.int64), day)
    overtaken = revised & (rng.random(n) < 0.2)
    first_day = np.where(overtaken, last, day)
    final_day = np.where(overtaken, day, final_day)
    final_at = calendar.within(rng, final_day)
    old_at = np.minimum(calendar.within(rng, day), final_at) - 3600
    for number in range(calendar.days):
        old = rng.permutation(np.flatnonzero(revised & (first_day == number)))
        new = rng.permutation(np.flatnonzero(final_day == number))
        gone = np.flatnonzero(leaves == number)
        parts = [
            _account_lines(columns, new, final_at[new]),
            _account_lines(earlier, old, old_at[old]),
            _deleted_lines(columns["account_id"][gone], calendar.closes(leaves[gone]) - 1800),
        ]
        drops.deliver(feed.feed, number, pa.concat_arrays(parts))


def write_newsletter_subscribers(
    drops: Drops, feed: PersonFeed, preferring: np.random.Generator
) -> None:
    """New subscribers every day, and those who left; the third day's file is broken."""
    rng, r, calendar = drops.rng, feed.records, drops.calendar
    n = len(r)
    day = r["day"].to_numpy()
    columns = {
        "subscriber_id": r["record_id"].to_numpy(),
        "email": r["email"].to_numpy(),
        "first_name": r["given"].to_numpy(),
        "postcode": r["postcode"].to_numpy(),
        "country": r["country"].to_numpy(),
        **draw_preferences(preferring, n),
        "subscribed_on": calendar.dates_back(rng, n, 4),
    }
    at = calendar.within(rng, day)
    leaves_on = np.where((rng.random(n) < 0.02) & (day == 0), 1, -1)
    for number in range(calendar.days):
        fresh = rng.permutation(np.flatnonzero(day == number))
        left = np.flatnonzero(leaves_on == number)
        rows = np.concatenate([fresh, left])
        seconds = np.concatenate([at[fresh], calendar.closes(np.full(len(left), number)) - 1200])
        status = np.where(np.arange(len(rows)) < len(fresh), "active", "unsubscribed").astype(
            object
        )
        cells = {name: values[rows] for name, values in columns.items()}
        cells |= {"status": status, "updated_at": moments(seconds)}
        drops.deliver(
            feed.feed, number, delimited({name: cells[name] for name in NEWSLETTER_COLUMNS}, ",")
        )


def write_social_profiles(drops: Drops, feed: PersonFeed) -> None:
    """Profiles that follow the company: a handle, a name, perhaps a town."""
    rng, r, calendar = drops.rng, feed.records, drops.calendar
    n = len(r)
    day = r["day"].to_numpy()
    columns = {
        "profile_id": r["record_id"].to_numpy(),
        "network": pick(rng, n, _NETWORKS),
        "handle": np.where(rng.random(n) < 0.5, "@", "") + r["handle"].to_numpy(),
        "display_name": full_names(rng, r, 0.0),
        "city": r["city"].to_numpy(),
        "email": r["email"].to_numpy(),
    }
    followers = rng.integers(3, 4000, n)
    at = calendar.within(rng, day)
    for number in range(calendar.days):
        rows = rng.permutation(np.flatnonzero(day == number))
        cells: dict[str, object] = {name: values[rows] for name, values in columns.items()}
        cells |= {"followers": Raw(followers[rows]), "updated_at": moments(at[rows])}
        drops.deliver(feed.feed, number, json_objects(cells))


def account_currency(country: Texts) -> pa.Array:
    """The currency of a country as ISO 4217."""
    currencies = {"GB": "GBP", "US": "USD", "PL": "PLN", "BG": "BGN", "CN": "CNY"}
    names = sorted({"EUR", *currencies.values()})
    return drawn(
        names,
        np.array([names.index(currencies.get(c, "EUR")) for c in country.tolist()], dtype=np.int64),
    )
