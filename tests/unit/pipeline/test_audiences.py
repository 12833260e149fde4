"""Who may have a data product as files, told before the lake is looked at."""

from pathlib import Path

import pytest

from lakehouse.errors import AccessError, InputError, LakehouseError, NotFoundError
from lakehouse.pipeline.audiences import export_audience
from lakehouse.settings.load import load_settings

MARKETING = "marketing_customer"


@pytest.mark.parametrize(
    ("product", "role", "error", "told"),
    [
        ("nothing", "marketer", NotFoundError, "no data product nothing"),
        ("customers_by_area", "analyst", InputError, "groups of customers"),
        (MARKETING, "default", AccessError, "names no role"),
        (MARKETING, "agent", AccessError, "kept for marketing"),
        (MARKETING, "marketer", NotFoundError, "no release"),
    ],
)
def test_an_export_is_refused_before_anything_is_written(
    product: str, role: str, error: type[LakehouseError], told: str, tmp_path: Path
) -> None:
    places = {"lake.root": str(tmp_path / "lake"), "roles.reader": role}
    settings = load_settings("test", overrides=places)

    with pytest.raises(error, match=told):
        export_audience(settings, product, tmp_path / "outbox")

    assert list(tmp_path.iterdir()) == []
