"""The processes of the stack: the command, the environment and the ports of each."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.secret import Secrets
from deploy.local.settings import LocalSettings

WEB = ("auth", "llm", "reports", "gateway", "sandbox")
BACKGROUND = ("llm-worker", "reports-ledger", "reports-worker", "scheduler")

# Process → (service whose command it is, its word).
COMMANDS = {
    "auth": ("auth", "serve"),
    "llm": ("llm", "serve"),
    "reports": ("reports", "serve"),
    "gateway": ("gateway", "serve"),
    "sandbox": ("llm", "sandbox"),
    "llm-worker": ("llm", "worker"),
    "reports-ledger": ("reports", "ledger"),
    "reports-worker": ("reports", "worker"),
    "scheduler": ("reports", "scheduler"),
}

# Services that keep tables, and so migrate.
DATABASES = ("auth", "llm", "reports")

VENDORS = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY")
OF_A_SERVICE = ("DATABASE_URL", "ENCRYPTION_KEY", "SERVICE_CLIENT_ID", "SERVICE_CLIENT_SECRET")
# Process → what it has no use for, though its service has, or `.env`, or our own environment.
WITHOUT = {
    "auth": VENDORS,
    "reports": VENDORS,
    "gateway": (*VENDORS, "DATABASE_URL", "ENCRYPTION_KEY"),
    "sandbox": (*VENDORS, *OF_A_SERVICE, "REDIS_URL", "QUEUE_REDIS_URL"),
    "reports-ledger": VENDORS,
    "reports-worker": VENDORS,
    "scheduler": (*VENDORS, *OF_A_SERVICE),
}

# Ten Python processes on one machine: no memory pools and thread pools a core each.
SMALL = {"MALLOC_ARENA_MAX": "2", "OPENBLAS_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Program:
    """One supervised process. `port` answers /readyz; else `metrics_port` shows that it lives.
    Variables of its environment that are None are those that it must not have."""

    name: str
    command: list[str]
    environment: dict[str, str | None] = field(default_factory=dict)
    port: int | None = None
    metrics_port: int | None = None


Command = Callable[..., list[str]]
"""(service, *words) → the command line that runs this command of the service."""


@dataclass(frozen=True)
class Surroundings:
    """What the environment of every service is made from."""

    settings: LocalSettings
    secrets: Secrets
    database_url: str
    redis_url: str
    state: Path
    extra: Mapping[str, str]

    def of(self, service: str) -> dict[str, str]:
        """The variables of a service, those of `.env` below ours. Tokens are issued in the name of
        the address that people call, unless `.env` says otherwise (RFC 8414)."""
        shared = self._shared()
        issuer = self.extra.get("PUBLIC_URL") or shared["GATEWAY_URL"]
        defaults = {**SMALL, "ISSUER": issuer}
        return {**defaults, **self.extra, **shared, **self._own(service)}

    def _shared(self) -> dict[str, str]:
        settings = self.settings
        urls = {
            f"{name.upper()}_URL": f"http://127.0.0.1:{getattr(settings, f'{name}_port')}"
            for name in WEB
        }
        return {
            **urls,
            "HOST": "127.0.0.1",
            "REDIS_URL": self.redis_url,
            "WORKERS": str(settings.workers),
            "LOG_LEVEL": settings.log_level,
            "OUTBOUND_NETWORKS": settings.outbound_networks,
            "GRACEFUL_TIMEOUT": str(settings.graceful_timeout),
        }

    def _own(self, service: str) -> dict[str, str]:
        """What only this service is told."""
        own: dict[str, str] = {}
        if service in DATABASES:
            own["DATABASE_URL"] = self.database_url
        if service == "auth":
            own["SERVICE_CLIENTS"] = self.secrets.service_clients
        if secret := self.secrets.clients.get(service):
            own |= {"SERVICE_CLIENT_ID": service, "SERVICE_CLIENT_SECRET": secret}
        if key := self.secrets.encryption_keys.get(service):
            own["ENCRYPTION_KEY"] = key
        if service == "llm":
            own["SERVED_LOG"] = str(self.state / "served.jsonl")
        return own


def services(surroundings: Surroundings, command: Command) -> list[Program]:
    """Everything but PostgreSQL and Redis."""
    return [_program(name, surroundings, command) for name in (*WEB, *BACKGROUND)]


def _program(name: str, surroundings: Surroundings, command: Command) -> Program:
    service, word = COMMANDS[name]
    field_name = name.replace("-", "_")
    port = getattr(surroundings.settings, f"{field_name}_port", None)
    metrics_port = getattr(surroundings.settings, f"{field_name}_metrics_port")
    environment: dict[str, str | None] = {
        **surroundings.of(service),
        "METRICS_PORT": str(metrics_port),
        **dict.fromkeys(without(name)),
    }
    if port:
        environment["PORT"] = str(port)
    return Program(name, command(service, word), environment, port, metrics_port)


def without(process: str) -> list[str]:
    """Return the variables that a process must not have, also by the name of a file with them."""
    return [name + end for name in WITHOUT.get(process, ()) for end in ("", "_FILE")]


def console_script(service: str, *words: str) -> list[str]:
    """A service's console script, by our own interpreter: a first line may be too long a path."""
    script = Path(sys.executable).with_name(f"tollgate-{service}")
    return [sys.executable, str(script), *words]
