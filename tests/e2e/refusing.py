"""A provider that refuses every request, in its vendor's own words, with the status that the
model's name asks for: `status-529`."""

import json
import re
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.e2e.platform import Platform
from tests.llm.stand import Provider, Received

STATUSES = (400, 401, 403, 404, 409, 413, 422, 429, 500, 502, 503, 504, 529)
SAID = "No, and that is all."
ANTHROPIC_TYPES = {
    401: "authentication_error", 403: "permission_error", 404: "not_found_error",
    413: "request_too_large", 429: "rate_limit_error", 503: "overloaded_error",
    504: "timeout_error", 529: "overloaded_error",
}  # fmt: skip
OPENAI_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
_STATUS = re.compile(rb"status-(\d{3})")


def type_of(dialect: str, status: int) -> str:
    """What the vendor calls such an error."""
    if dialect == "anthropic":
        rest = "invalid_request_error" if status < 500 else "api_error"
        return ANTHROPIC_TYPES.get(status, rest)
    rest = "invalid_request_error" if status < 500 else "server_error"
    return OPENAI_TYPES.get(status, rest)


class RefusingProvider(Provider):
    def __init__(self, kind: str, said: str) -> None:
        self._kind, self._said = kind, said
        self._asked = threading.local()  # a connection is a thread
        super().__init__()

    def _read(self, first: bytes, lines: Any) -> Received:
        self._asked.received = super()._read(first, lines)
        return self._asked.received  # type: ignore[no-any-return]

    def _play(self, connection: Any) -> bool:
        found = _STATUS.search(self._asked.received.body)
        assert found
        connection.sendall(self.refusal(int(found[1])))
        return True

    def refusal(self, status: int) -> bytes:
        kind = type_of(self._kind, status)
        if self._kind == "anthropic":
            body: dict[str, Any] = {"type": "error", "error": {"type": kind, "message": self._said}}
        else:
            error = {"message": self._said, "type": kind, "param": "messages", "code": "just_so"}
            body = {"error": error}
        named = "request-id" if self._kind == "anthropic" else "x-request-id"
        lines = ("content-type: application/json", "retry-after: 60", f"{named}: req_theirs")
        return self.answers(json.dumps(body).encode(), *lines, status=f"{status} No")


@contextmanager
def refusing(platform: Platform, kind: str, said: str = SAID) -> Iterator[str]:
    """Its name, while it refuses; `<name>-429` is a model there."""
    provider, name = RefusingProvider(kind, said), f"{kind}-{uuid.uuid4().hex[:6]}"
    at = f"{provider.url}/v1" if kind == "openai" else provider.url
    setup = {"kind": kind, "base_url": at, "api_key": "none"}
    assert platform.api("PUT", f"/providers/{name}", json=setup).ok
    for status in STATUSES:
        routes = [{"provider": name, "model": f"status-{status}"}]
        assert platform.api("PUT", f"/models/{name}-{status}", json={"routes": routes}).ok
    yield name
    for status in STATUSES:
        assert platform.api("DELETE", f"/models/{name}-{status}").ok
    assert platform.api("DELETE", f"/providers/{name}").ok
    provider.close()
