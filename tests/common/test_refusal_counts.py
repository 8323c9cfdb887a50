"""Counts of refusals in Redis: added once, taken over whole, bounded in number."""

import threading
from typing import Any

import pytest
from redis import Redis

from tollgate_common.ids import new_uuid
from tollgate_common.refusal_counts import (
    OTHER_MODELS,
    Quarter,
    RefusalBook,
    Refused,
    quarter_of,
)
from tollgate_common.tickets import bucket

NOON = 1_795_000_000 // 900 * 900
QUARTER = Quarter("org_1", NOON)
TAG = bucket("org_1")


@pytest.fixture
def book(redis_client: Redis) -> RefusalBook:
    return RefusalBook(redis_client, kept=10**9)


def refused(model: str | None = "m", code: str = "limit_too_small", key: str = "key_1") -> Refused:
    return Refused("proj_1", key, None, model, "live", code)


@pytest.mark.parametrize(("second", "start"), [(0, 0), (899, 0), (900.5, 900), (NOON + 1, NOON)])
def test_a_quarter_of_an_hour_begins_where_the_rollups_do(second: float, start: int) -> None:
    assert quarter_of("o", second) == Quarter("o", start)


def test_what_is_added_is_counted(book: RefusalBook) -> None:
    writer = new_uuid()
    odd = refused('"mödel|#\n', "model_not_found")
    assert book.add(QUARTER, writer, 1, {refused(): 2, odd: 1, refused(None): 1})
    assert book.add(QUARTER, writer, 2, {refused(): 3})
    assert book.counts(QUARTER) == {refused(): 5, odd: 1, refused(None): 1}
    assert book.counts(Quarter("org_1", NOON + 900)) == {}


def test_an_addition_that_comes_again_counts_once(book: RefusalBook) -> None:
    writer, other = new_uuid(), new_uuid()
    assert [book.add(QUARTER, writer, 7, {refused(): 2}) for _ in range(3)] == [True, False, False]
    assert not book.add(QUARTER, writer, 6, {refused(): 2})
    assert book.add(QUARTER, other, 1, {refused(): 1})
    assert book.counts(QUARTER) == {refused(): 3}


def test_processes_at_once_lose_nothing(redis_client: Redis) -> None:
    def add() -> None:
        own, writer = RefusalBook(redis_client, kept=10**9), new_uuid()
        for number in range(1, 21):
            own.add(QUARTER, writer, number, {refused(): 1, refused(f"m{number}"): 1})

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counts = RefusalBook(redis_client).counts(QUARTER)
    assert counts[refused()] == 160
    assert set(counts.values()) == {160, 8}


def test_made_up_models_are_one_count_beyond_so_many(redis_client: Redis) -> None:
    book, writer = RefusalBook(redis_client, kept=10**9, most=10), new_uuid()
    for number in range(100):
        book.add(QUARTER, writer, number + 1, {refused(f"made-up-{number}"): 1})
    book.add(QUARTER, writer, 101, {refused("late", "model_not_allowed"): 5})
    counts = book.counts(QUARTER)
    assert sum(counts.values()) == 105
    assert len(counts) <= 11
    assert counts[refused(OTHER_MODELS)] > 80
    assert counts[refused(OTHER_MODELS, "model_not_allowed")] == 5


def test_a_quarter_has_changed_until_its_last_version_is_kept(book: RefusalBook) -> None:
    writer = new_uuid()
    book.add(QUARTER, writer, 1, {refused(): 1})
    [(quarter, version)] = book.changed(TAG).items()
    assert quarter == QUARTER
    book.add(QUARTER, writer, 2, {refused(): 1})
    book.settle(quarter, version)  # of the version before
    assert list(book.changed(TAG)) == [QUARTER]
    book.settle(quarter, book.changed(TAG)[QUARTER])
    assert book.changed(TAG) == {}
    assert book.every(TAG) == [QUARTER]
    book.add(QUARTER, writer, 3, {refused(): 1})
    assert list(book.changed(TAG)) == [QUARTER]


def test_all_of_it_expires(redis_client: Redis) -> None:
    book = RefusalBook(redis_client, kept=100)
    old = Quarter("org_1", NOON)
    book.add(old, "w", 1, {refused(): 1})  # its time is past: it expires at once
    assert book.counts(old) == {}
    young = Quarter("org_1", NOON + 900)
    book.add(young, "w", 2, {refused(): 1})
    assert book.every(TAG) == [young]


def test_every_key_has_the_organisations_hash_tag(book: RefusalBook, redis_client: Redis) -> None:
    book.add(QUARTER, "w", 1, {refused(): 1})
    names: Any = redis_client.keys("*")
    assert {name.split(b":")[1].decode() for name in names} == {TAG}
