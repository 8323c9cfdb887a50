"""The ids that a provider's answer brings, read from its structure; msgspec skips the rest.

What a model writes is text, arguments and tools' input: no member of these is read, so no id
becomes the caller's because a model was talked into saying it. What is not of the expected shape
has no ids.

| route | members | reference |
|---|---|---|
| responses | `id`, `output[].id` unless nothing is stored | OpenAI, "Responses" |
| | `conversation.id` | OpenAI, "Conversation state" |
| | `output[].container_id` | OpenAI, "Code interpreter" |
| | `output[].environment.container_id` | OpenAI, "Shell" |
| | `container_id`, `file_id` of `output[].content[].annotations[]` | OpenAI, "Responses" |
| messages | `container.id`, `file_id` of what code has made | Anthropic, "Code execution tool" |
| chat completions | `choices[].message.audio.id` | OpenAI, "Audio" |
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import msgspec

from tollgate_llm.metering.events import data_of, split_events

Raws = list[msgspec.Raw]
ABSENT = msgspec.Raw(b"")
"""The value of a member that is not there."""


class _WithId(msgspec.Struct):
    id: Any = None


class _Response(msgspec.Struct):
    id: Any = None
    store: Any = None
    conversation: msgspec.Raw = ABSENT
    output: msgspec.Raw = ABSENT


class _Item(msgspec.Struct):
    id: Any = None
    container_id: Any = None
    environment: msgspec.Raw = ABSENT
    content: msgspec.Raw = ABSENT


class _Environment(msgspec.Struct):
    container_id: Any = None


class _Part(msgspec.Struct):
    annotations: msgspec.Raw = ABSENT


class _Annotation(msgspec.Struct):
    container_id: Any = None
    file_id: Any = None


class _ResponsesEvent(msgspec.Struct):
    response: msgspec.Raw = ABSENT
    item: msgspec.Raw = ABSENT
    part: msgspec.Raw = ABSENT
    annotation: msgspec.Raw = ABSENT


class _Message(msgspec.Struct):
    container: msgspec.Raw = ABSENT
    content: msgspec.Raw = ABSENT


class _Block(msgspec.Struct):
    type: Any = None
    file_id: Any = None
    content: msgspec.Raw = ABSENT


class _MessagesEvent(msgspec.Struct):
    message: msgspec.Raw = ABSENT
    delta: msgspec.Raw = ABSENT
    content_block: msgspec.Raw = ABSENT


class _Completion(msgspec.Struct):
    choices: msgspec.Raw = ABSENT


class _Choice(msgspec.Struct):
    message: msgspec.Raw = ABSENT
    delta: msgspec.Raw = ABSENT


class _Spoken(msgspec.Struct):
    audio: msgspec.Raw = ABSENT


_FILE_BLOCKS = frozenset(
    {
        "bash_code_execution_tool_result",
        "code_execution_tool_result",
        "container_upload",
        "text_editor_code_execution_tool_result",
    }
)
_list = msgspec.json.Decoder(Raws).decode
_UNREADABLE = (msgspec.MsgspecError, RecursionError, UnicodeDecodeError)


class _Decoders:
    """The decoders of the structs above, made once."""

    def __init__(self) -> None:
        self._known: dict[type, Callable[[Any], Any]] = {}

    def __call__(self, kind: type, raw: Any) -> Any:
        """Return the value read as a struct, with nothing in it where it is of another shape."""
        decode = self._known.get(kind)
        if decode is None:
            decode = self._known[kind] = msgspec.json.Decoder(kind).decode
        try:
            return kind() if raw is ABSENT else decode(raw)
        except _UNREADABLE:
            return kind()


_read = _Decoders()


def _each(raw: Any) -> Raws:
    try:
        return [] if raw is ABSENT else _list(raw)
    except _UNREADABLE:
        return []


class AnswerGrammar(NamedTuple):
    """`alert` is in every event that brings an id. `read_answer` and `read_event` read a whole
    answer and an event's data; their flag says that the provider stores what it answers."""

    alert: re.Pattern[bytes]
    read_answer: Callable[[bytes, bool], Iterator[Any]]
    read_event: Callable[[bytes, bool], Iterator[Any]]


