"""Books that agree, and every way in which they do not, named."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import pytest
from click.testing import CliRunner
from msgspec.structs import replace
from redis import Redis
from sqlalchemy import Engine, text

from tests.reports.conftest import ORG, attribution_at, outcome_of
from tollgate_common.errors import DependencyDown
from tollgate_common.events.streams import Entry
from tollgate_common.metrics import books_drift
from tollgate_common.principal import Subject, Window
from tollgate_common.tickets import Bound, TicketBook, bucket, usage_streams
from tollgate_common.tickets.limits import reservation
from tollgate_common.tickets.windows import moved, window_at
from tollgate_common.usage_lines import UsageLine, priced_line, total_nanos
from tollgate_reports.cli import main
from tollgate_reports.ledger.service import Ledger
from tollgate_reports.verification.lines import differing
from tollgate_reports.verification.schemas import (
    Billed,
    CountedAlso,
    Findings,
    KnownLimit,
    Served,
)
from tollgate_reports.verification.service import Verification

Spend = Callable[..., str]
Verify = Callable[..., Findings]

BEFORE = datetime.now(UTC) - timedelta(minutes=20)
PRICE = {"input_usd_per_mtok": "1.00", "output_usd_per_mtok": "2.00"}
SANDBOX: dict[str, Any] = {"provider": "sandbox", "price": PRICE, "cost_nanos": 20_000}


def limit(metric: str, window: str = "total", kind: str = "key", **more: Any) -> KnownLimit:
    subject = Subject(kind, {"key": "key_1", "org": ORG, "project": "proj_1"}[kind])
    usual: dict[str, Any] = {
        "id": f"lim_{metric}_{window}_{kind}", "org": ORG, "subject": subject, "metric": metric,
        "window": window, "max": "1000000", "created_at": BEFORE,
    }  # fmt: skip
    return KnownLimit(**{**usual, **more})


LIMITS = [
    limit("requests"), limit("tokens"), limit("cost_usd"), limit("concurrency"),
    limit("requests", "minute"), limit("tokens", "month"), limit("cost_usd", "day"),
    limit("tokens", "month", "org", models=("gpt-*",)), limit("requests", kind="project"),
    limit("requests", "day", "org", timezone="Asia/Kathmandu", models=("claude*",)),
]  # fmt: skip


@pytest.fixture
def spend(redis_client: Redis, ledger: Ledger, waiting: Callable[[], list[Entry]]) -> Spend:
    """A request under all limits that bind it: opened, and unless told otherwise closed and
    booked. Gives the ticket's id."""
    book = TicketBook(redis_client, "llm")

    def spend(
        outcome: Mapping[str, Any] = {}, *, close: bool = True, take: bool = True, **ticket: Any
    ) -> str:
        attribution = attribution_at(datetime.now(UTC), **ticket)
        amounts = {"tokens": 500, "cost_usd": 1_000_000}
        held = [
            reservation(ORG, attribution.mode, each, amounts.get(each.metric, 1))
            for each in LIMITS
            if each.models == ("*",) or attribution.model.lower().startswith(each.models[0][:-1])
        ]
        assert isinstance(book.open(attribution, held, Bound(500, 1_000_000)), list)
        if close:
            book.close(ORG, attribution.id, outcome_of(**outcome))
        if close and take:
            ledger.take(waiting())
            redis_client.delete(*usage_streams())
        return attribution.id

    return spend


@pytest.fixture
def verify(engine: Engine, redis_client: Redis) -> Verify:
    """With no blur: nothing moves while the test looks."""

    def verify(limits: Any = LIMITS, served: list[Served] | None = None) -> Findings:
        log = None if served is None else lambda _: served
        limits_of = limits if callable(limits) else lambda: limits
        return Verification(engine, redis_client, limits_of, log, timedelta(0)).run(days=3)

    return verify


def kinds(findings: Findings) -> list[tuple[str, str]]:
    return [(drift.kind, drift.what.partition(" ")[0]) for drift in findings.drifts]


def counter(redis: Redis, name: str) -> Any:
    (found,) = redis.keys(f"count:*:lim_{name}:live*")
    return found


def line(ticket: str, **more: Any) -> Served:
    usual: dict[str, Any] = {
        "client_request_id": ticket, "endpoint": "/v1/chat/completions", "status": 200,
        "input_tokens": 10, "output_tokens": 5, "complete": True,
    }  # fmt: skip
    return Served(**{**usual, **more})


