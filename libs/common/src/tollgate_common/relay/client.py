"""Requests to one base URL."""

import re
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

import gevent

from tollgate_common.hangups import CallerGone, Noticed
from tollgate_common.outbound import AddressRefused, Outbound
from tollgate_common.relay.answer import BLOCK_BYTES, RelayAnswer
from tollgate_common.relay.connections import Connection, Connections
from tollgate_common.relay.errors import BROKEN, RelayFailed, reason_of
from tollgate_common.relay.parser import Parser

CONNECT_SECONDS = 2.0
BETWEEN_BYTES_SECONDS = 600.0
POOL_SIZE = 4096
USER_AGENT = "tollgate"

_TARGET = re.compile(r"[^\x00-\x20\x7f]+\Z")
_UNSAID = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


class RelayClient:
    """Calls one base URL. With an `outbound`, connections go to addresses only that it allows:
    that is for a URL which an organisation has named."""

    def __init__(
        self,
        base_url: str,
        *,
        connect_timeout: float = CONNECT_SECONDS,
        read_timeout: float = BETWEEN_BYTES_SECONDS,
        outbound: Outbound | None = None,
    ) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("a base URL is http(s)://host[:port][/path]")
        tls = parts.scheme == "https"
        self._prefix = parts.path.rstrip("/")
        self._host = parts.netloc.rpartition("@")[2]
        self._read_timeout = read_timeout
        self._connections = Connections(
            parts.hostname, parts.port or (443 if tls else 80),
            tls=tls, most=POOL_SIZE, timeout=connect_timeout, outbound=outbound,
        )  # fmt: skip

    def send(
        self,
        method: str,
        path: str,
        body: bytes,
        headers: Mapping[str, str],
        first_byte: float | None = None,
    ) -> RelayAnswer:
        """Send the request; return when the answer's headers are here, within `first_byte` seconds.

        Raises `RelayFailed`, or `CallerGone`; never sends the same request twice. `headers` may not
        name Host, Content-Length or Transfer-Encoding: those are the client's.
        """
        request = _head(method, self._prefix + path, self._host, headers, len(body)) + body
        patience = self._read_timeout if first_byte is None else first_byte
        until, noticed = time.monotonic() + patience, Noticed()
        connection = self._connections.idle() or self._connect(patience, noticed)
        parser = Parser(method)
        try:
            with noticed:
                connection.settimeout(patience)
                connection.sendall(request)
                while not parser.is_final:
                    connection.settimeout(max(0.001, until - time.monotonic()))
                    parser.feed(connection.recv(BLOCK_BYTES))
        except BaseException as error:
            self._connections.drop(connection)
            if isinstance(error, CallerGone) or not isinstance(error, BROKEN):
                raise
            raise RelayFailed(reason_of(error), sent=True) from None
        return RelayAnswer(parser, connection, self._connections, noticed, self._read_timeout)

    def _connect(self, patience: float, noticed: Noticed) -> Connection:
        try:
            with noticed, gevent.Timeout(patience, TimeoutError()):
                return self._connections.new()
        except CallerGone:
            raise
        except ConnectionRefusedError:
            raise RelayFailed("connection refused", sent=False) from None
        except AddressRefused as refused:
            raise RelayFailed(str(refused), sent=False, final=True) from None
        except OSError as error:
            raise RelayFailed(reason_of(error), sent=False) from None

    def close(self) -> None:
        self._connections.close()


def _head(method: str, target: str, host: str, headers: Mapping[str, str], length: int) -> bytes:
    """The request up to its body. A line that a header would smuggle in is `ValueError`."""
    if not _TARGET.match(target):
        raise ValueError("a request's target has no spaces and no control characters")
    lines = [f"{name}: {value}" for name, value in headers.items()]
    lines.append(f"Host: {host}")
    if length or method in ("POST", "PUT", "PATCH"):
        lines.append(f"Content-Length: {length}")
    if "user-agent" not in headers and "User-Agent" not in headers:
        lines.append(f"User-Agent: {USER_AGENT}")
    said = "\n".join(lines)
    if said.count("\n") != len(lines) - 1 or _UNSAID.search(said.replace("\n", "")):
        raise ValueError("a header has control characters in it")
    head = said.replace("\n", "\r\n")
    return f"{method} {target} HTTP/1.1\r\n{head}\r\n\r\n".encode("latin-1")
