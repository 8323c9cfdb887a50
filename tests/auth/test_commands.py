"""Migrations up and down, and the seed."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dotenv import dotenv_values
from flask import Flask
from sqlalchemy import create_engine, text

from tests.auth.conftest import MakeApp
from tollgate_auth import seeding
from tollgate_auth.extensions import db
from tollgate_auth.migrations import MIGRATIONS
from tollgate_auth.runtime import runtime
from tollgate_common import keyformat
from tollgate_common.testing.servers import fresh_database

URL = "http://127.0.0.1:8080"


@pytest.fixture
def empty(postgres_url: str) -> Iterator[str]:
    with fresh_database(postgres_url) as url:
        yield url


@pytest.fixture
def empty_app(make_app: MakeApp, empty: str) -> Iterator[Flask]:
    app = make_app(empty)
    MIGRATIONS.upgrade(app.config["SQLALCHEMY_DATABASE_URI"])
    yield app
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()
        runtime().redis.close()


def tables(url: str) -> set[str]:
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    query = text("SELECT tablename FROM pg_tables WHERE schemaname = 'auth'")
    with engine.connect() as connection:
        found = set(connection.scalars(query))
    engine.dispose()
    return found


def test_migrations_go_up_down_and_up_again(empty: str) -> None:
    url = empty.replace("postgresql://", "postgresql+psycopg://")
    MIGRATIONS.upgrade(url)
    full = tables(empty)
    assert {"users", "keys", "limits", "audit_log", "outbox"} <= full
    MIGRATIONS.downgrade(url, "base")
    assert tables(empty) == {"alembic_version"}
    MIGRATIONS.upgrade(url)
    assert tables(empty) == full


def seed(app: Flask, file: Path) -> bool:
    with app.app_context():
        return seeding.seed(file, URL, runtime().passwords)


def test_the_seed_makes_what_the_first_login_needs_once(empty_app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "credentials.env"
    assert seed(empty_app, file)
    first = dotenv_values(file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert first["TOLLGATE_URL"] == URL
    assert keyformat.looks_valid(str(first["TOLLGATE_API_KEY"]))
    assert str(first["TOLLGATE_API_KEY"]).startswith("tg_test_")
    body = {
        "email": first["TOLLGATE_ADMIN_EMAIL"], "password": first["TOLLGATE_ADMIN_PASSWORD"]
    }  # fmt: skip
    client = empty_app.test_client()
    assert client.post("/api/v1/auth/login", json=body).status_code == 200
    assert not seed(empty_app, file)
    assert dotenv_values(file) == first


def test_a_lost_file_is_made_anew_for_the_same_data(
    empty_app: Flask, tmp_path: Path, unknown_id: Callable[[str], str]
) -> None:
    file = tmp_path / "credentials.env"
    seed(empty_app, file)
    first = dotenv_values(file)
    file.unlink()
    assert seed(empty_app, file)
    second = dotenv_values(file)
    assert second["TOLLGATE_ADMIN_EMAIL"] == first["TOLLGATE_ADMIN_EMAIL"]
    assert second["TOLLGATE_API_KEY"] != first["TOLLGATE_API_KEY"]
    body = {
        "email": second["TOLLGATE_ADMIN_EMAIL"], "password": second["TOLLGATE_ADMIN_PASSWORD"]
    }  # fmt: skip
    assert empty_app.test_client().post("/api/v1/auth/login", json=body).status_code == 200
