"""PostgreSQL refuses to run as root. A root user's server runs under an account of its own."""

import os
import pwd
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

from tollgate_common.embedded import passing
from tollgate_common.embedded.process import EmbeddedServerError

ACCOUNT = "pgserver"


def server_account() -> str | None:
    """The account PostgreSQL runs under: None (our own) unless we are root."""
    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam(ACCOUNT)
    except KeyError:
        _create()
    return ACCOUNT


def _create() -> None:
    useradd = shutil.which("useradd")
    if useradd is None:
        raise EmbeddedServerError(
            "PostgreSQL refuses to run as root, and there is no `useradd` here to make an account"
            " for it. Run this as another user, or set DATABASE_URL to a server that runs."
        )
    options = ["--system", "--no-create-home", "--shell", "/usr/sbin/nologin"]
    made = subprocess.run([useradd, *options, ACCOUNT], capture_output=True, text=True)
    if made.returncode and made.returncode != 9:  # 9: another process was first
        raise EmbeddedServerError(f"Cannot make the account {ACCOUNT}: {made.stderr.strip()}")


def run_as(account: str | None) -> dict[str, Any]:
    """Arguments that make `subprocess.run` run a command under `account`."""
    if account is None:
        return {}
    entry = pwd.getpwnam(account)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def give(path: Path, account: str | None) -> None:
    """Make `account` the owner of `path`."""
    if account is not None:
        entry = pwd.getpwnam(account)
        os.chown(path, entry.pw_uid, entry.pw_gid)


def let_through(path: Path, account: str) -> None:
    """Let the account pass the folders above `path`: pass, not list them, and nobody else.

    Where the file system has no access control lists, a folder lets everybody pass."""
    user = pwd.getpwnam(account).pw_uid
    for folder in path.resolve().parents:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH and not passing.let_pass(folder, user):
            folder.chmod(stat.S_IMODE(mode) | stat.S_IXGRP | stat.S_IXOTH)


def let_read(tree: Path) -> None:
    """Let everybody read a program's folder, as a strict umask at its installation may forbid."""
    for path in [tree, *tree.rglob("*")]:
        mode = path.lstat().st_mode
        wanted = 0o055 if stat.S_ISDIR(mode) or mode & stat.S_IXUSR else 0o044
        if not stat.S_ISLNK(mode) and mode & wanted != wanted:
            path.chmod(stat.S_IMODE(mode) | wanted)
