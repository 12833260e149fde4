"""Scored pairs: from person records and a model to linkage.scored_edge, by either engine.

Two rounds. The first scores the pairs that blocking finds. The second scores every pair inside the
groups that the first would join, so that a cluster is judged by all it claims, not by the pairs that
happened to share a block.
"""

import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from lakehouse.errors import LinkageError
from lakehouse.linkage.blocking import (
    evidence,
    key_column,
    largest_block,
    used_blocking,
    with_block_keys,
)
from lakehouse.linkage.components import group
from lakehouse.linkage.engine import (
    PEOPLE_TABLE,
    database,
    linker,
    predicted,
    register_frequencies,
    register_pairs,
)
from lakehouse.linkage.model import (
    UNIQUE_ID,
    TrainedModel,
    frequency_columns,
    gamma_of,
    splink_settings,
    used_rules,
)
from lakehouse.settings.linkage import Contradiction, Engine, LinkageSettings

EDGE_SCHEMA = (
    "record_key_l string, record_key_r string, match_weight double, match_probability double,"
    " support double, contradiction string, gammas map<string,int>, found_by string, model_version string"
)
_LARGEST_SUPPORT = 15.0
_EDGE_ARROW = pa.schema(
    [
        ("record_key_l", pa.string()),
        ("record_key_r", pa.string()),
        ("match_weight", pa.float64()),
        ("match_probability", pa.float64()),
        ("support", pa.float64()),
        ("contradiction", pa.string()),
        ("gammas", pa.map_(pa.string(), pa.int32())),
        ("found_by", pa.string()),
        ("model_version", pa.string()),
    ]
)
