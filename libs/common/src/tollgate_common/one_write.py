"""An answer's head and the beginning of its body, in one write.

gunicorn writes them apart, and each write wakes the reader: on the way from provider to caller that
is two turns too many at every hop.
"""

from typing import Any

from gunicorn import util
from gunicorn.http import wsgi


class OneWriteResponse(wsgi.Response):  # type: ignore[misc]  # the library is untyped
    """The head waits for the first bytes of the body, but never for the next item of it."""

    headers_sent: bool

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._head = b""

    def send_headers(self) -> None:
        if self.headers_sent:
            return
        lines = self.default_headers()
        lines.extend([f"{name}: {value}\r\n" for name, value in self.headers])
        lines.append("\r\n")
        self._head = "".join(lines).encode("latin-1")
        self.headers_sent = True

    def write(self, arg: bytes) -> None:
        super().write(arg)
        self._send_head()

    def close(self) -> None:
        self.send_headers()
        self._emit_end()

    def sendfile(self, respiter: Any) -> bool:
        self.send_headers()
        self._send_head()
        return bool(super().sendfile(respiter))

    def _emit_body(self, data: bytes) -> None:
        if self.chunked:
            data = b"%X\r\n%b\r\n" % (len(data), data)
        head, self._head = self._head, b""
        util.write(self.sock, head + data)

    def _emit_end(self) -> None:
        if self.chunked:
            self._emit_body(b"")
        else:
            self._send_head()

    def _send_head(self) -> None:
        if self._head:
            head, self._head = self._head, b""
            util.write(self.sock, head)


def use() -> None:
    """From now on this process answers so. gunicorn makes every HTTP/1 answer of what this name
    says, and has no setting for it."""
    wsgi.Response = OneWriteResponse
