"""Everything dies once, under load; the books balance to the nano-dollar."""

import time
from collections import Counter
from typing import Any

from deploy.local.stack import Stack
from tests.chaos.books import Books, price_of
from tests.chaos.callers import Call, Callers
from tests.chaos.commands import verified
from tests.chaos.deaths import DEATHS
from tests.chaos.settings import CALLERS, LEASE_SECONDS, LOAD_SECONDS, REQUESTS
from tests.e2e.figures import Say
from tests.e2e.platform import Platform, eventually
from tests.fuzz.watching import accepted

# Never reached, and counted all the same.
LIMITS = [
    {"metric": "requests", "window": "total", "max": "100000000"},
    {"metric": "tokens", "window": "total", "max": "1000000000000"},
    {"metric": "cost_usd", "window": "total", "max": "1000000"},
    {"metric": "concurrency", "window": "total", "max": "10000"},
]
Row = dict[str, Any]


def test_whatever_is_killed_the_books_balance(
    running: tuple[Stack, Platform], books: Books, say: Say
) -> None:
    stack, platform = running
    key = platform.new_key(limits=LIMITS)
    callers = Callers(platform, key.secret, CALLERS)
    began, in_flight = time.monotonic(), 0
    with callers:
        _until(callers, REQUESTS // 20)
        say(f"under load: {verified(stack)}")
        for number, death in enumerate(DEATHS, 1):
            share = REQUESTS * number // (len(DEATHS) + 1)
            _until(callers, share)
            holding = callers.in_flight
            in_flight += holding if death.loses else 0
            told = death.kill(stack, books)
            say(f"{callers.answered:>6} answered, {holding:>3} in flight: {death.name} ({told})")
        _until(callers, REQUESTS)
    seconds = time.monotonic() - began
    quiet_after = _until_quiet(books)
    rows, served, opened = books.ledger(key.id), books.served(), accepted(stack)
    figures = {
        "tickets opened": opened,
        "seconds under load": f"{seconds:.0f}",
        "seconds until quiet": f"{quiet_after:.0f}",
    }
    say(_table(callers.calls, rows, served, figures))
    _each_request_has_one_row(callers.calls, rows, served)
    # Who is killed between the two has not counted what it has opened.
    assert opened <= len(rows) <= opened + in_flight
    _costs_are_what_was_served(rows, served)
    lost = [row for row in rows if row["status"] == "lost"]
    assert len(lost) <= in_flight, lost
    _limits_counted_what_is_booked(platform, books, key.id, rows)
    say(f"at the end: {verified(stack)}")


def _until(callers: Callers, answered: int) -> None:
    eventually(lambda: callers.answered >= answered, within=LOAD_SECONDS)


def _until_quiet(books: Books) -> float:
    began = time.monotonic()
    eventually(lambda: not any(books.left_in_redis().values()), within=LEASE_SECONDS)
    return time.monotonic() - began


def _each_request_has_one_row(
    calls: list[Call], rows: list[Row], served: dict[str, list[Row]]
) -> None:
    booked = Counter(row["client_request_id"] for row in rows)
    assert not [name for name, count in booked.items() if count > 1]
    assert not {call.request_id for call in calls if call.status == 200} - booked.keys()
    assert not booked.keys() - {call.request_id for call in calls}
    assert not served.keys() - {row["id"] for row in rows}


def _costs_are_what_was_served(rows: list[Row], served: dict[str, list[Row]]) -> None:
    exact = [row for row in rows if not row["estimated"]]
    wrong = [
        (row, served.get(row["id"]))
        for row in exact
        if row["nanos"] != price_of(served.get(row["id"], []))
    ]
    assert not wrong
    assert sum(row["nanos"] for row in exact) == sum(
        price_of(served.get(row["id"], [])) for row in exact
    )


def _limits_counted_what_is_booked(
    platform: Platform, books: Books, key: str, rows: list[Row]
) -> None:
    limits = platform.api("GET", "/limits", params={"subject_id": key}).json()["data"]
    counted = books.counted([limit["id"] for limit in limits])
    by_metric = {limit["metric"]: counted[limit["id"]] for limit in limits}
    assert by_metric == {
        "requests": len(rows),
        "tokens": sum(row["input_tokens"] + row["output_tokens"] for row in rows),
        "cost_usd": sum(row["nanos"] for row in rows),
        "concurrency": 0,
    }


def _table(
    calls: list[Call], rows: list[Row], served: dict[str, list[Row]], more: dict[str, Any]
) -> str:
    statuses = Counter(str(row["status"]) for row in rows)
    others = Counter(str(call.status or "not at all") for call in calls if call.status != 200)
    estimated = [row for row in rows if row["estimated"]]
    exact = [row for row in rows if not row["estimated"]]

    def witnessed(some: list[Row]) -> str:
        return f"{sum(price_of(served.get(row['id'], [])) for row in some) / 1e9:.9f}"

    def booked(some: list[Row]) -> str:
        return f"{sum(row['nanos'] for row in some) / 1e9:.9f}"

    figures = {
        "requests sent": len(calls),
        "answered 200": sum(call.status == 200 for call in calls),
        "  broken off": sum(call.status == 200 and not call.whole for call in calls),
        **{f"answered {status}": count for status, count in sorted(others.items())},
        "ledger rows": len(rows),
        **{f"  {name}": count for name, count in sorted(statuses.items())},
        "  estimated": len(estimated),
        "booked, exact, USD": booked(exact),
        "served, of these, USD": witnessed(exact),
        "booked, estimated, USD": booked(estimated),
        "served, of these, USD ": witnessed(estimated),
        **more,
    }
    return "\n  ".join(["", *(f"{name:<24}{value:>16}" for name, value in figures.items())])
