"""One request, one transaction, committed at the edge."""

from typing import Any

from flask import Response, current_app, request
from flask_restx import Resource
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from tollgate_common.guard import current_caller
from tollgate_common.logging import get_logger
from tollgate_llm.extensions import db
from tollgate_llm.outbox import outbox
from tollgate_llm.routing.snapshots import Snapshots

READING = frozenset({"GET", "HEAD", "OPTIONS"})
EXTENSION = "snapshots"
REDIS = "redis"


log = get_logger(__name__)


class TransactionalResource(Resource):  # type: ignore[misc]  # the library is untyped
    """A management resource whose methods are transactions. Once a change is committed, this
    process's next request of that organisation goes by it; other processes follow in seconds."""

    def dispatch_request(self, *args: Any, **kwargs: Any) -> Response:
        try:
            answer: Response = super().dispatch_request(*args, **kwargs)
            db.session.commit()
        except BaseException:
            db.session.rollback()
            raise
        if request.method not in READING:
            _send_events()
            snapshots: Snapshots = current_app.extensions[EXTENSION]
            snapshots.changed(current_caller().org)
        return answer


def _send_events() -> None:
    """With Redis away they wait in the outbox, and the change is made all the same."""
    try:
        outbox.send_pending(db.engine, current_app.extensions[REDIS])
    except (RedisError, SQLAlchemyError) as error:
        log.warning("outbox_waits", error=type(error).__name__)
