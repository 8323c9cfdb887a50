"""`tollgate-auth`: the service's commands."""

import signal
import threading
from pathlib import Path

import click
from flask_migrate import downgrade, upgrade

from tollgate_auth import seeding
from tollgate_auth.app import MIGRATIONS, create_app
from tollgate_auth.audit import service as audit
from tollgate_auth.extensions import db
from tollgate_auth.organisations import repository as organisations
from tollgate_auth.outbox import outbox
from tollgate_auth.runtime import runtime
from tollgate_auth.settings import AuthSettings
from tollgate_common.server import serve as run_server


@click.group()
def main() -> None:
    """Organisations, users, keys, tokens and limits."""


@main.command()
def serve() -> None:
    """Serve HTTP until stopped."""
    run_server("tollgate_auth.app:create_worker()", AuthSettings.load(), "gthread")


@main.command()
@click.option("--down-to", metavar="REVISION", help="Go back to this revision (or `base`).")
def migrate(down_to: str | None) -> None:
    """Bring the database to the newest schema. Several at once take turns."""
    with create_app().app_context():
        if down_to:
            downgrade(str(MIGRATIONS), revision=down_to)
        else:
            upgrade(str(MIGRATIONS))


@main.command()
@click.option("--file", "file", required=True, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--url", help="What users call; GATEWAY_URL unless given.")
def seed(file: Path, url: str | None) -> None:
    """Make the first organisation, admin, project and test key; write their secrets to FILE."""
    app = create_app()
    with app.app_context():
        parts = runtime()
        written = seeding.seed(file, url or parts.settings.gateway_url, parts.passwords)
    click.echo(f"Wrote {file}." if written else f"Kept {file}.")


@main.command("outbox")
def relay_outbox() -> None:
    """Send waiting events until stopped. `serve` does so too."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with create_app().app_context():
        outbox.sweep(db.engine, runtime().redis, stop)


@main.group("signing-keys")
def signing_keys() -> None:
    """The keys that tokens are signed with."""


@signing_keys.command()
def rotate() -> None:
    """Publish a new key, which signs half a minute later."""
    with create_app().app_context():
        click.echo(runtime().keyring.rotate())


@main.group("audit")
def audit_log() -> None:
    """The audit log."""


@audit_log.command()
def verify() -> None:
    """Check every organisation's chain; exit with 1 if one is broken."""
    broken = False
    with create_app().app_context():
        for org in organisations.all_ids():
            fault = audit.first_fault(org)
            click.echo(f"{org}: {fault or 'whole'}")
            broken = broken or fault is not None
    raise SystemExit(1 if broken else 0)


if __name__ == "__main__":
    main()
