"""An answer on its way: read as it arrives; what one read of the socket brings is one chunk."""

import time
from collections.abc import Iterator

from tollgate_common.hangups import CallerGone, Noticed
from tollgate_common.relay.connections import Connection, Connections
from tollgate_common.relay.errors import BROKEN, RelayFailed, reason_of
from tollgate_common.relay.parser import Parser

BLOCK_BYTES = 65536


class RelayAnswer:
    """An answer whose headers have arrived. Iterate it for the body, then it closes itself; a
    body that ends too early raises `RelayFailed`, a caller that hangs up `CallerGone`. Close it to
    give up: the connection goes too.
    """

    def __init__(
        self,
        parser: Parser,
        connection: Connection,
        connections: Connections,
        noticed: Noticed,
        between: float,
    ) -> None:
        self._parser = parser
        self._connection: Connection | None = connection
        self._connections = connections
        self._noticed = noticed
        self._between = between
        self._until: float | None = None
        self.status = parser.get_code()
        self.headers = parser.headers
        if parser.complete:
            self._release()

    def header(self, name: str) -> str | None:
        """Its values, joined by commas; `name` in small letters."""
        found = [value for key, value in self.headers if key.lower() == name]
        return ", ".join(found) if found else None

    def hurry(self, between: float, within: float) -> None:
        """Give up when nothing arrives for `between` seconds, or when `within` have passed."""
        self._between = between
        self._until = time.monotonic() + within

    def __iter__(self) -> Iterator[bytes]:
        parser = self._parser
        try:
            while True:
                if parser.body:
                    chunk = bytes(parser.body)
                    parser.body.clear()
                    yield chunk
                if parser.complete:
                    return
                self._read_more()
        finally:
            self.close()

    def read(self) -> bytes:
        """The whole body."""
        return b"".join(self)

    def close(self) -> None:
        if self._connection is not None:
            self._connections.drop(self._connection)
            self._connection = None

    def _read_more(self) -> None:
        connection, parser = self._connection, self._parser
        if connection is None:
            raise RelayFailed("the answer was closed", sent=True)
        patience = self._between
        if self._until is not None:
            patience = max(0.001, min(patience, self._until - time.monotonic()))
        connection.settimeout(patience)
        try:
            with self._noticed:
                received = connection.recv(BLOCK_BYTES)
            parser.feed(received)
        except CallerGone:
            raise
        except BROKEN as error:
            raise RelayFailed(reason_of(error), sent=True) from None
        if parser.complete:
            self._release()

    def _release(self) -> None:
        """The other side has said all: the connection may serve the next request."""
        connection, self._connection = self._connection, None
        if self._parser.should_keep_alive():
            self._connections.keep(connection)
        else:
            self._connections.drop(connection)
