"""The `ledger` process: usage events from their streams into the ledger.

With PostgreSQL away the events wait in Redis; with Redis away the process waits for it. SIGTERM
lets the batch at hand finish. A thread beside them takes over counts of refusals.
"""

import threading

from redis import Redis
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from tollgate_common import stores
from tollgate_common.events.streams import GroupConsumer
from tollgate_common.logging import get_logger
from tollgate_common.metrics import (
    ledger_lag_entries,
    ledger_lag_seconds,
    ledger_parked_events,
    ledger_unread_seconds,
)
from tollgate_common.tickets import usage_streams
from tollgate_reports.database import engine_of
from tollgate_reports.ledger.freshness import NOT_A_NUMBER, lag, lag_seconds, unread_seconds
from tollgate_reports.ledger.service import Ledger
from tollgate_reports.parked.service import ParkedEvents
from tollgate_reports.processes import begin, stop_on_signal
from tollgate_reports.refusals.service import Refusals
from tollgate_reports.settings import LedgerSettings

GROUP = "ledger"

log = get_logger(__name__)


def run(settings: LedgerSettings) -> None:
    """Until SIGTERM."""
    engine, redis = engine_of(settings), stores.connect(str(settings.redis_url))
    stop = stop_on_signal()
    begin(settings, "reports-ledger")
    watch(engine, redis)
    collecting = Refusals(engine, redis).collect_until
    threading.Thread(target=collecting, args=(stop,), name="refusals", daemon=True).start()
    log.info("ledger_started", consumer=settings.ledger_consumer)
    consume(Ledger(engine), redis, settings, stop)
    log.info("ledger_stopped")


def watch(engine: Engine, redis: Redis) -> None:
    """The gauges are worked out when they are asked for: not a number while Redis, or for the
    parked events PostgreSQL, does not answer."""

    def parked() -> float:
        try:
            return ParkedEvents(engine).count()
        except SQLAlchemyError:
            return NOT_A_NUMBER

    ledger_lag_entries.set_function(lambda: lag(redis))
    ledger_lag_seconds.set_function(lambda: lag_seconds(redis))
    ledger_unread_seconds.set_function(lambda: unread_seconds(redis, GROUP))
    ledger_parked_events.set_function(parked)


def consume(ledger: Ledger, redis: Redis, settings: LedgerSettings, stop: threading.Event) -> None:
    consumer = GroupConsumer(
        redis, usage_streams(), GROUP, settings.ledger_consumer, settings.ledger_batch
    )
    consumer.run(ledger.take, stop)
