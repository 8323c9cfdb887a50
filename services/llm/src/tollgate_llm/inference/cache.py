"""The exact cache: an answer given again to the same request, for callers who ask for it, and for
models that are set up with it.

    x-tollgate-cache: max-age=600
    x-tollgate-cache: no-store

The request's header goes before the model's setting; `no-store` neither takes an answer from the
cache nor leaves one there.
The same is the same organisation and mode, the same route, the same JSON whatever its spacing and
order, and the same headers of the vendor's; what a translation cannot say is refused, or left out,
for both; and where an answer may bring ids of its provider's, which belong to a project, it is the
same project as well. What is kept is the answer as the caller got it, a stream as a stream; only
whole, successful ones, up to a size, and a number for an organisation: the one that would be
forgotten soonest makes room. Redis has it sealed (`cache_places`). A hit calls no provider and
costs nothing; it has a ticket and a row of its own, with `cache` as its provider. Redis away: no
hits.
"""

import re
import time
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from flask import Response
from redis import Redis
from redis.exceptions import RedisError

from tollgate_common.errors import BadRequest
from tollgate_common.logging import get_logger
from tollgate_common.sealing import SealBroken, derived_key
from tollgate_llm.catalog.schemas import LONGEST_SECONDS
from tollgate_llm.inference.account import Account
from tollgate_llm.inference.cache_places import (
    PURPOSE,
    CachedRequest,
    CacheScope,
    Place,
    place_of,
)
from tollgate_llm.inference.headers import Environ
from tollgate_llm.routing.models import Model

HEADER = "x-tollgate-cache"
VARIABLE = "HTTP_X_TOLLGATE_CACHE"
PROVIDER = "cache"
LARGEST_ANSWER = 256 * 1024
NO_STORE = "no-store"
_MAX_AGE = re.compile(r"max-age=([1-9][0-9]{0,7})\Z")
_KEPT_HEADERS = frozenset({"content-type", "x-tollgate-model", "x-tollgate-dropped-params"})

log = get_logger(__name__)


class Kept(msgspec.Struct):
    """An answer as the caller got it."""

    headers: list[tuple[str, str]]
    body: bytes


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Kept).decode


def seconds_asked(environ: Environ, model: Model | None) -> int | None:
    """How long an answer is to be kept. None: not at all; `BadRequest` when the header is wrong."""
    asked = environ.get(VARIABLE)
    if asked is None:
        return model.cache_seconds if model is not None else None
    text = str(asked).strip()
    if text == NO_STORE:
        return None
    found = _MAX_AGE.match(text)
    if found is None or int(found[1]) > LONGEST_SECONDS:
        raise BadRequest(
            f"{HEADER}: `{NO_STORE}`, or `max-age=` and a number of seconds, at most "
            f"{LONGEST_SECONDS}.",
            param=HEADER,
        )
    return int(found[1])


class AnswerCache:
    """`entries`: so many for each organisation. `encryption_key` is the text of ENCRYPTION_KEY."""

    def __init__(self, redis: Redis, entries: int, encryption_key: str) -> None:
        self._redis = redis
        self._entries = entries
        self._secret = derived_key(encryption_key, PURPOSE)

    def place(self, scope: CacheScope, request: CachedRequest, seconds: int) -> Place:
        """Return where the answer to a request is kept."""
        return place_of(self._secret, scope, request, seconds)

    def find(self, place: Place, account: Account) -> Response | None:
        """The answer that is there, its ticket closed."""
        try:
            raw: Any = self._redis.get(place.key)
        except RedisError as error:
            log.warning("cache_away", error=type(error).__name__)
            return None
        if raw is None:
            return None
        try:
            kept = _decode(place.opened(raw))
        except SealBroken:
            log.warning("cached_answer_altered")
            return None
        account.close("ok", 200, provider=PROVIDER)
        response = Response(kept.body, status=200)
        response.headers.clear()
        response.headers.extend([
            *kept.headers, ("x-tollgate-provider", PROVIDER), ("x-tollgate-attempts", "0"),
            ("x-tollgate-cost-usd", "0.000000000"), ("content-length", str(len(kept.body))),
            (HEADER, "hit"),
        ])  # fmt: skip
        return response

    def keep(self, place: Place, account: Account, response: Response) -> Response:
        """The response, which is kept once all of it has gone out well."""
        response.headers[HEADER] = "miss"
        if response.status_code == 200:
            headers = [(k, v) for k, v in response.headers if k.lower() in _KEPT_HEADERS]
            recorded = _Recording(response.response, account, self, place, headers)
            response.response = recorded
        return response

    def store(self, place: Place, kept: Kept) -> None:
        now = time.time()
        try:
            pipeline = self._redis.pipeline(transaction=False)
            pipeline.set(place.key, place.sealed(_encode(kept)), ex=place.seconds)
            pipeline.zremrangebyscore(place.listing, "-inf", now)
            pipeline.zadd(place.listing, {place.key: now + place.seconds})
            pipeline.zcard(place.listing)
            beyond = pipeline.execute()[-1] - self._entries
            if beyond > 0:
                gone: Any = self._redis.zpopmin(place.listing, beyond)
                self._redis.delete(*(key for key, _ in gone))
        except RedisError as error:
            log.warning("cache_away", error=type(error).__name__)


class _Recording:
    """A body that remembers what has gone out, while it is short enough to be kept."""

    def __init__(
        self,
        body: Iterable[Any],
        account: Account,
        cache: AnswerCache,
        place: Place,
        headers: list[tuple[str, str]],
    ) -> None:
        self._body = body
        self._account = account
        self._cache = cache
        self._place = place
        self._headers = headers

    def __iter__(self) -> Iterator[bytes]:
        parts: list[bytes] | None = []
        size = 0
        for part in self._body:
            size += len(part)
            if size > LARGEST_ANSWER:
                parts = None
            if parts is not None:
                parts.append(part)
            yield part
        if parts is not None and self._account.status == "ok":
            self._cache.store(self._place, Kept(self._headers, b"".join(parts)))

    def close(self) -> None:
        close = getattr(self._body, "close", None)
        if close is not None:
            close()
