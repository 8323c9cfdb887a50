"""One row for every accepted request, whatever comes however often."""

import json
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import DBAPIError

from tollgate_common.events.streams import Entry
from tollgate_reports.database import engine_of
from tollgate_reports.ledger.service import Ledger
from tollgate_reports.settings import ReportsSettings

Record = Callable[..., str]
Waiting = Callable[[], list[Entry]]
Rows = Callable[..., list[dict[str, Any]]]

ONE = Decimal("0.000000001")

# Two rows take longer than the statement has; one does not.
SLOW = """
CREATE OR REPLACE FUNCTION sleeping() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_sleep(0.25); RETURN NEW; END $$;
CREATE TRIGGER slow BEFORE INSERT ON ledger FOR EACH ROW EXECUTE FUNCTION sleeping()
"""


def hurry(raw: Any, _: object) -> None:
    raw.execute("SET statement_timeout = 400")
    raw.commit()


def altered(entry: Entry, number: int, **values: Any) -> Entry:
    """The entry with fields of its ticket (`ticket__…`) or outcome (`outcome__…`) replaced."""
    made = json.loads(entry.raw)
    for path, value in values.items():
        part, name = path.split("__")
        made["data"][part][name] = value
    return Entry(entry.stream, f"1-{number}", json.dumps(made).encode())


def test_every_field_of_an_event_is_in_its_row(
    record: Record, waiting: Waiting, ledger: Ledger, rows: Rows
) -> None:
    at = datetime(2026, 11, 3, 10, 7, 31, 250000, tzinfo=UTC)
    ticket = record(
        at,
        {"status": "client_closed", "cached_input_tokens": 3, "reasoning_tokens": 2,
         "estimated": True, "error": "gone", "attempts": 2},
        user="usr_9", tags={"team": "blue"}, stream=True, request_id="req_9",
    )  # fmt: skip
    ledger.take(waiting())
    (row,) = rows("SELECT * FROM ledger")
    assert (str(row["id"]), row["opened_at"], row["request_id"]) == (ticket, at, "req_9")
    assert (row["user"], row["tags"], row["stream"]) == ("usr_9", {"team": "blue"}, True)
    assert (row["status"], row["estimated"], row["error"]) == ("client_closed", True, "gone")
    assert (row["cached_input_tokens"], row["reasoning_tokens"], row["attempts"]) == (3, 2, 2)
    assert row["price"] == {"input_usd_per_mtok": "0.15", "output_usd_per_mtok": "0.60"}
    assert row["cost"] == Decimal("0.000004500")
    assert row["closed_at"] > row["opened_at"]


def test_a_thousand_identical_events_are_one_row_and_count_once(
    record: Record, waiting: Waiting, ledger: Ledger, rows: Rows
) -> None:
    record()
    (entry,) = waiting()
    again = [Entry(entry.stream, f"1-{number}", entry.raw) for number in range(1000)]
    ledger.take(again[:500])
    for batch in (again[500:900], again[900:], again[:1]):
        ledger.take(batch)
    assert rows("SELECT count(*) FROM ledger") == [{"count": 1}]
    assert rows("SELECT requests, input_tokens, cost FROM rollups") == [
        {"requests": 1, "input_tokens": 10, "cost": Decimal("0.000004500")}
    ]


def test_malformed_events_are_parked_with_the_reason_and_the_rest_is_booked(
    record: Record, waiting: Waiting, ledger: Ledger, rows: Rows
) -> None:
    record()
    (entry,) = waiting()
    without_org = json.loads(entry.raw)
    del without_org["data"]["ticket"]["org"]
    bad = {
        b"": "not a CloudEvent",
        b"\xff\x00": "not a CloudEvent",
        b"[]": "not a CloudEvent",
        entry.raw.replace(b'"1.0"', b'"0.3"', 1): "not a CloudEvent",
        entry.raw.replace(b"usage.recorded", b"usage.invented"): "unknown type",
        json.dumps(without_org).encode(): "ticket fails `required`",
        altered(entry, 0, outcome__input_tokens=-1).raw: "outcome.input_tokens fails",
        altered(entry, 0, ticket__opened_at="2026-99-99T00:00Z").raw: "opened_at is no moment",
        altered(entry, 0, ticket__id=f"ffffffff-ffff-7{'f' * 3}-8fff-{'f' * 12}").raw: "ticket.id",
    }
    batch = [Entry(entry.stream, f"2-{number}", raw) for number, raw in enumerate(bad)]
    ledger.take([*batch[:4], entry, *batch[4:]])
    ledger.take(batch)
    parked = rows("SELECT event, reason FROM parked_events ORDER BY id")
    assert [row["event"] for row in parked] == list(bad)
    for row, reason in zip(parked, bad.values(), strict=True):
        assert reason in row["reason"]
    assert rows("SELECT count(*) FROM ledger") == [{"count": 1}]


