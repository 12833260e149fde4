"""What a person at a terminal sees of a run while it goes."""

import logging
from types import SimpleNamespace
from typing import cast

import pytest

from lakehouse.pipeline.runner import RunOutcome, _Run


def test_a_step_is_named_when_it_begins_and_when_it_ends(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("lakehouse"), "propagate", True)
    caplog.set_level(logging.INFO, "lakehouse")
    run = cast(_Run, SimpleNamespace(_outcome=RunOutcome("day-1")))

    with _Run._timed(run, "gold.customer"):
        while_it_goes = list(caplog.messages)

    assert while_it_goes == ["gold.customer began"]
    assert caplog.messages == ["gold.customer began", "gold.customer done in 0.0 s"]
