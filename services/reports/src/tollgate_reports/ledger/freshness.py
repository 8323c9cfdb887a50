"""How far the books are behind what has been recorded."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import Engine

from tollgate_common.tickets import usage_streams
from tollgate_reports.ledger import repository


def lag(redis: Redis) -> float:
    """How many events are not in the ledger yet: those that are, are deleted. Not a number
    while Redis does not answer."""
    pipeline = redis.pipeline(transaction=False)
    for stream in usage_streams():
        pipeline.xlen(stream)
    try:
        return float(sum(pipeline.execute()))
    except RedisError:
        return float("nan")


def as_of(redis: Redis, engine: Engine) -> Callable[[str], datetime | None]:
    """For an organisation: everything that was recorded before this moment is in its books. With
    no event waiting that is now, else when the oldest of them was recorded. With Redis away, it
    is when the newest request in the books was opened, if there is any."""

    def moment(org: str) -> datetime | None:
        now = datetime.now(UTC)
        try:
            return min(now, _oldest_waiting(redis) or now)
        except RedisError:
            with engine.connect() as connection:
                return repository.newest_opened_at(connection, org)

    return moment


def _oldest_waiting(redis: Redis) -> datetime | None:
    pipeline = redis.pipeline(transaction=False)
    for stream in usage_streams():
        pipeline.xrange(stream, count=1)
    answers: list[Any] = pipeline.execute()
    waiting = [int(entries[0][0].split(b"-")[0]) for entries in answers if entries]
    return datetime.fromtimestamp(min(waiting) / 1000, UTC) if waiting else None
