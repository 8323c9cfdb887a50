"""From the counts in Redis to those that are kept.

The ledger process takes over what has changed every few seconds, and an answer about usage does so
for its own organisation before it is given. Both may do it at once and again: whole counts are
written, and a quarter of an hour counts as changed until its last version has been. With Redis away
the answer has what was taken over before; with PostgreSQL away the counts wait, for two days.
"""

import threading

from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from tollgate_common.logging import get_logger
from tollgate_common.metrics import dependency_failures
from tollgate_common.refusal_counts import RefusalBook
from tollgate_common.tickets import bucket, buckets
from tollgate_reports.refusals import repository

EVERY_SECONDS = 10.0

log = get_logger(__name__)


class Refusals:
    def __init__(self, engine: Engine, redis: Redis) -> None:
        self._engine = engine
        self._book = RefusalBook(redis)

    def collect(self, org: str | None = None) -> int:
        """Take over what has changed, of one organisation or of all; how many quarters of an hour
        that were. `RedisError`, `SQLAlchemyError`: what is left is taken over the next time."""
        taken = 0
        for tag in buckets() if org is None else [bucket(org)]:
            for quarter, version in self._book.changed(tag).items():
                if org in (None, quarter.org):
                    counts = self._book.counts(quarter)
                    with self._engine.begin() as connection:
                        repository.keep(connection, quarter, counts)
                    self._book.settle(quarter, version)
                    taken += 1
        return taken

    def collect_for(self, org: str) -> None:
        """As `collect`, where an answer is to be given also without what is not to be had."""
        try:
            self.collect(org)
        except RedisError as error:
            log.warning("refusals_not_collected", error=type(error).__name__)
            dependency_failures.labels("redis").inc()

    def collect_until(self, stop: threading.Event) -> None:
        """Take over everything every few seconds, until told to stop."""
        while not stop.wait(EVERY_SECONDS):
            try:
                self.collect()
            except (RedisError, SQLAlchemyError) as error:
                log.warning("refusals_not_collected", error=type(error).__name__)
