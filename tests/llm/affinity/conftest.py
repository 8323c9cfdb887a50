"""Two processes of llm, and two providers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.llm.affinity.calls import NAMES
from tests.llm.stand import Issuer, Provider, Stand, llm_process
from tollgate_common.embedded.process import free_port


@pytest.fixture(scope="session")
def other_llm_url(
    environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    metrics = {"METRICS_PORT": str(free_port())}
    log: Path = tmp_path_factory.mktemp("other-llm") / "log"
    with llm_process(environment | metrics, free_port(), log) as url:
        yield url


@pytest.fixture
def elsewhere(stand: Stand, other_llm_url: str, issuer: Issuer) -> Stand:
    """Another process of llm, with the same PostgreSQL and Redis."""
    return Stand(other_llm_url, issuer, stand.redis, stand.session)


@pytest.fixture
def pair(stand: Stand, org: str) -> Iterator[dict[str, Provider]]:
    """Two providers; `left` and `right` are routed to one each, `both` to either."""
    made = {name: Provider() for name in NAMES}
    for name, provider in made.items():
        body = {"kind": "openai", "base_url": f"{provider.url}/v1", "api_key": "sk"}
        stand.manage("PUT", f"/api/v1/providers/{name}", org, json=body)
        routes = [{"provider": name, "model": "m"}]
        stand.manage("PUT", f"/api/v1/models/{name}", org, json={"routes": routes})
    routes = [{"provider": name, "model": "m"} for name in NAMES]
    stand.manage("PUT", "/api/v1/models/both", org, json={"routes": routes})
    yield made
    for provider in made.values():
        provider.close()
