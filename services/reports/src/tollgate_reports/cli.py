"""The `tollgate-reports` command: one subcommand a process. Each imports what its process needs
and no more: the ledger and the scheduler hold no pandas."""

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
