"""Ids that a provider made go back to it, on any process, and from no other project."""

import json
from typing import Any

import pytest
from redis import Redis

from tests.llm.affinity.calls import (
    CHAT,
    JSON,
    MESSAGES,
    NAMES,
    RESPONSES,
    answering,
    ask,
    response,
)
from tests.llm.inference.test_relay import send
from tests.llm.inference.test_resilience import Script
from tests.llm.stand import Provider, Stand


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
    (
        CHAT,
        {
            "messages": [
                {"role": "user", "content": [{"type": "file", "file": {"file_id": "file-x"}}]}
            ]
        },
        "messages.0.content.0.file.file_id",
    ),
    (MESSAGES, {"messages": [], "max_tokens": 1, "container": "container_x"}, "container"),
    (
        f"{MESSAGES}/count_tokens",
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "document", "source": {"type": "file", "file_id": "file_x"}}
                    ],
                }
            ]
        },
        "messages.0.content.0.source.file_id",
    ),
]


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
