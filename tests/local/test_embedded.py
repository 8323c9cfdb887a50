"""The embedded servers: real, private, and gone with the process they serve."""

import os
import secrets
import subprocess
import sys
from pathlib import Path

import psutil
import psycopg
import pytest
import redis as redis_client_library

from tollgate_common.embedded import postgres, redis
from tollgate_common.embedded.process import EmbeddedServerError, free_port, running

HOLD = """
import sys, time
from tollgate_common.embedded import {kind}
with {kind}.temporary() as url:
    print(url, flush=True)
    time.sleep(60)
"""


def servers_below(process: psutil.Process) -> list[psutil.Process]:
    return process.children(recursive=True)


@pytest.mark.parametrize("kind", ["postgres", "redis"])
def test_nothing_of_it_survives_the_kill_of_its_process(kind: str) -> None:
    code = HOLD.format(kind=kind)
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        servers = servers_below(psutil.Process(process.pid))
        assert servers
        process.kill()
        _, alive = psutil.wait_procs(servers, timeout=5)
        assert not alive


@pytest.mark.parametrize("module", [postgres, redis])
def test_nothing_of_it_is_left_afterwards(module: object) -> None:
    before = set(servers_below(psutil.Process()))
    with module.temporary():  # type: ignore[attr-defined]
        assert set(servers_below(psutil.Process())) > before
    assert set(servers_below(psutil.Process())) == before


def test_postgresql_asks_for_the_password() -> None:
    with postgres.temporary() as url:
        with psycopg.connect(url) as connection:
            version = connection.execute("SHOW server_version_num").fetchone()
        assert version
        assert int(version[0]) >= 170000
        password = url.split(":")[2].split("@")[0]
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(url.replace(password, "wrong"))


def test_redis_asks_for_the_password() -> None:
    with redis.temporary() as url:
        password = url.split(":")[2].split("@")[0]
        with (
            redis_client_library.Redis.from_url(url.replace(password, "wrong")) as client,
            pytest.raises(redis_client_library.AuthenticationError),
        ):
            client.ping()


def test_what_a_killed_redis_had_acknowledged_is_there_when_it_is_back(tmp_path: Path) -> None:
    server = redis.Redis(tmp_path, free_port(), secrets.token_hex(8))
    server.prepare()
    acknowledged = 0
    for _ in range(3):
        with (
            running(server.command(), tmp_path / "log", server.ready, redis.STOP_SIGNAL) as process,
            redis_client_library.Redis.from_url(server.url) as client,
        ):
            assert int(client.get("n") or 0) == acknowledged
            for _ in range(500):
                acknowledged = client.incr("n")
            psutil.Process(process).kill()


def test_a_killed_postgresql_starts_again_although_its_number_is_in_use(tmp_path: Path) -> None:
    server = postgres.Postgres(tmp_path, free_port(), secrets.token_hex(8), disposable=True)
    server.prepare()
    stale = server.data / "postmaster.pid"
    stale.write_text(f"{os.getpid()}\n{server.data}\n0\n{server.port}\n\n127.0.0.1\n\nready\n")
    server.prepare()
    assert not stale.exists()
    with running(server.command(), tmp_path / "log", server.ready, postgres.STOP_SIGNAL):
        server.ensure_database()
        server.ensure_database()
        with psycopg.connect(server.url()) as connection:
            connection.execute("SELECT 1")


def test_data_of_a_newer_redis_is_not_ignored_by_an_older_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "appendonlydir").mkdir()
    monkeypatch.setattr(redis, "version", lambda server: (6, 2, 14))
    with pytest.raises(EmbeddedServerError, match="written by Redis 7 or newer"):
        redis.Redis(tmp_path, 1, "x").prepare()


def test_a_server_that_cannot_start_shows_the_end_of_its_log(tmp_path: Path) -> None:
    server = redis.Redis(tmp_path, free_port(), "x")
    server.prepare()
    (tmp_path / "redis.conf").write_text("no-such-setting yes\n")
    with (
        pytest.raises(EmbeddedServerError, match="no-such-setting"),
        running(server.command(), tmp_path / "log", server.ready, redis.STOP_SIGNAL),
    ):
        pass
