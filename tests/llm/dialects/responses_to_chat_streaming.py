"""Streams of chat chunks, translated, checked and accumulated."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import openai
from openai.types.responses import ResponseStreamEvent
from pydantic import TypeAdapter

from tests.llm.dialects.responses_to_chat_cases import Json
from tollgate_llm.dialects.responses_to_chat import TRANSLATION

ASKED: Json = {"model": "small", "input": "Hi.", "stream": True}
EVENT: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
HEAD: Json = {"id": "chatcmpl-7f", "object": "chat.completion.chunk", "created": 17}


def chunk(delta: Json, reason: str | None = None, **choice: Any) -> Json:
    choices = [{"index": 0, "delta": delta, "finish_reason": reason, **choice}]
    return {**HEAD, "model": "qwen3", "choices": choices}


def streamed(*chunks: Json, **asked: Any) -> list[Json]:
    stream = TRANSLATION.stream({**ASKED, **asked})
    events = [event for each in chunks for event in stream.feed(each)] + stream.finish()
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    for event in events:
        EVENT.validate_python(event)
    return events


def kinds(events: list[Json]) -> list[str]:
    return [event["type"].removeprefix("response.") for event in events]


def accumulated(events: list[Json], **asked: Any) -> tuple[list[Any], Any]:
    """What the SDK's helper makes of the events, and its final response."""
    body = "".join(f"event: {each['type']}\ndata: {json.dumps(each)}\n\n" for each in events)
    headers = {"content-type": "text/event-stream"}
    transport = httpx2.MockTransport(
        lambda _: httpx2.Response(200, headers=headers, content=body.encode())
    )
    with httpx2.Client(transport=transport) as http:
        client = openai.OpenAI(api_key="k", base_url="http://localhost/v1", http_client=http)
        with client.responses.stream(model="small", input="Hi.", **asked) as stream:
            seen = list(stream)
            return seen, stream.get_final_response()
