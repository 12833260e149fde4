"""Where a preview works: values of people, which go with it, or with the next session where it was killed."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast

from lakehouse.pipeline.lake import Lake
from lakehouse.pipeline.link_preview import _scratch
from lakehouse.storage.spill import own_spill


def test_a_preview_works_where_a_killed_process_leaves_nothing(tmp_path: Path) -> None:
    """What becomes of that place is told by tests/unit/storage/test_spill.py."""
    lake = cast(
        Lake, SimpleNamespace(settings=SimpleNamespace(lake=SimpleNamespace(work_dir=tmp_path)))
    )

    with _scratch(lake) as folder:
        (folder / "identity_map").write_text("Ann")

        assert folder.parent == own_spill(tmp_path / "spill")

    assert not folder.exists()
    assert folder.parent.exists()
