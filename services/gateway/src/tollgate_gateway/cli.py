"""`tollgate-gateway`: run the gateway."""

import click

from tollgate_common.server import serve as run_server
from tollgate_gateway.settings import GatewaySettings

# Fewer than the services behind take: it adds some of its own, and what they refuse after a ticket
# was opened is booked.
HEADER_FIELDS = 100


@click.group()
def main() -> None:
    """The one door: who is calling, may they, and the relay to llm."""


@main.command()
def serve() -> None:
    """Serve HTTP on HOST:PORT, metrics on METRICS_PORT."""
    app = "tollgate_gateway.app:create_worker()"
    run_server(app, GatewaySettings.load(), "gevent", HEADER_FIELDS)
