"""Providers of a test's own, on real sockets, and what the books say of a request."""

import http.client
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from tests.e2e.platform import Key, Platform, eventually
from tests.llm.stand import Provider

MESSAGES = [{"role": "user", "content": "Say something, please."}]
PATHS = {
    "openai": "/v1/chat/completions",
    "responses": "/v1/responses",
    "anthropic": "/v1/messages",
}


@contextmanager
def own_provider(platform: Platform, kind: str = "openai") -> Iterator[tuple[str, Provider]]:
    """A model and its provider, which does what its script says."""
    name = f"own-{uuid.uuid4().hex[:8]}"
    made = Provider()
    base = f"{made.url}/v1" if kind == "openai" else made.url
    account = {"kind": kind, "base_url": base, "api_key": "none"}
    price = {"input_usd_per_mtok": "1", "output_usd_per_mtok": "2"}
    routes = [{"provider": name, "model": "theirs"}]
    assert platform.api("PUT", f"/providers/{name}", json=account).ok
    assert platform.api("PUT", f"/models/{name}", json={"routes": routes, "price": price}).ok
    try:
        yield name, made
    finally:
        made.close()
        assert platform.api("DELETE", f"/models/{name}").ok
        assert platform.api("DELETE", f"/providers/{name}").ok


def body_of(dialect: str, model: str, stream: bool) -> dict[str, Any]:
    if dialect == "responses":
        return {"model": model, "stream": stream, "input": "Say something, please."}
    cap = {"max_tokens": 50} if dialect == "anthropic" else {}
    return {"model": model, "stream": stream, "messages": MESSAGES, **cap}


class Asked:
    """A call of the raw kind, with a request id of its own."""

    def __init__(
        self, platform: Platform, key: Key, model: str, dialect: str = "openai",
        stream: bool = False, **headers: str,
    ) -> None:  # fmt: skip
        self.request_id = f"req-{uuid.uuid4().hex}"
        self._platform = platform
        self._key = key
        sent = {"authorization": f"Bearer {key.secret}", "content-type": "application/json",
                "x-request-id": self.request_id, **headers}  # fmt: skip
        if dialect == "anthropic":
            sent["anthropic-version"] = "2023-06-01"
        self.connection = http.client.HTTPConnection(urlsplit(platform.url).netloc, timeout=30)
        body = json.dumps(body_of(dialect, model, stream))
        self.connection.request("POST", PATHS[dialect], body, sent)

    def answer(self) -> http.client.HTTPResponse:
        return self.connection.getresponse()

    def row(self) -> dict[str, Any]:
        return self._platform.row(self.request_id)

    def only_row(self) -> dict[str, Any]:
        """The ledger row, once nothing of this key is open any more: the only one of its project,
        which no other call has used."""
        row = self.row()
        totals = eventually(lambda: self._totals())
        assert totals["requests"] == 1
        return row

    def _totals(self) -> dict[str, Any] | None:
        found = self._platform.usage(self._key.project, mode=self.row()["mode"])
        return found if found["requests"] else None
