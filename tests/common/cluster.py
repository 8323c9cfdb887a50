"""A Redis Cluster of three nodes, started for a test."""

import contextlib
import os
import secrets
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from redis import Redis

from tollgate_common.embedded import redis as embedded
from tollgate_common.embedded.process import free_port, running, temporary_folder

NODES = 3
PASSWORD = secrets.token_hex(16)
SLOTS = 16_384
BUS = 10_000
"""How far a node's port to the others is from its own."""
SETTLED_SECONDS = 30


@contextlib.contextmanager
def cluster() -> Iterator[str]:
    """URL of one of its nodes."""
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(temporary_folder("cluster"))
        nodes = [_started(stack, folder / str(number)) for number in range(NODES)]
        clients = [stack.enter_context(Redis.from_url(node.url)) for node in nodes]
        for number, client in enumerate(clients):
            client.config_set("masterauth", nodes[0].password)
            first, last = SLOTS * number // NODES, SLOTS * (number + 1) // NODES
            client.execute_command("CLUSTER ADDSLOTS", *range(first, last))
            client.execute_command("CLUSTER MEET", "127.0.0.1", nodes[0].port)
        _settle(clients)
        yield nodes[0].url.replace("redis:", "redis+cluster:").removesuffix("/0")


def _started(stack: contextlib.ExitStack, folder: Path) -> embedded.Redis:
    node = embedded.Redis(folder, _port(), PASSWORD)
    node.prepare()
    with (folder / "redis.conf").open("a") as configuration:
        configuration.write("cluster-enabled yes\ncluster-node-timeout 5000\n")
    command = node.command(parent=os.getpid())
    stack.enter_context(running(command, folder / "log", node.ready, embedded.STOP_SIGNAL))
    return node


def _port() -> int:
    """Free, and so is its other one."""
    while True:
        port = free_port()
        with contextlib.suppress(OSError, OverflowError), socket.socket() as bus:
            bus.bind(("127.0.0.1", port + BUS))
            return port


def _settle(clients: list[Redis]) -> None:
    """Wait until every node says that all is well, of all of them."""
    until = time.monotonic() + SETTLED_SECONDS
    while not all(_settled(client) for client in clients):
        assert time.monotonic() < until, "the cluster does not come together"
        time.sleep(0.05)


def _settled(client: Redis) -> bool:
    asked: Any = client
    told: dict[str, str] = asked.execute_command("CLUSTER INFO")
    return told["cluster_state"] == "ok" and told["cluster_known_nodes"] == str(NODES)
