"""Encryption of what a table's spec says is to be encrypted, on its way into the table and out of it."""

from collections.abc import Iterable, Sequence
from functools import reduce
from typing import cast

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import (
    ArrayType,
    BinaryType,
    DataType,
    MapType,
    StringType,
    StructField,
    StructType,
)

from lakehouse.errors import ConfigurationError
from lakehouse.settings.models import LakeSettings
from lakehouse.storage.cells import (
    CELL,
    KEY_ID,
    SEPARATOR,
    bound_to,
    encrypted_among,
    hidden_columns,
    mark_of,
    visible_among,
)
from lakehouse.storage.delta_tables import WriteKey
from lakehouse.storage.key_tables import KeyTables
from lakehouse.storage.wrapping import keys_of
from lakehouse.tables.local_frame import local_frame
from lakehouse.tables.spec import Column, TableSpec, has_record_keys

_RECORD, _OF_RECORD, _HASH_KEY = "_record", "_of_record", "_hash_key"
_USED, _DATA_KEY, _OPENED = "_used_key_id", "_data_key", "_opened"
_NESTED = (ArrayType, MapType, StructType)
_JSON = {"ignoreNullFields": "false"}
# By default a text of more than 20 million characters reads as null.
_CELL_JSON = {"mode": "FAILFAST", "maxStringLen": str(2**31 - 1)}


class Encryption:
    """The encryption of one lake: with `is_on` false it writes in the clear, and reads all the same."""

    def __init__(
        self, spark: SparkSession, keys: KeyTables, hash_key: bytes, *, is_on: bool
    ) -> None:
        """`hash_key` keys the hashes by which the records of data keys are known."""
        self._spark = spark
        self._keys = keys
        self._hash_key = hash_key
        self._is_on = is_on

    def added_columns(self, spec: TableSpec) -> list[Column]:
        """The columns that the table has beside those of its spec."""
        return hidden_columns(spec.encrypted_columns) if self._is_on else []

    def encrypted(self, frame: DataFrame, spec: TableSpec, key: WriteKey) -> DataFrame:
        """The frame as the write of this key stores it. A row with nothing to hide stays in the clear."""
        names = spec.encrypted_columns
        if not self._is_on or not names:
            return frame
        hides = reduce(SparkColumn.__or__, (F.col(name).isNotNull() for name in names))
        if has_record_keys(spec.name):
            keyed = self._with_record_keys(frame, spec, hides)
        else:
            run = self._keys.of_run(key.number).select(
                F.col("key_id").alias(_USED), F.col("data_key").alias(_DATA_KEY)
            )
            keyed = frame.crossJoin(F.broadcast(run)).withColumn(_USED, F.when(hides, F.col(_USED)))
        texts = (_as_text(F.col(n), frame.schema[n].dataType).alias(n) for n in names)
        content = F.when(hides, F.to_json(F.struct(*texts))).cast("binary")
        gcm = F.lit("GCM"), F.lit("DEFAULT"), F.lit(b"")
        bound = _binding(spec.name, bound_to(spec.name, frame.columns))
        clear = [
            F.lit(None).cast(frame.schema[n].dataType).alias(n) if n in names else F.col(n)
            for n in frame.columns
        ]
        return keyed.select(
            *clear,
            F.col(_USED).alias(KEY_ID),
            F.aes_encrypt(content, F.col(_DATA_KEY), *gcm, bound).alias(CELL),
            *(F.when(F.col(name).isNotNull(), True).alias(mark_of(name)) for name in names),
        )

    def decrypted(
        self, stored: DataFrame, table: str, also: Iterable[str] = (), *, grows: bool = False
    ) -> DataFrame:
        """A table's rows as they were given; null where a row's key was dropped.

        Of one that `grows`, as the newest version of a log does, the keys are looked up when it is read.
        `also` are columns of encryption's own that are to stay. Where there is no table of the data keys at
        all, Spark fails when it comes to an encrypted row.

        Raises:
            ConfigurationError: the table has a ciphertext per value, as an unreleased state wrote them.
        """
        _require_cells_by_row(stored, table)
        names = encrypted_among(stored.columns)
        if not names:
            return stored
        keys = self._data_keys(table, grows).select(
            F.col("key_id").alias(_USED), F.col("data_key").alias(_DATA_KEY)
        )
        keyed = stored.join(keys, on=F.col(KEY_ID) == F.col(_USED), how="left")
        bound = _binding(table, bound_to(table, stored.columns))
        content = F.aes_decrypt(CELL, _DATA_KEY, F.lit("GCM"), F.lit("DEFAULT"), bound)
        if not self._keys.exists(keys_of(table)):
            # Dropped keys leave their table behind. Without one all of the rows would read as null.
            lost = F.raise_error(F.lit(f"The table of the data keys of {table} is not there."))
            content = F.when(F.col(KEY_ID).isNotNull(), lost).otherwise(content)
        texts = StructType([StructField(name, StringType()) for name in names])
        opened = F.from_json(content.cast("string"), texts, _CELL_JSON).alias(_OPENED)
        visible = visible_among(stored.columns)

        def told(name: str) -> SparkColumn:
            if name not in names:
                return F.col(name)
            text = F.col(f"{_OPENED}.{name}")
            return F.coalesce(name, _from_text(text, stored.schema[name].dataType)).alias(name)

        return keyed.select(*visible, *also, opened).select(*map(told, visible), *also)

    def has_keys(self, table: str) -> bool:
        """True if there are data keys of this table, or of runs."""
        return self._keys.exists(table)

    def drop_unused(self, table: str, used: DataFrame) -> int:
        """Drops for good the keys of a table, or of runs, that are not in `used` (key_id); how many."""
        return self._keys.keep_only(table, used)

    def rewrap(self, table: str) -> int:
        """Wraps the keys of a table, or of all runs, by the newest master key; how many were not."""
        return self._keys.rewrap(table) if self._keys.exists(table) else 0

    def _data_keys(self, table: str, grows: bool) -> DataFrame:
        if not has_record_keys(table):
            return F.broadcast(self._keys.of_all_runs())
        if not self._keys.exists(table):
            return local_frame(self._spark, (), "key_id string, data_key binary")
        # As a key's id is random it is there once; said so, Spark leaves out a join that nothing needs.
        return self._keys.of_records(table, now=not grows).dropDuplicates(["key_id"])

    def _with_record_keys(self, frame: DataFrame, spec: TableSpec, hides: SparkColumn) -> DataFrame:
        hash_key = local_frame(self._spark, [(self._hash_key,)], f"{_HASH_KEY} binary")
        named = F.concat(F.col(_HASH_KEY), _record_name(spec).cast("binary"))
        record = F.when(hides, F.sha2(named, 256)).alias(_RECORD)
        marked = frame.crossJoin(F.broadcast(hash_key)).select(*frame.columns, record)
        records = marked.select(F.col(_RECORD).alias("record")).where(F.col("record").isNotNull())
        keys = self._keys.made_for(spec.name, records).select(
            F.col("record").alias(_OF_RECORD),
            F.col("key_id").alias(_USED),
            F.col("data_key").alias(_DATA_KEY),
        )
        keyed = marked.join(keys, on=F.col(_RECORD) == F.col(_OF_RECORD), how="left")
        # Without its key a row's values would be stored as nulls, and be lost.
        lost = F.raise_error(F.lit(f"A record of {spec.name} has no data key."))
        used = F.when(F.col(_RECORD).isNotNull(), F.coalesce(F.col(_USED), lost))
        return keyed.select(*frame.columns, used.alias(_USED), _DATA_KEY)


