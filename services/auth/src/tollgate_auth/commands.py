"""What the commands do that need the app."""

import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

from pydantic import TypeAdapter

from tollgate_auth import seeding
from tollgate_auth.app import create_app
from tollgate_auth.audit import service as audit
from tollgate_auth.extensions import db
from tollgate_auth.invitations import service as invitations
from tollgate_auth.keys import excesses
from tollgate_auth.organisations import repository as organisations
from tollgate_auth.organisations import service as organisation_service
from tollgate_auth.outbox import outbox
from tollgate_auth.passwords import service as passwords
from tollgate_auth.roles.permissions import OWNER
from tollgate_auth.runtime import runtime
from tollgate_auth.signing_keys import revocation
from tollgate_auth.signing_keys.rotation import record_rotation
from tollgate_auth.sso import domains
from tollgate_auth.sso.schemas import Domain
from tollgate_auth.unit_of_work import unit_of_work
from tollgate_auth.users import repository as users


def seed(file: Path, url: str | None) -> bool:
    """Whether the file was written."""
    with create_app().app_context():
        parts = runtime()
        return seeding.seed(file, url or parts.settings.gateway_url, parts.passwords)


def found_organisation(name: str, owner_email: str) -> str:
    """A link by which the owner joins. The organisation has no user until then."""
    with create_app().app_context(), unit_of_work():
        organisation = organisation_service.found_empty(name)
        life = invitations.LONGEST_LIFE
        _, link = invitations.make(
            organisation.id, audit.SYSTEM, owner_email, OWNER, life, runtime().links
        )
    return link


def password_link(email: str) -> str | None:
    """A link by which the user sets a new password; None when there is no such user."""
    with create_app().app_context(), unit_of_work():
        user = users.by_email(email.strip().lower())
        if user is None:
            return None
        made = passwords.reset_link(user, audit.SYSTEM, runtime().links)
        audit.record(user.org_id, audit.SYSTEM, "password.reset_link_made", ("user", user.id))
    return made.link


def approve_domain(written: str, org: str) -> str | None:
    """The domain as it counts, or None where there is no such organisation."""
    domain = TypeAdapter(Domain).validate_python(written)
    with create_app().app_context(), unit_of_work():
        if org not in organisations.all_ids():
            return None
        domains.approve(domain, org)
    return domain


def outgrown_keys() -> list[tuple[str, str]]:
    """The keys that have more than their owner, makers or project, and how."""
    with create_app().app_context():
        return list(excesses.outgrown())


def relay_outbox() -> None:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with create_app().app_context():
        outbox.sweep(db.engine, runtime().redis, stop)


def rotate_signing_key() -> str:
    """Rotate, and write it down for every organisation; return the new key's kid."""
    with create_app().app_context():
        kid = runtime().keyring.rotate()
        record_rotation(kid)
    return kid


def revoke_signing_key(kid: str, announce: Callable[[float], None]) -> list[str] | None:
    """The keys that are left, or None where there is no such key. `announce` hears of the seconds
    that it takes until nothing needs the key."""

    def wait(seconds: float) -> None:
        announce(seconds)
        time.sleep(seconds)

    with create_app().app_context():
        keyring = runtime().keyring
        return keyring.kids() if revocation.revoke(keyring, kid, wait) else None


def verify_audit_logs() -> dict[str, str | None]:
    """By organisation, what is wrong with its log."""
    with create_app().app_context():
        return {org: audit.first_fault(org) for org in organisations.all_ids()}
