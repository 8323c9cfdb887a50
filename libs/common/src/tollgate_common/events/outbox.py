"""The outbox: an event that must happen is a row of the same transaction as what caused it.

A service with an outbox has the table (`outbox_table`), adds rows with `add`, and calls
`send_pending` after its commit and every now and then. An event may be sent twice, never not.
"""

import threading
from typing import Any

from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    Identity,
    LargeBinary,
    MetaData,
    String,
    Table,
    delete,
    insert,
    select,
)
from sqlalchemy.exc import SQLAlchemyError

from tollgate_common.events.cloudevents import make_event
from tollgate_common.events.streams import publish
from tollgate_common.logging import get_logger

BATCH = 100
SWEEP_SECONDS = 1.0

log = get_logger(__name__)


def outbox_table(metadata: MetaData) -> Table:
    """The table, to be declared in the service's own metadata."""
    return Table(
        "outbox",
        metadata,
        Column("id", BigInteger, Identity(), primary_key=True),
        Column("type", String(64), nullable=False),
        Column("event", LargeBinary, nullable=False),
    )


class Outbox:
    """One service's outbox. `source` is the service's name."""

    def __init__(self, table: Table, source: str) -> None:
        self._table = table
        self._source = source

    def add(self, connection: Connection, kind: str, data: dict[str, Any], subject: str) -> None:
        """Write the event down, in the transaction of `connection`."""
        event = make_event(kind, self._source, data, subject)
        connection.execute(insert(self._table).values(type=kind, event=event))

    def send_pending(self, engine: Engine, redis: Redis) -> int:
        """Send what waits; how many were sent. Several processes may do this at once."""
        sent = 0
        while count := self._send_batch(engine, redis):
            sent += count
        return sent

    def sweep(self, engine: Engine, redis: Redis, stop: threading.Event) -> None:
        """Send what waits, every second until told to stop: the way for what a process that died
        after its commit had left behind."""
        while not stop.wait(SWEEP_SECONDS):
            try:
                self.send_pending(engine, redis)
            except (SQLAlchemyError, RedisError) as error:
                log.warning("outbox_waits", error=type(error).__name__)

    def _send_batch(self, engine: Engine, redis: Redis) -> int:
        table = self._table
        waiting = select(table).order_by(table.c.id).limit(BATCH).with_for_update(skip_locked=True)
        with engine.begin() as connection:
            rows = connection.execute(waiting).all()
            for row in rows:
                publish(redis, row.type, row.event)
            connection.execute(delete(table).where(table.c.id.in_([row.id for row in rows])))
        return len(rows)
