"""What a destination of an audience is told: whom to add, to change and to remove."""

from hypothesis import given
from hypothesis import strategies as st

from lakehouse.serve.audience import delta, members, row_hashes

IDS = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(["h1", "h2", "h3"]))


@given(st.lists(IDS, min_size=1, max_size=5))
def test_a_destination_that_follows_every_delta_has_what_the_last_release_has(
    releases: list[dict[str, str]],
) -> None:
    log: list[dict[str, object]] = []
    for number, now in enumerate(releases, start=1):
        has, _ = members(log, "p", "d")
        change = delta(has, now)
        log += [
            row_of(number, customer, now.get(customer))
            for customer in (*change.added, *change.changed, *change.removed)
        ]

    assert members(log, "p", "d")[0] == releases[-1]
    assert delta(members(log, "p", "d")[0], releases[-1]).is_empty
    assert members(log, "p", "elsewhere") == ({}, 0)


def row_of(number: int, customer: str, row_hash: str | None) -> dict[str, object]:
    return {
        "product": "p",
        "destination": "d",
        "release_number": number,
        "customer_id": customer,
        "row_hash": row_hash,
        "exported_at": number,
    }


def test_hashes_are_keyed_and_tell_any_value_apart() -> None:
    rows = [{"customer_id": "a", "email": "a@post.org"}, {"customer_id": "b", "email": None}]

    found = row_hashes(rows, ["email"], "a secret")

    assert found.keys() == {"a", "b"}
    assert found["a"] != found["b"]
    assert found != row_hashes(rows, ["email"], "another secret")
