"""llm in a process of its own, on real PostgreSQL and Redis, with the sandbox beside it."""

import base64
import secrets
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from redis import Redis
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.llm.stand import Issuer, Provider, Stand, llm_process
from tollgate_common.address_policy import LOCAL_NETWORKS
from tollgate_common.embedded.process import free_port
from tollgate_common.ids import new_id
from tollgate_common.testing.servers import own_redis_database, worker_number
from tollgate_llm.sandbox.app import create_app as create_sandbox
from tollgate_llm.sandbox.settings import SandboxSettings


class Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *_: Any) -> None:
        """Requests are not news in tests."""


@pytest.fixture(scope="session")
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture(scope="session")
def auth_url(issuer: Issuer) -> Iterator[str]:
    with issuer.served() as url:
        yield url


@pytest.fixture(scope="session")
def sandbox_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    log = tmp_path_factory.mktemp("llm-sandbox") / "served.jsonl"
    app = create_sandbox(SandboxSettings(served_log=log, slow_first_byte=0.1, slow_chunk=0.05))
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def environment(
    database_url: str, redis_url: str, auth_url: str, sandbox_url: str
) -> dict[str, str]:
    """Of every llm process in these tests."""
    return {
        "DATABASE_URL": database_url,
        "REDIS_URL": own_redis_database(redis_url, worker_number()),
        "AUTH_URL": auth_url,
        "SANDBOX_URL": sandbox_url,
        "HOST": "127.0.0.1",
        "OUTBOUND_NETWORKS": LOCAL_NETWORKS,
        "METRICS_PORT": str(free_port()),
        "ENCRYPTION_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "SERVICE_CLIENT_SECRET": "known-to-the-tests",
        "PROVIDER_READ_TIMEOUT": "3",
        "GRACEFUL_TIMEOUT": "2",
        "LOG_LEVEL": "WARNING",
    }


@pytest.fixture(scope="session")
def llm_url(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    log: Path = tmp_path_factory.mktemp("llm") / "log"
    with llm_process(environment, free_port(), log) as url:
        yield url


@pytest.fixture
def stand(llm_url: str, issuer: Issuer, redis_client: Redis) -> Iterator[Stand]:
    with requests.Session() as session:
        yield Stand(llm_url, issuer, redis_client, session)


@pytest.fixture
def org() -> str:
    """An organisation that nobody has heard of yet."""
    return new_id("org")


@pytest.fixture
def provider(stand: Stand, org: str) -> Iterator[Provider]:
    """The organisation's own `openai`, with the model `there`, called `here`."""
    made = Provider()
    body = {"kind": "openai", "base_url": f"{made.url}/v1", "api_key": "sk-own"}
    stand.manage("PUT", "/api/v1/providers/own", org, json=body)
    route = {"provider": "own", "model": "there"}
    price = {"input_usd_per_mtok": "3", "output_usd_per_mtok": "15"}
    stand.manage("PUT", "/api/v1/models/here", org, json={"routes": [route], "price": price})
    yield made
    made.close()
