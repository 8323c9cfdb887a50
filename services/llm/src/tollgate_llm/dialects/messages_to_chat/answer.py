"""A whole completion → a message: thinking, text, tool calls, in this order."""

from collections.abc import Iterable, Iterator
from typing import Any

from pydantic_core import from_json

from tollgate_llm.dialects import reading
from tollgate_llm.dialects.completions import arguments_of, spoken
from tollgate_llm.dialects.messages_to_chat import choices
from tollgate_llm.dialects.messages_to_chat.calls import call_block
from tollgate_llm.dialects.messages_to_chat.message import (
    Ending,
    ending_of,
    message_of,
    service_of,
    tokens_of,
)
from tollgate_llm.dialects.messages_to_chat.names import original_names
from tollgate_llm.dialects.messages_to_chat.signed import signed_block
from tollgate_llm.dialects.messages_to_chat.thoughts import is_hidden, thinking_block, thought_in
from tollgate_llm.dialects.signed import Signed
from tollgate_llm.dialects.translation import Json


def to_message(asked: Json, answered: Json) -> Json:
    """An answer without a choice raises `ValueError`: it is no completion."""
    choice = choices.first_choice(answered)
    if choice is None or not isinstance(choice.get("message"), dict):
        raise ValueError("no completion")
    said = spoken(reading.part(choice, "message"))
    message = message_of(asked, answered)
    message["content"] = list(_content(asked, said, message["id"]))
    message |= ending_of(asked, _ending(choice, said))
    used = tokens_of(reading.part(answered, "usage"))
    return message | {"usage": used | service_of(asked, answered)}


def _ending(choice: Json, said: Json) -> Ending:
    return Ending(
        reading.text(choice, "finish_reason"),
        reading.text(choice, "stop_reason"),
        reading.text(said, "refusal"),
        bool(reading.objects(said.get("tool_calls"))),
    )


def _content(asked: Json, said: Json, message_id: str) -> Iterator[Json]:
    """A refusal is said in words: callers that look at nothing else still see it."""
    if thought := thought_in(said):
        yield thinking_block(thought, hidden=is_hidden(asked))
    calls = list(_calls(asked, said, message_id))
    if signed := signed_block(_signed(said, calls)):
        yield signed
    if text := reading.text(said, "content") + reading.text(said, "refusal"):
        yield {"type": "text", "text": text}
    yield from calls


def _signed(said: Json, blocks: Iterable[Json]) -> Signed:
    signed = Signed()
    signed.note_details(said)
    for block, call in zip(blocks, reading.objects(said.get("tool_calls")), strict=True):
        signed.note_call(block["id"], reading.part(call, "extra_content"))
    return signed


def _calls(asked: Json, said: Json, message_id: str) -> Iterator[Json]:
    names = original_names(asked)
    for number, call in enumerate(reading.objects(said.get("tool_calls"))):
        function = reading.part(call, "function")
        call_id, name = reading.text(call, "id"), reading.text(function, "name")
        block = call_block(call_id, names.get(name, name), message_id, number)
        yield block | {"input": input_of(arguments_of(function))}


def input_of(arguments: str) -> Any:
    """Of arguments that the cap cut short, what there is, as in a stream; of others that are no
    object, nothing is left."""
    try:
        made = from_json(arguments, allow_inf_nan=False, allow_partial=True)
    except ValueError:
        return {}
    return made if isinstance(made, dict) else {}
