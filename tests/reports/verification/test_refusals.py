"""Kept counts of refusals against those in Redis."""

import time

import pytest
from redis import Redis
from sqlalchemy import Engine, text

from tests.reports.conftest import ORG
from tollgate_common.refusal_counts import RefusalBook, Refused, quarter_of
from tollgate_reports.refusals.service import Refusals
from tollgate_reports.verification import refusals

QUARTER = quarter_of(ORG, time.time())
LIMITED = Refused("proj_1", "key_1", None, "m", "live", "limit_too_small")


@pytest.fixture
def book(engine: Engine, redis_client: Redis) -> RefusalBook:
    """With two refusals that are kept."""
    book = RefusalBook(redis_client)
    book.add(QUARTER, "w", 1, {LIMITED: 2})
    assert Refusals(engine, redis_client).collect() == 1
    return book


def drifts(engine: Engine, book: RefusalBook) -> list[tuple[str, str]]:
    return [
        (drift.found, drift.expected)
        for _, found in refusals.compare(engine, book)
        for drift in found
    ]


def test_what_is_kept_agrees(engine: Engine, book: RefusalBook) -> None:
    assert [quarter for quarter, _ in refusals.compare(engine, book)] == [QUARTER]
    assert drifts(engine, book) == []


def test_what_waits_to_be_taken_over_is_no_drift(engine: Engine, book: RefusalBook) -> None:
    book.add(QUARTER, "w", 2, {LIMITED: 1})
    assert list(refusals.compare(engine, book)) == []


@pytest.mark.parametrize(("change", "found"), [("count - 1", "1"), ("count * 2", "4")])
def test_what_was_lost_or_counted_twice_is_named(
    engine: Engine, book: RefusalBook, change: str, found: str
) -> None:
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE refusals SET count = {change}"))  # noqa: S608
    assert drifts(engine, book) == [(found, "2")]
