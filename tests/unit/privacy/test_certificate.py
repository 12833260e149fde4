"""A certificate is what the lake gave, or it is told that it is not."""

import json
from pathlib import Path

import pytest

from lakehouse.errors import InputError
from lakehouse.pipeline.erasure_certificate import certificate_check
from lakehouse.privacy.certificate import is_genuine, signed
from lakehouse.settings.load import load_settings

SECRET = "a secret of sixteen"
CONTENT = {"erasure_id": "5f0c", "hits": 0, "versions": {"gold.customer": [3, 4]}}


def test_a_certificate_that_nobody_touched_is_genuine() -> None:
    assert is_genuine(signed(CONTENT, SECRET), SECRET)


def test_any_change_is_found_and_so_is_another_lake_s_signature() -> None:
    certificate = signed(CONTENT, SECRET)
    assert not is_genuine({**certificate, "hits": 1}, SECRET)
    assert not is_genuine({**certificate, "more": 1}, SECRET)
    assert not is_genuine({k: v for k, v in certificate.items() if k != "hits"}, SECRET)
    assert not is_genuine(certificate, "another secret of sixteen")
    assert not is_genuine(signed({**CONTENT, "hits": 1}, "no key at all"), SECRET)


@pytest.mark.parametrize(("changed", "code"), [({}, 0), ({"hits": 1}, 1)])
def test_a_file_is_told_from_the_certificate_that_it_was(
    changed: dict[str, int], code: int, tmp_path: Path
) -> None:
    settings, file = load_settings("test"), tmp_path / "certificate.json"
    certificate = signed(CONTENT, settings.lake.secret.get_secret_value())
    file.write_text(json.dumps({**certificate, **changed}), encoding="utf-8")

    assert certificate_check(settings, file).exit_code == code


@pytest.mark.parametrize("text", ["", "5f0c", "[]"])
def test_what_is_no_certificate_at_all_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "certificate.json"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(InputError, match="is no certificate"):
        certificate_check(load_settings("test"), file)
