"""One request or command, one transaction, committed at the edge."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Response
from flask_restx import Resource
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from tollgate_auth.extensions import db
from tollgate_auth.outbox import outbox, take_added
from tollgate_auth.runtime import runtime
from tollgate_common.logging import get_logger

log = get_logger(__name__)


@contextmanager
def unit_of_work() -> Iterator[None]:
    """Commit at the end, or roll back whatever is raised. Events are sent right after the commit;
    with Redis away they wait in the outbox, and the change is made all the same."""
    try:
        yield
        db.session.commit()
    except BaseException as error:
        if getattr(error, "keeps_changes", False):
            db.session.commit()
        else:
            db.session.rollback()
            take_added()
        raise
    finally:
        if take_added():
            _send_events()


def _send_events() -> None:
    try:
        outbox.send_pending(db.engine, runtime().redis)
    except (RedisError, SQLAlchemyError) as error:
        log.warning("outbox_waits", error=type(error).__name__)


class TransactionalResource(Resource):  # type: ignore[misc]  # the library is untyped
    """A management resource: each of its methods is a unit of work."""

    def dispatch_request(self, *args: Any, **kwargs: Any) -> Response:
        with unit_of_work():
            answer: Response = super().dispatch_request(*args, **kwargs)
        return answer
