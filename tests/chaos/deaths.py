"""What dies, each without a warning (SIGKILL), and comes back by itself: gunicorn replaces its
workers, the supervisor everything else."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

import psutil
from redis.exceptions import RedisError

from deploy.local.stack import Stack
from tests.chaos.books import Books
from tests.e2e.platform import eventually
from tests.e2e.stacks import processes_of

BACK_SECONDS = 60
PAUSE_MS = 300
TRIES = 200


class Death(NamedTuple):
    """`kill` says whom it killed, for the table. `loses`: requests in flight may be `lost`."""

    name: str
    kill: Callable[[Stack, Books], str]
    loses: bool = False


def worker_of(program: str) -> Callable[[Stack, Books], str]:
    """One of the processes that serve, while it does."""

    def kill(stack: Stack, _: Books) -> str:
        port = getattr(stack.settings, f"{program}_port")

        def busiest() -> psutil.Process | None:
            found = {}
            for process in processes_of(stack, program):
                with suppress(psutil.Error):
                    found[process] = sum(
                        each.status == psutil.CONN_ESTABLISHED and each.laddr.port == port
                        for each in process.net_connections("tcp")
                    )
            best = max(found, key=lambda process: found[process])
            return best if found[best] else None

        process = eventually(busiest)
        process.kill()
        return f"1 of {len(processes_of(stack, program))} processes"

    return kill


def whole(program: str) -> Callable[[Stack, Books], str]:
    """All processes of the program at once."""

    def kill(stack: Stack, _: Books) -> str:
        processes = processes_of(stack, program)
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        old = processes[0].pid
        eventually(lambda: stack.supervisor.pids().get(program, old) != old, within=BACK_SECONDS)
        return f"{len(processes)} processes"

    return kill


def consumer_after_its_commit(stack: Stack, books: Books) -> str:
    """The ledger's consumer when its batch is in the ledger and still in the stream: what it then
    wants to acknowledge waits while Redis takes no writes."""
    for number in range(1, TRIES + 1):
        process = processes_of(stack, "reports-ledger")[-1]
        with books.redis() as redis, suppress(RedisError):
            redis.client_pause(PAUSE_MS, all=False)
            time.sleep(PAUSE_MS / 2000)
            booked = books.booked_and_waiting()
            if booked:
                process.kill()
                return f"{booked} events booked, none acknowledged (try {number})"
        time.sleep(PAUSE_MS / 1000)
    raise AssertionError("the consumer was never between its commit and its acknowledgement")


DEATHS = (
    Death("a gateway worker", worker_of("gateway"), loses=True),
    Death("an llm worker", worker_of("llm"), loses=True),
    Death("the ledger's consumer, after its commit", consumer_after_its_commit),
    Death("Redis", whole("redis"), loses=True),
    Death("PostgreSQL", whole("postgres")),
    Death("reports", whole("reports")),
)
