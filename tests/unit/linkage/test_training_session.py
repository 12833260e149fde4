"""What training learns from pairs that stewards called the same."""

import pyarrow as pa
import pytest

from lakehouse.linkage.model import TrainedModel, expected_parameters
from lakehouse.linkage.training_session import DECIDED, decided_session
from lakehouse.settings.linkage import LinkageSettings
from lakehouse.settings.load import load_settings

COLUMNS = ("given_name_match", "family_name_match", "email_match")
Person = tuple[str, str | None, str, dict[str, str]]


@pytest.fixture(scope="module")
def settings() -> LinkageSettings:
    return load_settings("test").linkage


@pytest.fixture(scope="module")
def model(settings: LinkageSettings) -> TrainedModel:
    expected = expected_parameters(settings, frozenset(COLUMNS))
    return TrainedModel("none", "none", COLUMNS, expected, 1e-4, 0.0, 0.0)


def decided(pairs: list[tuple[Person, Person, str]]) -> pa.Table:
    """Each pair as two records that name each other with the decision."""
    rows = []
    for number, (left, right, decision) in enumerate(pairs):
        keys = f"{number}a", f"{number}b"
        for own, other, person in ((*keys, left), (*keys[::-1], right)):
            values = dict(zip(COLUMNS, person, strict=True))
            rows.append({"record_key": own, "overrides": [(other, decision)], **values})
    text = [(name, pa.string()) for name in ("record_key", *COLUMNS)]
    overrides = ("overrides", pa.map_(pa.string(), pa.string()))
    return pa.Table.from_pylist(rows, schema=pa.schema([*text, overrides]))


ANN, ANNE, BOB = ("ann", "lee", "a@y.org"), ("anne", "lee", "anne@z.org"), ("bob", "lee", None)


def test_pairs_called_the_same_are_one_session_of_true_pairs(
    settings: LinkageSettings, model: TrainedModel
) -> None:
    table = decided([(ANN, ANN, "same")] * 15 + [(ANN, ANNE, "same")] * 5)
    (session,) = decided_session(table, model, settings)
    assert (session.blocking, session.pairs, session.match_share) == ((DECIDED,), 20, 1.0)
    labels = [level.label for level in model.comparisons["given_name"]]
    shares = dict(zip(labels, session.m["given_name"], strict=True))
    assert shares["exact"] == 0.75
    assert shares["prefix"] == 0.25
    assert session.m["family_name"][0] == 1.0


def test_pairs_called_different_teach_nothing(
    settings: LinkageSettings, model: TrainedModel
) -> None:
    same = [(ANN, ANN, "same")] * 20
    (with_others,) = decided_session(decided([*same, (ANN, BOB, "different")]), model, settings)
    (without,) = decided_session(decided(same), model, settings)
    assert with_others.pairs == without.pairs
    assert with_others.m["given_name"].tolist() == without.m["given_name"].tolist()


def test_what_no_pair_can_compare_is_not_learnt(
    settings: LinkageSettings, model: TrainedModel
) -> None:
    (session,) = decided_session(decided([(BOB, BOB, "same")] * 20), model, settings)
    assert session.m.keys() == {"given_name", "family_name"}


def test_a_few_decisions_are_too_few_to_learn_from(
    settings: LinkageSettings, model: TrainedModel
) -> None:
    assert decided_session(decided([(ANN, ANN, "same")] * 19), model, settings) == []
