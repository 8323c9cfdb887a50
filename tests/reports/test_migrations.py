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


def test_reports_from_before_say_of_which_projects_they_are(empty: ReportsSettings) -> None:
    """A machine's are of its project, others of the project that they filter by, or of all."""
    engine = engine_of(empty)
    upgrade(empty)
    MIGRATIONS.downgrade(empty.database(), "0009")
    add = text(
        "INSERT INTO reports (id, org, project, created_by, type, format, parameters, status)"
        " VALUES (:id, 'org_1', :project, 'usr_1', 'usage', 'csv', :parameters, 'ready')"
    )
    with engine.begin() as connection:
        for id_, project, filters in (
            ("rep_1", "proj_1", '{"project": "proj_1", "mode": "test"}'),
            ("rep_2", None, '{"project": "proj_2"}'),
            ("rep_3", None, '{"model": "gpt-4o"}'),
        ):
            parameters = f'{{"filters": {filters}}}'
            connection.execute(add, {"id": id_, "project": project, "parameters": parameters})
    upgrade(empty)
    with engine.connect() as connection:
        kept = connection.execute(text("SELECT id, projects FROM reports ORDER BY id")).all()
    assert list(map(tuple, kept)) == [("rep_1", ["proj_1"]), ("rep_2", ["proj_2"]), ("rep_3", None)]
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
