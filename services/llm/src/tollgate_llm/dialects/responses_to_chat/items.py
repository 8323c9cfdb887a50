"""The items of a response's output as they grow. Every step gives its events, without numbers."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, ClassVar

from tollgate_llm.dialects.responses_to_chat.parts import Part, event
from tollgate_llm.dialects.responses_to_chat.thoughts import Thoughts
from tollgate_llm.dialects.responses_to_chat.tools import free_text
from tollgate_llm.dialects.tool_names import ToolName
from tollgate_llm.dialects.translation import Json


class Item(ABC):
    """`closed` is the item as it ended, None until then."""

    prefix: ClassVar[str]

    def __init__(self, number: str, index: int) -> None:
        self.item_id = f"{self.prefix}_{number}_{index}"
        self.closed: Json | None = None
        self._index = index

    @abstractmethod
    def begin(self) -> list[Json]:
        """The item opens, and so does what is in it from the first."""

    @abstractmethod
    def end(self, status: str) -> list[Json]:
        """`status` is `completed` or `incomplete`."""

    def _event(self, kind: str, **fields: Any) -> Json:
        return event(kind, item_id=self.item_id, output_index=self._index, **fields)

    def _added(self, item: Json) -> Json:
        return event("output_item.added", output_index=self._index, item=item)

    def _done(self, item: Json) -> Json:
        self.closed = item
        return event("output_item.done", output_index=self._index, item=item)


class Reasoning(Item):
    """All of it is one summary, which is what callers show; none where it is not shown. It has no
    status: sent back to OpenAI with one it would be refused."""

    prefix = "rs"

    def __init__(self, number: str, index: int) -> None:
        super().__init__(number, index)
        self._pieces: list[str] = []
        self._thoughts = Thoughts()
        self._signed = ""

    def begin(self) -> list[Json]:
        return [self._added(self._item([]))]

    def say(self, text: str) -> list[Json]:
        first = [] if self._pieces else [self._summary("part.added", part=_summary(""))]
        self._pieces.append(text)
        return [*first, self._summary("text.delta", delta=text)]

    def keep(self, blocks: list[Json]) -> None:
        """What the provider wants to see again, and shows nobody."""
        self._thoughts.add(blocks)

    def keep_signed(self, content: str) -> None:
        """What else it wants to see again, in an item of its own."""
        self._signed = content

    def end(self, status: str) -> list[Json]:
        if not self._pieces:
            return [self._done(self._item([]))]
        text = "".join(self._pieces)
        part = _summary(text)
        return [
            self._summary("text.done", text=text),
            self._summary("part.done", part=part),
            self._done(self._item([part])),
        ]

    def _summary(self, kind: str, **fields: Any) -> Json:
        return self._event(f"reasoning_summary_{kind}", summary_index=0, **fields)

    def _item(self, summary: list[Json]) -> Json:
        item: Json = {"type": "reasoning", "id": self.item_id, "summary": summary}
        packed = self._signed or self._thoughts.packed()
        return {**item, "encrypted_content": packed} if packed else item


def _summary(text: str) -> Json:
    return {"type": "summary_text", "text": text}


class Message(Item):
    """Its parts come one after the other; a new one begins when the kind changes."""

    prefix = "msg"

    def __init__(self, number: str, index: int) -> None:
        super().__init__(number, index)
        self._parts: list[Part] = []

    def begin(self) -> list[Json]:
        return [self._added(self._item([], "in_progress"))]

    def say(self, kind: str, text: str, logprobs: list[Json]) -> list[Json]:
        """An empty text only opens its part."""
        events = self._enter(kind)
        return events + self._parts[-1].say(text, logprobs) if text else events

    def annotate(self, annotations: Iterable[Json]) -> list[Json]:
        return self._parts[-1].annotate(annotations)

    def end(self, status: str) -> list[Json]:
        contents = [part.content for part in self._parts]
        return [*self._parts[-1].end(), self._done(self._item(contents, status))]

    def _enter(self, kind: str) -> list[Json]:
        if self._parts and self._parts[-1].kind == kind:
            return []
        events = self._parts[-1].end() if self._parts else []
        self._parts.append(Part(kind, self.item_id, self._index, len(self._parts)))
        return events + self._parts[-1].begin()

    def _item(self, contents: list[Json], status: str) -> Json:
        item: Json = {"type": "message", "id": self.item_id, "role": "assistant"}
        return {**item, "content": contents, "status": status}


class Call(Item):
    """A function's call. Its id may not come at all. `given` is the id that
    the provider knows it by."""

    prefix = "fc"

    def __init__(
        self, number: str, index: int, name: ToolName, given: str, *, unique: bool
    ) -> None:
        super().__init__(number, index)
        self.given = given
        self.call_id = given if given and unique else f"call_{number}_{index}"
        self._pieces: list[str] = []
        self._named = {"name": name.name}
        self._named |= {"namespace": name.namespace} if name.namespace else {}

    def begin(self) -> list[Json]:
        return [self._added(self._item("", "in_progress"))]

    @property
    def arguments(self) -> str:
        return "".join(self._pieces)

    def say(self, arguments: str) -> list[Json]:
        self._pieces.append(arguments)
        return [self._event("function_call_arguments.delta", delta=arguments)] if arguments else []

    def end(self, status: str) -> list[Json]:
        arguments = self.arguments
        done = self._event("function_call_arguments.done", arguments=arguments)
        return [done, self._done(self._item(arguments, status))]

    def _item(self, arguments: str, status: str) -> Json:
        item: Json = {"type": "function_call", "id": self.item_id, "call_id": self.call_id}
        return {**item, **self._named, "arguments": arguments, "status": status}


class CustomCall(Call):
    """Its text is inside the arguments, and can be read only when they are whole."""

    prefix = "ctc"

    def begin(self) -> list[Json]:
        return [self._added(self._custom(""))]

    def say(self, arguments: str) -> list[Json]:
        self._pieces.append(arguments)
        return []

    def end(self, status: str) -> list[Json]:
        text = free_text(self.arguments)
        return [
            self._event("custom_tool_call_input.delta", delta=text),
            self._event("custom_tool_call_input.done", input=text),
            self._done(self._custom(text)),
        ]

    def _custom(self, text: str) -> Json:
        item: Json = {"type": "custom_tool_call", "id": self.item_id, "call_id": self.call_id}
        return {**item, **self._named, "input": text}
