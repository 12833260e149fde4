"""A certificate is what the lake gave, or it is told that it is not."""

from lakehouse.privacy.certificate import is_genuine, signed

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
