"""The output of a response, made of a message's deltas. A whole message is one large delta.

What a delta holds becomes items in the order of reasoning, text, refusal, calls. Reasoning and
messages end when something else begins; calls end with the output, because nothing says earlier
that no more of their arguments comes.
"""

from collections.abc import Iterable
from typing import Any, TypeVar

from tollgate_llm.dialects import reading
from tollgate_llm.dialects.call_pieces import CallPieces, Piece
from tollgate_llm.dialects.completions import spoken
from tollgate_llm.dialects.responses_to_chat.items import Call, CustomCall, Item, Message, Reasoning
from tollgate_llm.dialects.responses_to_chat.names import original_names
from tollgate_llm.dialects.responses_to_chat.thoughts import signed_content
from tollgate_llm.dialects.responses_to_chat.tools import custom_names
from tollgate_llm.dialects.signed import Signed
from tollgate_llm.dialects.tool_names import ToolName
from tollgate_llm.dialects.translation import Json

_SPOKEN = ("reasoning_content", "reasoning", "thinking_blocks", "content", "refusal")
_Spoken = TypeVar("_Spoken", Reasoning, Message)


class Output:
    def __init__(self, number: str, asked: Json) -> None:
        self._number = number
        self._custom, self._names = custom_names(asked), original_names(asked)
        self._items: list[Item] = []
        self._pieces = CallPieces()
        self._calls: dict[int, Call] = {}
        self._signed = Signed()

    @property
    def items(self) -> list[Json]:
        """Those that have ended."""
        return [item.closed for item in self._items if item.closed is not None]

    def feed(self, delta: Json, logprobs: Any = None) -> list[Json]:
        events: list[Json] = []
        delta = spoken(delta)
        self._signed.note_details(delta)
        if any(delta.get(name) for name in _SPOKEN):
            events += self._called(self._pieces.flush())
        if reasoning := reading.text(delta, "reasoning_content", "reasoning"):
            events += self._enter(Reasoning)
            events += self._last(Reasoning).say(reasoning)
        if blocks := reading.objects(delta.get("thinking_blocks")):
            events += self._enter(Reasoning)
            self._last(Reasoning).keep(blocks)
        if text := reading.text(delta, "content"):
            events += self._enter_message()
            events += self._last(Message).say("output_text", text, _logprobs(logprobs))
        events += self._annotated(reading.objects(delta.get("annotations")))
        if refusal := reading.text(delta, "refusal"):
            events += self._enter_message()
            events += self._last(Message).say("refusal", refusal, [])
        return events + self._called(self._pieces.feed(reading.objects(delta.get("tool_calls"))))

    def close(self, status: str) -> list[Json]:
        """The last item has the response's status, for it is what was cut off. An output of
        nothing is an empty text."""
        events = self._called(self._pieces.flush()) + self._tell_signed()
        if not self._items:
            events += self._enter(Message)
            events += self._last(Message).say("output_text", "", [])
        for item in self._items:
            if item.closed is None:
                events += item.end(status if item is self._items[-1] else "completed")
        return events

    def _last(self, kind: type[_Spoken]) -> _Spoken:
        item = self._items[-1]
        assert isinstance(item, kind)
        return item

    def _enter(self, kind: type[_Spoken]) -> list[Json]:
        if self._items and isinstance(self._items[-1], kind):
            return []
        return self._begin(kind(self._number, len(self._items)))

    def _enter_message(self) -> list[Json]:
        is_open = bool(self._items) and isinstance(self._items[-1], Message)
        return [] if is_open else self._tell_signed() + self._enter(Message)

    def _begin(self, item: Item) -> list[Json]:
        last = self._items[-1] if self._items else None
        ends = isinstance(last, Reasoning | Message)
        events = last.end("completed") if last and ends else []
        self._items.append(item)
        return events + item.begin()

    def _called(self, pieces: Iterable[Piece]) -> list[Json]:
        events: list[Json] = []
        for piece in pieces:
            if piece.begins:
                events += self._begin_call(piece)
            events += self._calls[piece.number].say(piece.arguments)
        return events

    def _begin_call(self, piece: Piece) -> list[Json]:
        is_signed = bool(piece.extra or self._signed.details)
        events = self._begin(Reasoning(self._number, len(self._items))) if is_signed else []
        call = self._calls[piece.number] = self._call(piece)
        self._signed.note_call(call.call_id, piece.extra)
        if is_signed:
            self._last(Reasoning).keep_signed(signed_content(self._signed))
        return events + self._begin(call)

    def _call(self, piece: Piece) -> Call:
        known = {item.given for item in self._items if isinstance(item, Call)}
        kind = CustomCall if piece.name in self._custom else Call
        unique = piece.call_id not in known
        name = self._names.get(piece.name, ToolName(piece.name))
        return kind(self._number, len(self._items), name, piece.call_id, unique=unique)

    def _tell_signed(self) -> list[Json]:
        """Before what it was thought for, as an item that shows nothing."""
        if not self._signed.details:
            return []
        events = self._begin(Reasoning(self._number, len(self._items)))
        self._last(Reasoning).keep_signed(signed_content(self._signed))
        return events

    def _annotated(self, given: list[Json]) -> list[Json]:
        """Citations belong to the text before them."""
        cited = [reading.part(each, "url_citation") for each in given]
        last = self._items[-1] if self._items else None
        if not isinstance(last, Message) or not cited:
            return []
        return last.annotate({"type": "url_citation", **each} for each in cited if each)


def _logprobs(given: Any) -> list[Json]:
    """`bytes` may be null there, and not here."""
    tokens = reading.objects(given.get("content")) if isinstance(given, dict) else []
    return [
        {
            **_likely(token),
            "top_logprobs": list(map(_likely, reading.objects(token["top_logprobs"]))),
        }
        for token in tokens
        if "top_logprobs" in token
    ]


def _likely(token: Json) -> Json:
    return {
        "token": reading.text(token, "token"),
        "bytes": token.get("bytes") or [],
        "logprob": token.get("logprob", 0.0),
    }
