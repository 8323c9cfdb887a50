"""Refusals are counted beside the requests that they refuse."""

import threading

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from werkzeug.exceptions import RequestEntityTooLarge

from tests.gateway.answering import CALLER
from tollgate_common.errors import BadRequest, DependencyDown, Forbidden, TollgateError
from tollgate_common.refusal_counts import (
    MOST_FIELDS,
    OTHER_MODELS,
    Counts,
    Quarter,
    RefusalBook,
    Refused,
)
from tollgate_common.tickets import bucket
from tollgate_gateway.inference.errors import ModelNotAllowed
from tollgate_gateway.refusals import service as refusals
from tollgate_gateway.refusals.service import RefusalService

TAG = bucket(CALLER.org)


class Unsure(RefusalBook):
    """Adds, and then breaks before anybody hears of it, so many times."""

    breaks = 0

    def add(self, quarter: Quarter, writer: str, number: int, counts: Counts) -> bool:
        added = super().add(quarter, writer, number, counts)
        if self.breaks:
            self.breaks -= 1
            raise RedisConnectionError("gone")
        return added


@pytest.fixture
def book(redis_client: Redis) -> Unsure:
    return Unsure(redis_client)


@pytest.fixture
def service(book: Unsure) -> RefusalService:
    return RefusalService(book)


def counted(book: RefusalBook) -> dict[Refused, int]:
    found: dict[Refused, int] = {}
    for quarter in book.every(TAG):
        found |= book.counts(quarter)
    return found


def refused(code: str, model: str | None = "m") -> Refused:
    return Refused(None, "key_1", None, model, "live", code)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ModelNotAllowed("m"), "model_not_allowed"), (Forbidden(), "permission_denied"),
        (BadRequest("no", code="invalid_json"), "invalid_json"),
        (RequestEntityTooLarge(), "request_too_large"),
    ],
)  # fmt: skip
def test_a_refusal_is_counted_by_whose_it_is_and_why(
    service: RefusalService, book: Unsure, error: Exception, code: str
) -> None:
    for _ in range(3):
        service.note(CALLER, "m", error)
    service.note(CALLER, None, error)
    assert counted(book) == {}  # nothing has waited for Redis
    service.send()
    service.send()
    assert counted(book) == {refused(code): 3, refused(code, None): 1}


@pytest.mark.parametrize("error", [DependencyDown("Redis"), TollgateError(), RuntimeError("bug")])
def test_an_outage_is_no_refusal(service: RefusalService, book: Unsure, error: Exception) -> None:
    service.note(CALLER, "m", error)
    service.send()
    assert counted(book) == {}


def test_what_arrived_and_was_not_heard_of_counts_once(
    service: RefusalService, book: Unsure
) -> None:
    service.note(CALLER, "m", ModelNotAllowed("m"))
    book.breaks = 2
    service.send()
    service.note(CALLER, "m", ModelNotAllowed("m"))
    service.send()
    service.send()
    service.send()
    assert counted(book) == {refused("model_not_allowed"): 2}


def test_made_up_models_do_not_fill_the_process(service: RefusalService, book: Unsure) -> None:
    for number in range(MOST_FIELDS * 3):
        service.note(CALLER, f"made-up-{number}", ModelNotAllowed("m"))
    [gathered] = service._gathered.values()
    assert len(gathered) == MOST_FIELDS + 1
    service.send()
    found = counted(book)
    assert sum(found.values()) == MOST_FIELDS * 3
    assert found[refused("model_not_allowed", OTHER_MODELS)] > MOST_FIELDS


def test_while_redis_is_away_only_so_much_waits(
    service: RefusalService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusals, "MOST_QUARTERS", 5)
    for number in range(20):
        monkeypatch.setattr("time.time", lambda number=number: number * 900.0)
        service.note(CALLER, "m", ModelNotAllowed("m"))
    assert [quarter.start // 900 for quarter in service._gathered] == list(range(15, 20))


def test_what_has_gathered_goes_out_when_the_process_is_told_to_stop(
    service: RefusalService, book: Unsure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusals, "EVERY_SECONDS", 0.001)
    stop = threading.Event()
    sending = threading.Thread(target=service.send_until, args=(stop,))
    sending.start()

    def refuse() -> None:
        for _ in range(500):
            service.note(CALLER, "m", ModelNotAllowed("m"))

    callers = [threading.Thread(target=refuse) for _ in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    stop.set()
    sending.join()
    assert counted(book) == {refused("model_not_allowed"): 2000}
