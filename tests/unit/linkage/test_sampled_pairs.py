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
    return loaded.model_copy(update={"blocking": (("city_match",),)})


def guarded(settings: LinkageSettings, block_records: int, per_record: int) -> LinkageSettings:
    bounds = {"max_block_records": block_records, "pairs_per_record": per_record}
    return settings.model_copy(update={"guards": settings.guards.model_copy(update=bounds)})


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


def test_of_a_fifth_of_the_records_a_fifth_of_a_block_is_too_large(
    settings: LinkageSettings,
) -> None:
    up_to_300 = guarded(settings, 300, 1000)

    assert kept_blocks(up_to_300, SAMPLED) == BLOCKS
    # The large block has about 350 of all the records.
    assert kept_blocks(up_to_300, 5 * SAMPLED) == {"small": 20}


def test_what_a_rule_may_cost_shrinks_with_the_sample(settings: LinkageSettings) -> None:
    # The blocks have 190 and 2,415 pairs in the sample, 13 to each of its records; of twice as many records
    # there are four times as many pairs, 26 to a record.
    assert kept_blocks(guarded(settings, 3000, 30), 2 * SAMPLED) == BLOCKS
    assert kept_blocks(guarded(settings, 3000, 14), 2 * SAMPLED) == {"small": 20}
    assert kept_blocks(guarded(settings, 3000, 14), SAMPLED) == BLOCKS


def test_blocks_of_two_are_used_however_small_the_sample(settings: LinkageSettings) -> None:
    with database("1GB", 1) as connection:
        connection.execute(
            f"create table {PEOPLE_TABLE} as select 1 as block_key_00 from range(2)"  # noqa: S608
            " union all select 2 from range(3) union all select 100 + range from range(995)"
        )
        cap_blocks(connection, 1000, 1_000_000, guarded(settings, 300, 30))
        kept = connection.execute(
            f"select block_key_00 from {PEOPLE_TABLE} where block_key_00 < 100"  # noqa: S608
        ).fetchall()

    assert kept == [(1,), (1,)]
