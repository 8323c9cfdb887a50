"""API keys: shown once, changed, rotated, revoked; and never more than their maker."""

import time
from typing import Any

import pytest
from redis import Redis

from tests.auth.conftest import Org, Service, User
from tollgate_common import keyformat
from tollgate_common.events.cloudevents import read_event


def found(gateway: Service, text: str) -> int:
    return gateway.principal(key_hash=keyformat.hash_of(text)).status_code


def changes(redis: Redis, key_id: str) -> list[dict[str, Any]]:
    entries: Any = redis.xrange("events:key.changed")
    events = [read_event(fields[b"event"])["data"] for _, fields in entries]
    return [data for data in events if data["key"] == key_id]


def test_a_key_is_shown_once(org: Org, gateway: Service) -> None:
    key = org.key(mode="live", models=["gpt-*"])
    assert key.text.startswith("tg_live_")
    assert keyformat.looks_valid(key.text)
    for answer in (org.owner.get(f"/keys/{key.id}"), org.owner.get("/keys")):
        assert answer.status_code == 200
        assert key.text not in answer.text
        assert keyformat.hash_of(key.text) not in answer.text
    assert found(gateway, key.text) == 200


def test_a_changed_key_is_changed_for_the_gateway_and_the_change_is_told(
    org: Org, gateway: Service, redis: Redis
) -> None:
    key = org.key()
    before = gateway.principal(key_id=key.id).get_json()
    patched = org.owner.patch(f"/keys/{key.id}", {"models": ["o3"], "name": "renamed"})
    assert patched.status_code == 200
    after = gateway.principal(key_id=key.id).get_json()
    assert after["models"] == ["o3"]
    assert after["version"] > before["version"]
    assert changes(redis, key.id)[-1]["version"] == after["version"]
    assert changes(redis, key.id)[-1]["key_hash"] == keyformat.hash_of(key.text)


def test_a_revoked_key_is_nobody_and_the_change_is_told(
    org: Org, gateway: Service, redis: Redis
) -> None:
    key = org.key()
    assert org.owner.delete(f"/keys/{key.id}").status_code == 204
    assert org.owner.delete(f"/keys/{key.id}").status_code == 204
    assert found(gateway, key.text) == 404
    assert changes(redis, key.id)
    assert org.owner.get(f"/keys/{key.id}").get_json()["status"] == "revoked"
    assert org.owner.patch(f"/keys/{key.id}", {"name": "x"}).status_code == 409
    assert org.owner.post(f"/keys/{key.id}/rotate").status_code == 409


def test_both_texts_work_during_the_grace_of_a_rotation(org: Org, gateway: Service) -> None:
    key = org.key()
    rotated = org.owner.post(f"/keys/{key.id}/rotate", {"grace_seconds": 2})
    assert rotated.status_code == 200
    new = rotated.get_json()["key"]
    assert new != key.text
    assert found(gateway, key.text) == found(gateway, new) == 200
    deadline = time.monotonic() + 10
    while found(gateway, key.text) == 200 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert (found(gateway, key.text), found(gateway, new)) == (404, 200)


def test_an_expired_key_is_nobody(org: Org, gateway: Service) -> None:
    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 2))
    key = org.key(expires_at=soon)
    deadline = time.monotonic() + 10
    while found(gateway, key.text) == 200 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert found(gateway, key.text) == 404


def test_nobody_makes_a_key_that_may_more_than_they(org: Org) -> None:
    member = org.user("member")
    assert member.post("/keys", {"name": "k", "scopes": ["audit:read"]}).status_code == 403
    limited = org.key(mode="test", scopes=["keys:write", "keys:read", "inference"])
    assert limited.post("/keys", {"name": "k", "mode": "live"}).status_code == 403
    assert limited.post("/keys", {"name": "k", "mode": "test"}).status_code == 201


