"""Callers who are slow with their bodies get an answer, and hold nothing for ever."""

import http.client
import socket
import time
from urllib.parse import urlsplit

import pytest

from tests.e2e.platform import Platform
from tollgate_gateway.bodies import SECONDS

GIVE_UP_SECONDS = SECONDS + 20


@pytest.mark.parametrize(
    ("path", "kind"), [("/v1/chat/completions", "error"), ("/api/v1/auth/login", "title")]
)
def test_a_body_that_does_not_come_is_408_and_the_end(
    platform: Platform, path: str, kind: str
) -> None:
    key, parts = platform.new_key().secret, urlsplit(platform.url)
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n"
    with socket.create_connection((str(parts.hostname), parts.port or 80), 10) as connection:
        connection.settimeout(GIVE_UP_SECONDS)
        connection.sendall(f'{head}Content-Length: 100\r\n\r\n{{"model": '.encode())
        began = time.monotonic()
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert answer.status == 408
        assert kind in answer.read().decode()
        assert connection.recv(1) == b""
    assert SECONDS - 1 < time.monotonic() - began < GIVE_UP_SECONDS


def test_a_body_that_takes_its_time_is_read(platform: Platform) -> None:
    key, parts = platform.new_key().secret, urlsplit(platform.url)
    body = b'{"model": "sandbox", "messages": [{"role": "user", "content": "slowly"}]}'
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n"
    with socket.create_connection((str(parts.hostname), parts.port or 80), 10) as connection:
        connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode())
        for at in range(0, len(body), 8):
            connection.sendall(body[at : at + 8])
            time.sleep(0.05)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert answer.status == 200
        assert b"slowly" in answer.read()
