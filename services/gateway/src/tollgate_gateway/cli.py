"""`tollgate-gateway`: run the gateway."""

import click

from tollgate_common.server import serve as run_server
from tollgate_gateway.settings import GatewaySettings


@click.group()
def main() -> None:
    """The one door: who is calling, may they, and the relay to llm."""


@main.command()
def serve() -> None:
    """Serve HTTP on HOST:PORT, metrics on METRICS_PORT."""
    run_server("tollgate_gateway.app:create_app()", GatewaySettings.load(), "gevent")
