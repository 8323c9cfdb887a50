"""The usage that a model's name asks for: vendors' shapes, whole and streamed, and the bill that
the served log has for it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import anthropic
import httpx2
import openai
import pytest

from tollgate_llm.sandbox import specials
from tollgate_llm.sandbox.models import NAMES
from tollgate_llm.sandbox.specials import SECOND_MODEL, Special

Served = Callable[..., list[dict[str, Any]]]
TEXT = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
READ = MADE = 15
MESSAGES: Any = [{"role": "user", "content": TEXT}]
ENDED = {
    "input_tokens": READ,
    "cache_creation_input_tokens": 0,
    "cache_read_input_tokens": 0,
    "output_tokens": MADE,
}
NO_CACHE = {
    "cache_creation_input_tokens": 0,
    "cache_read_input_tokens": 0,
    "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
}
PLAIN = [("input", READ), ("output", MADE)]


def named() -> tuple[str, dict[str, str]]:
    ticket = str(uuid4())
    return ticket, {"x-client-request-id": ticket}


def message(client: anthropic.Anthropic, model: str, stream: bool, **more: Any) -> tuple[Any, str]:
    """The message of the beta, whole or as its stream adds up, and its call's id."""
    ticket, headers = named()
    asked: dict[str, Any] = {"model": model, "max_tokens": 99, "messages": MESSAGES, **more}
    if not stream:
        return client.beta.messages.create(**asked, extra_headers=headers), ticket
    with client.beta.messages.stream(**asked, extra_headers=headers) as events:
        return events.get_final_message(), ticket


def completion(client: openai.OpenAI, model: str, stream: bool, **more: Any) -> tuple[Any, str]:
    """The completion, or the chunk with the usage of its stream, and its call's id."""
    ticket, headers = named()
    asked: dict[str, Any] = {"model": model, "messages": MESSAGES, "extra_headers": headers, **more}
    if not stream:
        return client.chat.completions.create(**asked), ticket
    asked |= {"stream": True, "stream_options": {"include_usage": True}}
    *_, last = client.chat.completions.create(**asked)
    return last, ticket


def response(client: openai.OpenAI, model: str, stream: bool, **more: Any) -> tuple[Any, str]:
    ticket, headers = named()
    asked: dict[str, Any] = {"model": model, "input": TEXT, "extra_headers": headers, **more}
    if not stream:
        return client.responses.create(**asked), ticket
    *_, last = client.responses.create(**asked, stream=True)
    return last.response, ticket


def usage_of(answer: Any) -> dict[str, Any]:
    """What the answer says of its usage, without what it leaves out."""
    usage: dict[str, Any] = answer.usage.to_dict()
    return usage


def billed(served: Served, ticket: str, model: str) -> list[tuple[str, int]]:
    """What the log has billed to one model."""
    (line,) = served(client_request_id=ticket)
    return [(each["kind"], each["quantity"]) for each in line["billed"] if each["model"] == model]


streamed_or_not = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])


@streamed_or_not
def test_compaction_is_beside_the_messages_own_usage(
    anthropic_client: anthropic.Anthropic, served: Served, stream: bool
) -> None:
    answer, ticket = message(anthropic_client, "sandbox-compaction", stream)
    assert [block.type for block in answer.content] == ["compaction", "text"]
    assert answer.content[0].content == "Summary of the conversation so far."
    usage = usage_of(answer)
    assert usage.items() >= ENDED.items()
    assert usage["iterations"] == [
        {"type": "compaction", "input_tokens": 1800, "output_tokens": 35, **NO_CACHE},
        {"type": "message", "input_tokens": READ, "output_tokens": MADE, **NO_CACHE},
    ]
    assert billed(served, ticket, "sandbox-compaction") == [
        ("input", READ + 1800),
        ("output", MADE + 35),
    ]