def lake_encryption(spark: SparkSession, lake: LakeSettings) -> Encryption:
    """The encryption of the lake that these settings describe."""
    keys = KeyTables(spark, lake.keys_root, lake.lock.value, lake.master_keys())
    return Encryption(spark, keys, lake.record_hash_key(), is_on=lake.encryption.at_rest)


def _require_cells_by_row(stored: DataFrame, table: str) -> None:
    if any(name.startswith(f"{CELL}_") for name in stored.columns):
        # Read as they stand, all of these values would be null, and gold would be made of that.
        raise ConfigurationError(
            f"{table} was encrypted value by value, by a state from before 0.1.0, and cannot be read.",
            "make the lake anew from its landing files.",
        )


def _record_name(spec: TableSpec) -> SparkColumn:
    """What tells a source's record from others: the source's key; else all that the row says."""
    place = F.to_json(F.struct(*_told_by(spec)), _JSON)
    if not spec.source_key:
        return place
    key = F.to_json(F.struct(*spec.source_key))
    has_key = reduce(SparkColumn.__and__, (F.length(F.trim(F.col(n))) > 0 for n in spec.source_key))
    return F.when(has_key, key).otherwise(place)


def _told_by(spec: TableSpec) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*spec.primary_key, *spec.encrypted_columns)))


def _binding(table: str, bound: Sequence[str]) -> SparkColumn:
    """What `binding` tells of a cell, as a column of Spark's."""
    values = (F.coalesce(F.col(name).cast("string"), F.lit("")) for name in bound)
    return F.concat_ws(SEPARATOR, F.lit(table), *values).cast("binary")


def _as_text(column: SparkColumn, kind: DataType) -> SparkColumn:
    """A column of this type as the text that a cell has: nested values as JSON, bytes in base 64."""
    if isinstance(kind, BinaryType):
        return F.base64(column)
    return F.to_json(column, _JSON) if isinstance(kind, _NESTED) else column.cast("string")


def _from_text(text: SparkColumn, kind: DataType) -> SparkColumn:
    """What `_as_text` was given."""
    if isinstance(kind, BinaryType):
        return F.unbase64(text)
    # The stubs lack maps, which it takes.
    return (
        F.from_json(text, cast(StructType, kind)) if isinstance(kind, _NESTED) else text.cast(kind)
    )
