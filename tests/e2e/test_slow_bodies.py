"""Callers who are slow with their bodies get an answer, and hold nothing for ever."""

import http.client
import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from urllib.parse import urlsplit

from tests.e2e.platform import Platform
from tollgate_gateway.bodies import SECONDS

INFERENCE, MANAGEMENT = "/v1/chat/completions", "/api/v1/auth/login"
GIVE_UP_SECONDS = SECONDS + 20


@contextmanager
def begun(platform: Platform, path: str, length: int) -> Iterator[socket.socket]:
    """A connection on which a request's head has been sent."""
    parts = urlsplit(platform.url)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {platform.new_key().secret}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    )
    with socket.create_connection(
        (str(parts.hostname), parts.port or 80), GIVE_UP_SECONDS
    ) as connection:
        connection.sendall(head.encode())
        yield connection


def answer_on(connection: socket.socket) -> tuple[int, bytes]:
    with closing(http.client.HTTPResponse(connection)) as answer:
        answer.begin()
        return answer.status, answer.read()


def test_a_body_that_does_not_come_is_408_and_the_end(platform: Platform) -> None:
    with begun(platform, INFERENCE, 100) as first, begun(platform, MANAGEMENT, 100) as second:
        began = time.monotonic()
        for connection in (first, second):
            connection.sendall(b'{"model": ')
        status, body = answer_on(first)
        assert status == 408
        assert b'"code":"request_timeout"' in body
        assert answer_on(second)[0] == 408
        assert (first.recv(1), second.recv(1)) == (b"", b"")
    assert SECONDS - 1 < time.monotonic() - began < GIVE_UP_SECONDS


def test_a_body_that_takes_its_time_is_read(platform: Platform) -> None:
    body = b'{"model": "sandbox", "messages": [{"role": "user", "content": "slowly"}]}'
    with begun(platform, INFERENCE, len(body)) as connection:
        for at in range(0, len(body), 8):
            connection.sendall(body[at : at + 8])
            time.sleep(0.05)
        status, answered = answer_on(connection)
    assert status == 200
    assert b"slowly" in answered