def test_a_member_handles_only_their_own_keys(org: Org) -> None:
    member, foreign = org.user("member"), org.key()
    own = org.key(by=member)
    assert member.delete(f"/keys/{own.id}").status_code == 204
    assert member.delete(f"/keys/{foreign.id}").status_code == 403


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "name"), ({"name": ""}, "name"), ({"name": 5}, "name"), ({"name": "a\0b"}, "name"),
        ({"name": "k", "mode": "free"}, "mode"), ({"name": "k", "scopes": ["root"]}, "scopes"),
        ({"name": "k", "models": [""]}, "models"),
        ({"name": "k", "expires_at": "soon"}, "expires_at"),
        ({"name": "k", "limits": [{"metric": "karma", "window": "day", "max": "1"}]}, "metric"),
        ({"name": "k", "limits": [{"metric": "requests", "window": "day", "max": "-1"}]}, "max"),
        ({"name": "k", "limits": [{"metric": "requests", "window": "day", "max": "1.5"}]}, "max"),
        ({"name": "k", "limits": [
            {"metric": "cost_usd", "window": "day", "max": "0.0000000001"}]}, "max"),
        ({"name": "k", "limits": [
            {"metric": "concurrency", "window": "day", "max": "1"}]}, "window"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_422_and_named(org: Org, body: dict[str, Any], param: str) -> None:
    answer = org.owner.post("/keys", body)
    assert answer.status_code == 422, answer.text
    assert param in answer.get_json()["param"]


def test_another_organisations_key_is_not_there(org: Org, other_org: Org) -> None:
    key = org.key()
    assert other_org.owner.get(f"/keys/{key.id}").status_code == 404
    assert other_org.owner.patch(f"/keys/{key.id}", {"name": "x"}).status_code == 404
    assert other_org.owner.delete(f"/keys/{key.id}").status_code == 404
    assert other_org.owner.post(f"/keys/{key.id}/rotate").status_code == 404
    assert key.id not in other_org.owner.get("/keys").text


def test_a_deactivated_users_principal_and_keys_are_nobody(org: Org, gateway: Service) -> None:
    member: User = org.user("member")
    key = org.key(by=member)
    assert org.owner.patch(f"/users/{member.id}", {"active": False}).status_code == 200
    assert gateway.principal(user_id=member.id).status_code == 404
    assert found(gateway, key.text) == 404


def test_the_last_owner_stays(org: Org) -> None:
    for change in ({"active": False}, {"role": "viewer"}):
        assert org.owner.patch(f"/users/{org.owner_id}", change).status_code == 409


def test_a_keys_networks_reach_the_gateway(org: Org, gateway: Service) -> None:
    key = org.key(networks=["10.0.0.7/8", "2001:db8::/32"])
    assert key.made["networks"] == ["10.0.0.0/8", "2001:db8::/32"]
    assert gateway.principal(key_id=key.id).get_json()["networks"] == key.made["networks"]
    assert org.owner.patch(f"/keys/{key.id}", {"networks": []}).status_code == 200
    assert gateway.principal(key_id=key.id).get_json()["networks"] == []
    wrong = org.owner.post("/keys", {"name": "k", "networks": ["everywhere"]})
    assert (wrong.status_code, wrong.get_json()["param"]) == (422, "networks.0")


def use(gateway: Service, body: Any, headers: dict[str, str] | None = None) -> int:
    path = "/internal/v1/keys/used"
    answer = gateway.client.post(path, json=body, headers=headers or gateway.headers)
    return answer.status_code


def test_the_last_use_is_noted_once_a_minute_and_never_goes_back(
    org: Org, gateway: Service
) -> None:
    key, now = org.key(), int(time.time())

    def last_use() -> str | None:
        found: str | None = org.owner.get(f"/keys/{key.id}").get_json()["last_used_at"]
        return found

    def text_of(at: int) -> str:
        return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(at))

    assert last_use() is None
    for at, noted in ((now - 300, now - 300), (now - 260, now - 300), (now - 400, now - 300),
                      (now - 200, now - 200)):  # fmt: skip
        assert use(gateway, {"keys": {key.id: at}}) == 204
        assert last_use() == text_of(noted)
    assert use(gateway, {"keys": {key.id: now + 10**6}}) == 204
    assert str(last_use()) <= text_of(now + 60)
    assert use(gateway, {"keys": {}}) == 204


@pytest.mark.parametrize(
    "keys", [{"key_x": 1}, {"' OR 1=1": 1}, {"key_" + "0" * 32: "now"}, {"key_" + "0" * 32: -1}, []]
)
def test_a_use_that_is_none_is_422(gateway: Service, keys: Any) -> None:
    assert use(gateway, {"keys": keys}) == 422


def test_only_the_gateway_notes_uses(org: Org, gateway: Service) -> None:
    outsider = {"authorization": f"Bearer {org.owner.principal().assertion}"}
    assert use(gateway, {"keys": {}}, outsider) == 401
