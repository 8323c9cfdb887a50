"""How fast usage events get into the ledger, and whether its size matters: `make bench-ledger`.

Two consumers, PostgreSQL and Redis share the machine, configured as `make up` configures them. The
events wait in Redis before the consumers start; a run ends when all are booked, and counts only if
every one of them is in the ledger and in the rollups once. Figures go to
.tollgate/bench/ledger.json too.

    TOLLGATE_BENCH_QUICK=1   a hundredth of everything
"""

import json
import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg
from redis import Redis

from tests.bench.ledger_data import Base, send
from tests.bench.processes import CannotMeasure, cpu_seconds, family
from tollgate_common.embedded import postgres, redis
from tollgate_common.embedded.process import free_port, running, temporary_folder
from tollgate_reports.database import engine_of
from tollgate_reports.ledger.freshness import lag
from tollgate_reports.migrations import upgrade
from tollgate_reports.settings import ReportsSettings

COMMAND = Path(sys.executable).with_name("tollgate-reports")
QUICK = bool(os.environ.get("TOLLGATE_BENCH_QUICK"))
FILE = Path(f".tollgate/bench/ledger{'-quick' if QUICK else ''}.json")
SCALE = 100 if QUICK else 1

# Rows that are in the ledger, events that come.
RUNS = [
    (100_000 // SCALE, 200_000 // SCALE),
    (1_000_000 // SCALE, 200_000 // SCALE),
    (10_000_000 // SCALE, 1_000_000 // SCALE),
]
CONSUMERS = ("one", "two")
MOST_SECONDS, MOST_MEGABYTES = 90.0, 200.0
NEEDED_BYTES = 25 * 2**30 // SCALE


@dataclass(frozen=True)
class Run:
    """One ingest. CPU is in µs an event; memory is each consumer's highest, in MB."""

    rows: int
    events: int
    seconds: float
    cpu: dict[str, float]
    memory: dict[str, float]

    @property
    def micros(self) -> float:
        return self.seconds / self.events * 1e6


@dataclass(frozen=True)
class Servers:
    settings: ReportsSettings
    processes: dict[str, psutil.Process]


def main() -> None:
    try:
        if shutil.disk_usage("/tmp").free < NEEDED_BYTES:  # noqa: S108 - where the servers' data goes
            raise CannotMeasure(f"{NEEDED_BYTES / 2**30:.0f} GB of disk are needed.")
        with servers() as found:
            runs = list(measured(found))
    except CannotMeasure as reason:
        sys.exit(f"bench_ledger: {reason}")
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(json.dumps([asdict(run) for run in runs], indent=2) + "\n")
    sys.stdout.write(table(runs))


@contextmanager
def servers() -> Iterator[Servers]:
    """PostgreSQL and Redis as `make up` runs them, empty and migrated."""
    with ExitStack() as stack:
        data = postgres.Postgres(
            stack.enter_context(temporary_folder("postgres")), free_port(), secrets.token_hex(16)
        )
        streams = redis.Redis(
            stack.enter_context(temporary_folder("redis")), free_port(), secrets.token_hex(16)
        )
        processes = {}
        for name, server, signal in (
            ("postgres", data, postgres.STOP_SIGNAL), ("redis", streams, redis.STOP_SIGNAL),
        ):  # fmt: skip
            server.prepare()
            log = server.folder / "log"
            started = running(server.command(os.getpid()), log, server.ready, signal)
            processes[name] = psutil.Process(stack.enter_context(started))
        data.ensure_database()
        settings = ReportsSettings(
            database_url=data.url(), redis_url=streams.url, log_level="WARNING"
        )
        upgrade(settings)
        yield Servers(settings, processes)


def measured(found: Servers) -> Iterator[Run]:
    engine, url = engine_of(found.settings), str(found.settings.database_url)
    base = Base(engine, url, most=RUNS[-1][0])
    with Redis.from_url(str(found.settings.redis_url)) as client:
        for rows, events in RUNS:
            sys.stderr.write(f"{rows:,} rows, {events:,} events\n")
            base.grow(rows)
            settle(url)
            before = booked(url)
            send(client, events)
            run = ingest(found, client, rows, events)
            if booked(url) != tuple(count + events for count in before):
                raise CannotMeasure(f"Not every event was booked once: {before}, {booked(url)}.")
            yield run
    engine.dispose()


def settle(url: str) -> None:
    """What filling the ledger left to do is not the consumers' to pay for."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE reports.ledger")
        connection.execute("CHECKPOINT")


def booked(url: str) -> tuple[int, ...]:
    """How many rows, and how many of these the rollups know."""
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT (SELECT count(*) FROM reports.ledger),"
            " (SELECT coalesce(sum(requests), 0)::bigint FROM reports.rollups)"
        ).fetchone()
    assert found is not None
    return tuple(found)


def ingest(found: Servers, client: Redis, rows: int, events: int) -> Run:
    before = cpu_of(found.processes)
    began = time.monotonic()
    with ExitStack() as stack:
        consumers = {name: stack.enter_context(consumer(found, name)) for name in CONSUMERS}
        memory = dict.fromkeys(CONSUMERS, 0.0)
        while lag(client):
            if not all(each.is_running() for each in consumers.values()):
                raise CannotMeasure("A consumer ended.")
            time.sleep(0.1)
        seconds = time.monotonic() - began
        memory = {name: highest_megabytes(each) for name, each in consumers.items()}
        spent = cpu_of({**found.processes, **consumers})
    cpu = {name: (spent[name] - before.get(name, 0.0)) / events * 1e6 for name in spent}
    return Run(rows, events, seconds, cpu, memory)


@contextmanager
def consumer(found: Servers, name: str) -> Iterator[psutil.Process]:
    environment = {
        **os.environ, "DATABASE_URL": str(found.settings.database_url), "HOST": "127.0.0.1",
        "REDIS_URL": str(found.settings.redis_url), "METRICS_PORT": str(free_port()),
        "LEDGER_CONSUMER": name,
    }  # fmt: skip
    process = subprocess.Popen([str(COMMAND), "ledger"], env=environment, stdout=subprocess.DEVNULL)
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(30)


def cpu_of(processes: dict[str, psutil.Process]) -> dict[str, float]:
    return {name: sum(cpu_seconds(family(each)).values()) for name, each in processes.items()}


def highest_megabytes(process: psutil.Process) -> float:
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


def table(runs: Sequence[Run]) -> str:
    columns: list[Any] = [
        ("rows before", lambda run: f"{run.rows:,}"),
        ("events", lambda run: f"{run.events:,}"),
        ("seconds", lambda run: f"{run.seconds:.1f}"),
        ("µs an event", lambda run: f"{run.micros:.1f}"),
        ("CPU consumers", lambda run: f"{sum(run.cpu[name] for name in CONSUMERS):.1f}"),
        ("CPU postgres", lambda run: f"{run.cpu['postgres']:.1f}"),
        ("CPU redis", lambda run: f"{run.cpu['redis']:.1f}"),
        ("MB a consumer", lambda run: f"{max(run.memory.values()):.0f}"),
    ]
    rows = [[name for name, _ in columns], *([cell(run) for _, cell in columns] for run in runs)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "| " + " | ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    last = runs[-1]
    verdict = last.seconds <= MOST_SECONDS and max(last.memory.values()) <= MOST_MEGABYTES
    goal = (
        f"{last.events:,} events in {last.seconds:.1f} s, {max(last.memory.values()):.0f} MB"
        f" (wanted for 1,000,000: {MOST_SECONDS:.0f} s, {MOST_MEGABYTES:.0f} MB):"
        f" {'reached' if verdict and not QUICK else 'a quick run' if QUICK else 'NOT REACHED'}"
    )
    rule = "|" + "|".join("-" * (width + 1) + ":" for width in widths) + "|"
    return "\n".join(["", lines[0], rule, *lines[1:], "", goal, ""])


if __name__ == "__main__":
    main()
