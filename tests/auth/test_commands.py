"""Migrations up and down, and the seed."""

import os
import secrets
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import jwt
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from click.testing import CliRunner, Result
from dotenv import dotenv_values
from flask import Flask
from sqlalchemy import create_engine, text

from deploy.local import ports
from tests.auth.conftest import ENCRYPTION_KEY, PASSWORD, Caller, Org, User
from tollgate_auth import cli, commands, seeding
from tollgate_auth.audit import service as audit
from tollgate_auth.extensions import SCHEMA, VERSIONS, db
from tollgate_auth.migrations import MIGRATIONS
from tollgate_auth.runtime import runtime
from tollgate_common import keyformat, schema_version
from tollgate_common.db import make_engine

URL = "http://127.0.0.1:8080"


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


def test_the_models_are_what_the_migrations_make(empty_app: Flask) -> None:
    with empty_app.app_context(), db.engine.connect() as connection:
        options = {"compare_type": True}
        found = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(found, db.metadata) == []


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


def run(app: Flask, monkeypatch: pytest.MonkeyPatch, *words: str) -> Result:
    monkeypatch.setattr(commands, "create_app", lambda: app)
    return CliRunner().invoke(cli.main, words)


def test_another_organisation_is_founded_by_a_link_for_its_owner(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    email = f"{secrets.token_hex(6)}@example.com"
    printed = run(app, monkeypatch, "organisations", "create", "Other", "--owner", email)
    token = urlsplit(printed.output.strip()).fragment
    body = {"token": token, "password": PASSWORD}
    tokens = app.test_client().post("/api/v1/invitations/accept", json=body).get_json()
    claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})
    owner = Caller(app, session_id=claims["sid"])
    assert owner.get("/organisation").get_json()["name"] == "Other"
    assert owner.get("/me").get_json()["role"] == "owner"
    assert owner.get("/keys").get_json()["data"] == []
    renamed = owner.patch("/organisation", {"name": "Another"})
    assert renamed.get_json()["name"] == "Another"


def test_a_user_who_is_locked_out_gets_a_link(
    app: Flask, monkeypatch: pytest.MonkeyPatch, member: User
) -> None:
    printed = run(app, monkeypatch, "users", "password-link", member.email.upper())
    token = urlsplit(printed.output.strip()).fragment
    body = {"token": token, "password": "quite another password"}
    answer = app.test_client().post("/api/v1/auth/password/reset", json=body)
    assert answer.status_code == 204
    nobody = run(app, monkeypatch, "users", "password-link", "nobody@example.com")
    assert (nobody.exit_code, "nobody@example.com" in nobody.output) == (1, True)


def test_the_audit_logs_are_verified_by_command(
    app: Flask, monkeypatch: pytest.MonkeyPatch, org: Org
) -> None:
    org.key()
    printed = run(app, monkeypatch, "audit", "verify")
    assert f"{org.id}: whole" in printed.output


def test_the_service_refuses_tables_older_than_itself(
    empty: str, capfd: pytest.CaptureFixture[str]
) -> None:
    url = empty.replace("postgresql://", "postgresql+psycopg://")
    engine = make_engine(url, SCHEMA)
    newest = schema_version.newest_revision(VERSIONS)
    for revision in (None, "0001"):
        if revision:
            MIGRATIONS.upgrade(url)
            MIGRATIONS.downgrade(url, revision)
        with pytest.raises(SystemExit) as ended:
            schema_version.require(engine, SCHEMA, VERSIONS)
        assert ended.value.code == schema_version.BOOT_ERROR
        said = capfd.readouterr().err
        assert f"revision {revision or 'none'}, and this version needs {newest}" in said
        assert "tollgate-auth migrate" in said
    MIGRATIONS.upgrade(url)
    schema_version.require(engine, SCHEMA, VERSIONS)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    schema_version.require(engine, SCHEMA, VERSIONS)
    engine.dispose()


