"""Of a sample those blocks are used that a run over all records uses."""

import pytest

from lakehouse.linkage.engine import PEOPLE_TABLE, database
from lakehouse.linkage.sampled_pairs import cap_blocks
from lakehouse.settings.linkage import LinkageSettings
from lakehouse.settings.load import load_settings

BLOCKS = {"small": 20, "large": 70}
"""Records by the value that they share: 90 in all, and another 110 of whom each stands alone."""
SAMPLED = 200


@pytest.fixture(scope="module")
def settings() -> LinkageSettings:
    loaded = load_settings("test").linkage
    guards = loaded.guards.model_copy(update={"max_block_records": 300, "pairs_per_record": 30})
    return loaded.model_copy(update={"guards": guards, "blocking": (("city_match",),)})


def kept_blocks(settings: LinkageSettings, records: int) -> dict[str, int]:
    """By name, the records of the blocks that are used of a sample of so many records."""
    with database("1GB", 1) as connection:
        values = " union all ".join(
            f"select '{name}' as name, {number} as block_key_00 from range({size})"  # noqa: S608
            for number, (name, size) in enumerate(BLOCKS.items())
        )
        connection.execute(
            f"create table {PEOPLE_TABLE} as {values} union all"  # noqa: S608
            f" select 'alone', 1000 + range from range({SAMPLED - sum(BLOCKS.values())})"
        )
        cap_blocks(connection, SAMPLED, records, settings)
        found = connection.execute(
            f"select name, count(*) from {PEOPLE_TABLE}"  # noqa: S608
            " where block_key_00 is not null and name <> 'alone' group by name"
        ).fetchall()
    return dict(found)


def test_where_the_sample_is_all_there_is_blocks_up_to_the_guard_are_used(
    settings: LinkageSettings,
) -> None:
    assert kept_blocks(settings, SAMPLED) == BLOCKS


def test_of_a_fifth_of_the_records_a_fifth_of_a_block_is_too_large(
    settings: LinkageSettings,
) -> None:
    # 70 sampled of about 350 records: a run uses blocks of up to 300.
    assert kept_blocks(settings, 5 * SAMPLED) == {"small": 20}


def test_what_a_rule_may_cost_shrinks_with_the_sample(settings: LinkageSettings) -> None:
    # 190 pairs of the small block, 2,415 of the large one: all are 13 to a record, a third of them 4.
    guards = settings.guards.model_copy(update={"max_block_records": 3000, "pairs_per_record": 30})
    lavish = settings.model_copy(update={"guards": guards})
    thrifty = settings.model_copy(
        update={"guards": guards.model_copy(update={"pairs_per_record": 14})}
    )

    assert kept_blocks(lavish, 2 * SAMPLED) == BLOCKS
    assert kept_blocks(thrifty, SAMPLED) == BLOCKS
    assert kept_blocks(thrifty, 2 * SAMPLED) == {"small": 20}


def test_blocks_of_two_are_used_however_small_the_sample(settings: LinkageSettings) -> None:
    with database("1GB", 1) as connection:
        connection.execute(
            f"create table {PEOPLE_TABLE} as select 1 as block_key_00 from range(2)"  # noqa: S608
            " union all select 2 from range(3) union all select 100 + range from range(995)"
        )
        cap_blocks(connection, 1000, 1_000_000, settings)
        kept = connection.execute(
            f"select block_key_00 from {PEOPLE_TABLE} where block_key_00 < 100"  # noqa: S608
        ).fetchall()

    assert kept == [(1,), (1,)]
