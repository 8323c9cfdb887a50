"""The service's own schema. Tables are declared in each noun's `models.py`, on this metadata."""

from pathlib import Path

from sqlalchemy import Engine, MetaData

from tollgate_common.db import make_engine
from tollgate_common.settings import CommonSettings

SCHEMA = "reports"
VERSIONS = Path(__file__).with_name("migrations") / "versions"

metadata = MetaData()


def engine_of(settings: CommonSettings, pool_size: int = 1) -> Engine:
    """For the processes that have no Flask app: the ledger, the worker."""
    return make_engine(settings.database(), SCHEMA, pool_size)
