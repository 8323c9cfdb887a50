"""The provider of many open streams: to whatever is sent it says, twice a second, what time it is.

    python -m tests.bench.ticking PORT

The time is the machine's monotonic clock in nanoseconds, the same in every process. A stream ends
with its connection.
"""

import asyncio
import sys
import time

EVERY_SECONDS = 0.5
HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n"
    b"transfer-encoding: chunked\r\n\r\n"
)
IS_THERE = b"HTTP/1.1 204 No Content\r\n\r\n"
EVENT = (
    b'data: {"id":"chatcmpl-tick","object":"chat.completion.chunk","created":1,'
    b'"model":"gpt-4o-mini","choices":[{"index":0,"delta":{"content":"%d "},'
    b'"finish_reason":null}]}\n\n'
)


class Ticking(asyncio.Protocol):
    """One connection: a request, and its stream until the caller has had enough."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._received = b""
        self._next = 0.0

    def data_received(self, data: bytes) -> None:
        if self._next:
            return
        if data.startswith(b"GET "):
            self._transport.write(IS_THERE)
            return
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        if end and len(body) >= int(length or b"0"):
            self._transport.write(HEAD)
            self._next = asyncio.get_running_loop().time()
            self._tick()

    def _tick(self) -> None:
        if self._transport.is_closing():
            return
        event = EVENT % time.monotonic_ns()
        self._transport.write(b"%x\r\n%s\r\n" % (len(event), event))
        self._next += EVERY_SECONDS
        asyncio.get_running_loop().call_at(self._next, self._tick)


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(
        Ticking, "127.0.0.1", int(sys.argv[1]), backlog=4096
    )
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
