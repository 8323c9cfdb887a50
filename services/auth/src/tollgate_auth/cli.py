"""`tollgate-auth`: the service's commands.

`serve` replaces this process by gunicorn, which imports the app itself; so the app is imported
here only by the commands that need it.
"""

from pathlib import Path

import click

from tollgate_auth.settings import AuthSettings
from tollgate_common.server import serve as run_server


@click.group()
def main() -> None:
    """Organisations, users, keys, tokens and limits."""


@main.command()
def serve() -> None:
    """Serve HTTP on HOST:PORT, metrics on METRICS_PORT."""
    run_server("tollgate_auth.app:create_worker()", AuthSettings.load(), "gthread")


@main.command()
@click.option("--down-to", metavar="REVISION", help="Go back to this revision (or `base`).")
def migrate(down_to: str | None) -> None:
    """Bring the tables to the newest schema. Several at once take turns."""
    from tollgate_auth.migrations import MIGRATIONS

    url = AuthSettings.load().database()
    if down_to:
        MIGRATIONS.downgrade(url, down_to)
    else:
        MIGRATIONS.upgrade(url)
    click.echo(f"auth: tables are at {down_to or 'the newest schema'}.")


@main.command()
@click.option("--file", "file", required=True, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--url", help="What users call; GATEWAY_URL unless given.")
def seed(file: Path, url: str | None) -> None:
    """Make the first organisation, admin, project and test key; write their secrets to FILE."""
    from tollgate_auth import commands

    written = commands.seed(file, url)
    click.echo(f"auth: wrote {file}." if written else f"auth: kept {file}.")


@main.command()
def outbox() -> None:
    """Send waiting events until stopped. `serve` does so too."""
    from tollgate_auth import commands

    commands.relay_outbox()


@main.group("signing-keys")
def signing_keys() -> None:
    """The keys that tokens are signed with."""


@signing_keys.command()
def rotate() -> None:
    """Publish a new key, which signs half a minute later; print its kid."""
    from tollgate_auth import commands

    click.echo(commands.rotate_signing_key())


@signing_keys.command()
@click.argument("kid")
def revoke(kid: str) -> None:
    """Publish a key no longer that somebody else may have, and end all sessions."""
    from tollgate_auth import commands

    left = commands.revoke_signing_key(
        kid, lambda seconds: click.echo(f"Another key takes over; done in {seconds:.0f} s.")
    )
    if left is None:
        raise click.ClickException(f"There is no signing key {kid}.")
    click.echo(f"{kid} is revoked, and all sessions have ended. Published: {', '.join(left)}")


@main.group()
def organisations() -> None:
    """The organisations of this installation."""


@organisations.command("create")
@click.argument("name")
@click.option("--owner", required=True, metavar="EMAIL", help="Who is to own it.")
def create_organisation(name: str, owner: str) -> None:
    """Found an organisation; print the link by which its owner joins."""
    from tollgate_auth import commands

    click.echo(commands.found_organisation(name, owner))


@main.group("users")
def users_() -> None:
    """The people of all organisations."""


@users_.command("password-link")
@click.argument("email")
def password_link(email: str) -> None:
    """Print a link by which a user who is locked out sets a new password. It works once."""
    from tollgate_auth import commands

    link = commands.password_link(email)
    if link is None:
        raise click.ClickException(f"There is no user {email}.")
    click.echo(link)


@main.group()
def sso() -> None:
    """The identity providers of all organisations."""


@sso.command("approve-domain")
@click.argument("domain")
@click.option("--organisation", required=True, metavar="ID", help="Whose domain it is.")
def approve_domain(domain: str, organisation: str) -> None:
    """Let an organisation, and no other, log in people whose addresses are of DOMAIN."""
    from pydantic import ValidationError

    from tollgate_auth import commands
    from tollgate_common.errors import Conflict

    try:
        approved = commands.approve_domain(domain, organisation)
    except ValidationError:
        raise click.ClickException(f"{domain} is not a domain such as example.com.") from None
    except Conflict as refused:
        raise click.ClickException(refused.detail) from None
    if approved is None:
        raise click.ClickException(f"There is no organisation {organisation}.")
    click.echo(f"{organisation} may claim {approved}.")


@main.group("keys")
def keys_() -> None:
    """The API keys of all organisations."""


@keys_.command()
def outgrown() -> None:
    """List keys that have more than their owner or their makers, and are cut to it at use, and
    keys that have more than the rules of their project, which are not cut."""
    from tollgate_auth import commands

    for key_id, excess in commands.outgrown_keys():
        click.echo(f"{key_id}: {excess}")


@main.group()
def audit() -> None:
    """The audit log."""


@audit.command()
def verify() -> None:
    """Check every organisation's chain; exit with 1 if one is broken."""
    from tollgate_auth import commands

    faults = commands.verify_audit_logs()
    for org, fault in faults.items():
        click.echo(f"{org}: {fault or 'whole'}")
    raise SystemExit(1 if any(faults.values()) else 0)
