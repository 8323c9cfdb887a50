"""The audit log: written with every change, and whole."""

import threading
import time
from typing import Any

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import text

from tests.auth.conftest import Org
from tollgate_auth.audit import service as audit
from tollgate_auth.audit.jobs import consume, take
from tollgate_auth.extensions import db
from tollgate_common.events.cloudevents import make_event
from tollgate_common.events.streams import publish


def entries(org: Org) -> list[dict[str, object]]:
    return list(org.owner.get("/audit-log").get_json()["data"])


def fault(app: Flask, org: Org) -> str | None:
    with app.app_context():
        return audit.first_fault(org.id)


@pytest.mark.parametrize("moment", ["0.5", "1700000000", "2026-11-21", "2026-11-21T12:00:00"])
def test_what_is_no_moment_with_an_offset_is_422_and_named(org: Org, moment: str) -> None:
    answer = org.owner.get(f"/audit-log?since={moment}")
    assert (answer.status_code, answer.get_json()["param"]) == (422, "since")


def test_a_change_is_written_down_without_its_secret(org: Org) -> None:
    key = org.key()
    org.owner.patch(f"/keys/{key.id}", {"name": "renamed"})
    org.owner.delete(f"/keys/{key.id}")
    newest = [entry["action"] for entry in entries(org)][:3]
    assert newest == ["key.revoked", "key.changed", "key.created"]
    assert key.text not in str(entries(org))


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE auth.audit_log SET action = 'key.loved' WHERE org_id = :org AND number = :middle",
        "DELETE FROM auth.audit_log WHERE org_id = :org AND number = :middle",
        "DELETE FROM auth.audit_log WHERE org_id = :org AND number = :last",
    ],
)
def test_tampering_shows(app: Flask, org: Org, tampering: str) -> None:
    for _ in range(3):
        org.key()
    assert fault(app, org) is None
    with app.app_context(), db.engine.begin() as connection:
        ids = connection.scalars(
            text("SELECT number FROM auth.audit_log WHERE org_id = :org ORDER BY number"),
            {"org": org.id},
        ).all()
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        parameters = {"org": org.id, "middle": ids[-2], "last": ids[-1]}
        kept = {name: value for name, value in parameters.items() if f":{name}" in tampering}
        connection.execute(text(tampering), kept)
    assert fault(app, org) is not None


def test_reordered_entries_show(app: Flask, org: Org) -> None:
    for _ in range(3):
        org.key()
    swap = """UPDATE auth.audit_log SET number = 1000000 - number
              WHERE org_id = :org AND number IN (2, 3)"""
    restore = """UPDATE auth.audit_log SET number = number - 999995
                 WHERE org_id = :org AND number > 1000"""
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in (swap, restore):
            connection.execute(text(statement), {"org": org.id})
        numbers = text("SELECT number FROM auth.audit_log WHERE org_id = :org ORDER BY number")
        assert list(connection.scalars(numbers, {"org": org.id}))[1:3] == [2, 3]
    assert fault(app, org) == "entry 2 was altered"


def test_the_log_is_filtered_and_paged(org: Org) -> None:
    keys = [org.key() for _ in range(3)]
    member = org.user("member")
    org.key(by=member)

    def numbers(query: str) -> list[int]:
        answer = org.owner.get(f"/audit-log?{query}")
        assert answer.status_code == 200, answer.text
        return [entry["number"] for entry in answer.get_json()["data"]]

    assert len(numbers("action=key.created")) == 4
    assert len(numbers(f"action=key.created&actor={member.id}")) == 1
    assert len(numbers(f"target={keys[0].id}")) == 1
    assert numbers("since=2200-01-01T00:00:00Z") == []
    assert numbers("until=2200-01-01T00:00:00Z") == numbers("")
    first = org.owner.get("/audit-log?action=key.created&limit=3").get_json()
    rest = numbers(f"action=key.created&limit=3&cursor={first['next_cursor']}")
    assert [entry["number"] for entry in first["data"]] + rest == numbers("action=key.created")


@pytest.mark.parametrize(
    "query", ["since=yesterday", "actor=%00", "action=" + "x" * 200, "cursor=-1", "limit=0"]
)
def test_a_wrong_filter_is_4xx_naming_it(org: Org, query: str) -> None:
    answer = org.owner.get(f"/audit-log?{query}")
    assert answer.status_code == 422
    assert answer.get_json()["param"] == query.partition("=")[0]


def change(of: Org, **more: Any) -> bytes:
    data = {
        "org": of.id, "actor": {"kind": "user", "id": of.owner_id}, "action": "model.changed",
        "target": {"kind": "model", "id": "m" * 256}, "before": None, "after": {"strategy": "x"},
        "address": "192.0.2.1", "request_id": "req_1", "at": "2026-11-21T10:00:00.000Z",
    }  # fmt: skip
    return make_event("change.recorded", "llm", data | more)


def test_what_another_service_records_is_an_entry_once(app: Flask, org: Org) -> None:
    raw = change(org)
    with app.app_context():
        for _ in range(3):
            take(raw)
        take(change(org))
    found = [entry for entry in entries(org) if entry["action"] == "model.changed"]
    assert len(found) == 2
    assert found[0]["actor"] == {"kind": "user", "id": org.owner_id}
    assert (found[0]["address"], found[0]["at"]) == ("192.0.2.1", "2026-11-21T10:00:00.000Z")
    assert fault(app, org) is None


def test_what_is_no_change_of_ours_is_left_out(app: Flask, org: Org) -> None:
    before = len(entries(org))
    with app.app_context():
        for raw in (b"", b"{}", change(org, org="org_unknown"), change(org, at="yesterday")):
            take(raw)
    assert len(entries(org)) == before
    assert fault(app, org) is None


def test_changes_are_taken_from_the_stream_and_acknowledged(
    app: Flask, org: Org, redis: Redis
) -> None:
    stop = threading.Event()
    publish(redis, "change.recorded", change(org))
    thread = threading.Thread(target=consume, args=(app, redis, stop))
    thread.start()
    deadline = time.monotonic() + 10
    while redis.xlen("events:change.recorded") and time.monotonic() < deadline:
        time.sleep(0.01)
    stop.set()
    thread.join()
    assert redis.xlen("events:change.recorded") == 0
    assert entries(org)[0]["action"] == "model.changed"
