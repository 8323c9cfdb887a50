"""The connection of its own, on a real Redis."""

from typing import Any

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError

from tollgate_common.tickets.wire import Wire


@pytest.fixture
def wire(redis_client: Redis) -> Wire:
    return Wire(redis_client)


def test_answers_are_those_of_the_commands_in_order(wire: Wire) -> None:
    answers = wire.ask([("SET", "a", 7), ("GET", "a"), ("GET", "missing"), ("INCRBY", "a", 2)])
    assert answers == [b"OK", b"7", None, 9]


def test_an_error_of_one_command_is_its_answer_and_the_others_have_theirs(wire: Wire) -> None:
    wrong, right = wire.ask([("EVAL", "no lua", 0), ("ECHO", "still there")])
    assert isinstance(wrong, ResponseError)
    assert right == b"still there"


def test_text_bytes_and_numbers_arrive_as_they_are(wire: Wire) -> None:
    answers = wire.ask([("ECHO", "naïve\r\n"), ("ECHO", b"\x00\xff"), ("ECHO", 12)])
    assert answers == ["naïve\r\n".encode(), b"\x00\xff", b"12"]


def test_a_connection_that_was_cut_is_opened_again(wire: Wire, redis_client: Redis) -> None:
    name = wire.ask([("CLIENT", "ID")])[0]
    redis_client.client_kill_filter(_id=name)
    assert wire.ask([("ECHO", "again")]) == [b"again"]


def test_redis_away_is_an_error(redis_client: Redis) -> None:
    away = Redis(host="127.0.0.1", port=1, socket_connect_timeout=0.5)
    with pytest.raises(RedisConnectionError):
        Wire(away).ask([("PING",)])


def test_an_answer_nobody_waited_for_is_nobody_elses(wire: Wire, redis_client: Redis) -> None:
    wire.ask([("PING",)])
    connection: Any = wire._connection
    read = connection.read_response

    def interrupted() -> Any:
        raise KeyboardInterrupt

    connection.read_response = interrupted
    with pytest.raises(KeyboardInterrupt):
        wire.ask([("ECHO", "unread")])
    connection.read_response = read
    assert wire.ask([("ECHO", "mine")]) == [b"mine"]
