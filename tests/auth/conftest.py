"""The auth service on a real, migrated database and a real Redis.

A test works in an organisation of its own (`org`), so that nothing has to be cleaned up and every
test is one of isolation too.
"""

import base64
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr
from redis import Redis
from werkzeug.test import TestResponse

from tollgate_auth.app import create_app
from tollgate_auth.extensions import db
from tollgate_auth.migrations import MIGRATIONS
from tollgate_auth.organisations.service import found
from tollgate_auth.runtime import runtime
from tollgate_auth.settings import AuthSettings
from tollgate_auth.unit_of_work import unit_of_work
from tollgate_common.address_policy import LOCAL_NETWORKS
from tollgate_common.ids import new_id
from tollgate_common.principal import Principal
from tollgate_common.testing.servers import fresh_database, own_redis_database, worker_number

PASSWORD = "correct horse battery staple"
ENCRYPTION_KEY = base64.urlsafe_b64encode(b"0123456789abcdef" * 2).decode()
CLIENTS = {name: SecretStr(f"{name}-secret") for name in ("gateway", "llm", "reports")}

MakeApp = Callable[..., Flask]


@pytest.fixture(scope="session")
def make_app(redis_url: str) -> MakeApp:
    """An app on a given database."""

    def make(database_url: str, **more: Any) -> Flask:
        fields = {
            "database_url": database_url,
            "redis_url": own_redis_database(redis_url, worker_number()),
            "encryption_key": SecretStr(ENCRYPTION_KEY),
            "service_clients": CLIENTS,
            "log_level": "WARNING",
            "outbound_networks": LOCAL_NETWORKS,
        }
        return create_app(AuthSettings.load(fields | more))

    return make


@pytest.fixture(scope="session")
def app(make_app: MakeApp, database_url: str) -> Iterator[Flask]:
    app = make_app(database_url)
    MIGRATIONS.upgrade(app.config["SQLALCHEMY_DATABASE_URI"])
    yield app
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()
        runtime().redis.close()


@pytest.fixture
def empty(postgres_url: str) -> Iterator[str]:
    """The URL of a database with nothing in it."""
    with fresh_database(postgres_url) as url:
        yield url


@pytest.fixture
def empty_app(make_app: MakeApp, empty: str) -> Iterator[Flask]:
    """An app on a database of its own."""
    app = make_app(empty)
    MIGRATIONS.upgrade(app.config["SQLALCHEMY_DATABASE_URI"])
    yield app
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()
        runtime().redis.close()


@pytest.fixture
def redis(app: Flask, redis_client: Redis) -> Redis:
    """The app's Redis, empty at the start of the test."""
    return redis_client


class Caller:
    """Calls the management API as a user or a key: with the assertion that the gateway sends."""

    def __init__(self, app: Flask, **name: str) -> None:
        self.app = app
        self._name = name

    def principal(self) -> Principal:
        with self.app.app_context():
            return runtime().principals.find(self._name)

    def call(self, method: str, path: str, json: Any = None, **more: Any) -> TestResponse:
        headers = {"authorization": f"Bearer {self.principal().assertion}"}
        client: FlaskClient = self.app.test_client()
        return client.open(f"/api/v1{path}", method=method, json=json, headers=headers, **more)

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.call("GET", path, **more)

    def post(self, path: str, json: Any = None) -> TestResponse:
        return self.call("POST", path, json)

    def patch(self, path: str, json: Any) -> TestResponse:
        return self.call("PATCH", path, json)

    def delete(self, path: str) -> TestResponse:
        return self.call("DELETE", path)


class Org:
    """An organisation; `owner` calls as its first user."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.email = f"{secrets.token_hex(6)}@example.com"
        with app.app_context(), unit_of_work():
            user = found("Example", self.email, "Owner")
            self.id, self.owner_id = user.org_id, user.id
        self.owner = Caller(app, user_id=self.owner_id)

    def user(self, role: str, **more: Any) -> "User":
        """A user of the role, made by the owner."""
        email = f"{secrets.token_hex(6)}@example.com"
        made = self.owner.post("/users", {"email": email, "role": role} | more)
        assert made.status_code == 201, made.text
        return User(self.app, made.json)

    def key(self, by: Caller | None = None, **fields: Any) -> "Key":
        """A key, made by the owner unless said otherwise."""
        made = (by or self.owner).post("/keys", {"name": "a key"} | fields)
        assert made.status_code == 201, made.text
        return Key(self.app, made.json)


class User(Caller):
    def __init__(self, app: Flask, made: Any) -> None:
        super().__init__(app, user_id=made["id"])
        self.id: str = made["id"]
        self.email: str = made["email"]


class Key(Caller):
    def __init__(self, app: Flask, made: Any) -> None:
        super().__init__(app, key_id=made["id"])
        self.id: str = made["id"]
        self.text: str = made["key"]
        self.made: dict[str, Any] = made


@pytest.fixture
def org(app: Flask) -> Org:
    return Org(app)


@pytest.fixture
def other_org(app: Flask) -> Org:
    return Org(app)


class Service:
    """A service that looks principals up, as the gateway does."""

    def __init__(self, app: Flask) -> None:
        self.client = app.test_client()
        form = {
            "grant_type": "client_credentials",
            "audience": "auth",
            "scope": "principals:read keys:use",
        }
        granted = self.client.post("/oauth/token", data=form, auth=("gateway", "gateway-secret"))
        assert granted.json
        self.headers = {"authorization": f"Bearer {granted.json['access_token']}"}

    def principal(self, **names: str) -> TestResponse:
        return self.client.post("/internal/v1/principals", json=names, headers=self.headers)


@pytest.fixture
def gateway(app: Flask) -> Service:
    return Service(app)


@pytest.fixture
def unknown_id() -> Callable[[str], str]:
    """An id of the right form that names nothing."""
    return new_id


@pytest.fixture
def member(org: Org) -> User:
    return org.user("member", password=PASSWORD)
