"""The schema's history."""

from pathlib import Path

from tollgate_auth import models as _tables  # noqa: F401 - all of them, for comparisons
from tollgate_auth.database import metadata
from tollgate_auth.extensions import SCHEMA
from tollgate_common.migrations import Migrations

MIGRATIONS = Migrations(SCHEMA, metadata, Path(__file__).parent)