def test_a_row_that_the_database_refuses_is_parked_and_holds_up_nothing(
    record: Record, waiting: Waiting, ledger: Ledger, rows: Rows
) -> None:
    for _ in range(9):
        record()
    entries = waiting()
    poison = {
        3: altered(entries[3], 3, ticket__model="nul\0"),
        5: altered(entries[5], 5, outcome__cost_nanos=10**20),
        6: altered(entries[6], 6, outcome__input_tokens=2**63),
        7: altered(entries[7], 7, outcome__price={"note": "nul\0"}),
    }
    ledger.take([poison.get(number, entry) for number, entry in enumerate(entries)])
    assert rows("SELECT count(*) FROM ledger") == [{"count": 5}]
    assert rows("SELECT sum(requests)::int AS n FROM rollups") == [{"n": 5}]
    parked = rows("SELECT entry_id, reason FROM parked_events ORDER BY entry_id")
    assert [row["entry_id"] for row in parked] == ["1-3", "1-5", "1-6", "1-7"]
    assert all(row["reason"] for row in parked)


def test_fields_of_a_newer_sender_are_ignored(
    record: Record, waiting: Waiting, ledger: Ledger, rows: Rows
) -> None:
    record()
    (entry,) = waiting()
    ledger.take([altered(entry, 1, ticket__colour="blue", outcome__mood={"a": 1})])
    assert rows("SELECT count(*) FROM ledger") == [{"count": 1}]


@pytest.mark.parametrize("days", [-400, -40, 40, 4000])
def test_late_and_early_events_land_in_a_partition_of_their_own_month(
    record: Record, waiting: Waiting, ledger: Ledger, rows: Rows, days: int
) -> None:
    at = datetime.now(UTC).replace(microsecond=0) + timedelta(days=days)
    record(at)
    record()
    ledger.take(list(reversed(waiting())))
    ledger.take(waiting())
    (row,) = rows(
        "SELECT tableoid::regclass::text AS partition FROM ledger WHERE opened_at = :at", at=at
    )
    assert row["partition"] == f"ledger_{at:%Y_%m}"
    assert rows("SELECT sum(requests)::int AS n FROM rollups WHERE bucket <= :at", at=at) == [
        {"n": 1 if days < 0 else 2}
    ]


def test_the_first_and_last_millisecond_of_a_month_are_in_it(
    record: Record, waiting: Waiting, ledger: Ledger, rows: Rows
) -> None:
    record(datetime(2027, 12, 31, 23, 59, 59, 999000, tzinfo=UTC))
    record(datetime(2028, 1, 1, tzinfo=UTC))
    ledger.take(waiting())
    assert [
        row["partition"]
        for row in rows("SELECT tableoid::regclass::text AS partition FROM ledger ORDER BY id")
    ] == ["ledger_2027_12", "ledger_2028_01"]


@pytest.mark.parametrize("nanos", [0, 1, 10**9 - 1, 10**19, 10**20 - 1])
def test_costs_are_exact_to_the_nano_dollar(
    record: Record, waiting: Waiting, ledger: Ledger, rows: Rows, nanos: int
) -> None:
    record(outcome={"cost_nanos": nanos})
    record(outcome={"cost_nanos": 1})
    ledger.take(waiting())
    assert rows("SELECT sum(cost) AS cost FROM ledger") == [{"cost": (nanos + 1) * ONE}]
    assert rows("SELECT sum(cost) AS cost FROM rollups") == [{"cost": (nanos + 1) * ONE}]


@pytest.mark.parametrize("change", ["UPDATE ledger SET cost = 0", "DELETE FROM ledger"])
def test_rows_of_the_ledger_cannot_be_changed(booked: Record, engine: Engine, change: str) -> None:
    booked()
    with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
        connection.execute(text(change))


