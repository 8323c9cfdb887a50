"""One request, one transaction, committed at the edge."""

from typing import Any

from flask import Response, current_app, request
from flask_restx import Resource

from tollgate_common.guard import current_caller
from tollgate_llm.extensions import db
from tollgate_llm.routing.snapshots import Snapshots

READING = frozenset({"GET", "HEAD", "OPTIONS"})
EXTENSION = "snapshots"


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
            snapshots: Snapshots = current_app.extensions[EXTENSION]
            snapshots.changed(current_caller().org)
        return answer