def test_nothing_drifts_whatever_is_open_on_its_way_lost_or_in_test_mode(
    spend: Spend, verify: Verify
) -> None:
    spend()
    spend({"cost_nanos": 123, "input_tokens": 7})
    spend(model="claude-sonnet-4")
    spend(model="Claude-Sonnet-4")
    spend(mode="test")
    spend(take=False)
    spend(close=False)
    findings = verify()
    assert (kinds(findings), findings.unchecked) == ([], [])
    assert findings.compared["counters"] == 2 * (len(LIMITS) - 1)  # live and test; none refills
    assert findings.compared["rollups"] == 4
    assert findings.exit_status() == 0


def test_a_counter_that_has_forgotten_is_named(
    spend: Spend, verify: Verify, redis_client: Redis
) -> None:
    spend()
    redis_client.delete(counter(redis_client, "tokens_month_key"))
    findings = verify()
    assert kinds(findings) == [("counter_used", "lim_tokens_month_key")]
    (drift,) = findings.drifts
    assert (drift.found, drift.expected) == ("0", "15")
    assert "reset or lost" in drift.cause
    assert findings.exit_status() == 1
    assert books_drift.labels("counter_used")._value.get() == 1


def test_an_event_that_vanished_shows_in_every_counter_that_has_it(
    spend: Spend, verify: Verify, redis_client: Redis
) -> None:
    spend()
    spend(take=False)
    redis_client.delete(*usage_streams())
    findings = verify()
    assert {kind for kind, _ in kinds(findings)} == {"counter_used"}
    assert len(findings.drifts) == 7
    assert all("removed before it was booked" in drift.cause for drift in findings.drifts)


def test_a_reservation_that_nobody_holds_is_named(
    spend: Spend, verify: Verify, redis_client: Redis
) -> None:
    ticket = spend(close=False)
    redis_client.delete(f"ticket:{bucket(ORG)}:{ticket}")
    redis_client.zrem(f"tickets:{bucket(ORG)}", ticket)
    reserved = [drift for drift in verify().drifts if drift.kind == "counter_reserved"]
    assert len(reserved) == 6
    assert all("A ticket is gone" in drift.cause for drift in reserved)


def test_a_ticket_without_a_lease_is_named(
    spend: Spend, verify: Verify, redis_client: Redis
) -> None:
    ticket = spend(close=False)
    redis_client.zrem(f"tickets:{bucket(ORG)}", ticket)
    assert ("ticket_without_lease", ticket) in kinds(verify())


def test_an_adjustment_is_not_for_limits(spend: Spend, verify: Verify, engine: Engine) -> None:
    """The books move, in ledger and rollups alike; the counters stay."""
    from tollgate_reports.adjustments import repository
    from tollgate_reports.adjustments.corrections import correction
    from tollgate_reports.adjustments.schemas import AdjustmentRequest

    ticket = spend({"estimated": True})
    with engine.begin() as connection:
        row = repository.lock(connection, ticket)  # type: ignore[arg-type]
        assert row
        wanted = AdjustmentRequest(cost_usd="1", input_tokens=7, output_tokens=9, reason="test")
        made = correction(repository.booked(connection, row["id"]), wanted)
        repository.add(connection, row, made, "usr_1", "test")
    assert kinds(verify()) == []


@pytest.mark.parametrize(
    ("more", "compared"),
    [
        ({"created_at": datetime.now(UTC) + timedelta(hours=1)}, 2),
        ({"changed_at": datetime.now(UTC)}, 0),
    ],
    ids=["made later", "changed since"],
)
def test_a_limit_counts_from_when_it_is_as_it_is(
    spend: Spend, verify: Verify, more: dict[str, Any], compared: int
) -> None:
    spend()
    findings = verify([limit("requests", id="lim_later", **more)])
    assert kinds(findings) == []
    assert findings.compared["counters"] == compared


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC"])
def test_a_limit_whose_zone_has_changed_is_held_against_all_that_its_window_counts(
    spend: Spend, verify: Verify, redis_client: Redis, zone: str
) -> None:
    spend()
    now_ms = int(datetime.now(UTC).timestamp() * 1000)
    running = window_at("day", "UTC", now_ms)
    (before,) = (each for each in LIMITS if each.id == "lim_cost_usd_day_key")
    after = limit("cost_usd", "day", timezone=zone, transition=moved("day", running, zone, now_ms))
    assert reservation(ORG, "live", after, 0).counter == reservation(
        ORG, "live", before, 0
    ).counter  # fmt: skip
    assert kinds(verify([after])) == []
    redis_client.delete(counter(redis_client, "cost_usd_day_key"))
    assert kinds(verify([after])) == [("counter_used", "lim_cost_usd_day_key")]


