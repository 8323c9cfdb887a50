"""`tollgate-llm`: run the service, its worker, the sandbox; migrate its tables."""

import click

from tollgate_common.server import serve as run_server
from tollgate_llm.settings import LlmSettings, SandboxServerSettings, WorkerSettings

DEFAULT_LIST = (
    "https://raw.githubusercontent.com/pydantic/genai-prices/refs/heads/main/prices/new_data/v2/"
    "data.json"
)


@click.group()
def main() -> None:
    """Providers, models, prices and jobs; where a request goes and what it cost."""


@main.command()
def serve() -> None:
    """Serve HTTP on HOST:PORT, metrics on METRICS_PORT."""
    run_server("tollgate_llm.app:create_worker()", LlmSettings.load(), "gevent")


@main.command()
def sandbox() -> None:
    """Serve the sandbox, a provider for development and tests, on HOST:PORT (8089)."""
    run_server("tollgate_llm.sandbox.app:create_worker()", SandboxServerSettings.load(), "gevent")


@main.command("migrate")
def migrate_command() -> None:
    """Bring the tables up to date. Several at once are as one."""
    from tollgate_llm.migrations import MIGRATIONS  # what `serve` must not import before gevent

    MIGRATIONS.upgrade(LlmSettings.load().database())
    click.echo("llm: tables are up to date.")


@main.command()
def worker() -> None:
    """Run queued jobs, metrics on METRICS_PORT (9084)."""
    from tollgate_llm.worker import work  # as above

    work(WorkerSettings.load())


@main.group()
def prices() -> None:
    """Look after the price list."""


@prices.command("check")
@click.option("--url", default=DEFAULT_LIST, show_default=True, help="Where the newer list is.")
@click.option("--days", default=30, show_default=True, help="How far back usage is looked at.")
def check_prices(url: str, days: int) -> None:
    """Show what a newer price list would change, and what is used without a price.

    Ends with 1 if either could not be looked at.
    """
    from tollgate_common.errors import DependencyDown  # as above
    from tollgate_llm.pricing import check

    failures = 0
    click.echo("What the newer list would change:")
    try:
        click.echo("\n".join([f"  {line}" for line in check.changed_prices(url)] or ["  nothing"]))
    except check.ListUnavailable as error:
        failures += 1
        click.echo(f"  The list cannot be had: {error}", err=True)
    click.echo(f"What was used without a price in {days} days:")
    try:
        lines = [f"  {line}" for line in check.unpriced_usage(LlmSettings.load(), days)]
        click.echo("\n".join(lines or ["  nothing"]))
    except DependencyDown as error:
        failures += 1
        click.echo(f"  It cannot be told: {error.detail}", err=True)
    raise SystemExit(1 if failures else 0)
