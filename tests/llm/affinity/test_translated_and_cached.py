"""Ids of providers beside translations and cached answers."""

from collections.abc import Iterator

import pytest

from tests.llm.affinity.calls import (
    CHAT,
    MESSAGES,
    answering,
    ask,
    response,
)
from tests.llm.stand import Provider, Stand


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
    message = {
        "type": "message",
        "id": "msg_1",
        "role": "assistant",
        "model": "c",
        "content": [{"type": "text", "text": "hi"}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 1, "output_tokens": 1},
    }
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