def test_the_window_after_a_change_of_zone_is_compared_from_where_it_began(
    spend: Spend, verify: Verify, booked: Callable[..., str], redis_client: Redis
) -> None:
    """What was booked before, though on the same day of the new zone, counted on the one before."""
    now = datetime.now(UTC)
    today = window_at("day", "UTC", int(now.timestamp() * 1000))
    ended = int((now - timedelta(minutes=10)).timestamp() * 1000)
    booked(now - timedelta(minutes=15))
    spend()
    changed = limit(
        "cost_usd", "day", transition=Window("before", today.starts_at_ms - 1, ended),
        created_at=now - timedelta(days=9),
    )  # fmt: skip
    assert kinds(verify([changed])) == []


@pytest.mark.parametrize(
    ("change", "columns"),
    [
        ("UPDATE rollups SET cost = cost + 0.000000001", {"cost"}),
        ("UPDATE rollups SET input_tokens = 0, requests = 2", {"input_tokens", "requests"}),
        ("DELETE FROM rollups",
         {"requests", "input_tokens", "output_tokens", "latency_ms", "cost"}),
    ],
)  # fmt: skip
def test_rollups_that_are_not_the_ledgers_sums_are_named(
    spend: Spend, verify: Verify, engine: Engine, change: str, columns: set[str]
) -> None:
    spend()
    with engine.begin() as connection:
        connection.execute(text(change))
    findings = verify([])
    assert {name for _, name in kinds(findings)} == columns
    assert {kind for kind, _ in kinds(findings)} == {"rollup"}


def test_rollups_of_archived_months_are_left_alone(
    spend: Spend, verify: Verify, engine: Engine
) -> None:
    spend()
    month = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    with engine.begin() as connection:
        connection.execute(text("UPDATE rollups SET cost = 7"))
        connection.execute(
            text("INSERT INTO ledger_archives VALUES (:month, 'file', 1, 7)"), {"month": month}
        )
    assert kinds(verify([])) == []


def test_parked_events_are_named(
    verify: Verify, send: Callable[[bytes], None], ledger: Ledger,
    waiting: Callable[[], list[Entry]],
) -> None:  # fmt: skip
    send(b"nonsense")
    ledger.take(waiting())
    assert kinds(verify([])) == [("parked", "events")]


def test_the_sandboxs_log_agrees(spend: Spend, verify: Verify) -> None:
    booked, open_one, moving = spend(SANDBOX), spend(close=False), spend(SANDBOX, take=False)
    lost = spend({**SANDBOX, "status": "lost", "estimated": True, "input_tokens": 500})
    cut = spend({**SANDBOX, "status": "client_closed", "estimated": True, "output_tokens": 2})
    retried = spend(SANDBOX)
    log = [
        line(booked), line(open_one), line(moving), line(lost), line(cut, complete=False),
        line(retried, output_tokens=1, complete=False), line(retried), line("somebody-else"),
    ]  # fmt: skip
    findings = verify(served=log)
    assert (kinds(findings), findings.unchecked) == ([], [])
    assert findings.compared["served"] == 6


def test_a_call_that_was_served_and_never_booked_is_named(spend: Spend, verify: Verify) -> None:
    stranger = "0193ffff-0000-7000-8000-000000000000"
    assert kinds(verify(served=[line(spend(SANDBOX)), line(stranger)])) == [
        ("served_not_booked", stranger)
    ]


def test_a_row_that_was_never_served_is_named(spend: Spend, verify: Verify) -> None:
    ticket = spend(SANDBOX)
    assert kinds(verify(served=[])) == [("booked_not_served", ticket)]


