"""Listens for changes of keys and users, so that what is remembered of them is forgotten within a
second."""

import threading
from collections.abc import Iterable
from typing import Any

from redis import Redis

from tollgate_common.events.cloudevents import MalformedEvent, read_event
from tollgate_common.events.streams import follow
from tollgate_common.logging import get_logger
from tollgate_common.metrics import events_consumed
from tollgate_gateway.principals.cache import STALE_SECONDS, PrincipalCache

KINDS = ("key.changed", "user.changed")

log = get_logger(__name__)


def listen(redis: Redis, cache: PrincipalCache, stop: threading.Event) -> None:
    """Forget whatever changes, until told to stop. Changes of the time before the start are heard
    too: Redis may remember a key whose change nobody was there to hear."""
    for kind, raw in follow(redis, KINDS, stop, since_seconds=2 * STALE_SECONDS):
        try:
            data = read_event(raw)["data"]
        except MalformedEvent as error:
            events_consumed.labels(kind, "malformed").inc()
            log.warning("malformed_event", type=kind, error=str(error))
            continue
        for name in _names(data):
            cache.forget(name, data["version"])
        events_consumed.labels(kind, "handled").inc()


def _names(data: dict[str, Any]) -> Iterable[str]:
    """What the changed is remembered by; see `PrincipalService`."""
    if "key" in data:
        return data["key_hash"], f"key:{data['key']}"
    session = data["session"]
    return (f"session:{session}" if session else f"user:{data['user']}",)
