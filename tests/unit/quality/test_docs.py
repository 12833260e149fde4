"""Data Docs hold counts, and nothing that a name can turn into a script."""

from datetime import UTC, datetime, timedelta, timezone
from html.parser import HTMLParser
from pathlib import Path

from lakehouse.quality.docs import data_docs, write_data_docs
from lakehouse.quality.gate import GateOutcome, Verdict
from lakehouse.quality.rules import IN_SET, NOT_NULL, Rule, RuleResult, Severity

HOSTILE = "<img src=x onerror=alert(1)>"
BREAKOUT = "</script><script>alert(1)</script>"
AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class Tags(HTMLParser):
    """Every tag and attribute name of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.policy: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        found = dict(attrs)
        if found.get("http-equiv") == "Content-Security-Policy":
            self.policy = found["content"]


def outcome(table: str, verdict: Verdict, rule: Rule, broken: int) -> GateOutcome:
    result = RuleResult(rule, broken == 0, 12_000, broken)
    held = broken if rule.severity is Severity.QUARANTINE else 0
    return GateOutcome(table, verdict, (result,), 12_000, held, {rule.reason: held})


def parsed(page: str) -> Tags:
    tags = Tags()
    tags.feed(page)
    return tags


TIME = Rule(NOT_NULL, {"column": "event_at"}, Severity.QUARANTINE, "impossible_date", "Why.")


def test_the_page_shows_each_table_with_verdict_and_counts_the_worst_first() -> None:
    page = data_docs(
        "run-7",
        AT,
        [
            outcome("silver.order", Verdict.PASS, TIME, 0),
            outcome("silver.web_event", Verdict.QUARANTINE, TIME, 345),
        ],
    )

    assert page.index("silver.web_event") < page.index("silver.order")
    assert "run-7" in page
    assert "2026-03-01 12:00:00 UTC" in page
    assert "11,655" in page
    assert "2.9 %" in page
    assert "impossible_date" in page


def test_times_are_shown_in_utc() -> None:
    noon_in_delhi = AT.astimezone(timezone(timedelta(hours=5, minutes=30)))

    assert "2026-03-01 12:00:00 UTC" in data_docs("run", noon_in_delhi, [])


def test_hostile_names_are_text_wherever_they_stand() -> None:
    rule = Rule(
        IN_SET, {"column": HOSTILE, "value_set": ["a"]}, Severity.QUARANTINE, BREAKOUT, HOSTILE
    )

    page = data_docs(BREAKOUT, AT, [outcome(HOSTILE, Verdict.QUARANTINE, rule, 1)])
    tags = parsed(page)

    assert HOSTILE not in page
    assert BREAKOUT not in page
    assert tags.tags.isdisjoint({"script", "img", "iframe", "object", "link", "base", "form"})
    assert not {name for name in tags.attributes if name.startswith("on")}


def test_a_browser_may_neither_load_nor_run_anything() -> None:
    tags = parsed(data_docs("run", AT, [outcome("silver.order", Verdict.PASS, TIME, 0)]))

    assert tags.policy == "default-src 'none'; style-src 'unsafe-inline'"
    assert "src" not in tags.attributes


def test_a_rule_about_the_table_has_no_share_of_rows() -> None:
    result = RuleResult(TIME, False, None, None)
    page = data_docs("run", AT, [GateOutcome("a.b", Verdict.WARN, (result,), 0, 0, {})])

    assert "–" in page
    assert " %" not in page.split("</style>")[1]


def test_the_page_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "docs" / "index.html"

    write_data_docs(path, "run-1", AT, [])
    write_data_docs(path, "run-2", AT, [])

    assert "run-2" in path.read_text(encoding="utf-8")
    assert [file.name for file in path.parent.iterdir()] == ["index.html"]
