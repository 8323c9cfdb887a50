"""Sends an answer, in one body or as a stream, and writes what went out to the served log.

The line is written before the last bytes leave, so whoever has the whole answer finds it there.
A stream that breaks off, whoever broke it off, is logged with the tokens that had been sent.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from flask import Response, request

from tollgate_llm.sandbox.dialects import JSON
from tollgate_llm.sandbox.fakes import Fake, fake_answer
from tollgate_llm.sandbox.served_log import Call, ServedLog
from tollgate_llm.sandbox.settings import SandboxSettings
from tollgate_llm.sandbox.sse import Frame
from tollgate_llm.sandbox.trouble import ERRORS, Trouble, error_of, hang_up

EVENT_STREAM = "text/event-stream; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Delivery:
    settings: SandboxSettings
    log: ServedLog

    def trouble_first(self, call: Call, trouble: Trouble) -> None:
        """Delays, refusals and what is sent instead of an answer, before anything is composed."""
        if trouble is Trouble.SLOW:
            time.sleep(self.settings.slow_first_byte)
        elif trouble is Trouble.TIMEOUT:
            time.sleep(self.settings.timeout)
        if trouble in ERRORS:
            error = error_of(trouble)
            self.log.write(call, status=error.status, output_tokens=0)
            raise error
        if fake := Fake.of(call.model):
            self.log.write(replace(call, bill=()), status=200, output_tokens=0)
            raise fake_answer(fake, call.endpoint, stream=call.stream)

    def whole(
        self, call: Call, payload: dict[str, Any], headers: dict[str, str], tokens: int
    ) -> Response:
        return self.content(call, msgspec.json.encode(payload), JSON, headers, tokens)

    def content(
        self, call: Call, body: bytes, mimetype: str, headers: dict[str, str], tokens: int
    ) -> Response:
        """A body of any type."""
        if Trouble.of(call.model) is not Trouble.CUT:
            self.log.write(call, status=200, output_tokens=tokens)
            return Response(body, mimetype=mimetype, headers=headers)
        self.log.write(call, status=200, output_tokens=tokens, complete=False)
        half = _half(body, dict(request.environ))
        headers = {**headers, "content-length": str(len(body))}
        return Response(half, mimetype=mimetype, headers=headers)

    def stream(
        self,
        call: Call,
        frames: Iterable[Frame],
        headers: dict[str, str],
        tokens: int,
        content_type: str = EVENT_STREAM,
    ) -> Response:
        trouble = Trouble.of(call.model)
        if trouble is Trouble.SLOW:
            frames = _slowed(frames, self.settings.slow_chunk)
        elif trouble is Trouble.CUT:
            frames = _cut(frames, tokens // 2, dict(request.environ))
        headers = {**headers, "cache-control": "no-cache", "x-accel-buffering": "no"}
        sent = self._witnessed(call, frames)
        return Response(sent, content_type=content_type, headers=headers)

    def _witnessed(self, call: Call, frames: Iterable[Frame]) -> Iterator[bytes]:
        sent, complete = 0, False
        try:
            for data, tokens, last in frames:
                if last:
                    complete = True
                    self.log.write(call, status=200, output_tokens=sent)
                sent += tokens
                yield data
        finally:
            if not complete:
                self.log.write(call, status=200, output_tokens=sent, complete=False)


def _half(body: bytes, environ: dict[str, Any]) -> Iterator[bytes]:
    yield body[: len(body) // 2]
    hang_up(environ)


def _slowed(frames: Iterable[Frame], pause: float) -> Iterator[Frame]:
    for number, frame in enumerate(frames):
        if number:
            time.sleep(pause)
        yield frame


def _cut(frames: Iterable[Frame], tokens: int, environ: dict[str, Any]) -> Iterator[Frame]:
    """The frames until `tokens` have gone out, and the first one that carries any."""
    sent = 0
    for frame in frames:
        if frame.last:
            break
        yield frame
        sent += frame.tokens
        if sent and sent >= tokens:
            break
    hang_up(environ)
