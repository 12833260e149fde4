import hashlib
import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from delivered import files, people, sound_rows

from lakehouse.demo.generate import generate
from lakehouse.demo.people import Chunk, at_businesses, draw_people
from lakehouse.demo.rates import DISTORTIONS

Key = tuple[str, str]


def _digests(folder: Path) -> dict[str, str]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in paths}


def test_same_seed_gives_the_same_bytes_and_another_seed_gives_others(tmp_path: Path) -> None:
    for name, seed in (("first", 5), ("again", 5), ("other", 6)):
        generate(200, seed=seed, out=tmp_path / name, days=2)
    first, again, other = (_digests(tmp_path / n) for n in ("first", "again", "other"))
    assert first == again
    same = {name for name in first if first[name] == other.get(name)}
    assert not any(
        "crm_contact" in name or "web_event" in name or "person" in name for name in same
    )


def test_chunks_of_a_larger_company_are_parts_that_share_no_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lakehouse.demo.generate.CUSTOMERS_PER_CHUNK", 150)
    generate(300, seed=5, out=tmp_path, days=2)
    truth = pq.read_table(tmp_path / "truth" / "person.parquet").to_pandas()
    assert not truth.duplicated(["feed", "source_record_id"]).any()
    assert truth["person_id"].nunique() == 300
    parts = {path.name for path in files(tmp_path / "landing", "shop_order")}
    assert "shop_order-2026-01-05-part0000.jsonl" in parts
    assert "shop_order-2026-01-05-part0001.jsonl" in parts
    orders = [
        row["order_id"]
        for path in files(tmp_path / "landing", "shop_order")
        if "resent" not in path.name
        for row in sound_rows(path, "shop_order")
        if row.get("status") != "PLACED" and "order_id" in row
    ]
    assert len(orders) > 300
    assert len(orders) == len(set(orders))


def test_truth_names_exactly_the_person_records_that_are_delivered(
    landing: Path, person_truth: pd.DataFrame
) -> None:
    in_truth = list(zip(person_truth["feed"], person_truth["source_record_id"], strict=True))
    assert len(in_truth) == len(set(in_truth))
    assert set(in_truth) == set(people(landing))


def test_everybody_has_a_household_and_at_least_one_record(
    company: Path, person_truth: pd.DataFrame
) -> None:
    household = pq.read_table(company / "truth" / "household.parquet").to_pandas()
    assert set(household["person_id"]) == set(person_truth["person_id"])
    assert household["person_id"].is_unique
    assert household["household_id"].nunique() < len(household)
    flats = household.groupby("household_id")["is_shared_flat"].agg(["min", "max", "size"])
    assert (flats["min"] == flats["max"]).all()
    assert flats["max"].any()
    assert (flats.loc[flats["max"], "size"] > 1).all()


def test_the_truth_tells_parents_and_children_of_families_and_no_role_of_who_lives_alone(
    company: Path,
) -> None:
    household = pq.read_table(company / "truth" / "household.parquet").to_pandas()
    homes = household.groupby("household_id")
    size, is_flat = homes["role"].transform("size"), household["is_shared_flat"]
    has_role = household["role"].notna()
    assert (has_role == ((size > 1) & ~is_flat)).all()
    parents = household[household["role"] == "parent"].groupby("household_id").size()
    assert (parents == 2).all()
    assert set(household[has_role & (size == 2)]["role"]) == {"other"}
    assert set(household[has_role & (size > 2)]["role"]) == {"parent", "child"}


def test_the_truth_knows_the_contacts_that_records_give(
    company: Path, landing: Path, person_truth: pd.DataFrame
) -> None:
    attribute = pq.read_table(company / "truth" / "attribute.parquet").to_pandas()
    true = attribute.set_index("person_id")
    assert true["phone"].str.fullmatch(r"\+[0-9]{8,14}").all()
    assert true[["email", "street", "city"]].notna().all(axis=None)
    assert 0.3 < true["second_email"].notna().mean() < 0.6
    person = {(r.feed, r.source_record_id): r.person_id for r in person_truth.itertuples()}
    given = [(true.loc[person[key]], p.email.lower()) for key, p in people(landing).items()]
    own = [email in (t["email"], t["second_email"]) for t, email in given if email]
    # The rest are a family's, mistyped, junk, or the same address with other dots.
    assert sum(own) / len(own) > 0.6


def test_people_of_a_business_live_alone_and_are_reached_at_one_address_by_no_draw() -> None:
    drawn = draw_people(np.random.default_rng(1), Chunk(0, 0, 5_000))
    placed = at_businesses(drawn)
    staff = placed[placed["at_business"]]
    addresses = staff.groupby(["country", "street", "city", "region", "postcode"]).size()
    assert addresses.to_list() == [20, 20]
    assert (placed.groupby("household")["household"].transform("size")[staff.index] == 1).all()
    others = placed.drop(staff.index)[drawn.columns]
    assert others.equals(drawn.drop(staff.index))


