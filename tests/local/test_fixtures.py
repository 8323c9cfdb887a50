"""The servers that the pytest plugin gives to every test."""

import socket
from pathlib import Path

import psycopg
import redis

from tollgate_common.testing.containers import listens
from tollgate_common.testing.servers import fresh_database


def test_a_fresh_database_is_empty_and_real(postgres_url: str) -> None:
    with fresh_database(postgres_url) as url, psycopg.connect(url) as connection:
        tables = connection.execute("SELECT count(*) FROM pg_stat_user_tables").fetchone()
    assert tables == (0,)


def test_a_test_may_leave_keys_behind(redis_client: redis.Redis) -> None:
    assert redis_client.set("left", "behind")


def test_the_next_test_finds_redis_empty(redis_database: str) -> None:
    with redis.Redis.from_url(redis_database) as client:
        assert client.dbsize() == 0


def test_an_engine_that_is_gone_is_noticed_by_its_socket(tmp_path: Path) -> None:
    path = tmp_path / "docker.sock"
    assert not listens(f"unix://{path}")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        assert listens(f"unix://{path}")
    assert path.exists()
    assert not listens(f"unix://{path}")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert listens(f"tcp://127.0.0.1:{port}")
    assert not listens(f"tcp://127.0.0.1:{port}")
