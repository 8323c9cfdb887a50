"""Which answers are kept, and how one is given again."""

from typing import Any

import msgspec
from flask import Response

from tollgate_common.money import usd_text
from tollgate_common.responses import PassedResponse
from tollgate_common.stream_cost import LONGEST_END, cost_comment, is_event_stream
from tollgate_gateway.idempotency.places import Place

LARGEST_ANSWER = 4 * 1024 * 1024
REPLAYED = "idempotent-replayed"
ORIGINAL = "original-request"
COST = "x-tollgate-cost-usd"
LENGTH = "content-length"
FREE = usd_text(0)

_FINAL = frozenset({400, 404, 405, 413, 415, 422})
"""What a provider says of the request itself. Anything else may be other next time: it speaks of
load, or of our account there."""
_BY_A_PROVIDER = "x-tollgate-provider"
_OF_ITS_TIME = ("x-ratelimit-", "anthropic-ratelimit-")
_NOT_KEPT = frozenset({
    "x-request-id", "x-client-request-id", "server-timing", "retry-after", "date", COST,
})  # fmt: skip


class Kept(msgspec.Struct, array_like=True):
    """An answer as the caller got it."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Kept).decode


def is_final(response: Response) -> bool:
    """Whether a provider has answered, and would not say anything else to the same request."""
    status = response.status_code
    return 200 <= status < 300 or (status in _FINAL and _BY_A_PROVIDER in response.headers)


def kept_headers(response: Response) -> list[tuple[str, str]]:
    """Those of the answer itself, not of the moment in which it was given."""
    return [
        (name, value)
        for name, value in response.headers
        if (lowered := name.lower()) not in _NOT_KEPT and not lowered.startswith(_OF_ITS_TIME)
    ]


def sealed(place: Place, kept: Kept) -> bytes:
    return place.sealer.seal(_encode(kept), place.name)


def replayed(place: Place, answer: bytes, request_id: str, *, tells_cost: bool = False) -> Response:
    """The same answer; a stream is one again. It costs nothing; a stream says so at its end, if it
    is to tell its cost."""
    kept = _decode(place.sealer.open(answer, place.name))
    again: list[Any] = [(COST, FREE), (REPLAYED, "true"), (ORIGINAL, request_id)]
    if tells_cost and is_event_stream(_content_type(kept.headers)):
        headers = [(name, value) for name, value in kept.headers if name.lower() != LENGTH]
        comment = cost_comment(kept.body[-LONGEST_END:], 0)
        return PassedResponse([kept.body, comment], kept.status, headers + again)
    return PassedResponse([kept.body], kept.status, kept.headers + again)


def _content_type(headers: list[tuple[str, str]]) -> str | None:
    return next((value for name, value in headers if name.lower() == "content-type"), None)
