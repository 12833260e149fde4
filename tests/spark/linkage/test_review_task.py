"""Which doubts a steward is asked about, on customers whose answers can be read off."""

from datetime import UTC, datetime

import pytest
from pyspark.sql import DataFrame, Row, SparkSession

from lakehouse.linkage.review_task import review_task
from lakehouse.tables.local_frame import local_frame

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
MAP = "record_key string, customer_id string, valid_from timestamp, valid_to timestamp"
EVIDENCE = "record_key string, evidence map<string,string>"
PEOPLE = "record_key string, given_name string, email string, birth_date date, country string"
EDGE = (
    "record_key_l string, record_key_r string, join_margin double, match_probability double,"
    " contradiction string, override string, weights map<string,double>"
)
DECISION = "record_key_l string, record_key_r string, decision string"

# One word a customer, one letter a record.
CUSTOMERS = {
    "LEE": "ab",
    "LEA": "cd",
    "TWIN": "e",
    "OTHER_TWIN": "f",
    "FIRM": "ghi",
    "LOOSE": "jk",
    "CROWD": "lmno",
    "CUT": "p",
    "DONE": "q",
    "TWO_IN_ONE": "rstuvw",
    "PART_1": "x",
    "PART_2": "y",
    "PART_3": "z",
    "JAN": "AB",
    "JANA": "C",
    "CALLED_TWO": "DE",
    "THE_OTHER": "F",
}
NAMES = {"l": "ann", "m": "bob", "n": "cy", "o": "dot"}


def edge(
    pair: str, margin: float, contradiction: str | None = None, override: str | None = None
) -> tuple[object, ...]:
    return (*pair, margin, 0.5, contradiction, override, {"email": margin})


EDGES = [
    # Two customers: of the pairs between them the most likely is asked about.
    edge("ac", -3.0),
    edge("bd", -1.0),
    edge("be", -7.0),
    # Twins: their pair would join but for the rule; were it weaker, nobody would ask.
    edge("ef", 4.0, "other_given_name"),
    edge("df", -2.0, "other_given_name"),
    # Held by all its pairs, and by two of three.
    edge("gh", 2.0),
    edge("hi", 2.0),
    edge("gi", 2.0),
    # Held by one weak pair.
    edge("jk", 0.5),
    # Four given names; the whole is held by more pairs than must.
    edge("lm", 9.0),
    edge("ln", 8.0),
    edge("lo", 7.0),
    edge("mn", 9.0),
    edge("no", -20.0),
    # It joins, and yet the two are two customers.
    edge("hp", 3.0),
    # Two threes, each held by three pairs, and both by one weak pair; another pair says nothing.
    *(edge(pair, 9.0) for pair in ("rs", "rt", "st", "uv", "uw", "vw")),
    edge("ru", 0.1),
    edge("sv", -3.0),
    # A group that was cut into three.
    edge("xy", 12.0),
    edge("xz", 12.0),
    edge("yz", 12.0),
    # Their likely pair is contradicted, and what else there is of them says nothing.
    edge("AC", 5.0, "other_given_name"),
    edge("BC", -20.0),
    # Decided; also by a pair that nobody would be asked about.
    edge("pq", 1.0, None, "different"),
    edge("DF", -20.0, None, "different"),
    edge("EF", 2.0),
]


@pytest.fixture(scope="module")
def ask(spark: SparkSession) -> "Ask":
    return Ask(spark)


class Ask:
    """The tasks of these customers, by the letters of their pair."""

    def __init__(self, spark: SparkSession) -> None:
        self._spark = spark
        self._told: dict[tuple[tuple[str, str, str], ...], dict[str, Row]] = {}

    def frame(
        self,
        edges: list[tuple[object, ...]],
        decisions: list[tuple[str, str, str]],
    ) -> DataFrame:
        owned = [(r, c, MONDAY, None) for c, records in CUSTOMERS.items() for r in records]
        records = [r for r, *_ in owned]
        evidence = [
            (r, {"given_name_root": NAMES.get(r, "ann"), "family_name_match": "lee"})
            for r in records
        ]
        people = [(r, f"Ann{r}", f"ann.{r}@post.org", None, "GB") for r in records]
        return review_task(
            local_frame(self._spark, people, PEOPLE),
            local_frame(self._spark, owned, MAP),
            local_frame(self._spark, evidence, EVIDENCE),
            local_frame(self._spark, edges, EDGE),
            local_frame(self._spark, decisions, DECISION),
            review=6.0,
        )

    def __call__(self, *decisions: tuple[str, str, str]) -> dict[str, Row]:
        if decisions not in self._told:
            rows = self.frame(EDGES, list(decisions)).collect()
            self._told[decisions] = {row.record_key_l + row.record_key_r: row for row in rows}
        return self._told[decisions]


def test_each_doubt_is_asked_about_once_with_its_reason(ask: Ask) -> None:
    assert {pair: (task.kind, task.reason) for pair, task in ask().items()} == {
        "AC": ("uncertain_pair", "other_given_name"),
        "bd": ("uncertain_pair", "near_threshold"),
        "ef": ("uncertain_pair", "other_given_name"),
        "hp": ("uncertain_pair", "group_cut"),
        "jk": ("suspicious_customer", "held_by_one_pair"),
        "no": ("suspicious_customer", "many_names"),
        "ru": ("suspicious_customer", "held_by_one_pair"),
        "xy": ("uncertain_pair", "group_cut"),
        "yz": ("uncertain_pair", "group_cut"),
    }


def test_what_concerns_many_records_and_lies_near_the_threshold_comes_first(ask: Ask) -> None:
    tasks = ask()
    counts = {pair: task.record_count for pair, task in tasks.items()}
    others = {"AC": 3, "ef": 2, "jk": 2, "xy": 2, "yz": 2}
    assert counts == others | {"bd": 4, "hp": 4, "no": 4, "ru": 6}
    by_priority = sorted(tasks, key=lambda pair: (-tasks[pair].priority, pair))
    assert by_priority == ["ru", "bd", "jk", "hp", "AC", "ef", "no", "xy", "yz"]
    assert tasks["bd"].priority == pytest.approx(4 / (1 + 1))


def test_what_was_skipped_is_not_asked_again_by_another_pair(ask: Ask) -> None:
    assert ask(("b", "d", "skip"), ("m", "n", "skip")).keys() == ask().keys() - {"bd", "no"}


def test_a_skip_makes_no_customer_look_loose(ask: Ask) -> None:
    tasks = ask(("g", "h", "skip"))
    assert tasks.keys() == ask().keys()


def test_the_records_are_told_in_masked_form_and_unknown_values_left_out(ask: Ask) -> None:
    task = ask()["jk"]
    assert task.masked_l == {"given_name": "A***", "email": "a***@p***.org", "country": "GB"}
    assert task.masked_l == task.masked_r
    assert task.weights == {"email": 0.5}


def test_a_task_keeps_its_id_and_no_two_have_the_same(ask: Ask) -> None:
    first, again = ask(), ask(("g", "h", "skip"))
    assert {p: t.task_id for p, t in first.items()} == {p: t.task_id for p, t in again.items()}
    assert len({task.task_id for task in first.values()}) == len(first)


def test_a_company_without_doubts_has_no_tasks(ask: Ask) -> None:
    assert ask.frame([edge("gh", 9.0), edge("hi", 9.0), edge("gi", 9.0)], []).count() == 0
