"""One-time codes: what a browser carries from the callback to the page that logs in.

A code is random, works once, for a minute, and is kept as its SHA-256. Redis away: no login, 503.
"""

import hashlib
import secrets
from typing import Any, NamedTuple

import msgspec
from redis import Redis

LIFE_SECONDS = 60


class LoggedIn(NamedTuple):
    """Who has proved who they are, and to which provider."""

    user: str
    provider: str


class Codes:
    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def make(self, logged_in: LoggedIn) -> str:
        code = secrets.token_urlsafe(32)
        self._redis.set(_key(code), msgspec.json.encode(logged_in), ex=LIFE_SECONDS)
        return code

    def take(self, code: str) -> LoggedIn | None:
        """What the code was made for, this once."""
        found: Any = self._redis.getdel(_key(code))
        return msgspec.json.decode(found, type=LoggedIn) if found else None


def _key(code: str) -> str:
    return f"sso:code:{hashlib.sha256(code.encode('utf-8', 'surrogatepass')).hexdigest()}"
