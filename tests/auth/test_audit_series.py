"""Events that repeat make a bounded number of entries, which add up to all that has occurred."""

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from flask import Flask
from sqlalchemy import text

from tests.auth.conftest import Caller, Org, Service, User
from tollgate_auth.audit import service as audit
from tollgate_auth.audit.models import AuditEntry
from tollgate_auth.audit.series import service as series
from tollgate_auth.extensions import db
from tollgate_common.audit import (
    ANONYMOUS,
    Actor,
    AuditBatch,
    AuditEvent,
    Occurrences,
    Origin,
    Target,
    audit_counts,
)
from tollgate_common.audit.client import PATH
from tollgate_common.ids import new_uuid

REFUSALS = 10_000
EVENT = AuditEvent("login.refused", ANONYMOUS, Target("user", "usr_1"), "wrong_password")
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ORIGIN = Origin("192.0.2.1", "req_1", "theirs")
Take = Callable[..., None]


def occurrences(event: AuditEvent = EVENT, count: int = 1, at: datetime = NOW) -> Occurrences:
    moment = at.timestamp()
    return Occurrences(event=event, count=count, first_at=moment, last_at=moment, origin=ORIGIN)


def batch(org: Org, *parts: Occurrences) -> AuditBatch:
    return AuditBatch(id=new_uuid(), org=org.id, occurrences=parts)


def entries(org: Org, action: str) -> list[dict[str, Any]]:
    answer = org.owner.get(f"/audit-log?action={action}&limit=200")
    assert answer.status_code == 200, answer.text
    return list(answer.get_json()["data"])


def fault(app: Flask, org: Org) -> str | None:
    with app.app_context():
        return audit.first_fault(org.id)


@pytest.fixture
def take(app: Flask) -> Take:
    def take(org: Org, *parts: Occurrences, now: datetime = NOW) -> None:
        with app.app_context():
            series.take(batch(org, *parts), now)

    return take


@pytest.fixture
def close(app: Flask) -> Callable[[datetime], int]:
    def close(now: datetime) -> int:
        with app.app_context():
            return series.close_over(now)

    return close


def test_a_flood_makes_two_entries_with_the_right_total(
    app: Flask, org: Org, other_org: Org, member: User, close: Callable[[datetime], int]
) -> None:
    headers = {"authorization": f"Bearer {member.principal().assertion}"}
    client = app.test_client()
    for number in range(REFUSALS):
        assert client.get("/api/v1/audit-log", headers=headers).status_code == 403
        if number % 1000 == 0:
            with app.app_context():
                audit_counts().send()
    with app.app_context():
        audit_counts().send()
    assert close(datetime.now(UTC) + series.WINDOW) >= 1
    further, first = entries(org, "permission.refused")
    assert (first["count"], further["count"]) == (1, REFUSALS - 1)
    assert further["continues"] == first["number"]
    assert first["last_at"] <= further["at"] < further["last_at"]
    assert entries(other_org, "permission.refused") == []
    assert fault(app, org) is fault(app, other_org) is None


def test_events_that_differ_have_entries_of_their_own(org: Org, take: Take) -> None:
    others = [
        EVENT._replace(action="link.refused"),
        EVENT._replace(actor=Actor("user", "usr_2")),
        EVENT._replace(target=Target("user", "usr_2")),
        EVENT._replace(reason="deactivated"),
    ]
    take(org, occurrences(), *map(occurrences, others))
    take(org, occurrences(), *map(occurrences, others))
    assert len(entries(org, "login.refused,link.refused")) == 5


def test_a_window_without_more_closes_without_an_entry(
    org: Org, take: Take, close: Callable[[datetime], int]
) -> None:
    take(org, occurrences())
    close(NOW + series.WINDOW)
    assert [entry["count"] for entry in entries(org, "login.refused")] == [1]


def test_what_comes_after_the_window_closes_one_series_and_opens_the_next(
    app: Flask, org: Org, take: Take
) -> None:
    later = NOW + series.WINDOW
    take(org, occurrences())
    take(org, occurrences(count=5, at=NOW + timedelta(minutes=1)))
    take(org, occurrences(count=2, at=NOW + timedelta(minutes=2)))
    take(org, occurrences(count=3, at=later), now=later)
    newest, closing, opening = entries(org, "login.refused")
    assert [newest["count"], closing["count"], opening["count"]] == [3, 7, 1]
    assert [newest["continues"], closing["continues"]] == [None, opening["number"]]
    assert (closing["at"], closing["last_at"]) == (
        "2026-11-21T12:01:00.000Z",
        "2026-11-21T12:02:00.000Z",
    )
    assert (opening["address"], opening["client_request_id"]) == ("192.0.2.1", "theirs")
    assert fault(app, org) is None


def test_a_batch_that_is_sent_again_counts_once(app: Flask, org: Org) -> None:
    sent = batch(org, occurrences(count=4))
    with app.app_context():
        for _ in range(3):
            series.take(sent, NOW)
        series.take(batch(org, occurrences()), NOW)
        series.close_over(NOW + series.WINDOW)
    assert [entry["count"] for entry in entries(org, "login.refused")] == [1, 4]


def test_processes_that_count_at_once_share_one_series(app: Flask, org: Org, take: Take) -> None:
    with ThreadPoolExecutor(8) as threads:
        for done in [threads.submit(take, org, occurrences(count=2)) for _ in range(40)]:
            done.result()
    with app.app_context():
        assert series.close_over(NOW + series.WINDOW) >= 1
    further, first = entries(org, "login.refused")
    assert (first["count"], further["count"]) == (2, 78)
    assert fault(app, org) is None


