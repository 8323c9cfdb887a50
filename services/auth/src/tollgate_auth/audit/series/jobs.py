"""What auth itself has counted goes into its own tables; series that are over are closed."""

import threading

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from tollgate_auth.audit.series import service
from tollgate_common.audit import AuditBatch, AuditCounts
from tollgate_common.audit.origin import peer_address
from tollgate_common.errors import DependencyDown
from tollgate_common.logging import get_logger

EVERY_SECONDS = 10.0

log = get_logger(__name__)


def counts_of(app: Flask) -> AuditCounts:
    """Return the counts of auth's own process. With the database away they wait."""

    def deliver(batch: AuditBatch) -> None:
        try:
            with app.app_context():
                service.take(batch)
        except SQLAlchemyError:
            raise DependencyDown("The database") from None

    return AuditCounts(deliver, peer_address)


def close_until(app: Flask, stop: threading.Event) -> None:
    """Close what is over every few seconds, until told to stop."""
    while not stop.wait(EVERY_SECONDS):
        try:
            with app.app_context():
                service.close_over()
        except SQLAlchemyError as error:
            log.warning("audit_series_wait", error=type(error).__name__)