@streamed_or_not
def test_an_advisor_is_another_model(
    anthropic_client: anthropic.Anthropic, served: Served, stream: bool
) -> None:
    answer, ticket = message(anthropic_client, "sandbox-advisor", stream)
    kinds = [block.type for block in answer.content]
    assert kinds == ["server_tool_use", "advisor_tool_result", "text"]
    usage = usage_of(answer)
    assert usage.items() >= {**ENDED, "output_tokens": 9 + MADE}.items()
    first, advice, last = usage["iterations"]
    assert (first["input_tokens"], first["output_tokens"]) == (READ, 9)
    assert (advice["type"], advice["model"]) == ("advisor_message", SECOND_MODEL)
    assert (advice["input_tokens"], advice["output_tokens"]) == (823, 161)
    assert (last["input_tokens"], last["cache_read_input_tokens"]) == (134, READ)
    assert billed(served, ticket, "sandbox-advisor") == [
        ("input", READ + 134),
        ("cache_read", READ),
        ("output", 9 + MADE),
    ]
    assert billed(served, ticket, SECOND_MODEL) == [("input", 823), ("output", 161)]


@streamed_or_not
def test_a_fallback_alone_is_paid(
    anthropic_client: anthropic.Anthropic, served: Served, stream: bool
) -> None:
    answer, ticket = message(anthropic_client, "sandbox-fallback", stream)
    assert answer.model == SECOND_MODEL
    assert answer.content[0].to_dict() == {
        "type": "fallback",
        "from": {"model": "sandbox-fallback"},
        "to": {"model": SECOND_MODEL},
        "trigger": {"type": "refusal", "category": "general_harms"},
    }
    declined, answered = usage_of(answer)["iterations"]
    assert (declined["type"], declined["output_tokens"]) == ("message", 0)
    assert (answered["type"], answered["model"]) == ("fallback_message", SECOND_MODEL)
    assert billed(served, ticket, "sandbox-fallback") == []
    assert billed(served, ticket, SECOND_MODEL) == PLAIN


@streamed_or_not
def test_a_refusal_costs_nothing(
    anthropic_client: anthropic.Anthropic, served: Served, stream: bool
) -> None:
    answer, ticket = message(anthropic_client, "sandbox-refusal", stream)
    assert (answer.content, answer.stop_reason) == ([], "refusal")
    assert usage_of(answer).items() >= {**ENDED, "output_tokens": 1}.items()
    (line,) = served(client_request_id=ticket)
    assert (line["billed"], line["input_tokens"], line["output_tokens"]) == ([], 0, 0)


@streamed_or_not
def test_a_search_is_a_use_of_a_server_tool(
    anthropic_client: anthropic.Anthropic, served: Served, stream: bool
) -> None:
    answer, ticket = message(anthropic_client, "sandbox-fees", stream)
    kinds = [block.type for block in answer.content]
    assert kinds == ["server_tool_use", "web_search_tool_result"] * 3 + ["text"]
    assert [use.input for use in answer.content[:-1:2]] == [{"query": f"query {n}"} for n in "012"]
    tools = usage_of(answer)["server_tool_use"]
    assert tools == {"web_search_requests": 3, "web_fetch_requests": 1}
    assert billed(served, ticket, "sandbox-fees") == [*PLAIN, ("web_searches", 3)]


@streamed_or_not
def test_claudes_cache_is_written_for_two_lengths_of_time(
    anthropic_client: anthropic.Anthropic, served: Served, stream: bool
) -> None:
    answer, ticket = message(anthropic_client, "sandbox-cache", stream)
    usage = usage_of(answer)
    assert (usage["input_tokens"], usage["cache_read_input_tokens"]) == (4, 7)
    assert usage["cache_creation_input_tokens"] == 4
    assert usage["cache_creation"] == {
        "ephemeral_5m_input_tokens": 3,
        "ephemeral_1h_input_tokens": 1,
    }
    assert billed(served, ticket, "sandbox-cache") == [
        ("input", 4),
        ("cache_read", 7),
        ("cache_write_5m", 3),
        ("cache_write_1h", 1),
        ("output", MADE),
    ]


