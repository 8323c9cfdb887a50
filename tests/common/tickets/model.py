"""What the ticket scripts are to do, in plain Python: fractions, sets and no Redis."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from tollgate_common.tickets import Bound, Reservation

HOUR, DAY = 3_600_000, 86_400_000
KEPT_MS = 2 * DAY
"""For how long a window is counted after its end, for calls that end later."""
FOREVER = 10**15
THRESHOLDS = (50, 80, 95, 100)
Told = tuple[str, str, int | None]
"""A limit's event: its type, the limit, the threshold."""


@dataclass
class Counter:
    used: Fraction = Fraction(0)
    reserved: int = 0
    at: int = 0
    told: set[int | None] = field(default_factory=set)
    turn: int = 0

    def brought_to(self, now: int, held: Reservation) -> "Counter":
        """The same at another moment: drained, and in its turn."""
        turn, told, used = self.turn, set(self.told), self.used
        if held.kind != "window":
            turn = now // (held.period_ms or HOUR)
            if turn > self.turn:
                told = set()
            turn = max(turn, self.turn)
        if held.kind == "bucket":
            drained = Fraction(max(0, now - self.at) * held.max, held.period_ms)
            used = max(Fraction(0), used - drained)
        return Counter(used, self.reserved, now, told, turn)

    def left(self, held: Reservation) -> int:
        return math.floor(held.max - self.used - self.reserved)


@dataclass
class Ticket:
    held: Sequence[Reservation]
    bound: Bound
    lease: int


def drain_ms(amount: Fraction | int, held: Reservation) -> int | None:
    if amount <= 0:
        return 0
    return math.ceil(Fraction(amount) * held.period_ms / held.max) if held.max else None


def never_fits(held: Reservation) -> bool:
    """Whether the request is more than the whole limit, or nothing ever drains of it."""
    return held.amount > held.max or (held.kind == "bucket" and not held.max)


class Model:
    def __init__(self, lease_ms: int) -> None:
        self.lease_ms = lease_ms
        self.counters: dict[str, Counter] = {}
        self.tickets: dict[str, Ticket] = {}
        self.closed: list[str] = []
        self.told: list[Told] = []

    def open(
        self, now: int, ticket: str, held: Sequence[Reservation], bound: Bound
    ) -> list[tuple[int, int | None]] | tuple[str, int, int | None, bool]:
        """What is left of each limit and when it is whole again, or of the one that refuses."""
        if ticket in self.tickets:
            return []
        found = [self._counter(now, limit) for limit in held]
        over = [c.left(limit) < limit.amount for c, limit in zip(found, held, strict=True)]
        refusing = [
            (limit, counter) for limit, counter, is_over in zip(held, found, over, strict=True)
            if is_over and limit.enforce
        ]  # fmt: skip
        for limit, counter, is_over in zip(held, found, over, strict=True):
            if is_over and None not in counter.told:
                counter.told.add(None)
                self.told.append(("limit.exceeded", limit.limit, None))
                if refusing:
                    self._keep(now, limit, counter)
        if refusing:
            limit, counter = max(refusing, key=lambda each: self._patience(now, *each))
            wait = self._wait(now, limit, counter)
            return limit.limit, counter.left(limit), wait, never_fits(limit)
        for limit, counter in zip(held, found, strict=True):
            self._accept(now, limit, counter)
        self.tickets[ticket] = Ticket(held, bound, now + self.lease_ms)
        return [
            (c.left(limit), self._whole(now, limit, c))
            for limit, c in zip(held, found, strict=True)
        ]

    def close(
        self, now: int, ticket: str, tokens: int, cost: int, *, as_reserved: bool = False
    ) -> bool:
        found = self.tickets.pop(ticket, None)
        if found is None:
            return False
        used = {"tokens": tokens, "cost_usd": cost}
        for limit in found.held:
            if limit.metric == "requests":
                continue
            counter = self._counter(now, limit)
            counter.reserved = max(0, counter.reserved - limit.amount)
            if limit.kind != "gauge":
                counter.used += limit.amount if as_reserved else used[limit.metric]
                self._tell(limit, counter, counter.used)
            self._keep(now, limit, counter)
        self.closed.append(ticket)
        return True

    def renew(self, now: int, tickets: Sequence[str]) -> None:
        for ticket in tickets:
            if ticket in self.tickets:
                self.tickets[ticket].lease = now + self.lease_ms

    def expired(self, now: int) -> set[str]:
        return {name for name, ticket in self.tickets.items() if ticket.lease < now}

    def count(self, now: int, held: Reservation) -> tuple[int, int, int, int | None]:
        counter = self._counter(now, held)
        return (
            math.ceil(counter.used), counter.reserved, counter.left(held),
            self._whole(now, held, counter),
        )  # fmt: skip

    def _counter(self, now: int, held: Reservation) -> Counter:
        return self.counters.get(held.counter, Counter()).brought_to(now, held)

    def _accept(self, now: int, held: Reservation, counter: Counter) -> None:
        if held.metric == "requests":
            counter.used += held.amount
            self._tell(held, counter, counter.used)
        else:
            counter.reserved += held.amount
            if held.kind == "gauge":
                self._tell(held, counter, Fraction(counter.reserved))
        self._keep(now, held, counter)

    def _keep(self, now: int, held: Reservation, counter: Counter) -> None:
        if held.expires_at_ms and held.expires_at_ms + KEPT_MS <= now:
            self.counters.pop(held.counter, None)
        else:
            self.counters[held.counter] = counter

    def _tell(self, held: Reservation, counter: Counter, used: Fraction) -> None:
        """Every threshold up to the highest that is reached, once."""
        if held.max:
            for percent in THRESHOLDS:
                if percent not in counter.told and math.ceil(used) * 100 >= held.max * percent:
                    counter.told.add(percent)
                    self.told.append(("limit.threshold", held.limit, percent))

    def _wait(self, now: int, held: Reservation, counter: Counter) -> int | None:
        if never_fits(held):
            return None
        if held.kind != "bucket":
            return self._whole(now, held, counter)
        over = counter.used + counter.reserved + held.amount - held.max
        return drain_ms(min(over, counter.used), held)

    def _whole(self, now: int, held: Reservation, counter: Counter) -> int | None:
        if held.kind == "bucket":
            return drain_ms(counter.used + counter.reserved, held)
        return max(0, held.expires_at_ms - now) if held.expires_at_ms else None

    def _patience(self, now: int, held: Reservation, counter: Counter) -> float:
        """How long the limit refuses: what never fits refuses longest, then a total that is used
        up; what is open may end at any moment."""
        if never_fits(held):
            return math.inf
        if held.kind == "gauge":
            return 0
        wait = self._wait(now, held, counter)
        return FOREVER if wait is None else wait
