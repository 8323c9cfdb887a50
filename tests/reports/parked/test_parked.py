"""What could not be booked is listed, and booked when what was in its way is mended."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, text

from tollgate_common.events.streams import Entry
from tollgate_reports.cli import main
from tollgate_reports.ledger.service import Ledger
from tollgate_reports.parked.service import ParkedEvents

Record = Callable[..., str]
Waiting = Callable[[], list[Entry]]
Rows = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def command(job_environment: None) -> Callable[..., Result]:
    """Run `tollgate-reports`; what it wrote."""
    return lambda *words: CliRunner().invoke(main, words)


@pytest.fixture
def park(waiting: Waiting, ledger: Ledger, engine: Engine) -> Callable[[], None]:
    """What waits is parked, for something that can be mended later."""

    def park() -> None:
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE ledger ADD CONSTRAINT no CHECK (cost < 0)"))
        try:
            ledger.take(waiting())
        finally:
            with engine.begin() as connection:
                connection.execute(text("ALTER TABLE ledger DROP CONSTRAINT no"))

    return park


def test_parked_events_are_listed_with_the_money_they_are_about(
    record: Record, park: Callable[[], None], ledger: Ledger, command: Callable[..., Result]
) -> None:
    ticket = record()
    park()
    ledger.take([Entry("usage:{b00}", "7-7", b"\xff")])
    first, second = map(json.loads, command("parked").output.splitlines())
    assert (first["ticket"], first["cost_usd"]) == (ticket, "0.000004500")
    assert "violates check constraint" in first["reason"]
    assert (second["ticket"], second["entry_id"], second["event"]) == (None, "7-7", "\\xff")
    assert second["reason"].startswith("not a CloudEvent")


def test_replayed_events_are_booked_once_and_leave_the_list(
    record: Record, park: Callable[[], None], command: Callable[..., Result], rows: Rows
) -> None:
    for _ in range(3):
        record()
    park()
    assert rows("SELECT count(*) FROM ledger") == [{"count": 0}]
    ids = [json.loads(line)["id"] for line in command("parked").output.splitlines()]
    answer = command("replay", str(ids[0]))
    assert (answer.exit_code, answer.output) == (0, f"{ids[0]} booked\n")
    assert command("replay", str(ids[0])).output == f"{ids[0]} gone\n"
    assert command("replay", "--all").exit_code == 0
    assert command("parked").output == ""
    assert rows("SELECT count(*) FROM ledger") == [{"count": 3}]
    assert rows("SELECT sum(requests)::int AS n FROM rollups") == [{"n": 3}]


def test_an_event_whose_ticket_is_in_the_ledger_by_now_counts_once(
    record: Record, park: Callable[[], None], waiting: Waiting, ledger: Ledger, engine: Engine,
    rows: Rows,
) -> None:  # fmt: skip
    record()
    park()
    ledger.take(waiting())
    (parked,) = ParkedEvents(engine).list_all()
    assert ParkedEvents(engine).replay(parked["id"]) == "known"
    assert rows("SELECT sum(requests)::int AS n FROM rollups") == [{"n": 1}]
    assert ParkedEvents(engine).count() == 0


def test_what_still_cannot_be_booked_stays(
    ledger: Ledger, engine: Engine, command: Callable[..., Result], rows: Rows
) -> None:
    ledger.take([Entry("usage:{b00}", "7-7", b"{}")])
    with engine.begin() as connection:
        connection.execute(text("UPDATE parked_events SET reason = 'of old'"))
    answer = command("replay", "--all")
    assert answer.exit_code == 1
    (row,) = rows("SELECT event, reason FROM parked_events")
    assert row["event"] == b"{}"
    assert row["reason"].startswith("not a CloudEvent")
    assert command("replay").exit_code == 2


def test_two_who_replay_the_same_book_it_once(
    record: Record, park: Callable[[], None], engine: Engine, rows: Rows
) -> None:
    for _ in range(10):
        record()
    park()
    ids = [event["id"] for event in ParkedEvents(engine).list_all()]
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(ParkedEvents(engine).replay, ids * 2))
    assert sorted(outcomes) == ["booked"] * 10 + ["gone"] * 10
    assert rows("SELECT sum(requests)::int AS n FROM rollups") == [{"n": 10}]
