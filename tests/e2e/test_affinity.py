"""Two processes of the gateway and of llm, two providers: every follow-up of a thousand
conversations meets the provider that knows it, and nobody follows up anybody else's."""

import json
import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from queue import SimpleQueue
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest

from deploy.local.stack import Stack
from tests.e2e.platform import Key, Platform
from tests.e2e.remembering import RememberingProvider
from tests.e2e.stacks import own_platform, serving

PROCESSES = 2
CONVERSATIONS = 1000
CALLERS = 16
MODEL = "remembering"
NAMES = ("first", "second")


class World(NamedTuple):
    stack: Stack
    platform: Platform
    providers: dict[str, RememberingProvider]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The model goes to both providers by lot."""
    providers = {name: RememberingProvider() for name in NAMES}
    with own_platform(tmp_path_factory.mktemp("affinity"), workers=PROCESSES) as (stack, platform):
        for name, provider in providers.items():
            account = {"kind": "openai", "base_url": f"{provider.url}/v1", "api_key": "shared"}
            assert platform.api("PUT", f"/providers/{name}", json=account).ok
        routes = [{"provider": name, "model": "theirs"} for name in NAMES]
        model = {"routes": routes, "strategy": "weighted"}
        assert platform.api("PUT", f"/models/{MODEL}", json=model).ok
        yield World(stack, platform, providers)
    for provider in providers.values():
        provider.close()


class Connections:
    """Connections that any caller takes any of, so that a follow-up meets another process."""

    def __init__(self, platform: Platform, key: Key) -> None:
        address = urlsplit(platform.url).netloc
        self._free: SimpleQueue[HTTPConnection] = SimpleQueue()
        for _ in range(CALLERS):
            self._free.put(HTTPConnection(address, timeout=30))
        self._headers = {
            "authorization": f"Bearer {key.secret}",
            "content-type": "application/json",
        }

    def call(self, **more: Any) -> tuple[str | None, str]:
        """Return who answered, and the id of the response."""
        connection = self._free.get()
        body = json.dumps({"model": MODEL, "input": "hi", **more})
        connection.request("POST", "/v1/responses", body, self._headers)
        answer = connection.getresponse()
        content = answer.read().removeprefix(b"data: ").partition(b"\n")[0]
        self._free.put(connection)
        assert answer.status == 200, content
        told = json.loads(content)
        return answer.headers["x-tollgate-provider"], told.get("response", told)["id"]

    def close(self) -> None:
        while not self._free.empty():
            self._free.get().close()


def test_every_follow_up_meets_its_provider(world: World) -> None:
    connections = Connections(world.platform, world.platform.new_key(mode="live"))

    def converse(number: int) -> tuple[str | None, str | None]:
        home, first = connections.call(stream=number % 2 == 0)
        there, _ = connections.call(previous_response_id=first, stream=number % 3 == 0)
        return home, there

    with ThreadPoolExecutor(CALLERS) as threads:
        met = Counter(threads.map(converse, range(CONVERSATIONS)))
    assert serving(world.stack, "gateway") == serving(world.stack, "llm") == PROCESSES
    connections.close()
    assert set(met) == {(name, name) for name in NAMES}
    assert min(met.values()) > CONVERSATIONS / 4
    assert not any(provider.strangers for provider in world.providers.values())
    assert sum(provider.followed for provider in world.providers.values()) == CONVERSATIONS


def test_a_foreign_id_is_404_and_no_provider_hears_of_it(world: World) -> None:
    """Whose ever it is: another project's, or anybody's guess."""
    platform = world.platform
    connections = Connections(platform, platform.new_key(mode="live"))
    _, foreign = connections.call()
    connections.close()
    guess = f"resp_{random.randbytes(16).hex()}"
    before = {name: len(provider.received) for name, provider in world.providers.items()}
    for body in (
        {"previous_response_id": foreign},
        {"previous_response_id": guess},
        {"input": [{"type": "item_reference", "id": foreign}]},
    ):
        for key in (platform.new_key(mode="live"), platform.new_key(mode="test")):
            answer = platform.post(
                "/v1/responses", {"model": MODEL, "input": "hi"} | body, key.secret
            )
            assert answer.status_code == 404, answer.text
            assert answer.json()["error"]["param"] in ("previous_response_id", "input.0.id")
    after = {name: len(provider.received) for name, provider in world.providers.items()}
    assert after == before
