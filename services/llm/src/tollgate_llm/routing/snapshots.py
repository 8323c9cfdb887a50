"""What a process knows of an organisation's providers and models, so that no request asks SQL.

A snapshot is used as it is until it is older than `max_age`; then it is renewed beside the
requests, which go on with the old one. PostgreSQL away: the last snapshot holds; a process that
has none yet takes the copy in Redis, which is written whenever a snapshot changes (credentials in
it are sealed as in the database). Neither: `DependencyDown`.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

import msgspec
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from tollgate_common.errors import DependencyDown
from tollgate_common.logging import get_logger
from tollgate_common.metrics import dependency_failures
from tollgate_llm.routing.models import Snapshot, Stored

KNOWN_ORGANISATIONS = 10_000

log = get_logger(__name__)

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Stored).decode


class _Kept:
    """A snapshot, what it was made from, and when that was last read."""

    def __init__(self, raw: bytes, snapshot: Snapshot) -> None:
        self.raw = raw
        self.snapshot = snapshot
        self.read_at = time.monotonic()
        self.renewing = False


class Snapshots:
    """`load` reads an organisation from PostgreSQL; `build` makes a snapshot of what was read."""

    def __init__(
        self,
        load: Callable[[str], Stored],
        build: Callable[[str, Stored], Snapshot],
        redis: Redis,
        max_age: float,
    ) -> None:
        self._load = load
        self._build = build
        self._redis = redis
        self._max_age = max_age
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._first = threading.Lock()

    def get(self, org: str) -> Snapshot:
        kept = self._kept.get(org)
        if kept is None:
            return self._begin(org)
        if time.monotonic() - kept.read_at > self._max_age and not kept.renewing:
            kept.renewing = True
            threading.Thread(target=self._renew, args=(org, kept), daemon=True).start()
        return kept.snapshot

    def changed(self, org: str) -> None:
        """This process has changed the organisation: its next request sees that."""
        self._kept.pop(org, None)

    def _begin(self, org: str) -> Snapshot:
        with self._first:
            kept = self._kept.get(org)
            if kept is None:
                kept = self._keep(org, self._read_anywhere(org))
            return kept.snapshot

    def _keep(self, org: str, raw: bytes) -> _Kept:
        kept = self._kept[org] = _Kept(raw, self._build(org, _decode(raw)))
        while len(self._kept) > KNOWN_ORGANISATIONS:
            self._kept.popitem(last=False)
        return kept

    def _read_anywhere(self, org: str) -> bytes:
        try:
            raw = _encode(self._load(org))
        except SQLAlchemyError as error:
            log.warning("snapshot_from_redis", org=org, error=type(error).__name__)
            dependency_failures.labels("postgres").inc()
            return self._read_copy(org)
        self._write_copy(org, raw)
        return raw

    def _renew(self, org: str, kept: _Kept) -> None:
        try:
            raw = _encode(self._load(org))
            if raw == kept.raw:
                kept.read_at = time.monotonic()
            elif self._kept.get(org) is kept:
                self._keep(org, raw)
                self._write_copy(org, raw)
        except SQLAlchemyError as error:
            log.warning("snapshot_kept", org=org, error=type(error).__name__)
            dependency_failures.labels("postgres").inc()
            kept.read_at = time.monotonic()  # ask again when that much more time has passed
        finally:
            kept.renewing = False

    def _read_copy(self, org: str) -> bytes:
        raw = self._redis.get(_copy_key(org))
        if not isinstance(raw, bytes):
            raise DependencyDown("The database")
        return raw

    def _write_copy(self, org: str, raw: bytes) -> None:
        try:
            self._redis.set(_copy_key(org), raw)
        except RedisError as error:
            log.warning("snapshot_not_copied", org=org, error=type(error).__name__)


def _copy_key(org: str) -> str:
    return f"llm:organisation:{org}"
