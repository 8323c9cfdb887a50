"""A sandbox on a real socket, and the official clients that talk to it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anthropic
import httpx2
import openai
import pytest
from werkzeug.serving import WSGIRequestHandler, make_server

from tollgate_llm.sandbox.app import create_app
from tollgate_llm.sandbox.settings import SandboxSettings


class Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *_: Any) -> None:
        """Requests are not news in tests."""


@pytest.fixture(scope="session")
def served_log_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sandbox") / "folder" / "served.jsonl"


@pytest.fixture(scope="session")
def url(served_log_path: Path) -> Iterator[str]:
    """Of a running sandbox whose slowness is fast, and whose timeouts come soon."""
    settings = SandboxSettings(
        served_log=served_log_path, slow_first_byte=0.3, slow_chunk=0.02, timeout=1.0
    )
    server = make_server("127.0.0.1", 0, create_app(settings), threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def openai_client(url: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0) as client:
        yield client


@pytest.fixture
def anthropic_client(url: str) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=url, api_key="any", max_retries=0) as client:
        yield client


@pytest.fixture
def http(url: str) -> Iterator[httpx2.Client]:
    """Speaks to the sandbox without an SDK between."""
    with httpx2.Client(base_url=url) as client:
        yield client


@pytest.fixture
def served(http: httpx2.Client) -> Callable[..., list[dict[str, Any]]]:
    """The served log, as the sandbox tells it."""

    def read(**params: str) -> list[dict[str, Any]]:
        lines: list[dict[str, Any]] = http.get("/served", params=params).json()["data"]
        return lines

    return read
