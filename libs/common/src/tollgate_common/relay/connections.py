"""The open connections to one address, for one request after the other."""

import socket
from typing import Any

from geventhttpclient.connectionpool import ConnectionPool, SSLConnectionPool

from tollgate_common.outbound import Outbound

Connection = Any
"""A gevent socket, with TLS or without."""


class _Checked(ConnectionPool):
    """Connects to addresses only that may be connected to; without an `outbound`, to any."""

    outbound: Outbound | None = None

    def _resolve(self) -> list[Any]:
        """The pool's only look-up: it connects to what this returns."""
        if self.outbound is not None:
            return self.outbound.addresses(self._connection_host, self._connection_port)
        try:
            return list(super()._resolve())
        except ValueError:  # an empty label, one that is too long, NUL
            raise socket.gaierror(socket.EAI_NONAME, "the host is no name") from None


class _CheckedTls(_Checked, SSLConnectionPool):
    """Connects in the same way with TLS, which verifies the host's name."""


class Connections:
    """`take` one, then `keep` it for the next request, or `drop` it."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        tls: bool,
        most: int,
        timeout: float,
        outbound: Outbound | None = None,
    ) -> None:
        kind = _CheckedTls if tls else _Checked
        # Its own queue stays empty: it is asked for new connections, and how many there may be.
        self._maker = kind(host, port, host, port, size=most, connection_timeout=timeout)
        self._maker.outbound = outbound
        self._idle: list[Connection] = []

    def idle(self) -> Connection | None:
        """The one used last of those that are open and quiet."""
        while self._idle:
            connection = self._idle.pop()
            if _is_quiet(connection):
                return connection
            self.drop(connection)
        return None

    def new(self) -> Connection:
        """Waits for one to be dropped when there are too many. Raises `OSError`."""
        return self._maker.get_socket()

    def keep(self, connection: Connection) -> None:
        self._idle.append(connection)

    def drop(self, connection: Connection) -> None:
        self._maker.release_socket(connection)

    def close(self) -> None:
        """Those in use close when they are done with."""
        while self._idle:
            self.drop(self._idle.pop())


def _is_quiet(connection: Connection) -> bool:
    """Whether nothing has come, nor an end: an idle connection has nothing to say."""
    try:
        # gevent's own `recv` would wait; the socket inside it never does.
        connection._sock.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return True
    except OSError:
        pass
    return False