def test_some_couples_and_nobody_else_pay_by_one_account(
    company: Path, landing: Path, person_truth: pd.DataFrame
) -> None:
    paid = pd.concat([pq.read_table(p).to_pandas() for p in files(landing, "payment_transaction")])
    assert paid[paid["method"].isin(["cash", "gift_card"])]["payment_account"].isna().all()
    known = paid.dropna(subset=["payment_account", "payer_id"]).merge(
        person_truth, left_on="payer_id", right_on="source_record_id"
    )
    assert (known.groupby("person_id")["payment_account"].nunique() == 1).all()
    household = pq.read_table(company / "truth" / "household.parquet").to_pandas()
    payers = known[["person_id", "payment_account"]].drop_duplicates().merge(household)
    shared = payers[payers.duplicated("payment_account", keep=False)]
    assert 50 < len(shared) < len(payers) / 4
    assert not shared["is_shared_flat"].any()
    assert set(shared["role"]) == {"parent", "other"}
    assert (shared.groupby("payment_account")["household_id"].nunique() == 1).all()


def test_some_accounts_and_subscriptions_state_what_they_prefer(landing: Path) -> None:
    accounts = [r for p in files(landing, "shop_account") for r in sound_rows(p, "shop_account")]
    letters = [
        r for p in files(landing, "newsletter_subscriber") for r in sound_rows(p, "newsletter")
    ]
    for rows, name in (
        *((accounts, f"preferred_{what}") for what in ("channel", "category", "brand", "hour")),
        *((letters, f"preferred_{what}") for what in ("category", "hour")),
    ):
        share = sum(bool(row.get(name)) for row in rows) / len(rows)
        assert 0.05 < share < 0.5, name
    hours = {int(str(row["preferred_hour"])) for row in accounts if row.get("preferred_hour")}
    assert hours == set(range(24))


def test_a_customer_has_three_records_four_orders_thirty_web_and_ten_campaign_events(
    landing: Path, person_truth: pd.DataFrame
) -> None:
    customers = person_truth["person_id"].nunique()
    assert customers == 2000
    assert len(person_truth) / customers >= 3
    counts = {
        feed: len(
            {r[key] for p in landing.glob(f"*/{feed}-*") for r in sound_rows(p, feed) if key in r}
        )
        for feed, key in (
            ("shop_order", "order_id"),
            ("pos_receipt", "receipt_id"),
            ("web_event", "event_id"),
            ("marketing_event", "event_id"),
        )
    }
    assert (counts["shop_order"] + counts["pos_receipt"]) / customers >= 4
    assert counts["web_event"] / customers >= 30
    assert counts["marketing_event"] / customers >= 10


def test_a_third_of_the_records_is_distorted_and_every_distortion_occurs(
    person_truth: pd.DataFrame,
) -> None:
    assert (person_truth["distortions"].str.len() > 0).mean() >= 0.3
    seen = set(person_truth["distortions"].explode().dropna())
    assert seen == set(DISTORTIONS)


def _true_pairs(truth: pd.DataFrame) -> set[tuple[Key, Key]]:
    pairs: set[tuple[Key, Key]] = set()
    for _, group in truth.groupby("person_id"):
        keys = sorted(zip(group["feed"], group["source_record_id"], strict=True))
        pairs.update(combinations(keys, 2))
    return pairs


def _joined(values: dict[Key, object]) -> set[tuple[Key, Key]]:
    blocks: dict[object, list[Key]] = {}
    for key, value in values.items():
        if value:
            blocks.setdefault(value, []).append(key)
    return {pair for block in blocks.values() for pair in combinations(sorted(block), 2)}


def test_no_exact_key_gives_the_truth_away(landing: Path, person_truth: pd.DataFrame) -> None:
    found = people(landing)
    true = _true_pairs(person_truth)
    by_key = {
        "email": _joined({k: p.email for k, p in found.items()}),
        "phone": _joined({k: p.phone for k, p in found.items()}),
        "name_and_birth": _joined(
            {k: p.birth_date and (p.name, p.birth_date) for k, p in found.items()}
        ),
    }
    recall = {name: len(pairs & true) / len(true) for name, pairs in by_key.items()}
    union = set().union(*by_key.values())
    assert all(share > 0.005 for share in recall.values())
    assert all(share < 0.8 for share in recall.values())
    assert len(union & true) / len(true) < 0.8


