"""What the commands do that need the app."""

import signal
import threading
from pathlib import Path

from tollgate_auth import seeding
from tollgate_auth.app import create_app
from tollgate_auth.audit import service as audit
from tollgate_auth.extensions import db
from tollgate_auth.organisations import repository as organisations
from tollgate_auth.outbox import outbox
from tollgate_auth.runtime import runtime


def seed(file: Path, url: str | None) -> bool:
    """Whether the file was written."""
    with create_app().app_context():
        parts = runtime()
        return seeding.seed(file, url or parts.settings.gateway_url, parts.passwords)


def relay_outbox() -> None:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with create_app().app_context():
        outbox.sweep(db.engine, runtime().redis, stop)


def rotate_signing_key() -> str:
    with create_app().app_context():
        return runtime().keyring.rotate()


def verify_audit_logs() -> dict[str, str | None]:
    """By organisation, what is wrong with its log."""
    with create_app().app_context():
        return {org: audit.first_fault(org) for org in organisations.all_ids()}
