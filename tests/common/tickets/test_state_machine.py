"""The scripts on a real Redis against a model in plain Python, step by step."""

from collections import Counter as Tally
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from redis import Redis

from tests.common.tickets.model import Model
from tests.proofs import rounds
from tollgate_common.events.cloudevents import read_event, timestamp
from tollgate_common.ids import new_uuid
from tollgate_common.tickets import (
    Attribution,
    Bound,
    Outcome,
    Refusal,
    Reservation,
    TicketBook,
    bucket,
)
from tollgate_common.tickets.book import LEASE_MS
from tollgate_common.tickets.counts import LimitCounts
from tollgate_common.tickets.windows import window_at

CLOCK = b"local function now_ms() return tonumber(redis.call('GET', 'clock')) end"
ORG = "org_model"
TAG = bucket(ORG)
BEGIN = 1_900_000_000_000
STEPS = 50
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
ABOUT = {
    "org": ORG, "mode": "test", "subject": {"kind": "org", "id": ORG}, "window": "day",
}  # fmt: skip


@dataclass
class Policy:
    """A limit, whose `max` and `enforce` change."""

    id: str
    metric: str
    window: str
    max: int
    enforce: bool = True

    def held(self, now: int, amount: int) -> Reservation:
        period = {"minute": MINUTE, "hour": HOUR}.get(self.window, 0)
        counter, ends = f"count:{TAG}:{self.id}:test", 0
        kind = "gauge" if self.metric == "concurrency" else "bucket" if period else "window"
        if kind == "window":
            window = window_at(self.window, "UTC", now)
            counter, ends = f"{counter}:{window.name}", window.ends_at_ms
        return Reservation(
            limit=self.id, counter=counter, kind=kind, metric=self.metric, max=self.max,  # type: ignore[arg-type]
            amount=amount, enforce=self.enforce, period_ms=period, expires_at_ms=ends,
            about="," + msgspec.json.encode(ABOUT).decode()[1:-1],
        )  # fmt: skip


def policies() -> list[Policy]:
    return [
        Policy("lim_rm", "requests", "minute", 7),
        Policy("lim_rd", "requests", "day", 20),
        Policy("lim_tm", "tokens", "minute", 1000),
        Policy("lim_th", "tokens", "hour", 7001),
        Policy("lim_tt", "tokens", "total", 30_000),
        Policy("lim_cd", "cost_usd", "day", 5_000_000_000),
        Policy("lim_cm", "cost_usd", "month", 2**53 - 1),
        Policy("lim_open", "concurrency", "total", 3),
        Policy("lim_warn", "tokens", "day", 900, enforce=False),
    ]


LIMITS = len(policies())
tokens = st.integers(0, 1200)
which = st.lists(st.integers(0, LIMITS - 1), unique=True, max_size=LIMITS)
moves = st.one_of(
    st.integers(0, 2 * MINUTE),
    st.sampled_from([1, MINUTE, HOUR, DAY, 31 * DAY, LEASE_MS, LEASE_MS + 1]),
    st.sampled_from([-1, -MINUTE, -HOUR, -3 * DAY]),
    st.none(),
)