def test_batches_are_forgotten_after_days(app: Flask, org: Org) -> None:
    sent = batch(org, occurrences())
    age = text("UPDATE auth.audit_batches SET at = at - interval '3 days' WHERE id = :id")
    left = text("SELECT count(*) FROM auth.audit_batches WHERE id = :id")
    with app.app_context():
        series.take(sent, NOW)
        with db.engine.begin() as connection:
            assert connection.scalar(left, {"id": sent.id}) == 1
            connection.execute(age, {"id": sent.id})
        series.close_over(NOW)
        with db.engine.begin() as connection:
            assert connection.scalar(left, {"id": sent.id}) == 0


def test_whoever_makes_up_targets_makes_no_more_entries(
    app: Flask, org: Org, take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(series, "MOST_SERIES", 10)
    events = [EVENT._replace(target=Target("user", f"usr_{number}")) for number in range(100)]
    take(org, *map(occurrences, events))
    with app.app_context():
        series.close_over(NOW + series.WINDOW)
    made = entries(org, "login.refused")
    assert len(made) == 12
    assert sum(entry["count"] for entry in made) == 100
    assert {entry["target"]["kind"] for entry in made} == {"user", "other"}
    assert fault(app, org) is None


def test_since_finds_what_went_on_until_then(org: Org, take: Take) -> None:
    first, last = NOW.timestamp(), (NOW + timedelta(minutes=10)).timestamp()
    moments = {"first_at": first, "last_at": last}
    take(org, msgspec.structs.replace(occurrences(count=2), **moments))
    answer = org.owner.get("/audit-log?action=login.refused&since=2026-11-21T12:05:00Z")
    assert len(answer.get_json()["data"]) == 1


@pytest.mark.parametrize(
    "tampering",
    [
        "count = 1",
        "last_at = at",
        "reason = 'deactivated'",
        "client_request_id = NULL",
        "continues = NULL",
    ],
)
def test_tampering_with_what_is_counted_shows(
    app: Flask, org: Org, take: Take, tampering: str
) -> None:
    for minutes in (0, 1, 3):
        take(org, occurrences(count=2, at=NOW + timedelta(minutes=minutes)))
    take(org, occurrences(), now=NOW + series.WINDOW)
    assert fault(app, org) is None
    statement = f"UPDATE auth.audit_log SET {tampering} WHERE org_id = :org"  # noqa: S608
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text(statement), {"org": org.id})
    assert fault(app, org) is not None


def test_the_hash_of_an_entry_without_the_later_fields_is_what_it_always_was() -> None:
    entry = AuditEntry(
        org_id="org_1",
        number=1,
        at=NOW,
        actor_kind="user",
        actor_id="usr_1",
        action="key.created",
        target_kind="key",
        target_id="key_1",
        after={"name": "a"},
        request_id="req_1",
    )
    canonical = (
        b'{"action":"key.created","actor":["user","usr_1"],"address":null,"after":{"name":"a"},'
        b'"at":"2026-11-21T12:00:00.000000+00:00","before":null,"number":1,"org":"org_1",'
        b'"request_id":"req_1","target":["key","key_1"]}'
    )
    assert audit.chained(b"head", entry) == hashlib.sha256(b"head" + canonical).digest()


class TestHandOver:
    def send(self, service: Service, body: bytes) -> int:
        return service.client.post(PATH, data=body, headers=service.headers).status_code

    @pytest.fixture
    def llm(self, app: Flask) -> Service:
        service = Service(app)
        form = {"grant_type": "client_credentials", "audience": "auth", "scope": "audit:note"}
        granted: Any = service.client.post("/oauth/token", data=form, auth=("llm", "llm-secret"))
        service.headers = {"authorization": f"Bearer {granted.json['access_token']}"}
        return service

    def test_a_service_hands_over_what_it_has_counted(self, llm: Service, org: Org) -> None:
        assert self.send(llm, msgspec.json.encode(batch(org, occurrences(count=7)))) == 204
        assert entries(org, "login.refused")[0]["count"] == 7

    def test_nobody_else_may(self, app: Flask, gateway: Service, org: Org) -> None:
        body = msgspec.json.encode(batch(org, occurrences()))
        assert app.test_client().post(PATH, data=body).status_code == 401
        assert self.send(gateway, body) == 403
        assertion = {"authorization": f"Bearer {org.owner.principal().assertion}"}
        assert app.test_client().post(PATH, data=body, headers=assertion).status_code == 401
        assert entries(org, "login.refused") == []

    @pytest.mark.parametrize("body", [b"", b"{}", b"\xff", b'{"id":1,"org":"o","occurrences":[]}'])
    def test_what_is_no_batch_is_422(self, llm: Service, body: bytes) -> None:
        assert self.send(llm, body) == 422

    def test_an_unknown_organisation_is_left_out(
        self, llm: Service, unknown_id: Callable[[str], str]
    ) -> None:
        body = AuditBatch(id=new_uuid(), org=unknown_id("org"), occurrences=(occurrences(),))
        assert self.send(llm, msgspec.json.encode(body)) == 204


def test_a_caller_sees_the_log_of_their_own_organisation(
    org: Org, other_org: Org, take: Take
) -> None:
    take(org, occurrences())
    assert entries(other_org, "login.refused") == []
    stranger: Caller = other_org.owner
    found = stranger.get(f"/audit-log?target={EVENT.target.id}").get_json()
    assert found["data"] == []
