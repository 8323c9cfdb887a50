"""A whole response → a message: a block for each item of its output, in the same order."""

from collections.abc import Iterator

from tollgate_llm.dialects import reading
from tollgate_llm.dialects.messages_to_chat.answer import input_of
from tollgate_llm.dialects.messages_to_chat.message import service_of
from tollgate_llm.dialects.messages_to_chat.thoughts import is_hidden
from tollgate_llm.dialects.messages_to_responses.items import Calls, text_in
from tollgate_llm.dialects.messages_to_responses.message import (
    ending_of,
    message_of,
    refusal_in,
    usage_of,
)
from tollgate_llm.dialects.messages_to_responses.searches import search_blocks
from tollgate_llm.dialects.messages_to_responses.thoughts import thinking_block
from tollgate_llm.dialects.translation import Json

_ENDED = ("completed", "incomplete")


def to_message(request: Json, response: Json) -> Json:
    """Raise `ValueError` for an answer that is no response, or one that has not ended."""
    if not isinstance(response.get("output"), list):
        raise ValueError("no response")
    if (response.get("status") or "completed") not in _ENDED:
        raise ValueError("an unfinished response")
    items = reading.objects(response["output"])
    message = message_of(request, response)
    calls = Calls(request, message["id"])
    content = [block for item in items for block in _blocks(request, item, calls)]
    message["content"] = content
    message |= ending_of(request, response, refusal=refusal_in(items), called=calls.count > 0)
    return message | {"usage": usage_of(response) | service_of(request, response)}


def _blocks(request: Json, item: Json, calls: Calls) -> Iterator[Json]:
    kind = item.get("type")
    if kind == "reasoning":
        if block := thinking_block(item, hidden=is_hidden(request)):
            yield block
    elif kind == "message":
        if text := text_in(item):
            yield {"type": "text", "text": text}
    elif kind == "function_call":
        yield calls.block(item) | {"input": input_of(reading.text(item, "arguments"))}
    elif kind == "web_search_call":
        yield from search_blocks(item)
