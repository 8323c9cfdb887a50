"""A migrated database, events that were made by real tickets, and callers with real assertions."""

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import Engine, text

from tollgate_common.events.cloudevents import timestamp
from tollgate_common.events.streams import Entry
from tollgate_common.guard import Guard
from tollgate_common.jwt import JwksClient
from tollgate_common.tickets import Attribution, Outcome, TicketBook, bucket, usage_streams
from tollgate_reports.app import SERVICE, create_app
from tollgate_reports.database import engine_of
from tollgate_reports.extensions import db
from tollgate_reports.job_context import job_engine, job_redis, job_settings
from tollgate_reports.ledger.service import Ledger
from tollgate_reports.migrations import upgrade
from tollgate_reports.settings import ReportsSettings

ORG = "org_books"
KEY = "A" * 43 + "="
TABLES = (
    "ledger, rollups, parked_events, ledger_archives, reports, report_files, report_parts, outbox,"
    " usage_alerts, refusals"
)

Record = Callable[..., str]
Client = Callable[..., FlaskClient]


@pytest.fixture(scope="session")
def migrated(database_url: str) -> str:
    upgrade(ReportsSettings(database_url=database_url))
    return database_url


@pytest.fixture
def settings(migrated: str, redis_database: str) -> ReportsSettings:
    return ReportsSettings(
        database_url=migrated,
        redis_url=redis_database,
        encryption_key=KEY,
        service_client_secret="secret",
        log_level="WARNING",
    )


@pytest.fixture
def engine(settings: ReportsSettings) -> Iterator[Engine]:
    """The service's database, with nothing in it."""
    engine = engine_of(settings, pool_size=4)
    with engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {TABLES}"))
    yield engine
    engine.dispose()


@pytest.fixture
def job_environment(settings: ReportsSettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What rq jobs read their settings from."""
    monkeypatch.setenv("DATABASE_URL", str(settings.database_url))
    monkeypatch.setenv("REDIS_URL", str(settings.redis_url))
    for cached in (job_settings, job_engine, job_redis):
        cached.cache_clear()
    yield
    job_engine().dispose()
    job_redis().close()


@pytest.fixture
def ledger(engine: Engine) -> Ledger:
    return Ledger(engine)


@pytest.fixture
def record(redis_client: Redis) -> Record:
    """Open a ticket at a moment and close it: the usage event that llm would have written waits
    in its stream. Gives the ticket's id."""
    book = TicketBook(redis_client, "llm")

    def record(at: datetime | None = None, outcome: Mapping[str, Any] = {}, **ticket: Any) -> str:
        moment = at or datetime.now(UTC)
        attribution = attribution_at(moment, **ticket)
        book.open(attribution, [])
        book.close(attribution.org, attribution.id, outcome_of(**outcome))
        return attribution.id

    return record


def ticket_id(at: datetime) -> str:
    """A UUIDv7 that was made at this moment."""
    milliseconds, random = round(at.timestamp() * 1000), uuid4().int & ~(0xF << 76)
    return str(UUID(int=milliseconds << 80 | 7 << 76 | random & (1 << 80) - 1))


def attribution_at(at: datetime, **fields: Any) -> Attribution:
    usual = {
        "id": ticket_id(at),
        "request_id": "req_1",
        "org": ORG,
        "project": "proj_1",
        "key": "key_1",
        "mode": "live",
        "endpoint": "/v1/chat/completions",
        "dialect": "openai",
        "model": "gpt-4o-mini",
        "stream": False,
        "opened_at": timestamp(at),
    }
    return Attribution(**{**usual, **fields})


def outcome_of(**fields: Any) -> Outcome:
    usual = {
        "status": "ok",
        "provider": "openai",
        "provider_model": "gpt-4o-mini-2024-07-18",
        "http_status": 200,
        "input_tokens": 10,
        "output_tokens": 5,
        "cost_nanos": 4500,
        "price": {"input_usd_per_mtok": "0.15", "output_usd_per_mtok": "0.60"},
        "attempts": 1,
        "latency_ms": 120,
        "first_byte_ms": 80,
    }
    return Outcome(**{**usual, **fields})


@pytest.fixture
def waiting(redis_client: Redis) -> Callable[[], list[Entry]]:
    """Every entry of the usage streams."""

    def waiting() -> list[Entry]:
        entries: list[tuple[str, Any]] = [
            (stream, entry)
            for stream in usage_streams()
            for entry in redis_client.xrange(stream) or ()
        ]
        return [Entry(stream, entry[0].decode(), entry[1][b"event"]) for stream, entry in entries]

    return waiting


@pytest.fixture
def send(redis_client: Redis) -> Callable[[bytes], None]:
    """Put an event into its stream as it is."""

    def send(raw: bytes) -> None:
        redis_client.xadd(f"usage:{bucket(ORG)}", {"event": raw})

    return send


@pytest.fixture
def rows(engine: Engine) -> Callable[..., list[dict[str, Any]]]:
    """What a query finds."""

    def rows(query: str, **values: Any) -> list[dict[str, Any]]:
        with engine.connect() as connection:
            return [dict(row) for row in connection.execute(text(query), values).mappings()]

    return rows


@pytest.fixture
def booked(
    record: Record, waiting: Callable[[], list[Entry]], ledger: Ledger, redis_client: Redis
) -> Record:
    """`record`, and the event in the ledger."""

    def booked(*arguments: Any, **more: Any) -> str:
        ticket = record(*arguments, **more)
        ledger.take(waiting())
        redis_client.delete(*usage_streams())
        return ticket

    return booked


@pytest.fixture(scope="session")
def signing_key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


@pytest.fixture
def app(
    settings: ReportsSettings, engine: Engine, signing_key: Ed25519PrivateKey
) -> Iterator[Flask]:
    """The service, with the test's key in the place of auth's published ones."""
    app = create_app(settings)
    public = jwt.algorithms.OKPAlgorithm.to_jwk(signing_key.public_key(), as_dict=True)
    published = {"keys": [{**public, "kid": "k1", "alg": "EdDSA", "use": "sig"}]}
    Guard(JwksClient(lambda: published), settings.issuer, SERVICE).register(app)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def client(app: Flask, settings: ReportsSettings, signing_key: Ed25519PrivateKey) -> Client:
    """Make a client that calls with the assertion auth would give to this caller."""

    def client(**claims: Any) -> FlaskClient:
        usual = {
            "iss": settings.issuer, "aud": "internal", "sub": "usr_1", "user": "usr_1",
            "org": ORG, "mode": "live", "iat": int(time.time()), "exp": int(time.time()) + 900,
            "scope": "usage:read reports:read reports:write",
        }  # fmt: skip
        token = jwt.encode({**usual, **claims}, signing_key, "EdDSA", headers={"kid": "k1"})
        caller = app.test_client()
        caller.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        return caller

    return client