def test_a_stream_may_write_more_to_the_cache_than_it_began_with(
    anthropic_client: anthropic.Anthropic, served: Served
) -> None:
    ticket, headers = named()
    events: list[Any] = list(
        anthropic_client.messages.create(
            model="sandbox-cache-late", max_tokens=99, messages=MESSAGES, stream=True,
            extra_headers=headers,
        )
    )  # fmt: skip
    begun, ended = events[0].message.usage, events[-2].usage
    assert begun.cache_creation.to_dict() == {
        "ephemeral_5m_input_tokens": 0,
        "ephemeral_1h_input_tokens": 1,
    }
    assert (begun.cache_creation_input_tokens, begun.cache_read_input_tokens) == (1, 0)
    assert (ended.cache_creation_input_tokens, ended.cache_read_input_tokens) == (3, 7)
    assert not hasattr(ended, "cache_creation")
    assert billed(served, ticket, "sandbox-cache-late") == [
        ("input", 5),
        ("cache_read", 7),
        ("cache_write_1h", 3),
        ("output", MADE),
    ]


@streamed_or_not
def test_a_place_and_a_tier_are_told(
    anthropic_client: anthropic.Anthropic, openai_client: openai.OpenAI, stream: bool
) -> None:
    answer, _ = message(anthropic_client, "sandbox-geo", stream)
    assert answer.usage.inference_geo == "us"
    assert message(anthropic_client, "sandbox", stream)[0].usage.inference_geo is None
    answer, _ = message(anthropic_client, "sandbox-tier", stream, speed="fast")
    assert (answer.usage.service_tier, answer.usage.speed) == ("priority", "fast")
    for asked, told in ((None, "on_demand"), ("flex", "flex"), ("priority", "priority")):
        more = {"service_tier": asked} if asked else {}
        assert completion(openai_client, "sandbox-tier", stream, **more)[0].service_tier == told
        assert response(openai_client, "sandbox-tier", stream, **more)[0].service_tier == told
    assert completion(openai_client, "sandbox", stream)[0].service_tier == "default"


@streamed_or_not
def test_thinking_is_counted_in_three_ways(
    anthropic_client: anthropic.Anthropic,
    openai_client: openai.OpenAI,
    served: Served,
    stream: bool,
) -> None:
    model, thinking = "sandbox-thinking", specials.THINKING_TOKENS
    answer, ticket = completion(openai_client, model, stream)
    assert usage_of(answer) == {
        "prompt_tokens": READ,
        "completion_tokens": MADE,
        "total_tokens": READ + MADE + thinking,
    }
    other, ticket_2 = response(openai_client, model, stream)
    assert other.usage.output_tokens == MADE + thinking
    assert other.usage.output_tokens_details.reasoning_tokens == thinking
    third, ticket_3 = message(anthropic_client, model, stream)
    assert third.usage.output_tokens == MADE + thinking
    assert usage_of(third)["output_tokens_details"] == {"thinking_tokens": thinking}
    for each in (ticket, ticket_2, ticket_3):
        assert billed(served, each, model) == [("input", READ), ("output", MADE + thinking)]


@streamed_or_not
def test_a_cache_in_openais_words(
    openai_client: openai.OpenAI, served: Served, stream: bool
) -> None:
    answer, ticket = completion(openai_client, "sandbox-cache", stream)
    details = answer.usage.prompt_tokens_details
    assert (details.cached_tokens, details.cache_write_tokens) == (7, 3)
    other, ticket_2 = response(openai_client, "sandbox-cache", stream)
    details = other.usage.input_tokens_details
    assert (details.cached_tokens, details.cache_write_tokens) == (7, 3)
    for each in (ticket, ticket_2):
        assert billed(served, each, "sandbox-cache") == [
            ("input", 5),
            ("cache_read", 7),
            ("cache_write_5m", 3),
            ("output", MADE),
        ]


