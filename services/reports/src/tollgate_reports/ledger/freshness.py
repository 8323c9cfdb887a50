"""How far the books are behind what has been recorded. An event leaves its stream when it is
booked, so what is in a stream is what waits."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from redis import Redis
from redis.exceptions import RedisError, ResponseError
from sqlalchemy import Engine

from tollgate_common.tickets import usage_streams
from tollgate_reports.ledger import repository

NOT_A_NUMBER = float("nan")


def lag(redis: Redis) -> float:
    """How many events are not in the ledger yet. Not a number while Redis does not answer."""
    pipeline = redis.pipeline(transaction=False)
    for stream in usage_streams():
        pipeline.xlen(stream)
    try:
        return float(sum(pipeline.execute()))
    except RedisError:
        return NOT_A_NUMBER


def lag_seconds(redis: Redis) -> float:
    """The age of the oldest event that is not in the ledger yet; 0 without any."""
    try:
        return _age(_oldest(redis, dict.fromkeys(usage_streams(), "-")))
    except RedisError:
        return NOT_A_NUMBER


def unread_seconds(redis: Redis, group: str) -> float:
    """The age of the oldest event that no consumer of the group has been given yet; 0 without
    any. Higher than 0 for long, it says that consumers are too few or none."""
    try:
        return _age(_oldest(redis, _after_the_last_read(redis, group)))
    except RedisError:
        return NOT_A_NUMBER


def as_of(redis: Redis, engine: Engine) -> Callable[[str], datetime | None]:
    """For an organisation: everything that was recorded before this moment is in its books. With
    no event waiting that is now, else when the oldest of them was recorded. With Redis away, it
    is when the newest request in the books was opened, if there is any."""

    def moment(org: str) -> datetime | None:
        now = datetime.now(UTC)
        try:
            oldest = _oldest(redis, dict.fromkeys(usage_streams(), "-"))
            return now if oldest is None else min(now, datetime.fromtimestamp(oldest / 1000, UTC))
        except RedisError:
            with engine.connect() as connection:
                return repository.newest_opened_at(connection, org)

    return moment


def _oldest(redis: Redis, since: dict[str, str]) -> int | None:
    """When (ms) the oldest entry was added, of each stream from an id on."""
    pipeline = redis.pipeline(transaction=False)
    for stream, start in since.items():
        pipeline.xrange(stream, start, count=1)
    answers: list[Any] = pipeline.execute()
    return min((int(entries[0][0].split(b"-")[0]) for entries in answers if entries), default=None)


def _after_the_last_read(redis: Redis, group: str) -> dict[str, str]:
    """Each stream with the id from which on the group has read nothing."""
    pipeline = redis.pipeline(transaction=False)
    for stream in usage_streams():
        pipeline.xinfo_groups(stream)
    answers: Sequence[Any] = pipeline.execute(raise_on_error=False)
    found = {}
    for stream, groups in zip(usage_streams(), answers, strict=True):
        if isinstance(groups, RedisError) and not isinstance(groups, ResponseError):
            raise groups
        known = [] if isinstance(groups, ResponseError) else groups  # there is no such stream yet
        read = [each["last-delivered-id"] for each in known if each["name"] == group.encode()]
        found[stream] = f"({read[0].decode()}" if read else "-"
    return found


def _age(milliseconds: int | None) -> float:
    return 0.0 if milliseconds is None else max(0.0, time.time() - milliseconds / 1000)
