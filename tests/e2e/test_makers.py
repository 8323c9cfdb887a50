"""A key that a key has made spends its maker's budget, and uses its maker's models."""

from typing import Any

import requests

from tests.e2e.platform import Platform, eventually

LIMIT = {"metric": "requests", "window": "day", "max": "2"}
BODY = {"model": "sandbox", "messages": [{"role": "user", "content": "Whose budget?"}]}


def by_key(platform: Platform, secret: str, body: dict[str, Any]) -> requests.Response:
    headers = {"authorization": f"Bearer {secret}"}
    return requests.post(f"{platform.url}/api/v1/keys", json=body, headers=headers, timeout=10)


def test_a_child_counts_on_its_makers_counter(platform: Platform) -> None:
    scopes = ["inference", "keys:write"]
    maker = platform.new_key(scopes=scopes, models=["sandbox"], limits=[LIMIT])
    wider = by_key(platform, maker.secret, {"name": "wider", "mode": "test"})
    assert wider.status_code == 403
    assert "models: " in wider.text
    body = {"name": "child", "mode": "test", "models": ["sandbox"]}
    made = by_key(platform, maker.secret, body)
    assert made.status_code == 201, made.text
    child = made.json()["key"]
    answers = [
        platform.post("/v1/chat/completions", BODY, key)
        for key in (maker.secret, child, child, maker.secret)
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 429, 429]

    def used() -> bool:
        listed = platform.api("GET", "/limits", params={"subject_id": maker.id}).json()["data"]
        return [limit["used"] for limit in listed] == ["2"]

    assert eventually(used)
