"""What the commands that need Spark show a role: refused before a session starts, or recorded first."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lakehouse.errors import AccessError
from lakehouse.pipeline import steward_commands
from lakehouse.pipeline.audit import audit_log
from lakehouse.pipeline.link_preview import LinkPreview
from lakehouse.pipeline.reader_tables import rows_for_reader
from lakehouse.report import Report
from lakehouse.settings.load import load_settings
from lakehouse.settings.models import Settings
from lakehouse.settings.roles import Mask
from lakehouse.tables.linkage import IDENTITY_MAP
from lakehouse.tables.ops import ATTRIBUTE_OVERRIDE, LINK_OVERRIDE, REVIEW_TASK
from lakehouse.tables.spec import TableSpec

DAY = date(2026, 1, 5)
MAPPED = ("record_key", "customer_id")
SIDES = ("record_key_l", "record_key_r", "masked_l", "masked_r")
TASK = SimpleNamespace(
    **{f"{name}_{side}": f"{name}{side}" for name in ("record_key", "customer_id") for side in "lr"}
)


def settings_of(root: Path, role: str) -> Settings:
    return load_settings("test", overrides={"lake.root": str(root), "roles.reader": role})


def no_lake(_settings: Settings) -> Any:
    raise AssertionError("a session was started")


@pytest.mark.parametrize(
    ("role", "call"),
    [
        ("analyst", lambda s: steward_commands.explain(s, "a", "b")),
        ("analyst", lambda s: steward_commands.explain(s, "a", None)),
        ("analyst", lambda s: steward_commands.link_preview(s, model=None, most=1, as_of=DAY)),
        ("agent", lambda s: steward_commands.review_show(s, "t")),
        ("agent", lambda s: steward_commands.review_list(s, reason=None, most=1)),
        ("marketer", lambda s: steward_commands.review_show(s, "t")),
        ("engineer", lambda s: steward_commands.review_show(s, "t")),
    ],
)
def test_a_role_that_may_not_see_it_is_refused_before_anything_is_read(
    role: str,
    call: Callable[[Settings], Report],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(steward_commands, "open_lake", no_lake)

    with pytest.raises(AccessError, match=f"The role {role}"):
        call(settings_of(tmp_path / "lake", role))


ROLES = sorted(load_settings("demo").roles.roles)
SURFACES: dict[str, tuple[Callable[[Settings], Report], TableSpec, tuple[str, ...]]] = {
    "explain of two": (lambda s: steward_commands.explain(s, "a", "b"), IDENTITY_MAP, MAPPED),
    "explain of one": (lambda s: steward_commands.explain(s, "a", None), IDENTITY_MAP, MAPPED),
    "link-preview": (
        lambda s: steward_commands.link_preview(s, model=None, most=1, as_of=DAY),
        IDENTITY_MAP,
        MAPPED,
    ),
    "review show": (lambda s: steward_commands.review_show(s, "t"), REVIEW_TASK, SIDES),
    "review list": (
        lambda s: steward_commands.review_list(s, reason=None, most=1),
        REVIEW_TASK,
        (),
    ),
}
"""By surface that shows what it reads as it is: the call, the table, and the columns that it tells."""


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("role", ROLES)
def test_a_surface_without_masks_opens_the_lake_for_roles_alone_that_see_all_it_tells(
    role: str, surface: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steward_commands, "open_lake", no_lake)
    call, spec, columns = SURFACES[surface]
    settings = settings_of(tmp_path / "lake", role)
    reader = settings.roles.current
    sees_all = all(reader.mask(spec, name) is Mask.CLEAR for name in columns)
    # A preview may tell of anybody, and so not to who sees those alone who agreed.
    may_see_anybody = surface != "link-preview" or reader.sees_unknown(spec)
    opens = reader.may_read(spec) and sees_all and may_see_anybody

    with pytest.raises(AssertionError if opens else AccessError):
        call(settings)


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Stewardship without Spark; the list has what was done."""
    done: list[str] = []
    lake = SimpleNamespace(release=lambda: SimpleNamespace(number=4))
    monkeypatch.setattr(steward_commands, "open_lake", lambda _: lake)
    monkeypatch.setattr(steward_commands, "customer_explained", lambda *_: Report(lines=["told"]))
    monkeypatch.setattr(steward_commands, "_require_permitted", lambda *_: None)
    previewed = LinkPreview(Report(lines=["would change"]), 4, frozenset({"now", "proposed"}))
    monkeypatch.setattr(steward_commands, "preview_of_links", lambda *_: previewed)
    monkeypatch.setattr(steward_commands, "review_task", lambda *_: TASK)
    monkeypatch.setattr(steward_commands, "task_report", lambda _: Report(lines=["task"]))
    monkeypatch.setattr(steward_commands, "decide", lambda *_, **__: done.append("decide"))
    monkeypatch.setattr(steward_commands, "withdraw", lambda *_, **__: done.append("withdraw"))
    monkeypatch.setattr(
        steward_commands, "set_attributes", lambda *_, **__: done.append("set") or ["city"]
    )
    return done


WORDS = {"by": "maria", "reason": "Spoke to Anna Lee"}
CALLS: list[tuple[str, str, Callable[[Settings], Report]]] = [
    ("read", "explain", lambda s: steward_commands.explain(s, "a", None)),
    (
        "read",
        "link-preview",
        lambda s: steward_commands.link_preview(s, model=None, most=1, as_of=DAY),
    ),
    ("read", "review show", lambda s: steward_commands.review_show(s, "t")),
    ("decide", "review decide", lambda s: steward_commands.review_decide(s, "t", "same", **WORDS)),
    (
        "decide",
        "override add",
        lambda s: steward_commands.override_add(s, "a", "b", "same", **WORDS),
    ),
    (
        "decide",
        "override withdraw",
        lambda s: steward_commands.override_withdraw(s, "a", "b", **WORDS),
    ),
    (
        "decide",
        "attribute set",
        lambda s: steward_commands.attribute_set(s, "a", "address", "city=York", **WORDS),
    ),
]


@pytest.mark.parametrize(("action", "surface", "call"), CALLS, ids=[c[1] for c in CALLS])
def test_a_read_or_decision_leaves_one_row_and_is_refused_where_none_can_be_written(
    action: str,
    surface: str,
    call: Callable[[Settings], Report],
    tmp_path: Path,
    fakes: list[str],
) -> None:
    settings = settings_of(tmp_path / "lake", "steward")

    call(settings)

    (row,) = audit_log(settings).content()[0]
    assert f'"action":"{action}"'.encode() in row
    assert f'"surface":"{surface}"'.encode() in row
    assert b"Anna" not in row
    fakes.clear()
    (tmp_path / "file").write_text("")
    with pytest.raises(AccessError, match="not recorded is not done"):
        call(settings_of(tmp_path / "file", "steward"))
    assert fakes == []


def test_decisions_are_listed_without_words_about_people_for_who_sees_masks(tmp_path: Path) -> None:
    row = {"record_key": "k", "decided_by": "maria", "reason": "Spoke to Anna Lee"}
    default, steward = (settings_of(tmp_path, role) for role in ("default", "steward"))

    assert rows_for_reader(default, ATTRIBUTE_OVERRIDE, [row]) == [
        {"record_key": "k", "decided_by": "***", "reason": "***"}
    ]
    assert rows_for_reader(steward, ATTRIBUTE_OVERRIDE, [row]) == [row]
    with pytest.raises(AccessError, match="agent reads for service"):
        rows_for_reader(settings_of(tmp_path, "agent"), LINK_OVERRIDE, [])
