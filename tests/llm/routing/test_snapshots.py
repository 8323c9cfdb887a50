"""Snapshots: no request waits for SQL, and a database that is away stops nobody."""

import threading
from collections.abc import Callable

import pytest
from redis import Redis
from sqlalchemy.exc import OperationalError

from tests.llm.stand import eventually
from tollgate_common.errors import DependencyDown
from tollgate_llm.routing.models import Route, Snapshot, Stored, StoredModel, StoredProvider
from tollgate_llm.routing.snapshots import Snapshots


class Database:
    """What is stored, how often it was asked for, and whether it answers."""

    def __init__(self) -> None:
        self.stored = Stored([StoredProvider("p", "openai", "http://p", b"\x00sealed")], [])
        self.asked = 0
        self.away = False
        self.answer = threading.Event()
        self.answer.set()

    def load(self, _: str) -> Stored:
        self.asked += 1
        self.answer.wait(10)
        if self.away:
            raise OperationalError("SELECT", {}, ConnectionError())
        return self.stored

    def add_model(self, name: str) -> None:
        model = StoredModel(name, [Route("p", "m")], "fallback")
        self.stored = Stored(self.stored.providers, [*self.stored.models, model])


def build(org: str, stored: Stored) -> Snapshot:
    return Snapshot(org, {}, {model.name: model for model in stored.models})  # type: ignore[misc]


@pytest.fixture
def database() -> Database:
    return Database()


@pytest.fixture
def made(database: Database, redis_client: Redis) -> Callable[[float], Snapshots]:
    return lambda max_age: Snapshots(database.load, build, redis_client, max_age)


def test_a_warm_snapshot_asks_nobody(
    database: Database, made: Callable[[float], Snapshots]
) -> None:
    snapshots = made(60)
    first = snapshots.get("org")
    assert all(snapshots.get("org") is first for _ in range(100))
    assert database.asked == 1


def test_an_old_snapshot_is_renewed_beside_the_requests(
    database: Database, made: Callable[[float], Snapshots]
) -> None:
    snapshots = made(0)
    assert snapshots.get("org").models == {}
    database.answer.clear()
    database.add_model("new")
    assert snapshots.get("org").models == {}
    assert snapshots.get("org").models == {}
    database.answer.set()
    assert eventually(lambda: "new" in snapshots.get("org").models)


def test_what_has_not_changed_stays_the_same_object(
    database: Database, made: Callable[[float], Snapshots]
) -> None:
    snapshots = made(0)
    first = snapshots.get("org")
    assert eventually(lambda: snapshots.get("org") is first and database.asked > 3)


def test_without_the_database_the_last_snapshot_holds(
    database: Database, made: Callable[[float], Snapshots]
) -> None:
    snapshots = made(0)
    database.add_model("kept")
    snapshots.get("org")
    database.away = True
    assert eventually(lambda: "kept" in snapshots.get("org").models and database.asked > 3)


def test_a_new_process_without_the_database_takes_the_copy(
    database: Database, made: Callable[[float], Snapshots]
) -> None:
    database.add_model("copied")
    made(60).get("org")
    database.away = True
    assert "copied" in made(60).get("org").models


def test_what_nobody_knows_is_unavailable(
    database: Database, made: Callable[[float], Snapshots]
) -> None:
    database.away = True
    with pytest.raises(DependencyDown):
        made(60).get("org")


def test_a_change_of_our_own_is_seen_at_once(
    database: Database, made: Callable[[float], Snapshots]
) -> None:
    snapshots = made(60)
    snapshots.get("org")
    database.add_model("new")
    snapshots.changed("org")
    assert "new" in snapshots.get("org").models
