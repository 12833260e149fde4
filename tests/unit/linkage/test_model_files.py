"""Files of linkage models that are not what they should be."""

from pathlib import Path

import pytest

from lakehouse.errors import LinkageError, NotFoundError
from lakehouse.linkage.artefact import latest_model, load_model


def test_a_model_that_was_deleted_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="No linkage model at"):
        load_model(tmp_path / "2026-01-05.json")


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"comparisons": 3}', "not json"])
def test_a_file_that_is_no_model_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "2026-01-05.json").write_text(text, encoding="utf-8")
    with pytest.raises(LinkageError, match="is not a linkage model"):
        load_model(tmp_path / "2026-01-05.json")


def test_of_a_folder_the_newest_model_is_taken_and_none_if_there_is_none(tmp_path: Path) -> None:
    assert latest_model(tmp_path / "gone", tmp_path) is None
    for day in ("2026-01-05", "2025-12-31"):
        (tmp_path / f"{day}.json").write_text("{}", encoding="utf-8")
    assert latest_model(tmp_path / "gone", tmp_path) == tmp_path / "2026-01-05.json"
