"""Listens for changes of keys, so that what is remembered of them is forgotten within a second."""

import threading

from redis import Redis

from tollgate_common.events.cloudevents import MalformedEvent, read_event
from tollgate_common.events.streams import follow
from tollgate_common.logging import get_logger
from tollgate_common.metrics import events_consumed
from tollgate_gateway.principals.cache import STALE_SECONDS, PrincipalCache

KIND = "key.changed"

log = get_logger(__name__)


def listen(redis: Redis, cache: PrincipalCache, stop: threading.Event) -> None:
    """Forget each key that changes, until told to stop. Changes of the time before the start are
    heard too: Redis may remember a key whose change nobody was there to hear."""
    for raw in follow(redis, KIND, stop, since_seconds=2 * STALE_SECONDS):
        try:
            data = read_event(raw)["data"]
        except MalformedEvent as error:
            events_consumed.labels(KIND, "malformed").inc()
            log.warning("malformed_event", type=KIND, error=str(error))
            continue
        for name in (data["key_hash"], f"key:{data['key']}"):
            cache.forget(name, data["version"])
        events_consumed.labels(KIND, "handled").inc()
