"""The principal: who calls, on whose account, and what they may do. Made by auth, read by all."""

from fnmatch import fnmatchcase
from functools import lru_cache

import msgspec


class Subject(msgspec.Struct, frozen=True):
    """Whom a limit binds."""

    kind: str
    id: str


class Limit(msgspec.Struct, frozen=True):
    """DESIGN.md section 3. `max` is a decimal string: dollars for `cost_usd`, else a count."""

    id: str
    subject: Subject
    metric: str
    window: str
    max: str
    models: tuple[str, ...] = ("*",)
    mode: str = "enforce"
    timezone: str = "UTC"


class Principal(msgspec.Struct, frozen=True):
    """`version` grows with every change to the key or user, so that an old answer cannot undo a
    newer one. `assertion` is auth's token for the services behind the gateway. `networks` are the
    only ones (CIDR) that the key may be used from; none named: all. `session` is the user's login,
    or a service account's token."""

    org: str
    mode: str
    scopes: tuple[str, ...]
    models: tuple[str, ...]
    version: int
    assertion: str
    assertion_expires_at: int
    project: str | None = None
    key: str | None = None
    user: str | None = None
    limits: tuple[Limit, ...] = ()
    networks: tuple[str, ...] = ()
    session: str | None = None


decode_principal = msgspec.json.Decoder(Principal).decode
encode_principal = msgspec.json.Encoder().encode


@lru_cache(maxsize=10_000)
def covers(patterns: tuple[str, ...], model: str) -> bool:
    """Whether one of the globs of models, a key's or a limit's, is for this one."""
    return any(fnmatchcase(model, pattern) for pattern in patterns)