class AnswerIds:
    """Reads the ids of one answer, each once."""

    def __init__(self, grammar: AnswerGrammar, stores: bool) -> None:
        self._grammar = grammar
        self._stores = stores
        self._known: set[str] = set()

    def in_whole(self, body: bytes) -> list[str]:
        return self._new(self._grammar.read_answer, body)

    def in_events(self, block: bytes) -> list[str]:
        """Return the ids in whole events; a whole answer that is labelled as a stream is one."""
        if block.lstrip().startswith(b"{"):
            return self.in_whole(block)
        if self._grammar.alert.search(block) is None:
            return []
        events = [event for event in split_events(block) if self._grammar.alert.search(event)]
        read = self._grammar.read_event
        return [each for event in events for each in self._new(read, data_of(event))]

    def _new(self, read: Callable[[bytes, bool], Iterator[Any]], data: bytes) -> list[str]:
        read_ids = [each for each in read(data, self._stores) if isinstance(each, str) and each]
        new = [each for each in dict.fromkeys(read_ids) if each not in self._known]
        self._known.update(new)
        return new


def _response(raw: Any, stores: bool) -> Iterator[Any]:
    response = _read(_Response, raw)
    stores = stores and response.store is not False
    if stores:
        yield response.id
    yield _read(_WithId, response.conversation).id
    for item in _each(response.output):
        yield from _item(item, stores)


def _item(raw: Any, stores: bool) -> Iterator[Any]:
    item = _read(_Item, raw)
    if stores:
        yield item.id
    yield item.container_id
    yield _read(_Environment, item.environment).container_id
    for part in _each(item.content):
        yield from _part(part)


def _part(raw: Any) -> Iterator[Any]:
    for annotation in _each(_read(_Part, raw).annotations):
        yield from _annotation(annotation)


def _annotation(raw: Any) -> Iterator[Any]:
    annotation = _read(_Annotation, raw)
    yield annotation.container_id
    yield annotation.file_id


def _responses_event(data: bytes, stores: bool) -> Iterator[Any]:
    event = _read(_ResponsesEvent, data)
    yield from _response(event.response, stores)
    yield from _item(event.item, stores)
    yield from _part(event.part)
    yield from _annotation(event.annotation)


def _message(raw: Any, _: bool) -> Iterator[Any]:
    message = _read(_Message, raw)
    yield _read(_WithId, message.container).id
    for block in _each(message.content):
        yield from _block(block)


def _block(raw: Any) -> Iterator[Any]:
    """A result of code is a block whose content has the files as its content."""
    block = _read(_Block, raw)
    if not isinstance(block.type, str) or block.type not in _FILE_BLOCKS:
        return
    yield block.file_id
    for file in _each(_read(_Block, block.content).content):
        yield _read(_Block, file).file_id


def _messages_event(data: bytes, stores: bool) -> Iterator[Any]:
    event = _read(_MessagesEvent, data)
    yield from _message(event.message, stores)
    yield from _message(event.delta, stores)
    yield from _block(event.content_block)


def _completion(data: bytes, _: bool) -> Iterator[Any]:
    for raw in _each(_read(_Completion, data).choices):
        choice = _read(_Choice, raw)
        for message in (choice.message, choice.delta):
            yield _read(_WithId, _read(_Spoken, message).audio).id


RESPONSES = AnswerGrammar(
    re.compile(rb'"(?:response|item|part|annotation)"\s*:'), _response, _responses_event
)
MESSAGES = AnswerGrammar(re.compile(rb'"(?:container|file_id)"\s*:'), _message, _messages_event)
CHAT = AnswerGrammar(re.compile(rb'"audio"\s*:'), _completion, _completion)
