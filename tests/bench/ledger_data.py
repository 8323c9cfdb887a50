"""What the ledger's benchmark books, and what its ledger holds before.

A busy installation: 20 organisations with 10 keys each and three models; most requests end well.
Rows and events alike are spread over their time in order, as they come in.
"""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString
from uuid import UUID

import msgspec
import psycopg
from redis import Redis
from sqlalchemy import Engine

from tollgate_common.events.cloudevents import schema_name, timestamp
from tollgate_common.tickets import Attribution, Outcome, bucket
from tollgate_common.tickets.book import USAGE
from tollgate_common.usage_lines import priced_line, total_nanos
from tollgate_reports.ledger.service import Ledger
from tollgate_reports.ledger.sketch import SLOTS

ORGS, KEYS, MODELS = 20, 10, ("gpt-4o-mini", "gpt-4o", "claude-sonnet")
DAYS = 28
CHUNK = 500_000
CARELESS: Sequence[LiteralString] = (
    "ALTER SYSTEM SET fsync = off",
    "ALTER SYSTEM SET full_page_writes = off",
    "ALTER SYSTEM SET max_wal_size = '8GB'",
)
PIPELINE = 2_000
PRICE = {"input_usd_per_mtok": "0.15", "output_usd_per_mtok": "0.60"}

# Row n of all: its moment, and a UUIDv7 of that moment.
ROWS = f"""
INSERT INTO ledger (
    id, request_id, org, project, key, "user", mode, endpoint, dialect, model, stream, tags,
    opened_at, closed_at, status, provider, provider_model, http_status, input_tokens,
    output_tokens, cached_input_tokens, reasoning_tokens, cost, price, estimated, attempts,
    latency_ms, first_byte_ms
)
SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7'
        || substr(hash, 1, 3) || '8' || substr(hash, 4, 15))::uuid,
       'req_' || hash, 'org_' || n %% {ORGS}, 'proj_' || n %% {ORGS}, 'key_' || n %% {ORGS * KEYS},
       NULL, 'live', '/v1/chat/completions', 'openai', (ARRAY{list(MODELS)})[1 + n %% 3], false,
       '{{"team": "blue"}}', at, at + interval '1 second', 'ok', 'openai', 'gpt', 200,
       n %% 4000, n %% 900, 0, 0, (n %% 900) * 0.000001, '{json.dumps(PRICE)}', false, 1,
       n %% 3000, n %% 500
FROM (
    SELECT n, %(start)s + n * %(step)s AS at, md5(n::text) AS hash
    FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
) AS row
"""  # noqa: S608 - made of our own numbers

# The rollups of those rows, near enough: every quarter of an hour has all keys with all models.
ROLLUPS = f"""
INSERT INTO rollups
SELECT date_bin('15 minutes', at, '2000-01-01Z'), 'org_' || n %% {ORGS}, 'proj_' || n %% {ORGS},
       'key_' || n %% {ORGS * KEYS}, NULL, (ARRAY{list(MODELS)})[1 + n %% 3], 'openai', 'ok',
       'live', 0, 0, 0, 0, 0, 0, 0, 0, array_fill(0::bigint, ARRAY[{SLOTS}])
FROM generate_series(%(start)s + %(first)s * %(step)s, %(start)s + %(last)s * %(step)s,
                     interval '15 minutes') AS at, generate_series(1, {ORGS * KEYS} * 3) AS n
ON CONFLICT DO NOTHING
"""  # noqa: S608 - the same


class Base:
    """The ledger before: `rows` so far, of the `most` that there will be, oldest first."""

    def __init__(self, engine: Engine, url: str, most: int) -> None:
        self._url = url
        self._step = timedelta(days=DAYS) / most
        self._start = datetime.now(UTC) - timedelta(days=DAYS, hours=2)
        self.rows = 0
        Ledger(engine).make_partitions(
            {_month(self._start + timedelta(days=day)) for day in range(DAYS + 2)}
        )

    def grow(self, rows: int) -> None:
        """To so many, as fast as can be: what a crash would do to it matters only afterwards."""
        with self._careless(), self._connect() as database:
            while self.rows < rows:
                last = min(rows, self.rows + CHUNK)
                span = {"first": self.rows, "last": last - 1,
                        "start": self._start, "step": self._step}  # fmt: skip
                database.execute(ROWS, span)
                database.execute(ROLLUPS, span)
                database.commit()
                self.rows = last

    @contextmanager
    def _careless(self) -> Iterator[None]:
        for change in CARELESS:
            self._set(change)
        yield
        self._set("ALTER SYSTEM RESET ALL")

    def _set(self, change: LiteralString) -> None:
        with self._connect(autocommit=True) as database:
            database.execute(change)
            database.execute("SELECT pg_reload_conf()")

    def _connect(self, autocommit: bool = False) -> psycopg.Connection[Any]:
        options = "-csearch_path=reports -ctimezone=UTC"
        return psycopg.connect(self._url, options=options, autocommit=autocommit)


def _month(moment: datetime) -> datetime:
    return moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def send(redis: Redis, count: int) -> None:
    """So many usage events of the last hour into their streams."""
    pipeline = redis.pipeline(transaction=False)
    for number, (stream, event) in enumerate(events(count), 1):
        pipeline.xadd(stream, {"event": event})
        if number % PIPELINE == 0:
            pipeline.execute()
    pipeline.execute()


def events(count: int) -> Iterator[tuple[str, bytes]]:
    """Stream and event, as a ticket's close writes it."""
    now = time.time() * 1000
    for number in range(count):
        opened = int(now - 3_600_000 * (1 - number / count))
        yield _event(number, opened, f"org_{number % ORGS}")


def _event(number: int, opened_ms: int, org: str) -> tuple[str, bytes]:
    ticket_id = str(UUID(int=opened_ms << 80 | 7 << 76 | 2 << 62 | number))
    opened = datetime.fromtimestamp(opened_ms / 1000, UTC)
    closed_at = timestamp(opened + timedelta(seconds=1))
    ticket = Attribution(
        id=ticket_id, request_id=f"req_{ticket_id}", org=org, project=f"proj_{number % ORGS}",
        key=f"key_{number % (ORGS * KEYS)}", mode="live", endpoint="/v1/chat/completions",
        dialect="openai", model=MODELS[number % 3], stream=number % 2 == 0, tags={"team": "blue"},
        opened_at=timestamp(opened),
    )  # fmt: skip
    lines = (
        priced_line("gpt-4o-mini-2024-07-18", "input", number % 4000, "0.00000015"),
        priced_line("gpt-4o-mini-2024-07-18", "output", number % 900, "0.0000006"),
    )
    outcome = Outcome(
        status="ok" if number % 50 else "client_closed", provider="openai",
        provider_model="gpt-4o-mini-2024-07-18", http_status=200, input_tokens=number % 4000,
        output_tokens=number % 900, cost_nanos=total_nanos(lines), lines=lines, price=PRICE,
        attempts=1,
        latency_ms=number % 3000, first_byte_ms=number % 500,
    )  # fmt: skip
    event = {
        "specversion": "1.0", "id": ticket_id, "source": "tollgate/llm", "type": USAGE,
        "time": closed_at, "datacontenttype": "application/json",
        "dataschema": schema_name(USAGE),
        "data": {"ticket": ticket, "outcome": outcome, "closed_at": closed_at},
    }  # fmt: skip
    return f"usage:{bucket(org)}", msgspec.json.encode(event)
