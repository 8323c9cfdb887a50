"""The ledger process: killed, cut off, stopped; nothing is lost and nothing counts twice."""

import math
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from redis import Redis

from tollgate_common import stores
from tollgate_common.embedded.process import free_port
from tollgate_common.events.streams import Entry
from tollgate_common.tickets import usage_streams
from tollgate_reports.ledger.consumer import GROUP
from tollgate_reports.ledger.freshness import as_of, lag, lag_seconds, unread_seconds
from tollgate_reports.settings import ReportsSettings

Record = Callable[..., str]
Rows = Callable[..., list[dict[str, Any]]]

COMMAND = Path(sys.executable).with_name("tollgate-reports")

# The real consumer, killed in the moment after its commit and before its acknowledgement.
KILLED_BEFORE_ACK = """
import os, signal
from tollgate_common.events.streams import GroupConsumer
GroupConsumer._done = lambda self, entries: os.kill(os.getpid(), signal.SIGKILL)
from tollgate_reports.cli import main
main(["ledger"])
"""


@pytest.fixture
def environment(settings: ReportsSettings, engine: object) -> dict[str, str]:
    return {
        **os.environ,
        "DATABASE_URL": str(settings.database_url),
        "REDIS_URL": str(settings.redis_url),
        "HOST": "127.0.0.1",
        "METRICS_PORT": str(free_port()),
    }


