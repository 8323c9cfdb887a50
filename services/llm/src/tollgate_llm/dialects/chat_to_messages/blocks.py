"""The blocks of a stream. Every step gives the deltas of the caller's message."""

from dataclasses import dataclass, field
from typing import Protocol

from tollgate_llm.dialects.chat_to_messages.answer import encoded
from tollgate_llm.dialects.chat_to_messages.calls import free_text
from tollgate_llm.dialects.reading import part, text
from tollgate_llm.dialects.translation import Json


class Block(Protocol):
    def open(self, block: Json) -> list[Json]: ...

    def add(self, delta: Json) -> list[Json]: ...

    def close(self) -> list[Json]: ...


class Text:
    def open(self, block: Json) -> list[Json]:
        return self.add(block)

    def add(self, delta: Json) -> list[Json]:
        said = text(delta, "text")
        return [{"content": said}] if said else []

    def close(self) -> list[Json]:
        return []


@dataclass(slots=True)
class Thought:
    """`index` is its place among the thoughts."""

    index: int

    def open(self, block: Json) -> list[Json]:
        """Even a thought that is not shown has a signature."""
        if text(block, "type") == "redacted_thinking":
            return [self._thought(type="redacted_thinking", data=text(block, "data"))]
        return [self._thought(type="thinking", thinking=""), *self.add(block)]

    def add(self, delta: Json) -> list[Json]:
        deltas = []
        if thinking := text(delta, "thinking"):
            deltas.append({"reasoning_content": thinking, **self._thought(thinking=thinking)})
        if signature := text(delta, "signature"):
            deltas.append(self._thought(signature=signature))
        return deltas

    def close(self) -> list[Json]:
        return []

    def _thought(self, **fields: str) -> Json:
        return {"thinking_blocks": [{"index": self.index, **fields}]}


@dataclass(slots=True)
class Call:
    """`index` is its place among the calls. Without any pieces the input is that of the start:
    a call without arguments has none, and none is not JSON."""

    index: int
    input: Json = field(default_factory=dict)
    said: bool = False

    def open(self, block: Json) -> list[Json]:
        self.input = part(block, "input")
        function = {"name": text(block, "name"), "arguments": ""}
        return [self._call(id=text(block, "id"), type="function", function=function)]

    def add(self, delta: Json) -> list[Json]:
        piece = text(delta, "partial_json")
        if not piece:
            return []
        self.said = True
        return [self._call(function={"arguments": piece})]

    def close(self) -> list[Json]:
        return [] if self.said else [self._call(function={"arguments": encoded(self.input)})]

    def _call(self, **fields: object) -> Json:
        return {"tool_calls": [{"index": self.index, **fields}]}


@dataclass(slots=True)
class CustomCall:
    index: int
    input: Json = field(default_factory=dict)
    pieces: list[str] = field(default_factory=list)

    def open(self, block: Json) -> list[Json]:
        self.input = part(block, "input")
        custom = {"name": text(block, "name"), "input": ""}
        return [self._call(id=text(block, "id"), type="custom", custom=custom)]

    def add(self, delta: Json) -> list[Json]:
        self.pieces.append(text(delta, "partial_json"))
        return []

    def close(self) -> list[Json]:
        said = free_text("".join(self.pieces) or encoded(self.input))
        return [self._call(custom={"input": said})]

    def _call(self, **fields: object) -> Json:
        return {"tool_calls": [{"index": self.index, **fields}]}
