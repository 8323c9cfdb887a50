"""Sends over plain sockets, and looks at what comes back."""

import http.client
import io
import json
import socket
import time
from collections import Counter
from contextlib import suppress
from random import Random
from typing import Any, cast
from urllib.parse import urlsplit

from tests.fuzz.messages import Sent, made

PATIENCE_SECONDS = 60.0
# Of what need not be answered: then the caller hangs up.
SHORT_SECONDS = 0.4
PROBLEM = {"type", "title", "status", "detail", "code", "request_id"}


class Wrong(AssertionError):
    """What should not have been answered, and to what."""


class _Kept(io.BufferedReader):
    """One answer after another is read of it; http.client closes it after each."""

    def close(self) -> None:
        pass


class Caller:
    """Makes requests of its own seed, one after the other."""

    def __init__(self, url: str, key: str, seed: int) -> None:
        parts = urlsplit(url)
        self._address = (str(parts.hostname), int(parts.port or 80))
        self._key = key
        self._random = Random(seed)
        self.statuses: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()

    def call(self) -> None:
        sent = made(self._random, self._key)
        self.kinds[sent.kind] += 1
        try:
            with socket.create_connection(self._address, PATIENCE_SECONDS) as connection:
                self._send(connection, sent)
                self._read(connection, sent)
        except Wrong as wrong:
            shown = b" || ".join(sent.pieces).replace(self._key.encode(), b"KEY")
            raise Wrong(f"{sent.kind}: {wrong}\n{shown[:3000]!r}") from None

    def _send(self, connection: socket.socket, sent: Sent) -> None:
        with suppress(ConnectionError):  # refused before it was all sent
            for number, piece in enumerate(sent.pieces):
                if number:
                    time.sleep(self._random.choice((0.0, 0.01, 0.1)))
                connection.sendall(piece)

    def _read(self, connection: socket.socket, sent: Sent) -> None:
        if not sent.lawful:
            connection.settimeout(SHORT_SECONDS)
        raw = socket.SocketIO(connection, "r")
        shared = _Shared(_Kept(raw))
        try:
            for method in sent.methods or [sent.pieces[0].split(b" ")[0].decode("latin-1")]:
                self._answer(shared, sent, method)
        except (OSError, http.client.HTTPException) as broken:
            told = type(broken).__name__
            if sent.lawful and not isinstance(broken, ConnectionError):
                raise Wrong(f"no whole answer: {told} {broken}") from None
            self.statuses[f"none: {told}"] += 1
        finally:
            raw.close()

    def _answer(self, shared: "_Shared", sent: Sent, method: str) -> None:
        answer = http.client.HTTPResponse(cast(socket.socket, shared), method=method)
        answer.begin()
        content = answer.read()
        self.statuses[str(answer.status)] += 1
        fault = fault_of(answer, content, sent, method)
        if fault:
            raise Wrong(f"{answer.status} {fault}\n{answer.headers}{content[:2000]!r}")


class _Shared:
    """What http.client takes for a socket."""

    def __init__(self, file: io.BufferedReader) -> None:
        self._file = file

    def makefile(self, *_: Any, **__: Any) -> io.BufferedReader:
        return self._file


def fault_of(
    answer: http.client.HTTPResponse, content: bytes, sent: Sent, method: str
) -> str | None:
    """What is wrong with an answer."""
    status = answer.status
    own_deadline = status == 504 and b"x-tollgate-timeout" in sent.headers
    not_ready = status == 503 and sent.path == "/readyz"
    if status >= 500 and not (own_deadline or not_ready):
        return "is our own fault"
    if b"x-injected" in str(answer.headers).lower().encode():
        return "has a header that was slipped in"
    if not answer.headers.get("x-request-id"):
        return "has no x-request-id"
    if status < 400 or method == "HEAD":
        return None
    return _misshapen(answer, content, sent)


def _misshapen(answer: http.client.HTTPResponse, content: bytes, sent: Sent) -> str | None:
    kind = str(answer.headers.get("content-type"))
    try:
        body = json.loads(content)
    except ValueError:
        return "is no JSON"
    if kind.startswith("application/problem+json"):
        return None if body.keys() >= PROBLEM else "is no problem"
    error = body.get("error")
    if isinstance(error, str):
        return None if "error_description" in body else "is no OAuth error"
    if not isinstance(error, dict) or not isinstance(error.get("message"), str):
        return "has no error"
    if sent.lawful and sent.path.startswith("/v1/messages"):
        return None if body.get("type") == "error" else "is not in Anthropic's shape"
    return None if "type" in error else "has no type"