def test_a_server_on_old_tables_ends_with_a_sentence(empty: str, redis_url: str) -> None:
    environment = {
        "PATH": os.environ["PATH"], "DATABASE_URL": empty, "REDIS_URL": redis_url,
        "ENCRYPTION_KEY": ENCRYPTION_KEY, "HOST": "127.0.0.1",
        "PORT": str(ports.free(["a"])["a"]), "METRICS_PORT": str(ports.free(["a"])["a"]),
    }  # fmt: skip
    command = [sys.executable, "-c", "from tollgate_auth.cli import main; main()", "serve"]
    ended = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode != 0
    assert "Run `tollgate-auth migrate` first." in ended.stderr


FILLED = (
    "audit_log",
    "invitations",
    "key_secrets",
    "keys",
    "limits",
    "organisations",
    "project_members",
    "projects",
    "service_accounts",
    "sessions",
    "signing_keys",
    "sso_domains",
    "sso_providers",
    "user_identities",
    "users",
)


def fill(app: Flask) -> None:
    """One of everything that has a table."""
    org = Org(app)
    member = org.user("member", password=PASSWORD)
    login = {"email": member.email, "password": PASSWORD}
    assert app.test_client().post("/api/v1/auth/login", json=login).status_code == 200
    limit = {"metric": "requests", "window": "day", "max": "1"}
    org.key(by=member, limits=[limit], networks=["10.0.0.0/8"])
    for path, body in (
        ("/projects", {"name": "p"}),
        ("/invitations", {"email": "new@example.com"}),
        ("/service-accounts", {"name": "robot", "scopes": ["inference", "keys:write"]}),
        ("/limits", limit | {"subject": {"kind": "org"}}),
    ):
        made = org.owner.post(path, body)
        assert made.status_code == 201, made.text
    project = org.owner.get("/projects").get_json()["data"][0]["id"]
    membership = {"user_id": member.id, "role": "admin"}
    assert org.owner.post(f"/projects/{project}/members", membership).status_code == 201
    provider = {"issuer": "https://login.example.com", "client_id": "x", "client_secret": "x",
                "domains": ["example.com"]}  # fmt: skip
    assert org.owner.call("PUT", "/sso/company", provider).status_code == 201
    with app.app_context():
        known = text("INSERT INTO user_identities SELECT id, 'subject', :user FROM sso_providers")
        db.session.execute(known, {"user": member.id})
        db.session.commit()
    robot = Caller(app, user_id=org.owner.get("/service-accounts").get_json()["data"][0]["id"])
    org.key(by=robot)
    on_robot = {"subject": {"kind": "user", "id": robot.principal().user}}
    assert org.owner.post("/limits", limit | on_robot).status_code == 201


def rows(url: str) -> dict[str, int]:
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        counted = {
            table: connection.scalar(text(f'SELECT count(*) FROM auth."{table}"'))  # noqa: S608
            for table in tables(url)
        }
    engine.dispose()
    return {table: int(count or 0) for table, count in counted.items()}


def test_migrations_go_down_and_up_again_on_a_filled_database(empty_app: Flask, empty: str) -> None:
    fill(empty_app)
    before = rows(empty)
    assert [table for table in FILLED if not before[table]] == []
    url = str(empty_app.config["SQLALCHEMY_DATABASE_URI"])
    for revision in sorted((path.name[:4] for path in VERSIONS.glob("[0-9]*.py")), reverse=True):
        MIGRATIONS.downgrade(url, revision)
    after = rows(empty)
    for table in ("organisations", "projects", "audit_log", "signing_keys"):
        assert after[table] == before[table]
    assert after["users"] == before["users"] - 1
    MIGRATIONS.upgrade(url)
    assert rows(empty).keys() == before.keys()
    with empty_app.app_context():
        assert audit.first_fault(Org(empty_app).id) is None
    MIGRATIONS.downgrade(url, "base")
    assert tables(empty) == {"alembic_version"}
