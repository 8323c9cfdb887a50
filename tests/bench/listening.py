"""The callers of many streams: how late what `ticking` says arrives, in one process of their own.

    python -m tests.bench.listening HOST PORT STREAMS SECONDS < request

Opens the streams one after another, then listens to all of them for so long. Prints JSON: the
lateness of every chunk in milliseconds at some percentiles, how many there were, and how many
streams had another answer or ended early.
"""

import asyncio
import json
import re
import sys
import time

OPEN_EACH_SECOND = 100
PERCENTILES = (50.0, 90.0, 99.0, 99.9, 100.0)
SETTLE_SECONDS = 3.0
TICK = re.compile(rb'"content":"(\d+) "')


class Listening(asyncio.Protocol):
    """One stream."""

    late: list[int] = []  # noqa: RUF012 - all of the process's
    counts = False

    def __init__(self, request: bytes) -> None:
        self._request = request
        self.begun = False
        self.ended = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        now = time.monotonic_ns()
        for tick in TICK.finditer(data):
            self.begun = True
            if Listening.counts:
                Listening.late.append(now - int(tick[1]))

    def connection_lost(self, error: Exception | None) -> None:
        self.ended = True


async def listen(host: str, port: int, streams: int, seconds: float, request: bytes) -> None:
    loop = asyncio.get_running_loop()
    callers: list[Listening] = []
    for _ in range(streams):
        _, caller = await loop.create_connection(lambda: Listening(request), host, port)
        callers.append(caller)
        await asyncio.sleep(1 / OPEN_EACH_SECOND)
    await asyncio.sleep(SETTLE_SECONDS)
    Listening.counts = True
    sys.stderr.write("all open\n")
    sys.stderr.flush()
    await asyncio.sleep(seconds)
    Listening.counts = False
    sys.stdout.write(json.dumps(figures(callers)))


def figures(callers: list[Listening]) -> dict[str, object]:
    late = sorted(Listening.late) or [0]
    at = {
        f"p{percent:g}": late[min(len(late) - 1, int(len(late) * percent / 100))] / 1e6
        for percent in PERCENTILES
    }
    return {
        "streams": len(callers),
        "silent": sum(not caller.begun for caller in callers),
        "ended": sum(caller.ended for caller in callers),
        "chunks": len(Listening.late),
        "late_ms": at,
    }


if __name__ == "__main__":
    host, port, streams, seconds = sys.argv[1:]
    asked = sys.stdin.buffer.read()
    asyncio.run(listen(host, int(port), int(streams), float(seconds), asked))
