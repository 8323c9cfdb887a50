"""Lines of an event are in its row, and a row whose cost is not their sum does not get there."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from sqlalchemy import Engine, text

from tollgate_common.events.cloudevents import schema_name
from tollgate_common.usage_lines import Factor, UsageLine, priced_line, total_nanos

Rows = Callable[..., list[dict[str, Any]]]

LINES = (
    priced_line("claude-opus-5-5", "input", 23_000, "0.000004"),
    priced_line(
        "claude-opus-5-5", "output", 1_000, "0.00002", (Factor("inference_geo:us", "1.1"),)
    ),
    priced_line("a\\b\t", "seconds", 12.5, None),
)


def outcome_with(lines: tuple[UsageLine, ...], **more: Any) -> dict[str, Any]:
    return {"lines": lines, "cost_nanos": total_nanos(lines), "price": None, **more}


class TestLedgerLines:
    def test_a_row_has_the_lines_of_its_event(self, booked: Callable[..., str], rows: Rows) -> None:
        outcome = outcome_with(
            LINES, unpriced=True, capped=True, service_tier="flex", cache_write_tokens=7
        )
        booked(outcome=outcome, client_request_id="mine")
        (row,) = rows("SELECT * FROM ledger")
        assert row["lines"] == msgspec.json.decode(msgspec.json.encode(LINES))
        assert row["cost"] == Decimal("0.114000000")
        assert (row["unpriced"], row["capped"], row["service_tier"]) == (True, True, "flex")
        assert (row["cache_write_tokens"], row["client_request_id"]) == (7, "mine")

    def test_marks_and_cache_writes_are_rolled_up(
        self, booked: Callable[..., str], rows: Rows
    ) -> None:
        booked(outcome=outcome_with(LINES, unpriced=True, cache_write_tokens=7))
        booked(outcome=outcome_with(LINES[:1], capped=True, cache_write_tokens=5))
        (row,) = rows(
            "SELECT requests, unpriced_requests, capped_requests, cache_write_tokens FROM rollups"
        )
        assert tuple(row.values()) == (2, 1, 1, 12)

    def test_an_event_of_version_1_has_no_lines_and_is_booked(
        self,
        record: Callable[..., str],
        waiting: Callable[[], list[Any]],
        ledger: Any,
        rows: Rows,
    ) -> None:
        record()
        (entry,) = waiting()
        event = msgspec.json.decode(entry.raw)
        assert (
            event["dataschema"]
            == schema_name("usage.recorded")
            == ("urn:tollgate:schema:usage.recorded:v2")
        )
        event["dataschema"] = "urn:tollgate:schema:usage.recorded:v1"
        for name in ("lines", "unpriced", "capped", "service_tier"):
            del event["data"]["outcome"][name]
        del event["data"]["ticket"]["client_request_id"]
        ledger.take([entry._replace(raw=msgspec.json.encode(event))])
        (row,) = rows("SELECT lines, cost, unpriced, capped FROM ledger")
        assert (row["lines"], row["cost"]) == (None, Decimal("0.000004500"))
        assert not row["unpriced"]
        assert not row["capped"]

    @pytest.mark.parametrize("cost_nanos", [0, 113_999_999, 114_000_001])
    def test_a_cost_that_is_not_the_sum_is_parked(
        self, booked: Callable[..., str], rows: Rows, cost_nanos: int
    ) -> None:
        booked(outcome={**outcome_with(LINES), "cost_nanos": cost_nanos})
        assert rows("SELECT id FROM ledger") == []
        (parked,) = rows("SELECT reason FROM parked_events")
        assert "ledger_cost_is_its_lines" in parked["reason"]

    def test_no_lines_at_all_cost_nothing(self, booked: Callable[..., str], rows: Rows) -> None:
        booked(outcome=outcome_with(()))
        (row,) = rows("SELECT lines, cost FROM ledger")
        assert (row["lines"], row["cost"]) == ([], Decimal(0))

    def test_every_partition_holds_the_check(self, engine: Engine) -> None:
        query = (
            "SELECT count(*) FROM pg_inherits AS i WHERE i.inhparent = 'ledger'::regclass "
            "AND NOT EXISTS (SELECT FROM pg_constraint AS c WHERE c.conrelid = i.inhrelid "
            "AND c.conname = 'ledger_cost_is_its_lines')"
        )
        with engine.connect() as connection:
            assert connection.scalar(text(query)) == 0
