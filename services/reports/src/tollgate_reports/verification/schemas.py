"""What is compared, and what comes of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, NamedTuple

import msgspec

from tollgate_common.principal import Limit
from tollgate_reports.ledger.events import Usage

Kind = Literal[
    "counter_used", "counter_reserved", "ticket_without_lease", "rollup", "parked",
    "served_not_booked", "booked_not_served", "tokens", "cost", "lines", "refusals",
]  # fmt: skip
KINDS: tuple[Kind, ...] = Kind.__args__  # type: ignore[attr-defined]


class Drift(NamedTuple):
    """Two books that disagree: `what` (a limit, a ticket, a bucket of a rollup) has `found`, the
    other book says `expected`; `cause` is what can have brought that about."""

    kind: Kind
    what: str
    found: str
    expected: str
    cause: str

    def line(self) -> str:
        return f"{self.kind} {self.what}: {self.found}, expected {self.expected}. {self.cause}"


class Findings(NamedTuple):
    """`compared` counts what was held against something; `unchecked` says what could not be, and
    why."""

    drifts: list[Drift]
    compared: dict[str, int]
    unchecked: list[str]

    def exit_status(self) -> int:
        """0: all is well; 1: there is a drift; 2: there is none where it could be looked for."""
        return 1 if self.drifts else 2 if self.unchecked else 0


class CountedAlso(msgspec.Struct, frozen=True):
    """Ids of keys, and of service accounts as users."""

    key: tuple[str, ...] = ()
    user: tuple[str, ...] = ()


class KnownLimit(Limit, frozen=True, kw_only=True):
    """A limit as auth tells of it. `changed_at`: when its maximum, its models or its zone were
    changed last. `counts_also`: whose calls count on it beside its subject's own."""

    org: str
    created_at: datetime
    changed_at: datetime | None = None
    counts_also: CountedAlso = CountedAlso()

    def is_counted_by(self, subjects: Mapping[str, str | None]) -> bool:
        """Whether a call of these counts on it, by kind of subject."""
        return subjects["org"] == self.org and (
            subjects[self.subject.kind] == self.subject.id
            or subjects["key"] in self.counts_also.key
            or subjects["user"] in self.counts_also.user
        )


class LimitPage(msgspec.Struct, frozen=True):
    data: list[KnownLimit]
    next: str | None


class Billed(msgspec.Struct, frozen=True):
    """How much of a kind the sandbox would bill to a model, by the names of the ledger's lines."""

    model: str
    kind: str
    quantity: int | float


class Served(msgspec.Struct, frozen=True):
    """A line of the sandbox's own log. `complete`: nobody broke the answer off. `billed`: None
    where the log does not say."""

    client_request_id: str | None
    endpoint: str
    status: int
    input_tokens: int
    output_tokens: int
    complete: bool
    billed: tuple[Billed, ...] | None = None


class ServedLog(msgspec.Struct, frozen=True):
    data: list[Served]


class Sum(NamedTuple):
    """What some requests used, in the units of the metrics."""

    requests: int = 0
    tokens: int = 0
    cost_usd: int = 0

    def minus(self, other: "Sum") -> "Sum":
        return Sum(*(one - two for one, two in zip(self, other, strict=True)))


SUBJECTS = ("org", "project", "user", "key")


class Used(NamedTuple):
    """One request: whose it is, by kind of subject, and what it used."""

    subjects: dict[str, str | None]
    mode: str
    model: str
    opened_at: datetime
    used: Sum

    @classmethod
    def of(cls, usage: Usage) -> "Used":
        ticket, outcome = usage.ticket, usage.outcome
        tokens = outcome.input_tokens + outcome.output_tokens
        return cls(
            {name: getattr(ticket, name) for name in SUBJECTS}, ticket.mode, ticket.model,
            datetime.fromisoformat(ticket.opened_at), Sum(1, tokens, outcome.cost_nanos),
        )  # fmt: skip
