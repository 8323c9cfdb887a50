"""What time brings: signing keys come of age, and what is long over is forgotten.

Every process of the service looks every few minutes, in a thread beside its requests; that two
do so at once does no harm.
"""

import threading
from datetime import timedelta

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from tollgate_auth.runtime import runtime
from tollgate_auth.sessions import repository as sessions
from tollgate_auth.signing_keys.rotation import record_rotation
from tollgate_auth.unit_of_work import unit_of_work
from tollgate_common.logging import get_logger

EVERY_SECONDS = 300.0

log = get_logger(__name__)


def keep_house(app: Flask, stop: threading.Event) -> None:
    """Until told to stop. With the database away it is done the next time."""
    while not stop.wait(EVERY_SECONDS):
        try:
            with app.app_context():
                tidy()
        except SQLAlchemyError as error:
            log.warning("housekeeping_waits", error=type(error).__name__)


def tidy() -> None:
    parts = runtime()
    kid = parts.keyring.rotate_if_older(timedelta(days=parts.settings.signing_key_days))
    if kid:
        log.info("signing_key_rotated", kid=kid)
        record_rotation(kid)
    with unit_of_work():
        sessions.purge()