@streamed_or_not
def test_sound_is_told_apart(openai_client: openai.OpenAI, served: Served, stream: bool) -> None:
    answer, ticket = completion(openai_client, "sandbox-audio", stream)
    assert answer.usage.prompt_tokens_details.audio_tokens == 7
    assert answer.usage.completion_tokens_details.audio_tokens == 7
    assert billed(served, ticket, "sandbox-audio") == [
        ("input", 8),
        ("audio_input", 7),
        ("output", 8),
        ("audio_output", 7),
    ]


def test_a_recording_is_billed_by_the_second(openai_client: openai.OpenAI, served: Served) -> None:
    ticket, headers = named()
    heard: Any = openai_client.audio.transcriptions.create(
        model="sandbox-audio", file=("a.wav", bytes(40_000)), prompt="a b", extra_headers=headers
    )
    assert heard.usage.to_dict() == {
        "prompt_audio_seconds": 3,
        "prompt_tokens": 2,
        "completion_tokens": 2,
        "total_tokens": 34,
    }
    kinds = [("input", 2), ("seconds", 3), ("output", 2)]
    assert billed(served, ticket, "sandbox-audio") == kinds


@streamed_or_not
def test_fees_are_items_of_a_response(
    openai_client: openai.OpenAI, served: Served, stream: bool
) -> None:
    answer, ticket = response(openai_client, "sandbox-fees", stream)
    kinds = [item.type for item in answer.output]
    assert kinds == [
        *["web_search_call"] * 4, "file_search_call", *["code_interpreter_call"] * 2, "message",
    ]  # fmt: skip
    actions = [item.action.type for item in answer.output[:4]]
    assert actions == ["search", "search", "search", "open_page"]
    assert len({item.container_id for item in answer.output[5:7]}) == 1
    assert answer.output_text == TEXT
    fees = [("web_searches", 3), ("file_searches", 1), ("code_sessions", 1)]
    assert billed(served, ticket, "sandbox-fees") == [*PLAIN, *fees]
    other, ticket = completion(openai_client, "sandbox-fees", stream)
    assert usage_of(other)["server_tool_use"] == {"web_search_requests": 3}
    assert billed(served, ticket, "sandbox-fees") == [*PLAIN, ("web_searches", 3)]


def test_openais_refusal_is_paid(openai_client: openai.OpenAI, served: Served) -> None:
    model = "sandbox-refusal"
    answer, ticket = completion(openai_client, model, stream=False)
    assert (answer.choices[0].message.content, answer.choices[0].message.refusal) == (None, TEXT)
    chunks = openai_client.chat.completions.create(model=model, messages=MESSAGES, stream=True)
    said = [chunk.choices[0].delta.to_dict().get("refusal") or "" for chunk in chunks]
    assert "".join(map(str, said)) == TEXT
    other, ticket_2 = response(openai_client, model, stream=True)
    assert other.output[0].content[0].to_dict() == {"type": "refusal", "refusal": TEXT}
    for each in (ticket, ticket_2):
        assert billed(served, each, model) == PLAIN


WRONG: dict[str, tuple[Any, Any]] = {
    "sandbox-absurd": (10**15, 10**15),
    "sandbox-garbled": (-5, "many"),
    "sandbox-garbled-negative": (-5, MADE),
    "sandbox-garbled-fractional": (2.5, MADE),
    "sandbox-garbled-textual": ("12", MADE),
    "sandbox-garbled-missing": (None, MADE),
}


ROUTES: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": {"messages": MESSAGES, "stream_options": {"include_usage": True}},
    "/v1/completions": {"prompt": TEXT, "stream_options": {"include_usage": True}},
    "/v1/responses": {"input": TEXT},
    "/v1/messages": {"messages": MESSAGES, "max_tokens": 99},
}


