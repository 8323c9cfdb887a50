"""Limits' counters against the books.

A counter of a day, a month or a total is what the requests that were opened in the window have
used: those in the ledger, those whose events are on their way to it, and, of requests, those that
are still open. What is reserved is what open tickets hold. Counters that refill are left out:
they say when there is room again, not what was used.

Under load no two books are read at the same moment. What was opened or closed within seconds of a
moment that matters may be counted or not; the counter has to lie between the two sums. Once
nothing happens, they are the same.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection

from tollgate_common.principal import covers
from tollgate_common.tickets import bucket
from tollgate_common.tickets.limits import counts_from, reservation
from tollgate_reports.verification import repository
from tollgate_reports.verification.repository import ByModel
from tollgate_reports.verification.schemas import Drift, KnownLimit, Used
from tollgate_reports.verification.snapshots import Snapshot

BLUR = timedelta(seconds=5)
LONGEST_CALL = timedelta(days=1)
MODES = ("live", "test")

LOST = "Something was counted and is not in the books: an event was removed before it was booked."
FORGOTTEN = "Something is in the books and was not counted: the counter was reset or lost."
LEAKED = "A ticket is gone and has not given back what it held."
GIVEN_TWICE = "What an open ticket holds was given back before it was closed."


class Counter(NamedTuple):
    """One of a limit, in the window of now."""

    limit: KnownLimit
    mode: str
    name: str
    kind: str
    since: datetime


def counters_of(limits: Iterable[KnownLimit], now: datetime) -> dict[str, list[Counter]]:
    """Those that can be compared, by bucket. A limit that was changed within its window is left
    out: what it had counted before is not what it would count now."""
    found: dict[str, list[Counter]] = defaultdict(list)
    for limit in limits:
        since = counts_from(limit, limit.created_at, now) or limit.created_at
        for mode in MODES:
            counter = reservation(limit.org, mode, limit, 0)
            changed = limit.changed_at is not None and limit.changed_at >= since
            if counter.kind != "bucket" and not (counter.kind == "window" and changed):
                one = Counter(limit, mode, counter.counter, counter.kind, since)
                found[bucket(limit.org)].append(one)
    return found


def compare(
    connection: Connection, counters: Collection[Counter], snapshot: Snapshot, blur: timedelta
) -> Iterator[Drift]:
    """`blur` is how far moments that two processes have noted may be apart. The connection's
    transaction must have begun after the snapshot was taken."""
    known = repository.known(connection, [usage.ticket.id for usage in snapshot.waiting])
    waiting = [Used.of(usage) for usage in snapshot.waiting if usage.ticket.id not in known]
    late = repository.closed_since(
        connection, {counter.limit.org for counter in counters},
        snapshot.at - LONGEST_CALL, snapshot.at - blur,
    )  # fmt: skip
    for counter in counters:
        found = snapshot.counters[counter.name]
        held = [
            each
            for hold in snapshot.open.values()
            for each in hold.reservations
            if each.counter == counter.name
        ]
        reserved = sum(each.amount for each in held if each.metric != "requests")
        if found.reserved != reserved:
            cause = LEAKED if found.reserved > reserved else GIVEN_TWICE
            yield _drift("counter_reserved", counter, found.reserved, str(reserved), cause)
        if counter.kind == "window":
            opened = sum(each.amount for each in held if each.metric == "requests")
            every, doubtful, before = _used(connection, counter, waiting, late, blur)
            least, most = opened + max(0, every - doubtful), opened + every + before
            if not least <= found.used <= most:
                cause = LOST if found.used > most else FORGOTTEN
                expected = str(least) if least == most else f"{least} to {most}"
                yield _drift("counter_used", counter, found.used, expected, cause)


def _used(
    connection: Connection, counter: Counter, waiting: list[Used], late: list[Used], blur: timedelta
) -> tuple[int, int, int]:
    """What the books have of it; how much of that may not be counted; and how much that they have
    not may be."""
    limit, mode, since = counter.limit, counter.mode, counter.since

    def total(parts: ByModel) -> int:
        return sum(
            int(getattr(used, limit.metric)) for model, used in parts if covers(limit.models, model)
        )

    every = total(repository.used_since(connection, limit, mode, since))
    every += total(_counted_by(counter, waiting))
    before = total(repository.opened_between(connection, limit, mode, since - blur, since))
    after = total(repository.opened_between(connection, limit, mode, since, since + blur))
    return every, after + total(_counted_by(counter, late)), before


def _counted_by(counter: Counter, requests: Iterable[Used]) -> ByModel:
    return [
        (one.model, one.used)
        for one in requests
        if one.mode == counter.mode
        and one.opened_at >= counter.since
        and counter.limit.is_counted_by(one.subjects)
    ]


def _drift(kind: str, counter: Counter, found: int, expected: str, cause: str) -> Drift:
    limit = counter.limit
    what = f"{limit.id} ({limit.metric} a {limit.window}, {counter.mode})"
    return Drift(kind, what, str(found), expected, cause)  # type: ignore[arg-type]
