"""What stands behind a request with an Idempotency-Key in these tests, and who asks."""

import itertools
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, Response, request
from redis import Redis

from tollgate_common.principal import Principal
from tollgate_common.responses import PassedResponse
from tollgate_gateway.idempotency.repository import KeyRepository
from tollgate_gateway.idempotency.service import IdempotencyService

PATH = "/v1/chat/completions"
BODY = b'{"model": "m"}'
SAID = b'{"choices": ["a secret of the model"]}'
DELTA, DONE = b'data: {"choices":[]}\n\n', b"data: [DONE]\n\n"
ERROR = b'data: {"error":{"message":"no"}}\n\n'
STREAM = ("content-type", "text/event-stream; charset=utf-8")
BY_A_PROVIDER = ("x-tollgate-provider", "p")
CALLER = Principal(
    org="org_1", mode="live", scopes=("inference",), models=("*",), version=1, assertion="a.b.c",
    assertion_expires_at=0, key="key_1",
)  # fmt: skip
FORM = 'multipart/form-data; boundary="{}"'


def form(boundary: str, text: str = "same") -> dict[str, Any]:
    lines = (f"--{boundary}", 'content-disposition: form-data; name="model"', "", text)
    body = "\r\n".join((*lines, f"--{boundary}--", "")).encode()
    return {"body": body, "headers": {"content-type": FORM.format(boundary)}}


class Stand:
    """The service, and what stands behind it: `answer` is what is said there."""

    def __init__(self, redis: Redis, largest: int = 1 << 20) -> None:
        self.keys = KeyRepository(redis, largest)
        self.service = IdempotencyService(self.keys)
        self.app = Flask("test")
        self.ran = 0
        self.ids = (f"req_{number}" for number in itertools.count(1))
        self.answer: Callable[[], Response] = whole

    def begin(
        self, key: str = "k", body: bytes = BODY, path: str = PATH, who: Principal = CALLER,
        headers: dict[str, str] | None = None,
    ) -> Response:  # fmt: skip
        sent = {"Idempotency-Key": key, "content-type": "application/json", **(headers or {})}
        with self.app.test_request_context(path, method="POST", headers=sent, data=body):
            asked: Any = request
            return self.service.once(
                asked._get_current_object(), next(self.ids), who, body, self._run
            )

    def ask(self, *args: Any, **more: Any) -> tuple[int, bytes, dict[str, str]]:
        """To the end, as a server sends it."""
        response = self.begin(*args, **more)
        return response.status_code, sent(response), dict(response.headers)

    def _run(self) -> Response:
        self.ran += 1
        return self.answer()


def body_of(response: Response) -> Any:
    return response.response


def sent(response: Response) -> bytes:
    """The body, closed as a server closes it, also when it breaks off."""
    body = body_of(response)
    try:
        return b"".join(body)
    finally:
        if hasattr(body, "close"):
            body.close()


def answering(
    *parts: bytes, status: int = 200, headers: Iterable[tuple[str, str]] = ()
) -> Callable[[], Response]:
    return lambda: PassedResponse(iter(parts), status, list(headers))


def whole() -> Response:
    headers = [("content-type", "application/json"), ("content-length", str(len(SAID))),
               ("x-tollgate-cost-usd", "0.5"), ("x-request-id", "req_llm"),
               ("x-ratelimit-remaining-requests", "7")]  # fmt: skip
    return PassedResponse(iter([SAID]), 200, headers)