def test_even_tidied_keys_find_less_than_four_fifths_of_the_pairs(
    landing: Path, person_truth: pd.DataFrame
) -> None:
    found = people(landing)
    true = _true_pairs(person_truth)
    last_digits = {
        k: "".join(c for c in p.phone.replace("(0)", "") if c.isdigit())[-8:]
        for k, p in found.items()
    }
    by_digits = {
        k: p.birth_date
        and (p.name.lower(), "".join(sorted(c for c in p.birth_date if c.isdigit())))
        for k, p in found.items()
    }
    emails = {k: p.email.lower() for k, p in found.items()}
    union = _joined(emails) | _joined(last_digits) | _joined(by_digits)
    assert len(union & true) / len(true) < 0.8


def test_the_first_drop_holds_most_people_and_later_drops_bring_more(landing: Path) -> None:
    ids: list[set[str]] = []
    for day in ("2026-01-05", "2026-01-06", "2026-01-07"):
        rows = sound_rows(landing / day / f"crm_contact-{day}.csv", "crm_contact")
        ids.append({str(row["contact_id"]) for row in rows} - {""})
    total = set().union(*ids)
    assert 0.5 < len(ids[0]) / len(total) < 0.75
    assert ids[1] - ids[0]
    assert ids[2] - ids[1]
    assert ids[0] - ids[1], "some contacts are gone from the second snapshot"


def test_accounts_are_deleted_corrected_and_come_out_of_order(landing: Path) -> None:
    versions: dict[str, list[str]] = {}
    deleted = {}
    for path in files(landing, "shop_account"):
        for row in sound_rows(path, "shop_account"):
            if "account_id" not in row:
                continue
            versions.setdefault(str(row["account_id"]), []).append(str(row["updated_at"]))
            if row["op"] == "delete":
                deleted[row["account_id"]] = str(row["updated_at"])
    assert deleted
    assert any(v != sorted(v) for v in versions.values())
    ordered = [
        (str(row["ordered_at"]), deleted[row.get("account_id")])
        for p in files(landing, "shop_order")
        for row in sound_rows(p, "shop_order")
        if row.get("account_id") in deleted
    ]
    assert ordered, "some of those who leave have bought before"
    assert all(ordered_at < left_at for ordered_at, left_at in ordered)


def test_nobody_orders_before_the_account_is_delivered(company: Path, landing: Path) -> None:
    known: set[object] = set()
    late: set[object] = set()
    for day in sorted(path.name for path in landing.iterdir()):
        for path in sorted((landing / day).glob("shop_account-*")):
            known |= {row.get("account_id") for row in sound_rows(path, "shop_account")}
        for path in sorted((landing / day).glob("shop_order-*")):
            holders = {row.get("account_id") for row in sound_rows(path, "shop_order")}
            late |= {h for h in holders - {None} if h not in known}
    poison = pq.read_table(company / "truth" / "poison.parquet").to_pandas()
    assert len(late) == (poison["reason"] == "orphan_order").sum()


def test_web_events_grow_a_column_on_the_second_day(landing: Path) -> None:
    columns = {
        day: set().union(
            *(
                row.keys()
                for row in sound_rows(landing / day / f"web_event-{day}.jsonl", "web_event")
            )
        )
        for day in ("2026-01-05", "2026-01-06")
    }
    assert columns["2026-01-06"] - columns["2026-01-05"] == {"screen_width"}


def test_the_newsletter_file_of_the_third_day_lacks_its_email(company: Path, landing: Path) -> None:
    rejected = pq.read_table(company / "truth" / "rejected_file.parquet").to_pylist()
    file = "2026-01-07/newsletter_subscriber-2026-01-07.csv"
    assert rejected == [
        {"file": file, "reason": "missing_required_column", "missing_column": "email"}
    ]
    header = (landing / file).read_text().splitlines()[0]
    assert "email" not in header.split(",")


def test_duplicate_files_have_the_same_bytes_under_another_name_on_a_later_day(
    company: Path, landing: Path
) -> None:
    duplicates = pq.read_table(company / "truth" / "duplicate_file.parquet").to_pylist()
    assert len(duplicates) == 2
    for row in duplicates:
        assert (landing / row["file"]).read_bytes() == (landing / row["copy_of"]).read_bytes()
        assert row["file"].split("/")[0] > row["copy_of"].split("/")[0]
    digests = _digests(landing)
    assert len(digests) - len(set(digests.values())) == len(duplicates)


def test_a_part_of_the_first_day_comes_late(landing: Path) -> None:
    late = landing / "2026-01-06" / "marketing_event-2026-01-05-late.jsonl"
    times = [json.loads(line)["event_time"] for line in late.read_text().splitlines()]
    assert len(times) > 100
    assert max(times) < "2026-01-05T03"
