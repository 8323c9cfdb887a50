"""What each service refuses or gives away is in the audit log, through the front door."""

import uuid
from typing import Any

import requests

from tests.e2e.platform import Key, Platform, eventually

CALL = {"model": "sandbox", "messages": [{"role": "user", "content": "Hello"}]}
WITHIN = 20.0


def entries(platform: Platform, **query: str) -> list[dict[str, Any]]:
    answer = platform.api("GET", "/audit-log", params={"limit": "200", **query})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["data"])


def first(platform: Platform, **query: str) -> dict[str, Any]:
    """The oldest entry of a query, as soon as there is one."""
    found: list[dict[str, Any]] = eventually(lambda: entries(platform, **query), WITHIN)
    return found[-1]


def management(platform: Platform, key: Key, path: str) -> requests.Response:
    headers = {"authorization": f"Bearer {key.secret}"}
    return requests.get(f"{platform.url}/api/v1{path}", headers=headers, timeout=15)


def test_a_key_from_outside_its_networks(platform: Platform) -> None:
    key = platform.new_key(networks=["192.0.2.0/24"])
    answer = platform.post(
        "/v1/chat/completions", CALL, key.secret, **{"x-request-id": "my own words"}
    )
    assert answer.status_code == 403
    entry = first(platform, actor=key.id, action="key.*", outcome="failure")
    assert (entry["action"], entry["reason"]) == ("key.source_refused", "source_not_allowed")
    assert entry["target"] == {"kind": "key", "id": key.id}
    assert entry["request_id"] == answer.headers["x-request-id"]
    assert entry["client_request_id"] == "my own words"


def test_a_permission_refused_by_each_service(platform: Platform) -> None:
    key = platform.new_key(scopes=["jobs:read"])
    asked = {"/users": "users:read", "/providers": "providers:read", "/usage": "usage:read"}
    for path in asked:
        assert management(platform, key, path).status_code == 403
    assert platform.post("/v1/chat/completions", CALL, key.secret).status_code == 403

    def refused() -> bool:
        found = entries(platform, actor=key.id, action="permission.refused")
        return {entry["target"]["id"] for entry in found} == {*asked.values(), "inference"}

    eventually(refused, WITHIN)


def test_answers_and_reports_that_leave(platform: Platform) -> None:
    email = f"asks-{uuid.uuid4().hex}@example.com"
    somebody = platform.made("/users", {"email": email, "role": "member"})["id"]
    key = platform.new_key(user_id=somebody)
    wanted = {"endpoint": "/v1/chat/completions", "body": CALL}
    job = platform.post("/v1/jobs", wanted, key.secret).json()["id"]
    reader = {"authorization": f"Bearer {platform.token}"}
    path = f"{platform.url}/v1/jobs/{job}"
    eventually(
        lambda: requests.get(path, headers=reader, timeout=10).json()["status"] == "succeeded",
        WITHIN,
    )
    read = first(platform, target=job, action="job.read")
    assert (read["actor"]["kind"], read["outcome"]) == ("user", "success")
    made = platform.api("POST", "/reports", json={"type": "usage", "period": "2026-11-01/P1D"})
    report = made.json()["id"]
    download = f"/reports/{report}/download"
    eventually(lambda: platform.api("GET", download).status_code == 200, WITHIN)
    assert first(platform, target=report, action="report.created")["actor"] == read["actor"]
    assert first(platform, target=report, action="report.downloaded")["actor"] == read["actor"]


def test_a_login_that_is_refused(platform: Platform) -> None:
    email = f"guessed-{uuid.uuid4().hex}@example.com"
    user = platform.made("/users", {"email": email, "role": "viewer"})["id"]
    sent = {"email": email, "password": "wrong password, this one"}
    login = f"{platform.url}/api/v1/auth/login"
    assert requests.post(login, json=sent, timeout=10).status_code == 401
    assert first(platform, target=user, action="login.*")["reason"] == "wrong_password"
