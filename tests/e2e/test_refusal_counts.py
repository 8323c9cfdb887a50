"""What is refused is counted, and is no row."""

from typing import Any

from tests.e2e.platform import Platform, eventually

CHAT = "/v1/chat/completions"
BODY: dict[str, Any] = {"model": "sandbox", "messages": [{"role": "user", "content": "x"}]}


def counted(platform: Platform, project: str, *groups: str) -> dict[tuple[str, ...], int]:
    names = ("project", *groups)
    asked = {"group_by": ",".join(names), "grain": "total", "mode": "test"}
    rows = platform.api("GET", "/usage", params=asked).json()["data"]
    mine = [row for row in rows if row["project"] == project and row["refused_requests"]]
    return {tuple(str(row[name]) for name in groups): row["refused_requests"] for row in mine}


def test_each_refusal_is_counted_by_why_and_whose(platform: Platform) -> None:
    limits = [
        {"metric": "requests", "window": "total", "max": "3"},
        {"metric": "cost_usd", "window": "total", "max": "1.00"},
    ]
    key = platform.new_key(models=["sandbox*", "gpt-*", "nothing"], limits=limits)
    big = {**BODY, "model": "gpt-4o", "max_tokens": 10**9}
    wrong = {
        "invalid_json": b"{", "model_not_allowed": {**BODY, "model": "claude-opus-4-5"},
        "model_not_found": {**BODY, "model": "nothing"}, "limit_too_small": big,
        "unbounded_request": {**BODY, "model": "gpt-4o", "background": True},
    }  # fmt: skip
    for body in wrong.values():
        assert 400 <= platform.post(CHAT, body, key.secret).status_code < 500
    for _ in range(3):
        assert platform.post(CHAT, BODY, key.secret).status_code == 200
    for _ in range(2):
        assert platform.post(CHAT, BODY, key.secret).status_code == 429
    odd_tags = platform.post(CHAT, BODY, key.secret, **{"x-tollgate-tags": "none"})
    assert odd_tags.status_code == 400
    expected = {(code,): 1 for code in wrong} | {
        ("insufficient_quota",): 2, ("invalid_request",): 1,
    }  # fmt: skip
    eventually(lambda: counted(platform, key.project, "code") == expected, within=5)
    assert counted(platform, key.project, "key") == {(key.id,): sum(expected.values())}
    models = counted(platform, key.project, "model", "code")
    assert models["nothing", "model_not_found"] == models["None", "invalid_json"] == 1
    assert platform.usage(key.project)["requests"] == 3


def test_a_wrong_key_and_an_answer_of_the_providers_are_no_refusals(platform: Platform) -> None:
    key = platform.new_key()
    assert platform.post(CHAT, BODY, key.secret + "x").status_code == 401
    troubled = platform.post(CHAT, {**BODY, "model": "sandbox-error-429"}, key.secret)
    assert troubled.status_code == 429
    platform.row(troubled.headers["x-request-id"])
    assert platform.post(CHAT, b"{", key.secret).status_code == 400
    expected = {("invalid_json",): 1}
    eventually(lambda: counted(platform, key.project, "code") == expected, within=5)
