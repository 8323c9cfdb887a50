"""From Redis into the table: once, whatever is repeated and whoever dies."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import Engine, text

from tests.reports.conftest import ORG
from tollgate_common import stores
from tollgate_common.refusal_counts import Quarter, RefusalBook, Refused, quarter_of
from tollgate_common.tickets import bucket
from tollgate_reports.refusals import repository
from tollgate_reports.refusals.service import Refusals

Client = Callable[..., FlaskClient]
NOW = quarter_of(ORG, time.time())
ALL = "2000-01-01/2100-01-01"


@pytest.fixture
def book(redis_client: Redis) -> RefusalBook:
    return RefusalBook(redis_client)


@pytest.fixture
def refusals(engine: Engine, redis_client: Redis) -> Refusals:
    return Refusals(engine, redis_client)


def refused(**more: Any) -> Refused:
    usual: dict[str, Any] = {
        "project": "proj_1", "key": "key_1", "user": None, "model": "gpt-4o-mini", "mode": "live",
        "code": "limit_too_small",
    }  # fmt: skip
    return Refused(**{**usual, **more})


def rows(engine: Engine) -> dict[str, int]:
    query = text("SELECT code, sum(count) FROM refusals GROUP BY code")
    with engine.connect() as connection:
        return {code: int(count) for code, count in connection.execute(query)}


def usage(client: FlaskClient, **parameters: str) -> dict[str, Any]:
    asked = {"period": ALL, "grain": "total", **parameters}
    answer = client.get("/api/v1/usage", query_string=asked)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    body: dict[str, Any] = answer.get_json()
    return body


def test_what_is_taken_over_again_counts_once(
    book: RefusalBook, refusals: Refusals, engine: Engine
) -> None:
    book.add(NOW, "w", 1, {refused(): 2, refused(model=None, code="invalid_json"): 1})
    assert (refusals.collect(), refusals.collect()) == (1, 0)
    assert rows(engine) == {"limit_too_small": 2, "invalid_json": 1}
    book.add(NOW, "w", 2, {refused(): 5})
    assert refusals.collect() == 1
    assert rows(engine) == {"limit_too_small": 7, "invalid_json": 1}


def test_a_collector_that_dies_before_it_has_told_so_is_repeated(
    book: RefusalBook, refusals: Refusals, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    book.add(NOW, "w", 1, {refused(): 2})
    with monkeypatch.context() as patch:
        patch.setattr(RefusalBook, "settle", lambda *_: None)  # killed between commit and this
        refusals.collect()
        refusals.collect()
    assert rows(engine) == {"limit_too_small": 2}
    assert refusals.collect() == 1
    assert rows(engine) == {"limit_too_small": 2}


def test_counts_that_come_late_take_nothing_back(engine: Engine) -> None:
    for count in (3, 7, 5):
        with engine.begin() as connection:
            repository.keep(connection, NOW, {refused(): count})
    with engine.connect() as connection:
        assert repository.kept(connection, [NOW]) == {NOW: {refused(): 7}}


def test_several_collectors_at_once_count_once(
    book: RefusalBook, refusals: Refusals, engine: Engine
) -> None:
    others = [Quarter(f"org_{number}", NOW.start) for number in range(20)]
    for quarter in others:
        book.add(quarter, "w", 1, {refused(key=f"key_{number}"): 1 for number in range(20)})
    threads = [threading.Thread(target=refusals.collect) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert rows(engine) == {"limit_too_small": 400}
    assert not any(book.changed(bucket(quarter.org)) for quarter in others)


def test_an_answer_about_usage_has_what_has_just_been_refused(
    book: RefusalBook, client: Client, booked: Callable[..., str]
) -> None:
    booked(datetime.now(UTC))
    book.add(NOW, "w", 1, {refused(): 2, refused(code="model_not_found", model="none"): 3})
    book.add(quarter_of("org_other", time.time()), "w", 1, {refused(): 100})
    answer = usage(client(), group_by="model,code")
    assert [(row["model"], row["code"], row["requests"], row["refused_requests"], row["cost_usd"])
            for row in answer["data"]] == [
        ("gpt-4o-mini", "limit_too_small", 0, 2, "0.000000000"),
        ("gpt-4o-mini", None, 1, 0, "0.000004500"),
        ("none", "model_not_found", 0, 3, "0.000000000"),
    ]  # fmt: skip
    assert (answer["totals"]["requests"], answer["totals"]["refused_requests"]) == (1, 5)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, 11), ({"mode": "test"}, 100), ({"mode": "all"}, 111), ({"project": "proj_1"}, 1),
        ({"key": "key_2"}, 10), ({"model": "gpt-4o-mini"}, 11), ({"model": "x"}, 0),
        ({"user": "usr_1"}, 10), ({"status": "ok"}, 0), ({"provider": "openai"}, 0),
        ({"group_by": "provider,tag:team"}, 11), ({"period": "2000-01-01/P1M"}, 0),
    ],
)  # fmt: skip
def test_refusals_are_filtered_as_requests_are(
    book: RefusalBook, client: Client, asked: dict[str, str], found: int
) -> None:
    mine = {refused(): 1, refused(mode="test"): 100,
            refused(project="proj_2", key="key_2", user="usr_1"): 10}  # fmt: skip
    book.add(NOW, "w", 1, mine)
    assert usage(client(), **asked)["totals"]["refused_requests"] == found


def test_a_key_sees_the_refusals_of_its_own_project(book: RefusalBook, client: Client) -> None:
    book.add(NOW, "w", 1, {refused(): 1, refused(project="proj_2"): 10})
    key = client(key="key_2", user=None, project="proj_2")
    assert usage(key, mode="live")["totals"]["refused_requests"] == 10


@pytest.mark.parametrize("dimension", ["project", "key", "user", "model", "mode", "code"])
def test_they_are_grouped_by_each_dimension(
    book: RefusalBook, client: Client, dimension: str
) -> None:
    one, other = refused(user="usr_1"), refused(**{dimension: "test"})
    book.add(NOW, "w", 1, {one: 1, other: 2})
    answer = usage(client(), group_by=dimension, mode="all")
    found = {row[dimension]: row["refused_requests"] for row in answer["data"]}
    assert found == {getattr(one, dimension): 1, "test": 2}


def test_without_redis_an_answer_has_what_was_taken_over(
    book: RefusalBook, refusals: Refusals, engine: Engine, client: Client
) -> None:
    book.add(NOW, "w", 1, {refused(): 2})
    refusals.collect()
    away = Refusals(engine, stores.connect("redis://127.0.0.1:1/0", answer_seconds=0.1))
    away.collect_for(ORG)
    assert rows(engine) == {"limit_too_small": 2}
