"""A stream: Anthropic's events in, chunks out.

Every delta is passed on as it comes, but for the input of custom tools: it comes wrapped in JSON.
"""

from collections.abc import Callable
from itertools import count
from typing import Any

from tollgate_llm.dialects import ids, reading
from tollgate_llm.dialects.chat_to_messages.answer import head_of
from tollgate_llm.dialects.chat_to_messages.blocks import Block, Call, CustomCall, Text, Thought
from tollgate_llm.dialects.chat_to_messages.calls import custom_names
from tollgate_llm.dialects.chat_to_messages.ending import (
    finish_reason,
    refusal_of,
    tier_of,
    usage_of,
)
from tollgate_llm.dialects.translation import Json


class ChatStream:
    def __init__(self, asked: Json) -> None:
        self._asked = asked
        self._head = head_of(asked, {"id": ""}, "chat.completion.chunk")
        self._tells_usage = bool((asked.get("stream_options") or {}).get("include_usage"))
        self._customs = custom_names(asked)
        self._usage: Json = {}
        self._blocks: dict[int, Block] = {}
        self._calls, self._thoughts = count(), count()
        self._said, self._ended = False, False
        self._takers: dict[Any, Callable[[Json], list[Json]]] = {
            "message_start": self._start,
            "content_block_start": self._open,
            "content_block_delta": self._add,
            "content_block_stop": self._close,
            "message_delta": self._end,
            "message_stop": self._stop,
        }

    @property
    def is_whole(self) -> bool:
        return self._ended

    def feed(self, event: Json) -> list[Json]:
        take = self._takers.get(reading.text(event, "type"))
        return take(event) if take else []

    def finish(self) -> list[Json]:
        """Usage is told more than once in a stream: the last holds."""
        chunks = self._stop({})
        usage = usage_of(self._usage) if self._tells_usage else None
        if usage:
            chunks.append({**self._head, "choices": [], "usage": usage})
        return chunks

    def _start(self, event: Json) -> list[Json]:
        message = reading.part(event, "message")
        self._note(message)
        name = f"chatcmpl-{ids.bare(reading.text(message, 'id'))}"
        self._head |= {"id": name, **tier_of(self._usage)}
        return [self._chunk({"role": "assistant", "content": None})]

    def _open(self, event: Json) -> list[Json]:
        given = reading.part(event, "content_block")
        block = self._block(given)
        if block is None:
            return []
        self._blocks[reading.number(event, "index")] = block
        return self._chunks(block.open(given))

    def _add(self, event: Json) -> list[Json]:
        block = self._blocks.get(reading.number(event, "index"))
        return self._chunks(block.add(reading.part(event, "delta"))) if block else []

    def _close(self, event: Json) -> list[Json]:
        block = self._blocks.pop(reading.number(event, "index"), None)
        return self._chunks(block.close()) if block else []

    def _end(self, event: Json) -> list[Json]:
        self._note(event)
        ending = reading.part(event, "delta")
        if self._ended or not reading.text(ending, "stop_reason"):
            return []
        self._ended = True
        chunks = [chunk for block in self._blocks.values() for chunk in self._chunks(block.close())]
        return [*chunks, self._chunk(self._last_delta(ending), finish_reason(ending))]

    def _stop(self, _: Json) -> list[Json]:
        """Some servers stop without having said why."""
        return [] if self._ended else self._end({"delta": {"stop_reason": "end_turn"}})

    def _last_delta(self, ending: Json) -> Json:
        """An answer of nothing is an empty text."""
        refusal = refusal_of(ending)
        if refusal:
            return {"refusal": refusal}
        return {} if self._said else {"content": ""}

    def _block(self, given: Json) -> Block | None:
        kind = reading.text(given, "type")
        if kind == "text":
            return Text()
        if kind in ("thinking", "redacted_thinking"):
            return Thought(next(self._thoughts))
        if kind != "tool_use":
            return None
        custom = reading.text(given, "name") in self._customs
        return (CustomCall if custom else Call)(next(self._calls))

    def _note(self, event: Json) -> None:
        usage = reading.part(event, "usage")
        self._usage |= {name: value for name, value in usage.items() if value is not None}

    def _chunks(self, deltas: list[Json]) -> list[Json]:
        self._said = self._said or any("content" in each or "tool_calls" in each for each in deltas)
        return [self._chunk(delta) for delta in deltas]

    def _chunk(self, delta: Json, reason: str | None = None) -> Json:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        chunk = {**self._head, "choices": [choice]}
        return {**chunk, "usage": None} if self._tells_usage else chunk
