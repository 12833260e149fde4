"""Of a row a person sees what is hers: of a customer who was merged wrongly, her own records' part."""

from typing import Any

import pytest

from lakehouse.privacy.own_rows import REDACTED, Own, Redactor, own_row
from lakehouse.privacy.subject_paths import subject_path
from lakehouse.tables.gold import (
    CUSTOMER,
    CUSTOMER_360,
    CUSTOMER_ATTRIBUTE,
    CUSTOMER_CONTACT_POINT,
    CUSTOMER_HISTORY,
    CUSTOMER_ORDER,
    CUSTOMER_RELATION,
)
from lakehouse.tables.linkage import CLUSTER, IDENTITY_EVENT, SCORED_EDGE
from lakehouse.tables.ops import ATTRIBUTE_OVERRIDE, REVIEW_TASK
from lakehouse.tables.spec import TableSpec

HERS, HIS = "a" * 64, "b" * 64
MERGED, WHOLE, STRANGER = "m" * 32, "w" * 32, "s" * 32
OWN = Own(
    records=frozenset({HERS}),
    customers=frozenset({MERGED, WHOLE}),
    whole=frozenset({WHOLE}),
    rows=frozenset({"order"}),
    attributes={MERGED: frozenset({"email"})},
)


def shown(spec: TableSpec, **said: Any) -> tuple[dict[str, Any] | None, int]:
    """The row with the columns that it says, as she may see it."""
    path = subject_path(spec)
    assert path
    row = dict.fromkeys(spec.column_names) | said
    seen, others = own_row(spec, path, row, OWN)
    return (seen and {k: v for k, v in seen.items() if v is not None}), others


def test_of_a_golden_record_made_of_two_people_only_what_her_record_gave_is_shown() -> None:
    seen, others = shown(CUSTOMER, customer_id=MERGED, email="ann@x.org", phone="+44", city="York")

    assert seen == {"customer_id": MERGED, "email": "ann@x.org"}
    assert others == 2
    assert shown(CUSTOMER_360, customer_id=MERGED, order_count=9)[0] == {"customer_id": MERGED}


def test_of_a_customer_that_is_hers_alone_all_is_shown() -> None:
    assert shown(CUSTOMER, customer_id=WHOLE, phone="+44") == (
        {"customer_id": WHOLE, "phone": "+44"},
        0,
    )


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (CUSTOMER_ATTRIBUTE, {"customer_id": MERGED, "record_key": HIS, "value": "his"}),
        (CUSTOMER_ORDER, {"customer_id": MERGED, "person_record_key": HIS, "record_key": "order"}),
        (CUSTOMER_ORDER, {"customer_id": WHOLE, "person_record_key": HIS}),
        (CUSTOMER_CONTACT_POINT, {"customer_id": MERGED, "record_keys": [HIS]}),
        (CUSTOMER, {"customer_id": STRANGER}),
        (SCORED_EDGE, {"record_key_l": HIS, "record_key_r": "c" * 64}),
    ],
)
def test_a_row_that_comes_from_anothers_record_is_not_hers(
    spec: TableSpec, said: dict[str, Any]
) -> None:
    assert shown(spec, **said) == (None, 0)


def test_an_order_of_her_own_account_is_hers_whoever_she_was_merged_with() -> None:
    seen, _ = shown(CUSTOMER_ORDER, customer_id=MERGED, person_record_key=HERS, record_key="order")

    assert seen
    assert seen["record_key"] == "order"


def test_values_of_others_within_a_row_of_hers_are_taken_out() -> None:
    lost = [{"value": "his", "record_key": HIS}, {"value": "hers", "record_key": HERS}]
    told = [{"record_key": HIS}, {"record_key": HERS}]

    seen, others = shown(CUSTOMER_ATTRIBUTE, customer_id=MERGED, record_key=HERS, lost_values=lost)
    assert (seen or {})["lost_values"] == [{"value": "hers", "record_key": HERS}]
    assert others == 1
    seen, _ = shown(CUSTOMER_HISTORY, customer_id=MERGED, record_key=HERS, told_by=told)
    assert (seen or {})["told_by"] == [{"record_key": HERS}]
    point = {"customer_id": MERGED, "record_keys": [HERS, HIS], "sources": ["crm", "shop"]}
    seen, _ = shown(CUSTOMER_CONTACT_POINT, **point, record_seen_at={HIS: 1, HERS: 2})
    assert seen == {"customer_id": MERGED, "record_keys": [HERS], "record_seen_at": {HERS: 2}}


def test_of_a_pair_with_another_person_she_sees_how_likely_it_was_and_nothing_of_the_other() -> (
    None
):
    pair = {"record_key_l": HERS, "record_key_r": HIS}
    edge = shown(SCORED_EDGE, **pair, match_probability=0.4, weights={"email": 9.0})
    task = shown(
        REVIEW_TASK, **pair, masked_l={"a": "b"}, customer_id_l=WHOLE, customer_id_r=STRANGER
    )

    assert edge == (
        {
            "record_key_l": HERS,
            "record_key_r": REDACTED,
            "match_probability": 0.4,
            "weights": REDACTED,
        },
        2,
    )
    assert task[0] == {
        "record_key_l": HERS,
        "record_key_r": REDACTED,
        "masked_l": REDACTED,
        "customer_id_l": WHOLE,
        "customer_id_r": REDACTED,
    }


def test_of_a_relation_she_sees_its_kind_and_not_who_or_by_what() -> None:
    seen, _ = shown(
        CUSTOMER_RELATION,
        customer_id=WHOLE,
        related_customer_id=STRANGER,
        relation_type="shared_phone",
        evidence=[{"kind": "phone", "value": "+44"}],
    )

    assert seen == {
        "customer_id": WHOLE,
        "related_customer_id": REDACTED,
        "relation_type": "shared_phone",
        "evidence": REDACTED,
    }


def test_of_an_event_of_hers_the_record_of_another_is_not_named() -> None:
    seen, _ = shown(IDENTITY_EVENT, customer_id=WHOLE, event="left", record_key=HIS)

    assert (seen or {})["record_key"] == REDACTED


def test_a_cluster_that_goes_by_anothers_record_is_not_named() -> None:
    seen, _ = shown(CLUSTER, record_key=HERS, cluster_id=HERS, component_id=HIS)

    assert seen == {"record_key": HERS, "cluster_id": HERS, "component_id": REDACTED}


def test_who_of_the_staff_decided_is_not_told() -> None:
    seen, _ = shown(ATTRIBUTE_OVERRIDE, record_key=HERS, values={"city": "York"}, decided_by="Sam")

    assert seen == {"record_key": HERS, "values": {"city": "York"}, "decided_by": REDACTED}


@pytest.mark.parametrize(
    "written",
    ["+442079460018", "020 7946 0018", "(020) 7946-0018", '{"phone": "0044 20 79460018"}'],
)
def test_a_telephone_number_is_taken_out_however_it_is_written(written: str) -> None:
    told, count = Redactor(["+442079460018"]).of(written)

    assert "0018" not in told
    assert count == 1


def test_values_are_taken_out_at_any_depth_and_only_as_a_whole() -> None:
    redactor = Redactor(["bob@x.org"])

    assert redactor.of({"a": ["Bob@X.org", "jbob@x.org"], "n": 1}) == (
        {"a": [REDACTED, "jbob@x.org"], "n": 1},
        1,
    )
    assert Redactor([]).of("bob@x.org") == ("bob@x.org", 0)
