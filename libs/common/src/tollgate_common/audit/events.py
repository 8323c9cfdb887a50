"""The shapes of what is counted, on the wire and in memory."""

from typing import Annotated, NamedTuple

import msgspec

from tollgate_common.guard import Caller

LONGEST_BATCH = 1000

Kind = Annotated[str, msgspec.Meta(pattern=r"^[a-z_]{1,20}$")]
ActorKind = Annotated[str, msgspec.Meta(pattern=r"^[a-z_]{1,10}$")]
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
TargetId = Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
Action = Annotated[str, msgspec.Meta(pattern=r"^[a-z_]{1,30}\.[a-z_]{1,29}$")]
Reason = Annotated[str, msgspec.Meta(pattern=r"^[a-z_]{1,40}$")]
RequestId = Annotated[str, msgspec.Meta(max_length=128)]
Address = Annotated[str, msgspec.Meta(max_length=45)]
Detail = Annotated[str, msgspec.Meta(max_length=40)]
DetailText = Annotated[str, msgspec.Meta(max_length=300)]
Positive = Annotated[int, msgspec.Meta(ge=1, le=10**15)]


class Actor(NamedTuple):
    """Names who did something: a `user`, a `key`, an identity provider (`sso`), the `system` by a
    command, or somebody `anonymous`, who has not proved who they are."""

    kind: ActorKind
    id: Id


class Target(NamedTuple):
    """Names what something was done to."""

    kind: Kind
    id: TargetId


ANONYMOUS = Actor("anonymous", "anonymous")


class AuditEvent(NamedTuple):
    """Holds what is the same in events that are counted together. `reason` is the code of what was
    refused, and None where nothing was. No part of it is text that a caller makes up: that would
    make events without end."""

    action: Action
    actor: Actor
    target: Target
    reason: Reason | None = None


class Origin(NamedTuple):
    """Says where a request comes from, and which ids it has: ours, and the caller's own if any."""

    address: Address | None = None
    request_id: RequestId | None = None
    client_request_id: RequestId | None = None


class Occurrences(msgspec.Struct, frozen=True, kw_only=True):
    """Says how often an event has occurred, between two moments (epoch seconds). `origin` and
    `details` are those of the first time."""

    event: AuditEvent
    count: Positive
    first_at: float
    last_at: float
    origin: Origin
    details: dict[Detail, DetailText] | None = None


class AuditBatch(msgspec.Struct, frozen=True, kw_only=True):
    """Holds what has occurred in one organisation. Its `id` makes it count once however often it is
    sent."""

    id: Id
    org: Id
    occurrences: Annotated[tuple[Occurrences, ...], msgspec.Meta(max_length=LONGEST_BATCH)]


def actor_of(caller: Caller) -> Actor:
    return Actor("key", caller.key) if caller.key else Actor("user", caller.subject)
