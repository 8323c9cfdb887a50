"""How Alembic runs this service's migrations."""

from tollgate_common.migrations import run
from tollgate_reports.database import SCHEMA
from tollgate_reports.migrations import is_ours

run(SCHEMA, is_ours)