class Tickets(RuleBasedStateMachine):
    """Both do the same, and have to answer the same and hold the same."""

    redis: Redis
    done: Tally[str]

    @initialize()
    def begin(self) -> None:
        self.now = BEGIN
        self.redis.flushdb()
        self.book = TicketBook(self.redis, "test", CLOCK)
        self.counts = LimitCounts(self.redis, CLOCK)
        self.model = Model(LEASE_MS)
        self.policies = policies()
        self.names: list[str] = []
        self.move(0)

    def move(self, milliseconds: int, since: int | None = None) -> None:
        self.now = (self.now if since is None else since) + milliseconds
        self.redis.set("clock", self.now)

    def pick(self, number: int) -> str:
        return self.names[number % len(self.names)]

    @rule(chosen=which, amount=tokens, cost=st.integers(0, 2 * 10**9))
    def open(self, chosen: list[int], amount: int, cost: int) -> None:
        self._open(new_uuid(), chosen, amount, cost)

    @rule(chosen=which, amount=st.integers(1, 99))
    def open_small(self, chosen: list[int], amount: int) -> None:
        self._open(new_uuid(), chosen, amount, amount)

    @precondition(lambda self: self.names)
    @rule(number=st.integers(0, 99), chosen=which)
    def open_again(self, number: int, chosen: list[int]) -> None:
        name = self.pick(number)
        if name in self.model.tickets:
            self._open(name, chosen, 1, 1)

    def _open(self, name: str, chosen: list[int], amount: int, cost: int) -> None:
        amounts = {"tokens": amount, "cost_usd": cost}
        held = [
            policy.held(self.now, amounts.get(policy.metric, 1))
            for policy in (self.policies[number] for number in chosen)
        ]
        bound = Bound(amount, cost)
        said = self.book.open(attribution(name), held, bound)
        expected = self.model.open(self.now, name, held, bound)
        if isinstance(said, Refusal):
            self.done["never_fits" if said.never_fits else "refused"] += 1
            refused_by = said.reservation.limit
            assert (refused_by, said.remaining, said.reset_ms, said.never_fits) == expected
        else:
            self.done["opened"] += 1
            assert [(state.remaining, state.reset_ms) for state in said] == expected
            self.names += [name] if name not in self.names else []

    @precondition(lambda self: self.names)
    @rule(number=st.integers(0, 99), used=tokens, cost=st.integers(0, 3 * 10**9),
          knows=st.booleans())  # fmt: skip
    def close(self, number: int, used: int, cost: int, knows: bool) -> None:
        """Once, or again; by one who knows its counters or who does not."""
        name = self.pick(number)
        found = self.book.read(TAG, name)
        outcome = Outcome(status="ok", input_tokens=used, cost_nanos=cost)
        counters = found[1].counters() if found and knows else []
        closed = self.book.close(ORG, name, outcome, counters)
        self.done["closed" if closed else "closed_again"] += 1
        assert closed == self.model.close(self.now, name, used, cost)

    @precondition(lambda self: self.names)
    @rule(number=st.integers(0, 99))
    def lose(self, number: int) -> None:
        name = self.pick(number)
        lost = self.book.lose(ORG, name, Outcome(status="lost", estimated=True))
        self.done["lost"] += lost
        assert lost == self.model.close(self.now, name, 0, 0, as_reserved=True)

    @precondition(lambda self: self.names)
    @rule(numbers=st.lists(st.integers(0, 99), max_size=5))
    def renew(self, numbers: list[int]) -> None:
        names = [self.pick(number) for number in numbers]
        self.book.renew([(ORG, name) for name in names])
        self.model.renew(self.now, names)
        self.done["renewed"] += 1

    @rule()
    def reap(self) -> None:
        found = self.book.expired(TAG)
        assert set(found) == self.model.expired(self.now)
        for name in self.names:
            outcome = Outcome(status="lost", estimated=True)
            lost = self.book.lose(ORG, name, outcome, if_expired=True)
            assert lost == (name in found)
            if lost:
                self.done["reaped"] += 1
                self.model.close(self.now, name, 0, 0, as_reserved=True)

    @rule(number=st.integers(0, LIMITS - 1), maximum=st.integers(0, 3000), enforce=st.booleans())
    def change(self, number: int, maximum: int, enforce: bool) -> None:
        self.policies[number].max, self.policies[number].enforce = maximum, enforce
        self.done["changed"] += 1

    @rule(milliseconds=moves)
    def wait(self, milliseconds: int | None) -> None:
        """Or jump back; or for the next day."""
        if milliseconds is None:
            self.move(0, window_at("day", "UTC", self.now).ends_at_ms)
            self.done["turned"] += 1
        else:
            self.move(milliseconds)
            self.done["jumped_back" if milliseconds < 0 else "waited"] += 1

    @invariant()
    def counts_agree(self) -> None:
        if not hasattr(self, "model"):
            return
        self.done["steps"] += 1
        limits = [policy.held(self.now, 0) for policy in self.policies]
        assert [tuple(count) for count in self.counts.of(limits)] == [
            self.model.count(self.now, limit) for limit in limits
        ]

    @invariant()
    def tickets_agree(self) -> None:
        if not hasattr(self, "model"):
            return
        leases: Any = self.redis.zrange(f"tickets:{TAG}", 0, -1, withscores=True)
        assert {name.decode(): lease for name, lease in leases} == {
            name: ticket.lease for name, ticket in self.model.tickets.items()
        }
        booked: Any = self.redis.xrange(f"usage:{TAG}")
        assert [read_event(entry[b"event"])["id"] for _, entry in booked] == self.model.closed

    @invariant()
    def events_agree(self) -> None:
        if not hasattr(self, "model"):
            return
        entries: Any = self.redis.xrange(f"limits:{TAG}")
        events = [read_event(entry[b"event"]) for _, entry in entries]
        assert Tally(
            (event["type"], event["data"]["limit"], event["data"].get("threshold"))
            for event in events
        ) == Tally(self.model.told)
        assert len({event["id"] for event in events}) == len(events)


def attribution(name: str) -> Attribution:
    return Attribution(
        id=name, request_id="req", org=ORG, mode="test", endpoint="/v1/responses",
        dialect="openai", model="m", stream=False, opened_at=timestamp(),
    )  # fmt: skip


@pytest.mark.timeout(1200)
def test_the_scripts_do_what_the_model_does(
    redis_client: Redis, capsys: pytest.CaptureFixture[str]
) -> None:
    done: Tally[str] = Tally()
    machine = type("Machine", (Tickets,), {"redis": redis_client, "done": done})
    examples = rounds(20, 400)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples, stateful_step_count=STEPS, deadline=None, database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
    with capsys.disabled():
        print(f"\n{dict(done)}")  # noqa: T201 - what was tried is the result
    assert done["steps"] >= examples * STEPS // 4