def told(body: str) -> dict[str, Any]:
    """The usage in an answer, or in the last event of its stream that has any."""
    texts = [line[6:] for line in body.splitlines() if line.startswith("data: {")] or [body]
    documents = [json.loads(text) for text in texts]
    usages = [each.get("usage") or each.get("response", {}).get("usage") for each in documents]
    return [usage for usage in usages if usage][-1]  # type: ignore[no-any-return]


@streamed_or_not
@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize("model", WRONG)
def test_counts_that_are_none_and_what_was_really_used(
    http: httpx2.Client, served: Served, model: str, path: str, stream: bool
) -> None:
    """As they go over the wire: SDKs make numbers of texts."""
    ticket, headers = named()
    headers |= {"authorization": "Bearer any", "anthropic-version": "2023-06-01"}
    body = {"model": model, **ROUTES[path], "stream": stream}
    if not stream:
        body.pop("stream_options", None)
    usage = told(http.post(path, json=body, headers=headers).text)
    read, made = WRONG[model]
    names = ("prompt", "completion") if "completions" in path else ("input", "output")
    assert usage.get(f"{names[0]}_tokens") == read
    assert usage[f"{names[1]}_tokens"] == made
    (line,) = served(client_request_id=ticket)
    assert line["input_tokens"] == READ
    assert [each["kind"] for each in line["billed"]] == ["input", "output"]


@pytest.mark.parametrize("special", [special for special in Special if special])
def test_every_special_answers_in_every_dialect_whole_and_streamed(
    anthropic_client: anthropic.Anthropic,
    openai_client: openai.OpenAI,
    served: Served,
    special: Special,
) -> None:
    for stream in (False, True):
        if not special.startswith("sandbox-garbled"):  # the SDK adds a stream's counts up
            assert message(anthropic_client, special, stream)[0].id
        assert completion(openai_client, f"openai/{special}", stream)[0].id
        answer, ticket = response(openai_client, special, stream)
        assert answer.status == "completed"
        (line,) = served(client_request_id=ticket)
        sums = {"input": line["input_tokens"], "output": line["output_tokens"]}
        assert sums == {"input": READ, "output": MADE + _thinking(special)}


def _thinking(special: Special) -> int:
    return specials.THINKING_TOKENS if special is Special.THINKING else 0


def test_what_breaks_off_has_no_bill(openai_client: openai.OpenAI, served: Served) -> None:
    ticket, headers = named()
    with pytest.raises(openai.APIConnectionError):
        openai_client.chat.completions.create(
            model="sandbox-cut", messages=MESSAGES, extra_headers=headers
        )
    (line,) = served(client_request_id=ticket)
    assert (line["complete"], line["billed"]) == (False, None)


@pytest.mark.parametrize(
    ("model", "kinds"),
    [
        ("gpt-4o-transcribe", [("input", 2), ("audio_input", 30), ("output", 2)]),
        ("whisper-1", [("seconds", 3)]),
    ],
)
def test_media_are_billed_by_their_own_kinds(
    openai_client: openai.OpenAI, served: Served, model: str, kinds: list[tuple[str, int]]
) -> None:
    ticket, headers = named()
    openai_client.audio.transcriptions.create(
        model=model, file=("a.wav", bytes(40_000)), prompt="a b", extra_headers=headers
    )
    assert billed(served, ticket, model) == kinds
    ticket, headers = named()
    openai_client.images.generate(model="m", prompt="a cat", n=2, extra_headers=headers)
    assert billed(served, ticket, "m") == [("input", 2), ("image_output", 544)]
    ticket, headers = named()
    openai_client.audio.speech.create(
        model="m", voice="alloy", input="a b c", response_format="pcm", extra_headers=headers
    )
    assert billed(served, ticket, "m") == [("input", 3), ("audio_output", 3)]


def test_every_model_is_documented() -> None:
    page = (Path(__file__).parents[3] / "docs" / "sandbox.md").read_text()
    assert [name for name in NAMES if f"`{name}`" not in page] == []
