"""Answers written by gunicorn's own class and by ours: the same bytes, in fewer writes."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn.config import Config
from gunicorn.http import wsgi

from tollgate_common.one_write import OneWriteResponse

LENGTH = ("Content-Length", "5")


class Writes:
    """A connection that keeps what is written to it, write by write."""

    def __init__(self) -> None:
        self.all: list[bytes] = []

    def sendall(self, data: bytes) -> None:
        self.all.append(bytes(data))


def written(
    kind: type[Any],
    items: Sequence[bytes],
    headers: Sequence[tuple[str, str]] = (),
    status: str = "200 OK",
    method: str = "POST",
) -> list[bytes]:
    request = SimpleNamespace(version=(1, 1), method=method, should_close=lambda: False)
    writes = Writes()
    response = kind(request, writes, Config())
    response.start_response(status, [("X-A", "ä"), *headers])
    for item in items:
        response.write(item)
    response.close()
    return writes.all


@pytest.fixture(autouse=True)
def one_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gunicorn.util.http_date", lambda: "Sat, 21 Nov 2026 12:00:00 GMT")


@pytest.mark.parametrize(
    ("case", "writes"),
    [
        ({"items": [b"hello"], "headers": [LENGTH]}, 1),
        ({"items": [b"he", b"llo"], "headers": [LENGTH]}, 2),
        ({"items": [b"hello, that is too long"], "headers": [LENGTH]}, 1),
        ({"items": [], "headers": [("Content-Length", "0")]}, 1),
        ({"items": [b"one", b"two"]}, 3),
        ({"items": [b"", b"one"]}, 3),
        ({"items": []}, 1),
        ({"items": [], "status": "204 No Content"}, 1),
        ({"items": [b"not to be sent"], "status": "304 Not Modified"}, 1),
        ({"items": [b"not to be sent"], "method": "HEAD", "headers": [LENGTH]}, 1),
    ],
)
def test_the_bytes_are_gunicorns_in_fewer_writes(case: dict[str, Any], writes: int) -> None:
    ours = written(OneWriteResponse, **case)
    assert b"".join(ours) == b"".join(written(wsgi.Response, **case))
    assert len(ours) == writes


def test_a_head_does_not_wait_for_a_body_that_takes_its_time() -> None:
    first, *_ = written(OneWriteResponse, [b"", b"later"])
    assert first.endswith(b"\r\n\r\n")
    assert first.startswith(b"HTTP/1.1 200 OK\r\n")
