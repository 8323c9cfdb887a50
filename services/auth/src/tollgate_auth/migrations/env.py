"""How Alembic runs this service's migrations."""

from tollgate_auth.extensions import SCHEMA
from tollgate_common.migrations import run

run(SCHEMA)
