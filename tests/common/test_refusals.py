"""What gunicorn refuses is JSON: in the shape of its path, or of all where no path was read."""

import json
import socket
from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn.http import errors as unread

from tollgate_common import refusals
from tollgate_common.errors import BadRequest, from_exception


class Log:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def warning(self, line: str) -> None:
        self.lines.append(line)

    def exception(self, line: str, *args: Any) -> None:
        self.lines.append(line % args)


def answered(error: Exception, request: Any = None) -> tuple[str, dict[str, str], dict[str, Any]]:
    """Status line, headers and body that the caller gets."""
    worker, (ours, theirs) = SimpleNamespace(log=Log()), socket.socketpair()
    refusals.take_over(worker)
    with ours, theirs:
        worker.handle_error(request, ours, ("192.0.2.1", 5), error)
        head, _, body = theirs.recv(65536).partition(b"\r\n\r\n")
    first, *rest = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in rest)
    assert int(headers["content-length"]) == len(body)
    assert headers["x-request-id"] in worker.log.lines[0]
    return first, headers, json.loads(body)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (unread.InvalidRequestLine("s3cret"), "400 Bad Request"),
        (unread.InvalidHeaderName("s3cret"), "400 Bad Request"),
        (unread.InvalidChunkSize(b"s3cret"), "400 Bad Request"),
        (unread.LimitRequestLine(9000, 8190), "414 "),
        (unread.ExpectationFailed("s3cret"), "417 Expectation Failed"),
        (unread.LimitRequestHeaders("limit request headers fields"), "431 Request Header"),
        (unread.UnsupportedTransferCoding("s3cret"), "400 Bad Request"),
    ],
)
def test_what_cannot_be_read_is_refused_in_the_words_of_both_dialects(
    error: Exception, status: str
) -> None:
    first, headers, body = answered(error)
    assert first.startswith(f"HTTP/1.1 {status}")
    assert headers["content-type"] == "application/json"
    assert headers["connection"] == "close"
    assert (body["type"], body["request_id"]) == ("error", headers["x-request-id"])
    assert body["error"].keys() == {"message", "type", "param", "code"}
    assert "s3cret" not in str(body)


@pytest.mark.parametrize(
    ("path", "kind", "member"),
    [
        ("/v1/chat/completions", "application/json", "error"),
        ("/v1/messages", "application/json", "request_id"),
        ("/api/v1/keys", "application/problem+json", "title"),
    ],
)
def test_with_a_path_it_is_the_shape_of_the_path(path: str, kind: str, member: str) -> None:
    request = SimpleNamespace(path=path, headers=[("HOST", "x")])
    _, headers, body = answered(unread.InvalidHeader("CONTENT-LENGTH", req=request))
    assert headers["content-type"] == kind
    assert member in body
    assert ("request_id" in body) == (path != "/v1/chat/completions")


@pytest.mark.parametrize(("sent", "told"), [("mine", "mine"), ("m\x00ine", None), ("", None)])
def test_the_callers_own_id_is_told_as_far_as_it_was_read(sent: str, told: str | None) -> None:
    headers = [("HOST", "x"), ("X-CLIENT-REQUEST-ID", sent)]
    request = SimpleNamespace(path="/v1/models", headers=headers)
    _, answer, _ = answered(unread.InvalidHeader("CONTENT-LENGTH", req=request))
    assert answer.get("x-client-request-id") == told
    assert answer["x-request-id"].startswith("req_")


@pytest.mark.parametrize("error", [RuntimeError("s3cret"), unread.InvalidResponseHeader("s3cret")])
def test_what_is_our_own_fault_is_a_500_that_tells_nothing(error: Exception) -> None:
    request = SimpleNamespace(path="/v1/models", method="GET", uri="/v1/models", headers=[])
    first, _, body = answered(error, request)
    assert first == "HTTP/1.1 500 Internal Server Error"
    assert body["error"]["type"] == "server_error"
    assert "s3cret" not in str(body)


@pytest.mark.parametrize("error", [unread.InvalidChunkSize(b"x"), unread.NoMoreData()])
def test_a_body_in_broken_chunks_is_the_callers_fault(error: Exception) -> None:
    assert isinstance(from_exception(error), BadRequest)
