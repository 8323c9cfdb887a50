"""Calls of one session stay at one of several equal routes, and leave it when it breaks."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.llm.inference.test_relay import ANSWER, send
from tests.llm.stand import Provider, Stand, eventually

NAMES = ("left", "right")


@pytest.fixture(params=["weighted", "least_latency"])
def pair(request: pytest.FixtureRequest, stand: Stand, org: str) -> Iterator[dict[str, Provider]]:
    """Two providers with equal routes to the model `both`."""
    made = {name: Provider() for name in NAMES}
    for name, provider in made.items():
        body = {"kind": "openai", "base_url": f"{provider.url}/v1", "api_key": "sk"}
        stand.manage("PUT", f"/api/v1/providers/{name}", org, json=body)
        provider.script = [provider.answers(ANSWER, "content-type: application/json")]
    routes = [{"provider": name, "model": "m"} for name in NAMES]
    model = {"routes": routes, "strategy": request.param}
    stand.manage("PUT", "/api/v1/models/both", org, json=model)
    yield made
    for provider in made.values():
        provider.close()


def answered_by(stand: Stand, org: str, more: dict[str, Any], **headers: str) -> str:
    body = json.dumps({"model": "both", "messages": [], **more}).encode()
    _, answer, connection = send(stand, org, body, **headers)
    answer.read()
    connection.close()
    assert answer.status == 200
    return answer.headers["x-tollgate-provider"]


def test_a_session_stays_where_it_began(stand: Stand, org: str, pair: dict[str, Provider]) -> None:
    ways: list[Callable[[str], tuple[dict[str, Any], dict[str, str]]]] = [
        lambda name: ({"prompt_cache_key": name}, {}),
        lambda name: ({}, {"x-claude-code-session-id": name}),
        lambda name: ({}, {"session-id": name}),
        lambda name: ({"metadata": {"user_id": json.dumps({"session_id": name})}}, {}),
    ]
    for tell in ways:
        homes = set()
        for number in range(12):
            more, headers = tell(f"session {number}")
            chosen = {answered_by(stand, org, more, **headers) for _ in range(3)}
            assert len(chosen) == 1
            homes |= chosen
        assert homes == set(NAMES)


def test_a_session_leaves_a_route_that_breaks(
    stand: Stand, org: str, pair: dict[str, Provider]
) -> None:
    more = {"prompt_cache_key": "session"}
    home = answered_by(stand, org, more)
    other = next(name for name in NAMES if name != home)
    pair[home].script = [Provider.HANG_UP]
    assert answered_by(stand, org, more) == other
    eventually(lambda: answered_by(stand, org, more) == other)
    pair[home].script = [pair[home].answers(ANSWER, "content-type: application/json")]
    eventually(lambda: answered_by(stand, org, more) == home)
