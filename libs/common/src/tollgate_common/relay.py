"""The relay: bytes in, bytes out, over pooled connections. The only HTTP client of the hot path.

Built on geventhttpclient, which parses in C and never decodes a body. An answer is read as it
arrives; what one read of the socket brings is one chunk.
"""

import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import gevent
from geventhttpclient import HTTPClient
from geventhttpclient.response import HTTPParseError

from tollgate_common.hangups import CallerGone, Noticed

CONNECT_SECONDS = 2.0
BETWEEN_BYTES_SECONDS = 600.0
POOL_SIZE = 4096
BLOCK_BYTES = 65536


class RelayFailed(Exception):
    """No whole answer came back. `sent` says whether the other side may have begun to work."""

    def __init__(self, reason: str, *, sent: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.sent = sent


class RelayAnswer:
    """An answer whose headers have arrived. Iterate it for the body, then it closes itself; a
    body that ends too early raises `RelayFailed`, a caller that hangs up `CallerGone`. Close it to
    give up: the connection goes too.
    """

    def __init__(self, response: Any, noticed: Noticed) -> None:
        self._response = response
        self._noticed = noticed
        self.status: int = response.status_code
        self.headers: list[tuple[str, str]] = list(response.items())
        self._between: float | None = None
        self._until = 0.0

    def header(self, name: str) -> str | None:
        value = self._response.get(name)
        return value if value is None or isinstance(value, str) else ", ".join(value)

    def hurry(self, between: float, within: float) -> None:
        """Give up when nothing arrives for `between` seconds, or when `within` have passed."""
        self._between = between
        self._until = time.monotonic() + within

    def __iter__(self) -> Iterator[bytes]:
        # geventhttpclient's own iterator waits for whole blocks; events must not wait.
        response, noticed = self._response, self._noticed
        buffer = response._body_buffer
        try:
            while True:
                if buffer:
                    chunk = bytes(buffer)
                    del buffer[:]
                    yield chunk
                if response.message_complete:
                    return
                if self._between is not None:
                    left = self._until - time.monotonic()
                    response._sock.settimeout(max(0.001, min(self._between, left)))
                with noticed:
                    received = response._sock.recv(BLOCK_BYTES)
                response.feed(received)
        except CallerGone:
            raise
        except (OSError, HTTPParseError) as error:
            raise RelayFailed(_reason(error), sent=True) from None
        finally:
            self.close()

    def read(self) -> bytes:
        """The whole body."""
        return b"".join(self)

    def close(self) -> None:
        if self._between is not None and self._response._sock is not None:
            self._response._sock.settimeout(self._response._pool.network_timeout)
        if not self._response.message_complete and self._response._sock is not None:
            self._response._sock.close()
        self._response.release()


class RelayClient:
    """Calls one base URL. `trust` is a file of certificates, if not the system's."""

    def __init__(
        self,
        base_url: str,
        *,
        connect_timeout: float = CONNECT_SECONDS,
        read_timeout: float = BETWEEN_BYTES_SECONDS,
    ) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("a base URL is http(s)://host[:port][/path]")
        self._prefix = parts.path.rstrip("/")
        self._client = HTTPClient(
            parts.hostname,
            port=parts.port or (443 if parts.scheme == "https" else 80),
            ssl=parts.scheme == "https",
            concurrency=POOL_SIZE,
            connection_timeout=connect_timeout,
            network_timeout=read_timeout,
            block_size=BLOCK_BYTES,
        )

    def send(
        self,
        method: str,
        path: str,
        body: bytes,
        headers: Mapping[str, str],
        first_byte: float | None = None,
    ) -> RelayAnswer:
        """Send the request; return when the answer's headers are here, within `first_byte` seconds.

        Raises `RelayFailed`, or `CallerGone`; never sends the same request twice.
        """
        noticed = Noticed()
        try:
            # A TimeoutError is what the client gives the connection back for.
            with noticed, gevent.Timeout(first_byte, TimeoutError()):
                response = self._client.request(method, self._prefix + path, body, headers)
            return RelayAnswer(response, noticed)
        except CallerGone:
            raise
        except ConnectionRefusedError:
            raise RelayFailed("connection refused", sent=False) from None
        except (OSError, HTTPParseError) as error:
            raise RelayFailed(_reason(error), sent=True) from None

    def close(self) -> None:
        self._client.close()


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "timed out"
    return str(error) or type(error).__name__
