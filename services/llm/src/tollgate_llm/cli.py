"""`tollgate-llm`: run the service, its worker, the sandbox; migrate its tables."""

import click

from tollgate_common.server import serve as run_server
from tollgate_llm.settings import LlmSettings, SandboxServerSettings, WorkerSettings


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
    run_server("tollgate_llm.sandbox.app:create_app()", SandboxServerSettings.load(), "gevent")


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
