"""The counts in Redis. All that a script touches has its organisation's hash tag, so that it runs
on a Redis Cluster. Redis away: `RedisError`."""

from collections.abc import Mapping
from importlib import resources
from typing import Any, NamedTuple

import msgspec
from redis import Redis

from tollgate_common.tickets.keys import bucket

QUARTER_SECONDS = 900
KEPT_SECONDS = 2 * 86_400
MOST_FIELDS = 500
"""Different counts of an organisation in a quarter of an hour. Whoever makes up names of models
gets no further: beyond them the model is `OTHER_MODELS`, and what is left are keys and codes."""
OTHER_MODELS = "other"

_encode = msgspec.json.Encoder().encode


class Refused(NamedTuple):
    """Who was refused what, and why: `code` is the error's. `model` is None where the request was
    refused before it was known."""

    project: str | None
    key: str | None
    user: str | None
    model: str | None
    mode: str
    code: str


class Quarter(NamedTuple):
    """A quarter of an hour of an organisation, by the second (UTC) in which it began."""

    org: str
    start: int

    @property
    def name(self) -> str:
        return f"{self.org}|{self.start}"

    @property
    def key(self) -> str:
        return f"refusals:{bucket(self.org)}:{self.name}"


Counts = Mapping[Refused, int]

_read = msgspec.json.Decoder(Refused).decode


def quarter_of(org: str, second: float) -> Quarter:
    return Quarter(org, int(second) // QUARTER_SECONDS * QUARTER_SECONDS)


class RefusalBook:
    """`kept` is how long the counts stay, in seconds, after their quarter has begun."""

    def __init__(self, redis: Redis, kept: int = KEPT_SECONDS, most: int = MOST_FIELDS) -> None:
        self._redis = redis
        self._kept = kept
        self._most = most
        scripts = resources.files(__package__)
        self._add, self._settle = (
            redis.register_script(scripts.joinpath(f"{name}.lua").read_bytes())
            for name in ("add", "settle")
        )

    def add(self, quarter: Quarter, writer: str, number: int, counts: Counts) -> bool:
        """Add the counts, unless the writer has added this number, or a higher one, before."""
        tag = bucket(quarter.org)
        fields: list[Any] = []
        for refused, count in counts.items():
            fields += [_encode(refused), _encode(refused._replace(model=OTHER_MODELS)), count]
        added: Any = self._add(
            keys=[quarter.key, f"refusals:{tag}:changed", f"refusals:{tag}:all"],
            args=[writer, number, quarter.name, quarter.start, self._kept, self._most, *fields],
        )
        return bool(added)

    def changed(self, tag: str) -> dict[Quarter, str]:
        """The quarters of a bucket that nobody has kept yet as they are, with their versions."""
        found: Any = self._redis.zrange(f"refusals:{tag}:changed", 0, -1, withscores=True)
        return {_quarter(name): f"{version:.0f}" for name, version in found}

    def every(self, tag: str) -> list[Quarter]:
        """All quarters of a bucket whose counts are still here."""
        found: Any = self._redis.zrange(f"refusals:{tag}:all", 0, -1)
        return [_quarter(name) for name in found]

    def counts(self, quarter: Quarter) -> dict[Refused, int]:
        """What is counted in it until now; nothing once it has expired."""
        found: Any = self._redis.hgetall(quarter.key)
        return {
            _read(field): int(count) for field, count in found.items() if not field.startswith(b"#")
        }

    def settle(self, quarter: Quarter, version: str) -> None:
        """Tell that its counts, as of this version, are kept elsewhere."""
        changed = f"refusals:{bucket(quarter.org)}:changed"
        self._settle(keys=[changed], args=[quarter.name, version])


def _quarter(name: bytes) -> Quarter:
    org, _, start = name.decode().rpartition("|")
    return Quarter(org, int(start))
