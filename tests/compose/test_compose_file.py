"""What docker-compose.yml promises: who has a way out, and what containers may do and use."""

from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
ONCE = {"secrets", "credentials", "migrate-auth", "migrate-llm", "migrate-reports", "seed"}
DATA = ("postgres", "redis")


def test_only_those_that_must_reach_outside_have_a_way_out() -> None:
    assert COMPOSE["networks"]["default"] == {"internal": True}
    on_both = {
        name for name, service in SERVICES.items() if "outside" in service.get("networks", [])
    }
    assert on_both == {"auth", "llm", "gateway"}
    for name in on_both:
        assert SERVICES[name]["networks"] == ["default", "outside"]


def test_only_the_gateway_is_published_and_on_this_machine() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"gateway": ["127.0.0.1:${GATEWAY_PORT:-8080}:8080"]}


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"secrets"}))
def test_a_container_may_do_and_use_no_more_than_it_needs(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["mem_limit"]
    assert ("cap_add" in service) == (name in (*DATA, "credentials"))


def test_redis_refuses_writes_rather_than_evict() -> None:
    command = SERVICES["redis"]["command"][0]
    assert "--maxmemory ${REDIS_MAXMEMORY:-1gb} --maxmemory-policy noeviction" in command


@pytest.mark.parametrize("name", sorted(set(SERVICES) - ONCE - {*DATA, "sandbox"}))
def test_the_networks_that_organisations_may_name_are_the_operators_and_none_by_default(
    name: str,
) -> None:
    assert SERVICES[name]["environment"]["OUTBOUND_NETWORKS"] == "${OUTBOUND_NETWORKS:-}"
