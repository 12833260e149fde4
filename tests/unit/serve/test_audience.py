"""What a destination of an audience is told: whom to add, to change and to remove."""

from hypothesis import given
from hypothesis import strategies as st

from lakehouse.serve.audience import delta, members, row_hashes, told_since

IDS = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(["h1", "h2", "h3"]))


@given(st.lists(IDS, min_size=1, max_size=5))
def test_a_destination_that_follows_every_delta_has_what_the_last_release_has(
    releases: list[dict[str, str]],
) -> None:
    log = log_of(releases)

    assert members(log)[0] == releases[-1]
    assert delta(members(log)[0], releases[-1]).is_empty
    assert members([]) == ({}, 0)


@given(st.lists(IDS, min_size=1, max_size=5), st.data())
def test_whom_a_later_export_tells_of_earlier_ones_brings_whoever_fetched_any_of_them_up_to_date(
    releases: list[dict[str, str]], data: st.DataObject
) -> None:
    log, now = log_of(releases), releases[-1]
    first = data.draw(st.integers(1, len(releases)))
    fetched = data.draw(st.integers(first - 1, len(releases)))
    has = members(log, before=fetched + 1)[0]

    told = told_since(log, first, now)

    taken = {customer: now[customer] for customer in (*told.added, *told.changed)}
    assert {**{c: h for c, h in has.items() if c not in told.removed}, **taken} == now
    assert not {*told.added} & {*told.changed}


def log_of(releases: list[dict[str, str]]) -> list[dict[str, object]]:
    log: list[dict[str, object]] = []
    for number, now in enumerate(releases, start=1):
        change = delta(members(log)[0], now)
        for kind in ("added", "changed", "removed"):
            log += [row_of(number, c, kind, now.get(c)) for c in getattr(change, kind)]
    return log


def row_of(number: int, customer: str, change: str, row_hash: str | None) -> dict[str, object]:
    return {
        "release_number": number,
        "customer_id": customer,
        "change": change,
        "row_hash": row_hash,
        "exported_at": number,
    }


def test_hashes_are_keyed_and_tell_any_value_apart() -> None:
    rows = [{"customer_id": "a", "email": "a@post.org"}, {"customer_id": "b", "email": None}]

    found = row_hashes(rows, ["email"], "a secret")

    assert found.keys() == {"a", "b"}
    assert found["a"] != found["b"]
    assert found != row_hashes(rows, ["email"], "another secret")