@contextmanager
def running(command: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def until(condition: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def test_an_event_is_soon_in_the_ledger_and_out_of_the_stream(
    record: Record, redis_client: Redis, rows: Rows, environment: dict[str, str]
) -> None:
    record()
    with running([str(COMMAND), "ledger"], environment) as process:
        until(lambda: lag(redis_client) == 0)
        record()
        until(lambda: rows("SELECT count(*)::int AS n FROM ledger") == [{"n": 2}])
        until(lambda: lag(redis_client) == 0)
        metrics = urlopen(f"http://127.0.0.1:{environment['METRICS_PORT']}/metrics").read()
        assert b"tollgate_ledger_rows_total 2.0" in metrics
        assert b"tollgate_ledger_lag_entries 0.0" in metrics
        assert b"tollgate_ledger_lag_seconds 0.0" in metrics
        assert b"tollgate_ledger_unread_seconds 0.0" in metrics
        assert b"tollgate_ledger_parked_events 0.0" in metrics

        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


@pytest.mark.parametrize("successor", ["the-same", "another"])
def test_a_consumer_killed_between_commit_and_acknowledgement_books_once(
    record: Record, redis_client: Redis, rows: Rows, environment: dict[str, str], successor: str
) -> None:
    for _ in range(20):
        record()
    first = {**environment, "LEDGER_CONSUMER": "the-same"}
    with running([sys.executable, "-c", KILLED_BEFORE_ACK], first) as process:
        assert process.wait(20) == -signal.SIGKILL
    assert lag(redis_client) == 20
    before = rows("SELECT sum(requests)::int AS n FROM rollups")
    record()
    with running([str(COMMAND), "ledger"], {**environment, "LEDGER_CONSUMER": successor}):
        until(lambda: lag(redis_client) == 0, seconds=40)
    assert before == [{"n": 20}]
    assert rows("SELECT sum(requests)::int AS n FROM rollups") == [{"n": 21}]
    assert rows("SELECT count(*)::int AS n FROM ledger") == [{"n": 21}]


def test_two_consumers_of_which_one_is_killed_book_everything_once(
    record: Record, redis_client: Redis, rows: Rows, environment: dict[str, str]
) -> None:
    def consumer(name: str) -> AbstractContextManager[subprocess.Popen[bytes]]:
        own = {"LEDGER_CONSUMER": name, "METRICS_PORT": str(free_port()), "LEDGER_BATCH": "10"}
        return running([str(COMMAND), "ledger"], {**environment, **own})

    for number in range(600):
        record(org=f"org_{number % 40}")
    with consumer("one") as one, consumer("two"):
        until(lambda: rows("SELECT count(*) > 50 AS some FROM ledger") == [{"some": True}])
        one.kill()
        for number in range(100):
            record(org=f"org_{number % 40}")
        until(lambda: lag(redis_client) == 0, seconds=40)
    assert rows("SELECT count(*)::int AS n FROM ledger") == [{"n": 700}]
    assert rows("SELECT sum(requests)::int AS n FROM rollups") == [{"n": 700}]
    assert rows("SELECT count(*)::int AS n FROM parked_events") == [{"n": 0}]


class Gate:
    """A TCP door to PostgreSQL that can be shut: connections through it break, new ones fail."""

    def __init__(self, host: str, port: int) -> None:
        self.port = free_port()
        self._target = f"{host}:{port}"
        self._process: subprocess.Popen[bytes] | None = None

    def open(self) -> None:
        self._process = subprocess.Popen([sys.executable, "-c", DOOR, str(self.port), self._target])
        until(self._answers)

    def shut(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


DOOR = """
import socket, sys, threading
def pump(a, b):
    try:
        while data := a.recv(65536):
            b.sendall(data)
    except OSError:
        pass
    for end in (a, b):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
host, port = sys.argv[2].rsplit(":", 1)
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    near, _ = server.accept()
    far = socket.create_connection((host, int(port)))
    for pair in ((near, far), (far, near)):
        threading.Thread(target=pump, args=pair, daemon=True).start()
"""


def test_with_postgresql_away_events_wait_and_are_booked_when_it_is_back(
    record: Record,
    redis_client: Redis,
    rows: Rows,
    environment: dict[str, str],
    settings: ReportsSettings,
) -> None:
    assert settings.database_url is not None
    target = settings.database_url.hosts()[0]
    door = Gate(str(target["host"]), int(target["port"] or 5432))
    address = f"{target['host']}:{target['port'] or 5432}"
    through = str(settings.database_url).replace(address, f"127.0.0.1:{door.port}")
    try:
        with running([str(COMMAND), "ledger"], {**environment, "DATABASE_URL": through}) as process:
            record()
            time.sleep(1.5)
            assert process.poll() is None
            assert lag(redis_client) == 1
            door.open()
            until(lambda: lag(redis_client) == 0)
            door.shut()
            for _ in range(5):
                record()
            time.sleep(0.5)
            assert lag(redis_client) == 5
            door.open()
            until(lambda: lag(redis_client) == 0)
            assert process.poll() is None
    finally:
        door.shut()
    assert rows("SELECT count(*)::int AS n FROM ledger") == [{"n": 6}]


def test_an_entry_without_an_event_is_parked(
    redis_client: Redis, rows: Rows, environment: dict[str, str]
) -> None:
    redis_client.xadd(usage_streams()[3], {"something": "else"})
    with running([str(COMMAND), "ledger"], environment):
        until(lambda: rows("SELECT count(*)::int AS n FROM parked_events") == [{"n": 1}])
        until(lambda: lag(redis_client) == 0)
    assert rows("SELECT count(*)::int AS n FROM ledger") == [{"n": 0}]


def test_the_books_are_as_of_the_oldest_event_that_waits(
    record: Record, waiting: Callable[[], list[Entry]], redis_client: Redis, engine: Any
) -> None:
    moment_of = as_of(redis_client, engine)
    before = moment_of("org_books")
    record()
    (entry,) = waiting()
    time.sleep(0.02)
    now = moment_of("org_books")
    assert before is not None
    assert now is not None
    assert int(now.timestamp() * 1000) == int(entry.id.split("-")[0])
    assert before <= now


def test_the_lag_is_the_age_of_what_waits_and_of_what_nobody_was_given(
    record: Record, redis_client: Redis
) -> None:
    assert (lag_seconds(redis_client), unread_seconds(redis_client, GROUP)) == (0, 0)
    record()
    (stream,) = [each for each in usage_streams() if redis_client.exists(each)]
    time.sleep(0.05)
    assert unread_seconds(redis_client, GROUP) >= 0.05
    redis_client.xgroup_create(stream, GROUP, id="0")
    assert unread_seconds(redis_client, GROUP) >= 0.05
    redis_client.xreadgroup(GROUP, "a", {stream: ">"})
    assert unread_seconds(redis_client, GROUP) == 0
    assert lag_seconds(redis_client) >= 0.05
    assert lag(redis_client) == 1


def test_with_redis_away_the_books_are_as_of_their_newest_request(
    booked: Record, engine: Any, rows: Rows
) -> None:
    away = stores.connect(f"redis://127.0.0.1:{free_port()}")
    assert as_of(away, engine)("org_books") is None
    booked()
    (row,) = rows("SELECT opened_at FROM ledger")
    assert as_of(away, engine)("org_books") == row["opened_at"]
    for figure in (lag(away), lag_seconds(away), unread_seconds(away, GROUP)):
        assert math.isnan(figure)
