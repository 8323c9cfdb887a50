"""A coding agent's call over a provider of the other dialect, with a field that is refused unless
somebody says that it may be left out: the key, the model or the organisation, for clients that can
set no header."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from tests.e2e.platform import Key, Platform, eventually
from tests.e2e.routed import model_at

Set = Callable[[str | None], None]
DROPPED = "x-tollgate-dropped-params"
# As Claude Code sends it but for `top_k`, which chat completions have no words for.
ASKED: dict[str, Any] = {
    "max_tokens": 200,
    "top_k": 5,
    "metadata": {"user_id": "u"},
    "system": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
    "messages": [{"role": "user", "content": "Hello, Tollgate!"}],
    "tools": [{"name": "Read", "input_schema": {"type": "object", "properties": {}}}],
    "tool_choice": {"type": "none"},
    "thinking": {"type": "adaptive"},
    "output_config": {"effort": "high"},
    "context_management": {"edits": [{"type": "clear_tool_uses_20250919"}]},
}


@pytest.fixture(scope="module")
def model(platform: Platform) -> Iterator[str]:
    with model_at(platform, "openai") as name:
        yield name


@pytest.fixture
def key(platform: Platform) -> Key:
    return platform.new_key(mode="live")


def ask(platform: Platform, key: Key, model: str, **headers: str) -> requests.Response:
    body = {"model": model, **ASKED}
    return platform.post("/v1/messages", body, key.secret, **headers)


def is_refused(answer: requests.Response) -> bool:
    """Whether it is for the field; else the field is left out, and listed."""
    if answer.status_code == 400:
        assert "`top_k`" in answer.json()["error"]["message"]
        assert DROPPED not in answer.headers
        return True
    assert answer.status_code == 200, answer.text
    assert "top_k" in answer.headers[DROPPED].split(", ")
    assert answer.json()["content"][-1]["text"] == "Hello, Tollgate!"
    return False


@pytest.fixture
def on_key(platform: Platform, key: Key) -> Set:
    def set_value(value: str | None) -> None:
        changed = platform.api("PATCH", f"/keys/{key.id}", json={"unsupported": value})
        assert changed.json()["unsupported"] == value

    return set_value


@pytest.fixture
def on_model(platform: Platform, model: str) -> Iterator[Set]:
    routes = platform.api("GET", f"/models/{model}").json()["routes"]
    kept = [{"provider": route["provider"], "model": route["model"]} for route in routes]
    price = {"input_usd_per_mtok": "1", "output_usd_per_mtok": "2"}

    def set_value(value: str | None) -> None:
        body = {"routes": kept, "price": price, "unsupported": value}
        assert platform.api("PUT", f"/models/{model}", json=body).json()["unsupported"] == value

    yield set_value
    set_value(None)


@pytest.fixture
def on_organisation(platform: Platform) -> Iterator[Set]:
    def set_value(value: str | None) -> None:
        changed = platform.api("PATCH", "/organisation", json={"unsupported": value})
        assert changed.json()["unsupported"] == value

    yield set_value
    set_value(None)


@pytest.fixture(params=["key", "model", "organisation"])
def on_level(request: pytest.FixtureRequest) -> Set:
    fixture: Set = request.getfixturevalue(f"on_{request.param}")
    return fixture


def test_each_level_lets_the_field_be_left_out_for_a_key_that_is_known_already(
    platform: Platform, key: Key, model: str, on_level: Set
) -> None:
    assert is_refused(ask(platform, key, model))
    on_level("drop")
    assert eventually(lambda: not is_refused(ask(platform, key, model)))
    assert is_refused(ask(platform, key, model, **{"x-tollgate-drop-params": "false"}))
    on_level(None)
    assert eventually(lambda: is_refused(ask(platform, key, model)))
    assert not is_refused(ask(platform, key, model, **{"x-tollgate-drop-params": "true"}))


def test_the_key_goes_before_the_model_and_the_model_before_the_organisation(
    platform: Platform, key: Key, model: str, on_key: Set, on_model: Set, on_organisation: Set
) -> None:
    on_organisation("drop")
    assert eventually(lambda: not is_refused(ask(platform, key, model)))
    on_model("refuse")
    assert eventually(lambda: is_refused(ask(platform, key, model)))
    on_key("drop")
    assert eventually(lambda: not is_refused(ask(platform, key, model)))
    on_key("refuse")
    on_model("drop")
    assert eventually(lambda: is_refused(ask(platform, key, model)))


def test_a_stream_of_anthropics_sdk_passes_without_any_header(
    platform: Platform, key: Key, model: str, on_key: Set
) -> None:
    on_key("drop")
    asked: Any = {"model": model, "max_tokens": 200, "messages": ASKED["messages"]}
    with (
        platform.anthropic(key.secret) as client,
        client.messages.stream(**asked, extra_body=ASKED) as stream,
    ):
        whole = stream.get_final_message()
        dropped = stream.response.headers[DROPPED]
    assert (whole.stop_reason, "top_k" in dropped.split(", ")) == ("end_turn", True)


def test_a_job_goes_by_the_setting_of_its_key(
    platform: Platform, model: str, on_organisation: Set
) -> None:
    key = platform.new_key(mode="live", unsupported="drop")
    on_organisation("refuse")
    job = {"endpoint": "/v1/messages", "body": {"model": model, **ASKED}}
    accepted = platform.post("/v1/jobs", job, key.secret)
    assert accepted.status_code == 202, accepted.text

    def ended() -> dict[str, Any] | None:
        headers = {"authorization": f"Bearer {key.secret}"}
        where = f"{platform.url}/v1/jobs/{accepted.json()['id']}"
        state = platform.session.get(where, headers=headers, timeout=10).json()
        return state if state["finished_at"] else None

    assert eventually(ended, within=20)["response"]["status_code"] == 200