def test_partitions_ahead_are_made_once(ledger: Ledger, rows: Rows) -> None:
    december = datetime(2031, 12, 24, 18, tzinfo=UTC)
    ledger.make_partitions_ahead(december)
    ledger.make_partitions_ahead(december)
    made = rows(
        "SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
        "WHERE i.inhparent = 'ledger'::regclass AND c.relname ~ '203[12]' ORDER BY 1"
    )
    assert [row["name"] for row in made] == ["ledger_2031_12", "ledger_2032_01", "ledger_2032_02"]


def test_text_is_kept_to_the_letter(
    record: Record, waiting: Waiting, ledger: Ledger, rows: Rows
) -> None:
    texts = ["", "\\N", "\\.", "a\tb\nc\r\\", '"', "\\t", "é 汉 🜚", "{}", "NULL"]
    for text_ in texts:
        record(
            outcome={"error": text_, "price": {text_: text_}},
            model=text_, tags={text_: text_}, user=text_,
        )  # fmt: skip
    ledger.take(waiting())
    found = rows('SELECT model, error, tags, price, "user" FROM ledger')
    assert sorted(row["model"] for row in found) == sorted(texts)
    for row in found:
        model = row["model"]
        assert row == {"model": model, "error": model, "user": model,
                       "tags": {model: model}, "price": {model: model}}  # fmt: skip


def test_what_neither_python_nor_an_index_can_hold_is_parked(
    record: Record, waiting: Waiting, ledger: Ledger, rows: Rows
) -> None:
    record()
    (entry,) = waiting()
    row_id = json.loads(entry.raw)["data"]["ticket"]["id"]
    digits = b'"cost_nanos":' + b"9" * 5000
    noise = "".join(chr(random.randrange(0x4E00, 0x9FFF)) for _ in range(5000))
    poison = [
        altered(entry, 1, ticket__id=f"{row_id}\n"),
        altered(entry, 2, ticket__org=noise),
        Entry(entry.stream, "1-3", entry.raw.replace(b'"cost_nanos":', digits)),
        Entry(entry.stream, "1-4", entry.raw.replace(b'"req_1"', b'"\xff"')),
        Entry(entry.stream, "1-5", entry.raw.replace(b'"price":{', b'"price":{"a":' + b"[" * 5000)),
        altered(entry, 6, ticket__opened_at="2026-11-03T10:00:00Z\n"),
    ]  # fmt: skip
    ledger.take([*poison[:3], entry, *poison[3:]])
    parked = rows("SELECT entry_id, reason FROM parked_events ORDER BY entry_id")
    assert [row["entry_id"] for row in parked] == [f"1-{number}" for number in range(1, 7)]
    assert all(row["reason"] for row in parked)
    assert rows("SELECT count(*) FROM ledger") == [{"count": 1}]


def test_a_batch_that_takes_too_long_is_halved(
    record: Record, waiting: Waiting, settings: ReportsSettings, engine: Engine, rows: Rows
) -> None:
    for _ in range(4):
        record()
    hasty = engine_of(settings)
    canceled: list[object] = []
    event.listen(hasty, "connect", hurry)
    event.listen(hasty, "handle_error", canceled.append)
    with engine.begin() as connection:
        connection.execute(text(SLOW))
    try:
        Ledger(hasty).take(waiting())
    finally:
        with engine.begin() as connection:
            connection.execute(text("DROP TRIGGER slow ON ledger"))
        hasty.dispose()
    assert canceled
    assert rows("SELECT count(*) FROM ledger") == [{"count": 4}]
    assert rows("SELECT sum(requests)::int AS n FROM rollups") == [{"n": 4}]
    assert rows("SELECT count(*) FROM parked_events") == [{"count": 0}]


def test_events_of_an_archived_month_are_parked(
    record: Record, waiting: Waiting, ledger: Ledger, engine: Engine, rows: Rows
) -> None:
    record(datetime(2024, 2, 29, 12, tzinfo=UTC))
    record()
    with engine.begin() as connection:
        connection.execute(
            text("INSERT INTO ledger_archives VALUES ('2024-02-01Z', 'a.parquet', 0, 0)")
        )
    ledger.take(waiting())
    assert rows("SELECT count(*) FROM ledger") == [{"count": 1}]
    assert rows("SELECT reason FROM parked_events") == [
        {"reason": "its month is archived: 2024-02"}
    ]
