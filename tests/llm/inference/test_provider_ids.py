"""Ids that a provider made go back to it, on any process, and from no other project."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from tests.llm.inference.test_relay import send
from tests.llm.inference.test_resilience import Script
from tests.llm.stand import Issuer, Provider, Stand, llm_process
from tollgate_common.embedded.process import free_port

RESPONSES, MESSAGES, CHAT = "/v1/responses", "/v1/messages", "/v1/chat/completions"
JSON = "content-type: application/json"
USAGE = {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}
NAMES = ("left", "right")


@pytest.fixture(scope="session")
def other_llm_url(
    environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    metrics = {"METRICS_PORT": str(free_port())}
    log: Path = tmp_path_factory.mktemp("other-llm") / "log"
    with llm_process(environment | metrics, free_port(), log) as url:
        yield url


@pytest.fixture
def elsewhere(stand: Stand, other_llm_url: str, issuer: Issuer) -> Stand:
    """Another process of llm, with the same PostgreSQL and Redis."""
    return Stand(other_llm_url, issuer, stand.redis, stand.session)


@pytest.fixture
def pair(stand: Stand, org: str) -> Iterator[dict[str, Provider]]:
    """Two providers; `left` and `right` are routed to one each, `both` to either."""
    made = {name: Provider() for name in NAMES}
    for name, provider in made.items():
        body = {"kind": "openai", "base_url": f"{provider.url}/v1", "api_key": "sk"}
        stand.manage("PUT", f"/api/v1/providers/{name}", org, json=body)
        routes = [{"provider": name, "model": "m"}]
        stand.manage("PUT", f"/api/v1/models/{name}", org, json={"routes": routes})
    routes = [{"provider": name, "model": "m"} for name in NAMES]
    stand.manage("PUT", "/api/v1/models/both", org, json={"routes": routes})
    yield made
    for provider in made.values():
        provider.close()


def response(number: str, **more: Any) -> dict[str, Any]:
    answer = {"id": f"resp_{number}", "object": "response", "status": "completed", "model": "m"}
    return {**answer, "output": [], "usage": USAGE, **more}


def answering(provider: Provider, answer: dict[str, Any]) -> None:
    provider.script = [provider.answers(json.dumps(answer).encode(), JSON)]


def ask(
    stand: Stand, org: str, body: dict[str, Any], path: str = RESPONSES, **headers: str
) -> tuple[Any, Any]:
    raw = json.dumps({"input": "hi"} | body if path == RESPONSES else body).encode()
    _, answer, connection = send(stand, org, raw, path, **headers)
    content = answer.read()
    connection.close()
    return answer, json.loads(content) if content.startswith(b"{") else content


def event(data: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(data).encode() + b"\n\n"


def test_a_follow_up_goes_to_the_provider_that_made_the_id(
    stand: Stand, elsewhere: Stand, org: str, pair: dict[str, Provider]
) -> None:
    for name in NAMES:
        answering(pair[name], response(name, output=[{"type": "message", "id": f"msg_{name}"}]))
        assert ask(stand, org, {"model": name})[0].status == 200
    for name in NAMES:
        for follow_up in (
            {"previous_response_id": f"resp_{name}"},
            {"input": [{"type": "item_reference", "id": f"msg_{name}"}]},
        ):
            for process in (stand, elsewhere):
                answer, _ = ask(process, org, {"model": "both", **follow_up})
                assert (answer.status, answer.headers["x-tollgate-provider"]) == (200, name)


def test_a_stream_is_kept_before_the_caller_has_the_id(
    stand: Stand, elsewhere: Stand, org: str, pair: dict[str, Provider]
) -> None:
    provider = pair["right"]
    item = {"type": "response.output_item.added", "item": {"type": "message", "id": "msg_s"}}
    said = {"type": "response.output_text.delta", "delta": "hi", "item_id": "msg_s"}
    begun = {"type": "response.created", "response": response("s", status="in_progress")}
    first = b"".join(
        b"data: " + json.dumps(each).encode() + b"\n\n" for each in (begun, item, said)
    )
    ended = {"type": "response.completed", "response": response("s")}
    last = b"data: " + json.dumps(ended).encode() + b"\n\n"
    Script(
        provider,
        [provider.streams(), provider.chunk(first), 1.5, provider.chunk(last), b"0\r\n\r\n"],
        [provider.answers(json.dumps(response("t")).encode(), JSON)],
    )
    asked = json.dumps({"model": "right", "input": "hi", "stream": True}).encode()
    _, answer, connection = send(stand, org, asked, RESPONSES)
    assert b"resp_s" in answer.read1(len(first))
    follow_up = {"model": "both", "previous_response_id": "resp_s"}
    follow_up["input"] = [{"type": "item_reference", "id": "msg_s"}]  # type: ignore[assignment]
    again, _ = ask(elsewhere, org, follow_up)
    assert (again.status, again.headers["x-tollgate-provider"]) == (200, "right")
    assert answer.read().endswith(last)
    connection.close()


GUESSED: list[tuple[str, dict[str, Any], str]] = [
    (RESPONSES, {"previous_response_id": "resp_x"}, "previous_response_id"),
    (RESPONSES, {"conversation": "conv_x"}, "conversation"),
    (RESPONSES, {"conversation": {"id": "conv_x"}}, "conversation.id"),
    (RESPONSES, {"input": [{"type": "reasoning", "id": "rs_x", "summary": []}]}, "input.0.id"),
    (RESPONSES, {"tools": [{"type": "code_interpreter", "container": "c"}]}, "tools.0.container"),
    (CHAT, {"messages": [{"role": "user", "content": [{"type": "file", "file": {
        "file_id": "file-x"}}]}]}, "messages.0.content.0.file.file_id"),
    (MESSAGES, {"messages": [], "max_tokens": 1, "container": "container_x"}, "container"),
    (f"{MESSAGES}/count_tokens", {"messages": [{"role": "user", "content": [{
        "type": "document", "source": {"type": "file", "file_id": "file_x"}}]}]},
     "messages.0.content.0.source.file_id"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "body", "field"), GUESSED)
def test_a_guessed_id_is_404_and_never_sent(
    stand: Stand, org: str, pair: dict[str, Provider], path: str, body: dict[str, Any], field: str
) -> None:
    answer, error = ask(stand, org, {"model": "both", **body}, path)
    assert answer.status == 404
    assert f"`{field}`" in error["error"]["message"]
    if path.startswith(MESSAGES):
        assert (error["type"], error["error"]["type"]) == ("error", "not_found_error")
    else:
        assert error["error"]["param"] == field
        assert error["error"]["type"] == "invalid_request_error"
    assert not any(provider.received for provider in pair.values())


def test_another_project_organisation_or_mode_has_not_got_the_id(
    stand: Stand, org: str, pair: dict[str, Provider]
) -> None:
    answering(pair["left"], response("mine"))
    ask(stand, org, {"model": "left"})
    body = {"model": "left", "previous_response_id": "resp_mine"}
    assert ask(stand, org, body)[0].status == 200
    sent = len(pair["left"].received)
    for claims in ({"project": "prj_other"}, {"project": None, "user": "usr_1"}, {"mode": "test"}):
        headers = {
            "authorization": stand.headers(org, **{"mode": "live", **claims})["authorization"]
        }
        answer, error = ask(stand, org, body, **headers)
        assert (answer.status, error["error"]["code"]) == (404, "previous_response_not_found")
    foreign = stand.headers(f"{org}x", mode="live", project=f"prj_{org}")["authorization"]
    assert ask(stand, org, body, authorization=foreign)[0].status == 404
    assert len(pair["left"].received) == sent


def test_what_is_not_stored_is_not_kept(stand: Stand, org: str, pair: dict[str, Provider]) -> None:
    answering(pair["left"], response("gone"))
    ask(stand, org, {"model": "left", "store": False})
    answer, _ = ask(stand, org, {"model": "left", "previous_response_id": "resp_gone"})
    assert answer.status == 404


def test_a_model_without_a_route_to_the_owner_is_refused_by_name(
    stand: Stand, org: str, pair: dict[str, Provider]
) -> None:
    answering(pair["left"], response("l"))
    ask(stand, org, {"model": "left"})
    answer, error = ask(stand, org, {"model": "right", "previous_response_id": "resp_l"})
    assert (answer.status, error["error"]["param"]) == (400, "previous_response_id")
    assert "was made by the provider `left`" in error["error"]["message"]
    assert not pair["right"].received


def test_ids_of_two_providers_in_one_request_are_refused(
    stand: Stand, org: str, pair: dict[str, Provider]
) -> None:
    for name in NAMES:
        answering(pair[name], response(name))
        ask(stand, org, {"model": name})
    items = [{"type": "item_reference", "id": "resp_right"}]
    body = {"model": "both", "previous_response_id": "resp_left", "input": items}
    answer, error = ask(stand, org, body)
    assert answer.status == 400
    assert "`left`" in error["error"]["message"]
    assert "`right`" in error["error"]["message"]
    assert [len(pair[name].received) for name in NAMES] == [1, 1]


def test_a_follow_up_is_tried_again_at_its_provider_and_nowhere_else(
    stand: Stand, org: str, pair: dict[str, Provider]
) -> None:
    answering(pair["left"], response("l"))
    ask(stand, org, {"model": "left"})
    busy = pair["left"].answers(b'{"error":{}}', "retry-after: 0", status="503 Busy")
    pair["left"].script = [busy]
    answer, _ = ask(stand, org, {"model": "both", "previous_response_id": "resp_l"})
    assert (answer.status, answer.headers["x-tollgate-attempts"]) == (503, "3")
    assert not pair["right"].received


def test_a_provider_at_another_address_is_another_provider(
    stand: Stand, org: str, pair: dict[str, Provider]
) -> None:
    answering(pair["left"], response("l"))
    ask(stand, org, {"model": "left"})
    moved = {"kind": "openai", "base_url": f"{pair['right'].url}/v1", "api_key": "sk"}
    stand.manage("PUT", "/api/v1/providers/left", org, json=moved)
    answer, error = ask(stand, org, {"model": "left", "previous_response_id": "resp_l"})
    assert (answer.status, error["error"]["param"]) == (400, "previous_response_id")
    assert not pair["right"].received


def test_a_new_credential_opens_the_same_account(
    stand: Stand, org: str, pair: dict[str, Provider]
) -> None:
    answering(pair["left"], response("l"))
    ask(stand, org, {"model": "left"})
    renewed = {"kind": "openai", "base_url": f"{pair['left'].url}/v1", "api_key": "sk-new"}
    stand.manage("PUT", "/api/v1/providers/left", org, json=renewed)
    answer, _ = ask(stand, org, {"model": "left", "previous_response_id": "resp_l"})
    assert answer.status == 200


def test_an_id_that_a_translation_cannot_say_is_refused_by_name(
    stand: Stand, org: str, pair: dict[str, Provider]
) -> None:
    """The project has it, its provider speaks chat completions to this caller."""
    answering(pair["left"], response("l", output=[{"id": "ci", "container_id": "cntr_1"}]))
    ask(stand, org, {"model": "left"})
    body = {"model": "left", "max_tokens": 5, "container": "cntr_1"}
    messages = [{"role": "user", "content": "hi"}]
    answer, error = ask(stand, org, {**body, "messages": messages}, MESSAGES)
    assert answer.status == 400
    assert "container" in error["error"]["message"]
    assert len(pair["left"].received) == 1


def test_a_cached_answer_is_its_projects_own(
    stand: Stand, org: str, pair: dict[str, Provider]
) -> None:
    """Its id would lead another project nowhere."""
    answering(pair["left"], response("l"))
    cached = {"x-tollgate-cache": "max-age=60"}
    other = stand.headers(org, mode="live", project="prj_other")["authorization"]
    hits = [
        ask(stand, org, {"model": "left"}, **cached, **more)[0].headers["x-tollgate-cache"]
        for more in ({}, {}, {"authorization": other}, {"authorization": other})
    ]
    assert hits == ["miss", "hit", "miss", "hit"]


def test_a_cached_answer_to_an_id_is_not_for_who_has_not_got_it(
    stand: Stand, org: str, pair: dict[str, Provider]
) -> None:
    cached = {"x-tollgate-cache": "max-age=60"}
    citation = {"type": "container_file_citation", "container_id": "c", "file_id": "file-1"}
    part = {"type": "output_text", "text": "", "annotations": [citation]}
    answering(pair["left"], response("l", output=[{"id": "m", "content": [part]}]))
    ask(stand, org, {"model": "left"})
    answering(pair["left"], {"id": "c", "choices": [], "usage": {"prompt_tokens": 1}})
    content = [{"type": "file", "file": {"file_id": "file-1"}}]
    body = {"model": "left", "messages": [{"role": "user", "content": content}]}
    assert ask(stand, org, body, CHAT, **cached)[0].status == 200
    other = stand.headers(org, mode="live", project="prj_other")["authorization"]
    assert ask(stand, org, body, CHAT, **cached, authorization=other)[0].status == 404


@pytest.fixture
def translating(stand: Stand, org: str, pair: dict[str, Provider]) -> Iterator[Provider]:
    """A provider of the kind anthropic, with the model `claude`, and after it in `mixed` one that
    takes responses as they are."""
    provider = Provider()
    body = {"kind": "anthropic", "base_url": provider.url, "api_key": "sk"}
    stand.manage("PUT", "/api/v1/providers/claude", org, json=body)
    claude, left = {"provider": "claude", "model": "c"}, {"provider": "left", "model": "m"}
    stand.manage("PUT", "/api/v1/models/claude", org, json={"routes": [claude]})
    stand.manage("PUT", "/api/v1/models/mixed", org, json={"routes": [left, claude]})
    message = {"type": "message", "id": "msg_1", "role": "assistant", "model": "c",
               "content": [{"type": "text", "text": "hi"}], "stop_reason": "end_turn",
               "usage": {"input_tokens": 1, "output_tokens": 1}}  # fmt: skip
    answering(provider, message)
    yield provider
    provider.close()


def test_a_thought_that_only_its_id_tells_goes_to_no_provider_that_has_not_made_it(
    stand: Stand, org: str, pair: dict[str, Provider], translating: Provider
) -> None:
    """A translation sends no ids, so a conversation can go on there."""
    items = [{"role": "user", "content": "hi"}, {"type": "reasoning", "id": "rs_x", "summary": []}]
    for model in ("claude", "mixed"):
        answer, content = ask(stand, org, {"model": model, "input": items})
        assert answer.status == 200, content
        assert answer.headers["x-tollgate-provider"] == "claude"
    assert not pair["left"].received
    assert b"rs_x" not in b"".join(each.body for each in translating.received)
    answering(pair["left"], response("l", output=[{"type": "reasoning", "id": "rs_x"}]))
    ask(stand, org, {"model": "left"})
    answer, _ = ask(stand, org, {"model": "mixed", "input": items})
    assert answer.headers["x-tollgate-provider"] == "left"


def test_the_ids_of_a_translated_answer_are_ours_and_not_kept(
    stand: Stand, org: str, translating: Provider
) -> None:
    _, content = ask(stand, org, {"model": "claude"})
    body = {"model": "claude", "previous_response_id": content["id"]}
    assert ask(stand, org, body)[0].status == 404


def test_a_refused_request_has_its_ticket_closed(
    stand: Stand, org: str, pair: dict[str, Provider]
) -> None:
    body = b'{"model":"left","input":"hi","previous_response_id":"resp_x"}'
    ticket, answer, connection = send(stand, org, body, RESPONSES)
    answer.read()
    connection.close()
    outcome = stand.outcome(org, ticket)
    assert (outcome["attempts"], outcome["cost_nanos"], outcome["http_status"]) == (0, 0, 404)


def test_redis_tells_nobody_the_ids(
    stand: Stand, redis_client: Redis, org: str, pair: dict[str, Provider]
) -> None:
    before = set(redis_client.scan_iter("llm:id:*"))
    answering(pair["left"], response("secret"))
    ask(stand, org, {"model": "left"})
    (key,) = set(redis_client.scan_iter("llm:id:*")) - before
    value: Any = redis_client.get(key)
    assert 29 * 86_400 < int(redis_client.ttl(key)) <= 30 * 86_400
    for secret in (b"secret", b"left", org.encode(), pair["left"].url.encode()):
        assert secret not in key + value
