"""The schema's history, and the way up and down it."""

from pathlib import Path

from tollgate_common.migrations import Migrations
from tollgate_reports.database import SCHEMA, engine_of, metadata
from tollgate_reports.ledger.service import Ledger
from tollgate_reports.settings import ReportsSettings

MIGRATIONS = Migrations(SCHEMA, metadata, Path(__file__).parent)


def upgrade(settings: ReportsSettings) -> None:
    """To the newest revision; then the ledger's partitions for the months to come."""
    MIGRATIONS.upgrade(settings.database())
    engine = engine_of(settings)
    Ledger(engine).make_partitions_ahead()
    engine.dispose()


def is_ours(item: object, name: str | None, kind: str, reflected: bool, _: object) -> bool:
    """For Alembic's comparison: partitions come and go without a migration."""
    if kind == "index":
        name = getattr(getattr(item, "table", None), "name", None)
    return not (reflected and (name or "").startswith("ledger_") and kind in ("table", "index"))
