"""What llm stands on in these tests: an issuer of assertions in auth's place, providers that say
exactly what they are told to, and llm itself in a process of its own."""

import contextlib
import json
import os
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import jwt
import msgspec
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from redis import Redis

from tollgate_common.audit import AuditBatch, Occurrences
from tollgate_common.audit.client import PATH as AUDIT_PATH
from tollgate_common.events.cloudevents import read_event, timestamp
from tollgate_common.ids import new_id, new_uuid
from tollgate_common.tickets import Attribution, TicketBook, bucket

ISSUER = "https://tollgate.local"
DEADLINE_SECONDS = 10.0
START_SECONDS = 60.0
ALL = "inference providers:read providers:write models:read models:write jobs:read jobs:write"


def eventually(question: Callable[[], Any], within: float = DEADLINE_SECONDS) -> Any:
    """The first true answer, asked again and again until the deadline."""
    deadline = time.monotonic() + within
    while not (answer := question()):
        assert time.monotonic() < deadline, f"not within {within} s"
        time.sleep(0.01)
    return answer


class Issuer:
    """Auth's tokens, and the routes that others need of it. `batches` are what it was handed over
    for the audit log."""

    def __init__(self) -> None:
        self.batches: list[AuditBatch] = []
        self._key = Ed25519PrivateKey.generate()
        public = json.loads(jwt.algorithms.OKPAlgorithm.to_jwk(self._key.public_key()))
        self.jwks = {"keys": [{**public, "kid": "k1", "use": "sig", "alg": "EdDSA"}]}

    def token(self, **claims: Any) -> str:
        now = int(time.time())
        claims = {"iss": ISSUER, "iat": now, "exp": now + 900, **claims}
        return jwt.encode(claims, self._key, algorithm="EdDSA", headers={"kid": "k1"})

    def assertion(self, org: str, mode: str = "test", scope: str = ALL, **more: Any) -> str:
        usual = {"sub": "key", "project": f"prj_{org}", "key": f"key_{org}", "user": None}
        who = usual | more
        return self.token(aud="internal", org=org, mode=mode, scope=scope, **who)

    def occurrences(self, org: str, action: str) -> list[Occurrences]:
        """What the organisation's log was handed over of an action until now."""
        return [
            each
            for batch in self.batches
            for each in batch.occurrences
            if (batch.org, each.event.action) == (org, action)
        ]

    @contextlib.contextmanager
    def served(self) -> Iterator[str]:
        """Its URL, while it answers."""
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(issuer.jwks)

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["content-length"]))
                if self.path == AUDIT_PATH:
                    issuer.batches.append(msgspec.json.decode(raw, type=AuditBatch))
                    return self._answer({})
                asked = parse_qs(raw.decode())
                token = issuer.token(
                    aud=asked["audience"][0], sub="service:llm", scope=asked["scope"][0]
                )
                return self._answer({"access_token": token, "expires_in": 300})

            def _answer(self, payload: Any) -> None:
                body = json.dumps(payload).encode()
                self.send_response(200)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Requests are not news in tests."""

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            yield f"http://127.0.0.1:{server.server_port}"
            server.shutdown()
            thread.join()


@dataclass
class Received:
    """A request as its bytes came."""

    line: str
    headers: dict[str, str]
    body: bytes


class Provider:
    """A provider on a raw socket. `script` is what it does with each request: bytes are sent,
    events waited for, numbers of seconds too, `HANG_UP` closes the connection, `RESET` breaks it as
    a crash does. `left` is set when a client closes a connection that has nothing more to say."""

    HANG_UP = object()
    RESET = object()

    def __init__(self, address: str = "127.0.0.1") -> None:
        self.received: list[Received] = []
        self.script: list[Any] = []
        self.hung_up_on = threading.Event()
        self.left = threading.Event()
        self._listener = socket.create_server((address, 0))
        self._open: list[socket.socket] = []
        self.url = f"http://{address}:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def answers(self, body: bytes, *headers: str, status: str = "200 OK") -> bytes:
        """A whole answer."""
        lines = [f"HTTP/1.1 {status}", f"content-length: {len(body)}", *headers]
        return "\r\n".join([*lines, "", ""]).encode() + body

    def streams(self, *headers: str) -> bytes:
        """The head of a streamed answer."""
        kind = "content-type: text/event-stream; charset=utf-8"
        lines = ["HTTP/1.1 200 OK", kind, "transfer-encoding: chunked", *headers]
        return "\r\n".join([*lines, "", ""]).encode()

    def chunk(self, data: bytes) -> bytes:
        return f"{len(data):x}\r\n".encode() + data + b"\r\n"

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # or the waiting accept keeps it open
        self._listener.close()
        for connection in self._open:
            connection.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._open.append(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as lines, contextlib.suppress(OSError):
            while first := lines.readline():
                self.received.append(self._read(first, lines))
                if not self._play(connection):
                    return
            self.left.set()

    def _read(self, first: bytes, lines: Any) -> Received:
        headers = {}
        while line := lines.readline().strip():
            name, _, value = line.decode("latin-1").partition(": ")
            headers[name.lower()] = value
        body = lines.read(int(headers.get("content-length", "0")))
        return Received(first.decode().strip(), headers, body)

    def _play(self, connection: socket.socket) -> bool:
        for step in self.script:
            if step is Provider.HANG_UP:
                connection.shutdown(socket.SHUT_RDWR)
                return False
            if step is Provider.RESET:
                linger = struct.pack("ii", 1, 0)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                return False
            if isinstance(step, float):
                time.sleep(step)
                continue
            if isinstance(step, threading.Event):
                step.wait(DEADLINE_SECONDS)
                continue
            try:
                connection.sendall(step)
            except OSError:
                self.hung_up_on.set()
                raise
        return True


@dataclass
class Stand:
    """llm as the gateway meets it."""

    url: str
    issuer: Issuer
    redis: Redis
    session: requests.Session = field(default_factory=requests.Session)

    def ticket(self, org: str, path: str, stream: bool = False) -> str:
        """Opened as the gateway opens it."""
        dialect = "anthropic" if path.startswith("/v1/messages") else "openai"
        opened = Attribution(
            id=new_uuid(), request_id=new_id("req"), org=org, mode="test", endpoint=path,
            dialect=dialect, model="asked", stream=stream, opened_at=timestamp(),
        )  # fmt: skip
        TicketBook(self.redis, "gateway").open(opened, [])
        return opened.id

    def outcomes(self, org: str, ticket: str) -> list[dict[str, Any]]:
        """What the books say of a ticket; every event checked against its schema."""
        entries: Any = self.redis.xrange(f"usage:{bucket(org)}")
        events = [read_event(fields[b"event"])["data"] for _, fields in entries]
        return [data["outcome"] for data in events if data["ticket"]["id"] == ticket]

    def outcome(self, org: str, ticket: str) -> dict[str, Any]:
        """The one outcome that there must be by now."""
        found = self.outcomes(org, ticket)
        assert len(found) == 1
        assert self.redis.exists(f"ticket:{bucket(org)}:{ticket}") == 0
        return found[0]

    def headers(self, org: str, ticket: str | None = None, **claims: Any) -> dict[str, str]:
        headers = {
            "authorization": f"Bearer {self.issuer.assertion(org, **claims)}",
            "content-type": "application/json",
        }
        return headers | ({"x-tollgate-ticket": ticket} if ticket else {})

    def manage(self, method: str, path: str, org: str, **more: Any) -> requests.Response:
        headers = self.headers(org, mode="live") | more.pop("headers", {})
        return self.session.request(method, self.url + path, headers=headers, **more)


@contextlib.contextmanager
def llm_process(environment: dict[str, str], port: int, log: Path) -> Iterator[str]:
    """The URL of `tollgate-llm serve`, once it is ready."""
    command = [str(Path(sys.executable).with_name("tollgate-llm"))]
    environment = {**os.environ, **environment, "PORT": str(port)}
    subprocess.run([*command, "migrate"], env=environment, check=True, capture_output=True)
    url = f"http://127.0.0.1:{port}"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "serve"], env=environment, stdout=output, stderr=output
        )
        try:
            eventually(lambda: process.poll() is not None or is_ready(url), START_SECONDS)
            assert process.poll() is None, log.read_text()[-2000:]
            yield url
        finally:
            process.terminate()
            process.wait(DEADLINE_SECONDS)


def is_ready(url: str) -> bool:
    try:
        return requests.get(f"{url}/readyz", timeout=5).status_code == 200
    except requests.RequestException:
        return False