@pytest.mark.parametrize(
    ("outcome", "served", "kind"),
    [
        ({}, {"output_tokens": 6}, "tokens"),
        ({}, {"input_tokens": 9}, "tokens"),
        ({"cost_nanos": 20_001}, {}, "cost"),
    ],
)
def test_figures_that_are_not_the_witness_s_are_named(
    spend: Spend, verify: Verify, outcome: dict[str, Any], served: dict[str, Any], kind: str
) -> None:
    ticket = spend({**SANDBOX, **outcome})
    assert kinds(verify(served=[line(ticket, **served)])) == [(kind, ticket)]


BILLED = (Billed("sandbox", "input", 10), Billed("sandbox", "output", 5))


@pytest.mark.parametrize(
    ("billed", "expected"),
    [
        (BILLED, []),
        (BILLED[::-1], []),
        ((*BILLED, Billed("sandbox", "web_searches", 0)), []),
        (None, []),
        ((), ["lines"]),
        ((*BILLED, Billed("sandbox", "web_searches", 1)), ["lines"]),
        ((BILLED[0], Billed("sandbox-second", "output", 5)), ["lines"]),
        ((Billed("sandbox", "cache_read", 10), BILLED[1]), ["lines"]),
    ],
)
def test_each_kind_of_each_model_is_held_against_what_the_sandbox_bills(
    spend: Spend, verify: Verify, billed: tuple[Billed, ...] | None, expected: list[str]
) -> None:
    fee = priced_line("sandbox", "requests", 1, "0.01")  # the model's, which no answer tells
    ticket = spend(with_lines(*SANDBOX_LINES, fee))
    found = kinds(verify(served=[line(ticket, billed=billed)]))
    assert [kind for kind, _ in found] == expected


def test_figures_that_are_our_own_are_not_the_witness_s(spend: Spend, verify: Verify) -> None:
    tickets = [spend({**SANDBOX, mark: True}) for mark in ("estimated", "capped")]
    log = [line(ticket, input_tokens=9) for ticket in tickets]
    assert kinds(verify(served=log)) == []


SANDBOX_LINES = (
    priced_line("sandbox", "input", 10, "0.000001"),
    priced_line("sandbox", "output", 5, "0.000002"),
)


def with_lines(*lines: UsageLine, **more: Any) -> dict[str, Any]:
    return {**SANDBOX, "price": None, "lines": lines, "cost_nanos": total_nanos(lines), **more}


@pytest.mark.parametrize(
    ("outcome", "kinds_found"),
    [
        (with_lines(*SANDBOX_LINES), []),
        (with_lines(), []),
        (with_lines(SANDBOX_LINES[0]), []),
        (with_lines(priced_line("sandbox", "cache_read", 4, "0.0000001"),
                    priced_line("sandbox", "input", 6, "0.000001"), SANDBOX_LINES[1]), []),
        (with_lines(priced_line("sandbox", "input", 9, "0.000001"), SANDBOX_LINES[1]), ["tokens"]),
        (with_lines(replace(SANDBOX_LINES[0], cost_usd="0.000009000"), SANDBOX_LINES[1]),
         ["lines", "cost"]),
    ],
    ids=["as served", "not billed", "output not billed", "cached", "other tokens", "other cost"],
)  # fmt: skip
def test_lines_are_what_was_served(
    spend: Spend, verify: Verify, outcome: dict[str, Any], kinds_found: list[str]
) -> None:
    ticket = spend(outcome)
    findings = verify([], served=[line(ticket)])
    assert sorted(kinds(findings)) == sorted((kind, ticket) for kind in kinds_found)


