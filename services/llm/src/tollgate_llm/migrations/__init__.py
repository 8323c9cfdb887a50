"""The schema's history."""

from pathlib import Path

from tollgate_common.migrations import Migrations
from tollgate_llm.database import metadata
from tollgate_llm.extensions import SCHEMA

MIGRATIONS = Migrations(SCHEMA, metadata, Path(__file__).parent)
