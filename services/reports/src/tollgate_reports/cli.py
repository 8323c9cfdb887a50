"""The `tollgate-reports` command: one subcommand a process. Each imports what its process needs
and no more: the ledger and the scheduler hold no pandas."""

import json

import click

from tollgate_reports.settings import (
    LedgerSettings,
    ReportsSettings,
    SchedulerSettings,
    WorkerSettings,
)


@click.group()
def main() -> None:
    """The ledger, usage and reports."""


@main.command()
def serve() -> None:
    """Serve the API."""
    from tollgate_common.server import serve as run

    run("tollgate_reports.app:create_worker()", ReportsSettings.load(), worker_class="gthread")


@main.command()
def migrate() -> None:
    """Bring the database's schema up to date, and make the ledger's next partitions."""
    from tollgate_reports.migrations import upgrade

    upgrade(ReportsSettings.load())


@main.command()
def ledger() -> None:
    """Write usage events into the ledger."""
    from tollgate_reports.ledger.consumer import run

    run(LedgerSettings.load())


@main.command()
def worker() -> None:
    """Work on report runs."""
    from tollgate_reports.worker import run

    run(WorkerSettings.load())


@main.command()
def scheduler() -> None:
    """Start by the clock what runs by the clock."""
    from tollgate_reports.schedules.clock import run

    run(SchedulerSettings.load())


@main.command()
def parked() -> None:
    """List the usage events that could not be booked, a line of JSON each."""
    from tollgate_reports.parked.service import parked_events

    with parked_events(ReportsSettings.load()) as events:
        for event in events.list_all():
            click.echo(json.dumps(event))


@main.command()
@click.argument("ids", type=int, nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All that are parked.")
def replay(ids: tuple[int, ...], everything: bool) -> None:
    """Book parked events, given by the ids that `parked` lists. Ends with 1 if any stays."""
    from tollgate_reports.parked.service import parked_events

    if bool(ids) == everything:
        raise click.UsageError("Give ids, or --all.")
    stays = False
    with parked_events(ReportsSettings.load()) as events:
        for parked_id in ids or [event["id"] for event in events.list_all()]:
            outcome = events.replay(parked_id)
            stays = stays or outcome == "parked"
            click.echo(f"{parked_id} {outcome}")
    raise SystemExit(1 if stays else 0)


@main.command()
def archive() -> None:
    """Move the months that are due into files, a line of JSON each. Ends with 1 if any stays."""
    from tollgate_reports.archives.service import archive_of

    settings = WorkerSettings.load()
    if settings.ledger_archive_url is None:
        raise click.UsageError("LEDGER_ARCHIVE_URL is not set.")
    stays = False
    with archive_of(settings, settings.ledger_archive_url) as due:
        for month in due.run():
            stays = stays or not month.dropped
            click.echo(json.dumps(month.as_json()))
    raise SystemExit(1 if stays else 0)


@main.command()
@click.option(
    "--days", default=7, show_default=True, help="How far back it looks at rollups and lines."
)
def verify(days: int) -> None:
    """Hold counters, ledger, rollups and the sandbox's log against each other.

    A line for each drift, with its cause. Ends with 1 if there is any, else with 2 if something
    could not be looked at.
    """
    from tollgate_reports.verification.running import verify as run

    findings = run(WorkerSettings.load(), days)
    for drift in findings.drifts:
        click.echo(drift.line())
    for reason in findings.unchecked:
        click.echo(f"not compared: {reason}", err=True)
    compared = ", ".join(f"{count} {name}" for name, count in findings.compared.items())
    click.echo(f"{len(findings.drifts)} drifts; compared: {compared}")
    raise SystemExit(findings.exit_status())