class TestLinesOfRows:
    def test_every_row_with_lines_is_reckoned_again(
        self, spend: Spend, verify: Verify, engine: Engine
    ) -> None:
        from tollgate_reports.adjustments import repository
        from tollgate_reports.adjustments.corrections import correction
        from tollgate_reports.adjustments.schemas import AdjustmentRequest

        ticket = spend(with_lines(*SANDBOX_LINES))
        spend()
        with engine.begin() as connection:
            row = repository.lock(connection, UUID(ticket))
            assert row
            wanted = AdjustmentRequest(cost_usd="1", reason="test")
            made = correction(repository.booked(connection, row["id"]), wanted)
            repository.add(connection, row, made, "usr_1", "test")
        findings = verify([])
        assert kinds(findings) == []
        assert findings.compared["lines"] == 2

    def test_a_line_that_costs_something_else_is_named(self, spend: Spend, verify: Verify) -> None:
        """Where two are wrong by the same amount, their sum is right, and PostgreSQL takes it."""
        wrong = (
            replace(SANDBOX_LINES[0], cost_usd="0.000010001"),
            replace(SANDBOX_LINES[1], cost_usd="0.000009999"),
        )
        ticket = spend(with_lines(*wrong))
        findings = verify([])
        assert kinds(findings) == [("lines", ticket), ("lines", ticket)]
        assert findings.drifts[0].what == f"{ticket} (input of sandbox)"
        assert findings.drifts[0].found == "0.000010001 USD"
        assert findings.drifts[0].expected == "0.000010000 USD"
        assert findings.exit_status() == 1
        assert books_drift.labels("lines")._value.get() == 2

    def test_rows_of_before_are_left_alone(
        self, spend: Spend, verify: Verify, booked: Spend
    ) -> None:
        booked(
            datetime.now(UTC) - timedelta(days=9),
            with_lines(replace(SANDBOX_LINES[0], cost_usd="0.000000007")),
        )
        spend()
        findings = verify([])
        assert (kinds(findings), findings.compared["lines"]) == ([], 0)

    def test_many_rows_come_a_few_at_a_time(
        self, spend: Spend, verify: Verify, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("tollgate_reports.verification.repository.AT_ONCE", 2)
        for _ in range(5):
            spend(with_lines(*SANDBOX_LINES))
        assert verify([]).compared["lines"] == 5

    @pytest.mark.parametrize(
        ("cost", "lines", "found", "expected"),
        [
            ("0.000020001", msgspec.json.encode(SANDBOX_LINES).decode(), "0.000020001 USD",
             "0.000020000 USD"),
            ("1", "[]", "1.000000000 USD", "0.000000000 USD"),
            ("0", '[{"model": "m"}]', "ValidationError", "lines that can be read"),
            ("0", '[{"model": "m", "kind": "input", "quantity": 1, "unit": "token",'
                  ' "unit_price_usd": "x", "factors": [], "cost_usd": "0.000000000"}]',
             "ValueError", "lines that can be read"),
        ],
    )  # fmt: skip
    def test_what_postgresql_would_not_have_taken_is_named(
        self, cost: str, lines: str, found: str, expected: str
    ) -> None:
        (drift,) = differing({"id": "t", "cost": Decimal(cost), "lines": lines})
        assert (drift.kind, drift.what, drift.found, drift.expected) == (
            "lines", "t", found, expected,
        )  # fmt: skip


def test_what_cannot_be_looked_at_is_said(spend: Spend, verify: Verify) -> None:
    def away() -> list[KnownLimit]:
        raise DependencyDown("auth")

    spend()
    findings = verify(away)
    assert (kinds(findings), len(findings.unchecked)) == ([], 1)
    assert findings.exit_status() == 2


@pytest.mark.parametrize(("parked", "status"), [(False, 2), (True, 1)])
def test_the_command_says_what_it_found_and_ends_accordingly(
    parked: bool, status: int, job_environment: None, monkeypatch: pytest.MonkeyPatch,
    engine: Engine, ledger: Ledger, send: Callable[[bytes], None],
    waiting: Callable[[], list[Entry]],
) -> None:  # fmt: skip
    monkeypatch.setenv("SERVICE_CLIENT_SECRET", "secret")
    monkeypatch.setenv("AUTH_URL", "http://127.0.0.1:9")
    if parked:
        send(b"nonsense")
        ledger.take(waiting())
    result = CliRunner().invoke(main, ["verify", "--days", "1"])
    assert result.exit_code == status, result.output
    assert ("parked events: 1, expected 0" in result.output) == parked
    assert "not compared: counters: auth" in result.output


@pytest.mark.parametrize("take", [True, False])
@pytest.mark.parametrize(
    ("counted", "child"),
    [
        (CountedAlso(key=("key_child",)), {"key": "key_child"}),
        (CountedAlso(user=("sva_child",)), {"key": None, "user": "sva_child"}),
    ],
)
def test_what_a_limits_subject_has_made_counts_on_it_and_is_no_drift(
    spend: Spend, verify: Verify, counted: CountedAlso, child: dict[str, Any], take: bool
) -> None:
    spend()
    spend(take=take, **child)
    of_maker = [each for each in LIMITS if each.subject.kind == "key"]
    told = [replace(each, counts_also=counted) for each in of_maker]
    assert verify(told).drifts == []
    assert "counter_used" in {drift.kind for drift in verify(of_maker).drifts}
