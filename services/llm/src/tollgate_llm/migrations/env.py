"""How Alembic runs this service's migrations."""

from tollgate_common.migrations import run
from tollgate_llm.extensions import SCHEMA

run(SCHEMA)
