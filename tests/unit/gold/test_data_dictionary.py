"""The dictionary says of every table and column what its spec says."""

from lakehouse.tables.dictionary import dictionary
from lakehouse.tables.gold import GOLD_TABLES
from lakehouse.tables.silver import SILVER_TABLES
from lakehouse.tables.spec import Column, Sensitivity, TableSpec

SHOES = TableSpec(
    name="gold.shoe",
    description="One row per shoe.",
    columns=(
        Column("shoe_id", "string", "Shoe.", Sensitivity.PSEUDONYM),
        Column("size", "int", "Size | width.", unit="points"),
    ),
    primary_key=("shoe_id",),
    owner="cobbler",
    retention_days=7,
    purposes=("service", "analytics"),
)


def test_a_table_is_listed_and_described() -> None:
    said = dictionary([SHOES])
    assert "- [gold.shoe](#goldshoe): One row per shoe." in said
    assert "\n## gold.shoe\n" in said
    assert "- Primary key: `shoe_id`" in said
    assert "- Person by: none; not about persons" in said
    assert "- Purposes: service, analytics" in said
    assert "- Kept: 7 days" in said


def test_a_column_is_one_row_and_a_bar_does_not_break_it() -> None:
    said = dictionary([SHOES]).splitlines()
    assert "| `shoe_id` | `string` | yes | pseudonym |  | Shoe. |" in said
    assert "| `size` | `int` |  | none | points | Size \\| width. |" in said


def test_every_column_of_every_table_is_there() -> None:
    said = dictionary(SILVER_TABLES + GOLD_TABLES)
    for spec in SILVER_TABLES + GOLD_TABLES:
        section = said.split(f"\n## {spec.name}\n")[1].split("\n## ")[0]
        assert section.count("\n| `") == len(spec.columns)
