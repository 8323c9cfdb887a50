"""The schema goes up and down, once at a time, and is what the models say."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, text

from tollgate_common.testing.servers import fresh_database
from tollgate_reports.database import engine_of, metadata
from tollgate_reports.migrations import MIGRATIONS, is_ours, upgrade
from tollgate_reports.settings import ReportsSettings


@pytest.fixture
def empty(postgres_url: str) -> Iterator[ReportsSettings]:
    with fresh_database(postgres_url) as url:
        yield ReportsSettings(database_url=url)


def tables(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        found = connection.execute(
            text("SELECT schemaname, tablename FROM pg_tables WHERE schemaname !~ '^(pg_|info)'")
        )
        return {f"{schema}.{name}" for schema, name in found}


def test_up_down_and_up_again(empty: ReportsSettings) -> None:
    engine = engine_of(empty)
    upgrade(empty)
    full = tables(engine)
    assert {"reports.ledger", "reports.rollups", "reports.reports"} <= full
    assert all(name.startswith("reports.") for name in full)
    MIGRATIONS.downgrade(empty.database(), "base")
    assert tables(engine) == {"reports.alembic_version"}
    upgrade(empty)
    assert tables(engine) == full
    engine.dispose()


def test_several_at_once_migrate_once(empty: ReportsSettings) -> None:
    command = [str(Path(sys.executable).with_name("tollgate-reports")), "migrate"]
    environment = {**os.environ, "DATABASE_URL": str(empty.database_url)}
    running = [
        subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) for _ in range(2)
    ]
    assert [process.wait(60) for process in running] == [0, 0]


# Alembic cannot say of a CHECK that it is NOT VALID.
@pytest.mark.filterwarnings("ignore:Can't validate argument 'dialect_options'")
def test_the_schema_is_what_the_models_say(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": is_ours})
        assert compare_metadata(context, metadata) == []
