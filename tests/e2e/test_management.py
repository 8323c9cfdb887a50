"""Management, queued calls and reports, through the front door."""

import csv
import io
from decimal import Decimal
from ipaddress import ip_address
from typing import Any

import requests

from tests.e2e.platform import Key, Platform, eventually

CALL = {
    "endpoint": "/v1/chat/completions",
    "body": {"model": "sandbox", "messages": [{"role": "user", "content": "Later, please"}]},
}


def test_the_document_describes_every_noun_and_the_page_shows_it(platform: Platform) -> None:
    document = requests.get(f"{platform.url}/openapi.json", timeout=10).json()
    assert document["openapi"].startswith("3.0")
    for path in ("/v1/chat/completions", "/api/v1/keys", "/api/v1/models/{name}", "/api/v1/usage"):
        assert path in document["paths"], path
    page = requests.get(f"{platform.url}/docs", timeout=10)
    assert "swagger-ui" in page.text
    assert requests.get(f"{platform.url}/docs/swagger-ui-bundle.js", timeout=10).ok


def test_a_key_is_shown_once_and_found_again_without_its_secret(
    platform: Platform, key: Key
) -> None:
    listed = platform.api("GET", "/keys").json()["data"]
    assert key.id in {item["id"] for item in listed}
    found = platform.api("GET", f"/keys/{key.id}")
    assert found.status_code == 200
    assert key.secret not in found.text


def test_me_is_the_administrator(platform: Platform) -> None:
    me = platform.api("GET", "/me").json()
    assert me["email"] == platform.email
    assert me["role"] == "owner"


def test_a_queued_call_runs_once_and_is_booked(platform: Platform, key: Key) -> None:
    accepted = platform.post("/v1/jobs", CALL, key.secret)
    assert accepted.status_code == 202, accepted.text
    where = accepted.headers["location"]
    headers = {"authorization": f"Bearer {key.secret}"}

    def finished() -> requests.Response | None:
        answer = requests.get(platform.url + where, headers=headers, timeout=10)
        return answer if answer.json()["status"] not in ("queued", "running") else None

    job = eventually(finished, within=20).json()
    assert job["status"] == "succeeded"
    assert job["response"]["body"]["choices"][0]["message"]["content"] == "Later, please"
    row = platform.row(job["request_id"])
    assert platform.row(job["id"]) == row
    assert row["client_request_id"] == job["id"]
    eventually(lambda: platform.usage(key.project)["requests"] == 1, within=5)


def test_a_report_is_made_and_its_link_needs_no_credential(platform: Platform, key: Key) -> None:
    body = {"model": "sandbox", "messages": [{"role": "user", "content": "for the report"}]}
    answer = platform.post("/v1/chat/completions", body, key.secret)
    row = platform.row(answer.headers["x-request-id"])
    asked = {
        "type": "usage", "format": "csv", "timezone": "UTC", "mode": "test",
        "filters": {"project": key.project},
    }  # fmt: skip
    made = platform.api("POST", "/reports", json=asked)
    assert made.status_code == 202, made.text
    path = f"/reports/{made.json()['id']}"

    def done() -> requests.Response | None:
        report = platform.api("GET", path)
        return report if report.json()["status"] not in ("queued", "running") else None

    report = eventually(done, within=20).json()
    assert report["status"] == "ready", report
    file = requests.get(platform.url + report["download_url"], timeout=10)
    assert file.status_code == 200
    lines = list(csv.DictReader(io.StringIO(file.text)))
    assert sum(int(line["requests"]) for line in lines) == 1
    assert sum(Decimal(line["cost_usd"]) for line in lines) == Decimal(row["cost_usd"])
    tampered = requests.get(platform.url + report["download_url"] + "x", timeout=10)
    assert tampered.status_code in (401, 403)


def test_changes_to_providers_and_models_are_in_the_audit_log(platform: Platform) -> None:
    secret = "sk-canary-of-the-audit-log"
    provider = {"kind": "openai", "base_url": "http://127.0.0.1:9/v1", "api_key": secret}
    model = {"routes": [{"provider": "audited", "model": "x"}]}
    for method, path, body in (
        ("PUT", "/providers/audited", provider), ("PUT", "/models/audited", model),
        ("DELETE", "/models/audited", None), ("DELETE", "/providers/audited", None),
    ):  # fmt: skip
        assert platform.api(method, path, json=body).ok

    def recorded() -> Any:
        log = platform.api("GET", "/audit-log", params={"target": "audited"})
        assert secret not in log.text
        found = log.json()["data"]
        return found if len(found) == 4 else None

    newest_first = eventually(recorded)
    assert [entry["action"] for entry in newest_first] == [
        "provider.deleted", "model.deleted", "model.changed", "provider.changed"
    ]  # fmt: skip
    put, me = newest_first[-1], platform.api("GET", "/me").json()
    assert put["actor"] == {"kind": "user", "id": me["user"]}
    assert put["after"]["api_key"] == "***"
    assert ip_address(put["address"])


def test_a_project_that_has_spent_goes_when_its_name_is_said(platform: Platform, key: Key) -> None:
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "What it costs"}]}
    answer = platform.post("/v1/chat/completions", body, key.secret)
    cost = Decimal(platform.row(answer.headers["x-request-id"])["cost_usd"])
    path = f"/projects/{key.project}"
    refused = platform.api("DELETE", path)
    assert (refused.status_code, refused.json()["code"]) == (409, "project_has_spend")
    assert f"{cost.normalize():f} USD in test mode" in refused.json()["detail"]
    name = platform.api("GET", path).json()["name"]
    assert platform.api("DELETE", path, params={"confirm": name}).status_code == 204
    assert platform.api("GET", path).status_code == 404
    listed = platform.api("GET", "/keys", params={"project_id": key.project}).json()["data"]
    assert [(row["id"], row["status"]) for row in listed] == [(key.id, "revoked")]
