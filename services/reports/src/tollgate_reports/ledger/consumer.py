"""The `ledger` process: usage events from their streams into the ledger.

With PostgreSQL away the events wait in Redis; with Redis away the process waits for it. SIGTERM
lets the batch at hand finish.
"""

import threading

from redis import Redis

from tollgate_common import stores
from tollgate_common.events.streams import GroupConsumer
from tollgate_common.logging import get_logger
from tollgate_common.metrics import ledger_lag_entries
from tollgate_common.tickets import usage_streams
from tollgate_reports.database import engine_of
from tollgate_reports.ledger.freshness import lag
from tollgate_reports.ledger.service import Ledger
from tollgate_reports.processes import begin, stop_on_signal
from tollgate_reports.settings import LedgerSettings

GROUP = "ledger"

log = get_logger(__name__)


def run(settings: LedgerSettings) -> None:
    """Until SIGTERM."""
    engine, redis = engine_of(settings), stores.connect(str(settings.redis_url))
    stop = stop_on_signal()
    begin(settings, "reports-ledger")
    ledger_lag_entries.set_function(lambda: lag(redis))
    log.info("ledger_started", consumer=settings.ledger_consumer)
    consume(Ledger(engine), redis, settings, stop)
    log.info("ledger_stopped")


def consume(ledger: Ledger, redis: Redis, settings: LedgerSettings, stop: threading.Event) -> None:
    consumer = GroupConsumer(
        redis, usage_streams(), GROUP, settings.ledger_consumer, settings.ledger_batch
    )
    consumer.run(ledger.take, stop)
