"""One small demo company for all tests of the generator."""

import sys
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from lakehouse.demo.generate import generate

# The tests of this folder share `delivered.py`; with importlib mode pytest adds no folder itself.
sys.path.insert(0, str(Path(__file__).parent))

CUSTOMERS = 2000
DAYS = 3


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out: Path = tmp_path_factory.mktemp("company")
    generate(CUSTOMERS, seed=11, out=out, days=DAYS)
    return out


@pytest.fixture(scope="session")
def landing(company: Path) -> Path:
    return company / "landing"


@pytest.fixture(scope="session")
def person_truth(company: Path) -> pd.DataFrame:
    return pq.read_table(company / "truth" / "person.parquet").to_pandas()
