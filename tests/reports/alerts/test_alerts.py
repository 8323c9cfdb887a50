"""Usage that is unpriced or capped is told once for each organisation, model and day."""

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import Engine

from tests.reports.conftest import ORG
from tollgate_common.events.cloudevents import read_event
from tollgate_common.events.streams import Entry
from tollgate_common.metrics import (
    ledger_capped_requests,
    ledger_estimated_requests,
    ledger_unpriced_requests,
)
from tollgate_common.usage_lines import UsageLine, priced_line, total_nanos
from tollgate_reports.ledger.service import Ledger
from tollgate_reports.outbox import outbox
from tollgate_reports.parked.service import ParkedEvents

Record = Callable[..., str]
Rows = Callable[..., list[dict[str, Any]]]

NOON = datetime(2026, 11, 10, 12, 7, tzinfo=UTC)
NIGHT = datetime(2026, 11, 10, 23, 59, 59, tzinfo=UTC)


def unpriced(*models: str) -> dict[str, Any]:
    lines: tuple[UsageLine, ...] = tuple(priced_line(model, "input", 7, None) for model in models)
    lines += (priced_line("known", "output", 5, "0.000001"), priced_line("idle", "output", 0, None))
    return {"lines": lines, "cost_nanos": total_nanos(lines), "price": None, "unpriced": True}


@pytest.fixture
def told(rows: Rows) -> Callable[[], list[tuple[str, str, str]]]:
    """Type, model and day of the events that wait to be sent."""

    def told() -> list[tuple[str, str, str]]:
        events = [read_event(bytes(row["event"])) for row in rows("SELECT event FROM outbox")]
        return sorted(
            (event["type"], event["data"]["model"], event["data"]["day"]) for event in events
        )

    return told


Told = Callable[[], list[tuple[str, str, str]]]


class TestUsageAlerts:
    def test_each_model_is_told_once_a_day(self, booked: Record, told: Told) -> None:
        booked(NOON, unpriced("m-1", "m-2"))
        booked(NOON + timedelta(hours=1), unpriced("m-1"))
        booked(NIGHT, unpriced("m-2"))
        booked(NIGHT + timedelta(seconds=1), unpriced("m-1"))
        assert told() == [
            ("usage.unpriced", "m-1", "2026-11-10"),
            ("usage.unpriced", "m-1", "2026-11-11"),
            ("usage.unpriced", "m-2", "2026-11-10"),
        ]

    def test_usage_that_is_capped_is_told_by_the_model_that_was_asked_for(
        self, booked: Record, told: Told
    ) -> None:
        booked(NOON, {"capped": True}, model="big")
        booked(NOON, {"capped": True}, model="big", org="org_other")
        booked(NOON, {**unpriced("m-1"), "capped": True}, model="big")
        assert told() == [
            ("usage.capped", "big", "2026-11-10"),
            ("usage.capped", "big", "2026-11-10"),
            ("usage.unpriced", "m-1", "2026-11-10"),
        ]

    def test_what_is_priced_and_possible_is_not_told(self, booked: Record, told: Told) -> None:
        booked(NOON)
        booked(NOON, {"estimated": True})
        assert told() == []

    def test_a_row_that_is_marked_and_has_no_lines_is_told_by_its_model(
        self, booked: Record, told: Told
    ) -> None:
        booked(NOON, {"cost_nanos": 0, "price": None, "unpriced": True}, model="old")
        assert told() == [("usage.unpriced", "old", "2026-11-10")]

    def test_the_event_names_the_first_request_of_a_batch(
        self,
        record: Record,
        waiting: Callable[[], list[Entry]],
        ledger: Ledger,
        engine: Engine,
        redis_client: Redis,
    ) -> None:
        record(NOON + timedelta(seconds=5), unpriced("m-1"), request_id="req_late")
        first = record(NOON, unpriced("m-1"), request_id="req_first", mode="test")
        entries = waiting()
        ledger.take(entries)
        ledger.take(entries)  # as after a consumer that died before it had acknowledged
        assert outbox.send_pending(engine, redis_client) == 1
        sent: Any = redis_client.xrange("events:usage.unpriced")
        ((_, fields),) = sent
        event = json.loads(fields[b"event"])
        assert (event["source"], event["subject"]) == ("tollgate/reports", first)
        assert event["dataschema"] == "urn:tollgate:schema:usage.unpriced:v1"
        assert event["data"] == {
            "org": ORG,
            "model": "m-1",
            "provider": "openai",
            "mode": "test",
            "day": "2026-11-10",
            "ticket": first,
            "request_id": "req_first",
        }

    def test_of_several_consumers_one_tells(
        self, record: Record, waiting: Callable[[], list[Entry]], engine: Engine, told: Told
    ) -> None:
        for number in range(24):
            record(NOON, unpriced(f"m-{number % 3}"))
        entries = waiting()
        threads = [
            threading.Thread(target=Ledger(engine).take, args=(entries[place::4],))
            for place in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [model for _, model, _ in told()] == ["m-0", "m-1", "m-2"]

    @pytest.mark.parametrize("name", ["x" * 100_000, "é\\\t\n'\"", ""])
    def test_whatever_the_model_is_called_the_row_is_booked(
        self, booked: Record, rows: Rows, told: Told, name: str
    ) -> None:
        booked(NOON, unpriced(name))
        assert rows("SELECT count(*) FROM ledger") == [{"count": 1}]
        assert [model for _, model, _ in told()] == [name[:200]]

    def test_an_event_that_is_replayed_is_told(
        self, booked: Record, engine: Engine, rows: Rows, told: Told
    ) -> None:
        broken = {**unpriced("m-1"), "cost_nanos": 1}
        booked(NOON, broken)
        (parked,) = rows("SELECT id, event FROM parked_events")
        mended = bytes(parked["event"]).replace(b'"cost_nanos":1,', b'"cost_nanos":5000,')
        with engine.begin() as connection:
            connection.exec_driver_sql("UPDATE parked_events SET event = %s", (mended,))
        assert told() == []
        assert ParkedEvents(engine).replay(parked["id"]) == "booked"
        assert told() == [("usage.unpriced", "m-1", "2026-11-10")]

    def test_they_are_counted(self, booked: Record) -> None:
        counters = (ledger_unpriced_requests, ledger_capped_requests, ledger_estimated_requests)
        before = [counter._value.get() for counter in counters]
        booked(NOON, unpriced("m-1", "m-2"))
        booked(NOON, {"capped": True})
        booked(NOON, {"estimated": True})
        booked(NOON)
        after = [counter._value.get() for counter in counters]
        assert [two - one for one, two in zip(before, after, strict=True)] == [1, 1, 1]
