"""The first organisation, its admin, its project and a test key: what a new installation needs.

Seeding again changes nothing that is there. With the file gone it makes another key and another
password for the admin, the only ones that anybody could know.
"""

import contextlib
import os
import secrets
import tempfile
from pathlib import Path

from dotenv import dotenv_values

from tollgate_auth.audit import service as audit
from tollgate_auth.keys import service as keys
from tollgate_auth.keys.schemas import KeyCreate
from tollgate_auth.organisations import repository as organisations
from tollgate_auth.organisations.service import found
from tollgate_auth.passwords.hashing import Passwords
from tollgate_auth.sessions import repository as sessions
from tollgate_auth.unit_of_work import unit_of_work
from tollgate_auth.users import repository as users
from tollgate_auth.users.models import User

ADMIN_EMAIL = "admin@tollgate.local"
KEY_SCOPES = ["inference", "projects:read", "keys:read", "limits:read", "models:read",
              "usage:read", "reports:read", "reports:write", "jobs:read", "jobs:write"]  # fmt: skip


def seed(file: Path, url: str, passwords: Passwords) -> bool:
    """Whether the file was written. It is written after the commit: a process that dies between
    the two leaves no file, and the next seeding makes one."""
    with organisations.founding():
        with unit_of_work():
            admin = users.by_email(ADMIN_EMAIL)
            if admin is not None and _complete(file):
                return False
            secrets_made = _make_credentials(
                admin or found("Default", ADMIN_EMAIL, "Admin"), passwords
            )
        lines = {"TOLLGATE_URL": url, "TOLLGATE_ADMIN_EMAIL": ADMIN_EMAIL} | secrets_made
        _write(file, "".join(f"{name}={value}\n" for name, value in lines.items()))
    return True


def _make_credentials(admin: User, passwords: Passwords) -> dict[str, str]:
    """A new password, which ends the old one's sessions, and one more test key."""
    password = secrets.token_urlsafe(18)
    admin.password_hash = passwords.hash(password)
    sessions.end_all(admin.id)
    wanted = KeyCreate(name="first test key", mode="test", scopes=KEY_SCOPES)
    key, text = keys.make(admin.org_id, admin.id, wanted)
    audit.record(admin.org_id, audit.SYSTEM, "organisation.seeded", ("key", key.id))
    return {"TOLLGATE_ADMIN_PASSWORD": password, "TOLLGATE_API_KEY": text}


def _complete(file: Path) -> bool:
    try:
        return bool(dotenv_values(file).get("TOLLGATE_API_KEY")) if file.is_file() else False
    except OSError:
        return False


def _write(file: Path, content: str) -> None:
    """All of it or nothing, readable by its owner only."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "w") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).replace(file)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            Path(temporary).unlink()
        raise
