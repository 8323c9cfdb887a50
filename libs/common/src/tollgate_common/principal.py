"""The principal: who calls, on whose account, and what they may do. Made by auth, read by all."""

from fnmatch import fnmatchcase
from functools import lru_cache

import msgspec


class Subject(msgspec.Struct, frozen=True):
    """Whom a limit binds."""

    kind: str
    id: str


class Window(msgspec.Struct, frozen=True):
    """A stretch of time in which a limit counts. `name` tells one window from the next in a
    counter's key; moments are epoch milliseconds; `ends_at_ms` is 0 for never."""

    name: str
    starts_at_ms: int
    ends_at_ms: int

    def holds(self, now_ms: int) -> bool:
        return self.starts_at_ms <= now_ms and (not self.ends_at_ms or now_ms < self.ends_at_ms)


class Limit(msgspec.Struct, frozen=True):
    """How much a subject may use. `max` is a decimal string: dollars for `cost_usd`, else a count.
    `transition` is the day or month that was running when the time zone was changed last."""

    id: str
    subject: Subject
    metric: str
    window: str
    max: str
    models: tuple[str, ...] = ("*",)
    mode: str = "enforce"
    timezone: str = "UTC"
    transition: Window | None = None


class Principal(msgspec.Struct, frozen=True):
    """`version` grows with every change to the key or user, so that an old answer cannot undo a
    newer one. `assertion` is auth's token for the services behind the gateway. `networks` are the
    only ones (CIDR) that the key may be used from; none named: all. `session` is the user's login,
    or a service account's token. A model must match one of `models`, and one of each list in
    `further_models`, which are those of the owner and of the makers."""

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
    further_models: tuple[tuple[str, ...], ...] = ()

    @property
    def may_use_every_model(self) -> bool:
        return "*" in self.models and not self.further_models

    def may_use(self, model: str) -> bool:
        return covers(self.models, model) and all(
            covers(patterns, model) for patterns in self.further_models
        )


decode_principal = msgspec.json.Decoder(Principal).decode
encode_principal = msgspec.json.Encoder().encode


def folded(model: str) -> str:
    """Return the form in which names of models are compared: case does not tell two apart. Prices
    are found in the same way (genai-prices compares with `lower`), so that no spelling of a name
    has a price and passes a limit."""
    return model.lower()


@lru_cache(maxsize=10_000)
def covers(patterns: tuple[str, ...], model: str) -> bool:
    """Whether one of the globs of models, a key's or a limit's, is for this one, whatever its
    case."""
    name = folded(model)
    return any(fnmatchcase(name, folded(pattern)) for pattern in patterns)
