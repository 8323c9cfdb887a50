"""A connection to Redis of one's own, for who sends batches one at a time.

A call through redis-py's client takes a connection from the pool, reports on itself and unpacks by
the command's name: together that costs more than the script. Here are left its connection, its
parser and its errors.
"""

from typing import Any

from hiredis import pack_command
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError

Command = tuple[Any, ...]


class Wire:
    """Never used by two at once. What breaks is opened again by the next batch."""

    def __init__(self, redis: Redis) -> None:
        pool: Any = redis.connection_pool
        # Made as the pool makes its own, but not one of those that it counts.
        self._connection: Any = pool.connection_class(**pool.connection_kwargs)

    def ask(self, commands: list[Command]) -> list[Any]:
        """An answer each, errors of single commands among them; raises what concerns them all. A
        connection that turns out broken is opened again, once: what is sent may be sent twice."""
        packed = b"".join([pack_command(command) for command in commands])
        try:
            return self._exchange(packed, len(commands))
        except RedisConnectionError:
            return self._exchange(packed, len(commands))

    def close(self) -> None:
        self._connection.disconnect()

    def _exchange(self, packed: bytes, number: int) -> list[Any]:
        connection = self._connection
        try:
            connection.send_packed_command((packed,), check_health=False)
            return [_answer(connection) for _ in range(number)]
        except BaseException:
            # Interrupted too: an answer that nobody has read would be taken for the next one's.
            connection.disconnect()
            raise


def _answer(connection: Any) -> Any:
    try:
        return connection.read_response()
    except ResponseError as error:
        return error
