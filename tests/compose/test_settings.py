"""Every setting that docs/configuration.md documents for a process reaches its container."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from docs.make_configuration import PROCESSES

COMPOSE = Path(__file__).resolve().parents[2] / "docker-compose.yml"
FIXED = {
    "HOST": "a container listens on all of its own addresses",
    "PORT": "health checks and the other services go by the port",
    "METRICS_PORT": "health checks go by the port",
    "LOG_FILE": "a container logs to its standard output, and writes no files",
    "QUEUE_REDIS_URL": "for clusters, and the Redis here is one server",
}
"""What no container is handed, and why."""
FIXED_FOR = {
    "auth": {"SERVICE_CLIENT_SECRET": "auth calls the others by tokens that it signs itself"},
    "gateway": {
        "DATABASE_URL": "the gateway has no database",
        "ENCRYPTION_KEY": "the gateway seals nothing",
    },
    "sandbox": dict.fromkeys(
        (
            "DATABASE_URL",
            "REDIS_URL",
            "AUTH_URL",
            "GATEWAY_URL",
            "LLM_URL",
            "REPORTS_URL",
            "ISSUER",
            "SERVICE_CLIENT_SECRET",
            "ENCRYPTION_KEY",
        ),
        "a provider knows nothing of its callers, and keeps nothing",
    )
    | dict.fromkeys(("WORKERS", "THREADS", "MAX_REQUESTS"), "for development: one process")
    | {"OUTBOUND_NETWORKS": "a provider calls nobody"},
}
"""What one container is not handed beside that, and why."""


def environment(service: str) -> dict[str, Any]:
    composed = yaml.safe_load(COMPOSE.read_text())
    return dict(composed["services"][service]["environment"])


@pytest.mark.parametrize("process", PROCESSES)
def test_every_documented_setting_is_handed_on(process: str) -> None:
    _, settings = PROCESSES[process]
    names = {name.upper() for name in settings.model_fields}
    handed_on = {name.removesuffix("_FILE") for name in environment(process)} | set(
        environment(process)
    )
    fixed = set(FIXED) | set(FIXED_FOR.get(process, {}))
    assert names - fixed <= handed_on
    assert names & fixed & handed_on == set(), "no exception any more"


@pytest.mark.parametrize("process", PROCESSES)
def test_what_is_handed_on_has_the_name_of_its_setting(process: str) -> None:
    """A variable of another name would set nothing."""
    for name, value in environment(process).items():
        if str(value).startswith("${") and "PUBLIC_URL" not in value:
            assert value.startswith(f"${{{name}:-"), name
