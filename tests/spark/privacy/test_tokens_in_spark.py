from pyspark.sql import SparkSession

from lakehouse.privacy.token_frame import tokenised
from lakehouse.privacy.tokens import token, token_keys
from lakehouse.tables.local_frame import local_frame

KEYS = token_keys("marketing", {3: "a-secret-of-this-test"})


def test_spark_and_python_make_one_token_and_the_plan_shows_no_key(spark: SparkSession) -> None:
    values = ["ana@example.de", "", "Ána O'Müller", "李", None]
    frame = local_frame(spark, list(enumerate(values)), "n int, email string")

    made = tokenised(frame, ["email"], KEYS)

    rows = {row.n: row.email for row in made.collect()}
    assert made.columns == ["n", "email"]
    assert [rows[n] for n in range(5)] == [None if v is None else token(KEYS, v) for v in values]
    key = KEYS.by_version[3]
    plan = made._jdf.queryExecution().toString().lower()
    inner = bytes(b ^ 0x36 for b in key).hex()
    assert key.hex() not in plan
    assert inner not in plan
    assert inner[:16] not in plan
