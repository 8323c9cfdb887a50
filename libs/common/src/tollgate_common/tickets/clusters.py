"""Batches of scripts on a Redis Cluster: each goes to the node that has its keys."""

from typing import Any

from redis import Redis
from redis.cluster import RedisCluster
from redis.exceptions import (
    AskError,
    ClusterDownError,
    MovedError,
    RedisError,
    TryAgainError,
)
from redis.exceptions import ConnectionError as RedisConnectionError

from tollgate_common.tickets.wire import Command, Wire

AnyRedis = Redis | RedisCluster
_ELSEWHERE = (MovedError, AskError, TryAgainError, ClusterDownError, RedisConnectionError)
FIRST_KEY = 3
"""Of `EVALSHA digest numkeys key…`."""


class ClusterWire(Wire):
    """A wire a node, made when it is first needed. What a node cannot answer (its keys have moved,
    or it is gone) is asked again by redis-py's client, which finds out where they are now."""

    def __init__(self, cluster: RedisCluster) -> None:
        self._cluster = cluster
        self._wires: dict[str, Wire] = {}

    def ask(self, commands: list[Command]) -> list[Any]:
        """As of a `Wire`; the commands are scripts with at least one key."""
        answers: list[Any] = [None] * len(commands)
        of_node: dict[str, list[int]] = {}
        for number, command in enumerate(commands):
            of_node.setdefault(self._node_of(command), []).append(number)
        for node, numbers in of_node.items():
            found = self._ask_node(node, [commands[number] for number in numbers])
            for number, answer in zip(numbers, found, strict=True):
                answers[number] = answer
        return answers

    def _node_of(self, command: Command) -> str:
        cluster: Any = self._cluster
        node = cluster.get_node_from_key(command[FIRST_KEY])
        if node is None:
            raise RedisConnectionError("no node has this slot")
        if node.name not in self._wires:
            self._wires[node.name] = Wire(self._cluster.get_redis_connection(node))
        return str(node.name)

    def _ask_node(self, node: str, commands: list[Command]) -> list[Any]:
        try:
            found = self._wires[node].ask(commands)
        except RedisConnectionError as error:
            self._wires.pop(node).close()
            found = [error] * len(commands)
        return [
            self._ask_again(command) if isinstance(answer, _ELSEWHERE) else answer
            for command, answer in zip(commands, found, strict=True)
        ]

    def _ask_again(self, command: Command) -> Any:
        cluster: Any = self._cluster
        try:
            return cluster.execute_command(*command)
        except RedisConnectionError:
            raise
        except RedisError as error:
            return error


def wire_of(redis: AnyRedis) -> Wire:
    return ClusterWire(redis) if isinstance(redis, RedisCluster) else Wire(redis)
