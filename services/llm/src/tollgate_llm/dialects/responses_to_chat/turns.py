"""A turn of the conversation: who speaks, what is said and called, and what the calls gave."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from tollgate_llm.dialects.responses_to_chat.content import plain
from tollgate_llm.dialects.signed import Signed
from tollgate_llm.dialects.translation import Json


@dataclass(slots=True)
class Turn:
    """`thoughts` and `signed` are what the provider wants back as it was, `results` the tool
    messages, `shown` what tools gave besides text."""

    role: str
    parts: list[Json] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    thoughts: list[Json] = field(default_factory=list)
    signed: Signed = field(default_factory=Signed)
    calls: list[Json] = field(default_factory=list)
    results: list[Json] = field(default_factory=list)
    shown: list[Json] = field(default_factory=list)

    def answer(self, call_id: str, parts: list[Json]) -> None:
        """A tool message holds nothing but text: what else there is the user shows after the last
        of the results, which must not be parted from the calls."""
        texts = [part for part in parts if part["type"] == "text"]
        others = [part for part in parts if part["type"] != "text"]
        content = plain(texts)
        self.results.append({"role": "tool", "tool_call_id": call_id, "content": content})
        if others:
            self.shown += [{"type": "text", "text": f"From the tool call {call_id}:"}, *others]

    def messages(self) -> Iterator[Json]:
        """None for reasoning that led to nothing."""
        has_thoughts = self.reasoning or self.thoughts or self.signed.details or self.signed.calls
        if self.parts or self.calls or not has_thoughts:
            yield self._message()
        yield from self.results
        if self.shown:
            yield {"role": "user", "content": self.shown}

    def _message(self) -> Json:
        message: Json = {"role": self.role, "content": plain(self.parts)}
        if self.calls:
            message["content"] = message["content"] or None
            message["tool_calls"] = [self._signed_call(call) for call in self.calls]
        if self.reasoning:
            message["reasoning_content"] = "\n\n".join(self.reasoning)
        if self.thoughts:
            message["thinking_blocks"] = self.thoughts
        if self.signed.details:
            message["reasoning_details"] = self.signed.details
        return message

    def _signed_call(self, call: Json) -> Json:
        extra = self.signed.calls.get(call["id"])
        return {**call, "extra_content": extra} if extra else call
