"""The person records of the demo company as one table, for what looks at people alone."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse.demo.generate import CUSTOMERS_PER_CHUNK
from lakehouse.demo.people import Chunk, draw_people
from lakehouse.demo.person_feeds import written_phones
from lakehouse.demo.population import PersonFeed, draw_population

_COLUMNS = {
    "given_name": "given",
    "middle_name": "middle",
    "family_name": "family",
    "name_suffix": "suffix",
    "birth_date": "birth_date",
    "gender": "gender",
    "email": "email",
    "street": "street",
    "city": "city",
    "region": "region",
    "postcode": "postcode",
    "country": "country",
    "social_handle": "handle",
}
_FEEDS = ("crm_contact", "shop_account", "pos_loyalty_member", "support_ticket")
_LEAST_RECORDS_PER_CUSTOMER = 2
_SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("record_key", *_COLUMNS, "phone", "person_id")]
)


def write_person_table(path: Path, records: int, seed: int) -> None:
    """Writes exactly `records` records of synthetic people as Parquet, chunk by chunk.

    Columns: record_key, those of a person as their feeds write them, and person_id, the truth. The same
    arguments give the same rows.
    """
    left, number = records, 0
    most = CUSTOMERS_PER_CHUNK
    seeds = np.random.SeedSequence(seed)
    with pq.ParquetWriter(path, _SCHEMA) as writer:
        while left:
            customers = min(most, -(-left // _LEAST_RECORDS_PER_CUSTOMER))
            chunk = Chunk(number, number * most, customers)
            table = _records(np.random.default_rng(seeds.spawn(1)[0]), chunk)
            writer.write_table(table.slice(0, left))
            left -= min(left, table.num_rows)
            number += 1


def _records(rng: np.random.Generator, chunk: Chunk) -> pa.Table:
    people = draw_people(rng, chunk)
    feeds = draw_population(rng, chunk, people, days=1)
    tables = [_of_feed(rng, people["person_id"].to_numpy(), feeds[name]) for name in _FEEDS]
    table = pa.concat_tables(tables)
    # Records of one person lie apart, as they do in a lake of several sources.
    return table.take(pa.array(rng.permutation(table.num_rows)))


def _of_feed(rng: np.random.Generator, person_ids: np.ndarray, feed: PersonFeed) -> pa.Table:
    records = feed.records
    keys = feed.feed + ":" + records["record_id"].astype(str)
    columns = {name: records[own].to_numpy() for name, own in _COLUMNS.items()}
    phones = written_phones(
        rng, feed.feed, records["country"].to_numpy(), records["phone"].to_numpy()
    )
    person = person_ids[records["person"].to_numpy()]
    values = {"record_key": keys, **columns, "phone": phones, "person_id": person}
    arrays = [_text(values[name]) for name in _SCHEMA.names]
    return pa.Table.from_arrays(arrays, schema=_SCHEMA)


def _text(values: np.ndarray) -> pa.Array:
    return pa.array([value or None for value in values], pa.string())
