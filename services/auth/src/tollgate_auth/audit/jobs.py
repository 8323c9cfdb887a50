"""Takes what other services record into the audit log."""

import os
import socket
import threading

from flask import Flask
from redis import Redis
from sqlalchemy.exc import NoResultFound

from tollgate_auth.audit import service
from tollgate_auth.unit_of_work import unit_of_work
from tollgate_common.errors import Conflict
from tollgate_common.events.cloudevents import MalformedEvent, read_event
from tollgate_common.events.streams import Entry, GroupConsumer, stream_of
from tollgate_common.logging import get_logger
from tollgate_common.metrics import events_consumed

KIND = "change.recorded"
GROUP = "auth-audit"

log = get_logger(__name__)


def consume(app: Flask, redis: Redis, stop: threading.Event) -> None:
    """Until told to stop. An event is acknowledged once its entry is committed."""
    name = f"{socket.gethostname()}-{os.getpid()}"

    def handle(entries: list[Entry]) -> None:
        with app.app_context():
            for entry in entries:
                take(entry.raw)

    GroupConsumer(redis, [stream_of(KIND)], GROUP, name, batch=100).run(handle, stop)


def take(raw: bytes) -> None:
    """Write one event down. What is none, or of nobody we know, is left out and counted."""
    outcome = "handled"
    try:
        event = read_event(raw)
        with unit_of_work():
            service.record_event(event["id"], event["data"])
    except Conflict:
        outcome = "repeated"
    except (MalformedEvent, NoResultFound, ValueError) as error:
        outcome = "malformed"
        log.error("change_not_recorded", error=type(error).__name__)
    events_consumed.labels(KIND, outcome).inc()
