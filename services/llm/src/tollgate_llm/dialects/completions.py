"""Reads what servers of chat completions say, in the shapes in which they say it.

`content` is a text, or a list of parts (Mistral's models that reason, docs.mistral.ai). Arguments
of a call are JSON in a text, or the object itself (Ollama's own API, and servers made like it). An
answer that reached its cap ends with `length`, at Mistral with `model_length`.
"""

import json
from collections.abc import Iterator
from typing import Any

from tollgate_llm.dialects import reading
from tollgate_llm.dialects.translation import Json

CAPPED = frozenset({"length", "model_length", "max_tokens"})
_THOUGHTS = ("thinking", "reasoning", "summary")
_DEEPEST = 4


def spoken(message: Json) -> Json:
    """Return a message, or a delta, whose content is one text; thoughts among its parts are its
    `reasoning_content`."""
    content = message.get("content")
    if not isinstance(content, list):
        return message
    text = "".join(_words(part) for part in content if not _is_thought(part))
    thought = "".join(_words(part) for part in content if _is_thought(part))
    plain = {**message, "content": text}
    return {**plain, "reasoning_content": thought} if thought else plain


def arguments_of(function: Json) -> str:
    """Return a call's arguments, or the piece of them, as the JSON that they are."""
    arguments = function.get("arguments")
    if isinstance(arguments, dict):
        return json.dumps(arguments, ensure_ascii=False)
    return reading.text(function, "arguments")


def _is_thought(part: Any) -> bool:
    return isinstance(part, dict) and part.get("type") in _THOUGHTS


def _words(part: Any) -> str:
    return "".join(_texts(part, _DEEPEST))


def _texts(part: Any, depth: int) -> Iterator[str]:
    """Yield the texts of a part, which may be parts themselves, within so many levels."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, list) and depth:
        for each in part:
            yield from _texts(each, depth - 1)
    elif isinstance(part, dict) and depth:
        for name in ("text", *_THOUGHTS):
            yield from _texts(part.get(name), depth - 1)
