"""What training learns from its sessions, and says where it learnt little."""

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from lakehouse.linkage import training_session
from lakehouse.linkage.edge_sql import set_aside_for
from lakehouse.linkage.engine import PEOPLE_TABLE, database
from lakehouse.linkage.model import TrainedModel, expected_parameters
from lakehouse.linkage.shares import averaged
from lakehouse.linkage.training_session import DECIDED, Session, decided_session, em_sessions
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


def people(connection: duckdb.DuckDBPyConnection) -> None:
    """Forty people with two records each; every fourth has a second e-mail, every fifth shares a name."""
    connection.execute(
        f"""create table {PEOPLE_TABLE} as
        select person || side as record_key, true as is_touched,
            'given' || person % 8 as given_name_match,
            'family' || (person // 5) as family_name_match,
            'mail' || person || case when person % 4 = 0 then side else '' end as email_match
        from range(40) people(person), (values ('a'), ('b')) sides(side)"""  # noqa: S608
    )


@pytest.mark.parametrize(
    ("iterations", "doubts"),
    [(25, []), (1, ["session email_match: stopped after 1 iterations, before it settled"])],
)
def test_a_session_that_stops_before_it_settles_says_so(
    iterations: int,
    doubts: list[str],
    settings: LinkageSettings,
    model: TrainedModel,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(training_session, "_EM_ITERATIONS", (iterations,))
    with database("1GB", 1) as connection:
        people(connection)
        sessions, told = em_sessions(connection, model, settings)
    assert ("email_match",) in {session.blocking for session in sessions}
    assert [doubt for doubt in told if "email_match" in doubt] == doubts


def test_a_session_that_does_not_come_through_is_told_and_teaches_nothing(
    settings: LinkageSettings, model: TrainedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_session, "_EM_ITERATIONS", ())
    with database("1GB", 1) as connection:
        people(connection)
        sessions, told = em_sessions(connection, model, settings)
    assert sessions == []
    assert "session email_match: the session did not come through and taught nothing" in told


def test_levels_that_no_session_saw_are_told(
    settings: LinkageSettings, model: TrainedModel
) -> None:
    seen = np.array([0.9, 0.0, 0.0, 0.1, 0.0])
    session = Session(("given_name_match",), 100, 0.5, {"email": seen})
    _, told = averaged(model, [session], settings)
    (email,) = (doubt for doubt in told if doubt.startswith("email: "))
    assert email == (
        "email: no session saw same name part, two edits, unlike; expected shares stand there"
    )


def test_a_rule_does_not_hold_where_true_pairs_are_often_unlike(settings: LinkageSettings) -> None:
    (rule,) = (r for r in settings.guards.contradictions if r.name == "relative_of_similar_name")
    often = {"given_name": 0.1, "family_name": 0.1}
    assert set_aside_for(rule, often) == ["given_name"]
    assert set_aside_for(rule, {"given_name": 0.01}) == []
