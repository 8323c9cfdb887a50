"""A model call reduced to what decides its answer, whatever dialect it came in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tollgate_llm.sandbox.errors import InvalidRequest

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Tool:
    """An offered function and the JSON schema of its arguments."""

    name: str
    schema: Json | bool = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked for.

    `prompt` is what to echo, `message` what to draw arguments from, and `is_result` whether a tool
    returned it; `cap` the most output tokens; `stops` the sequences that end the text; `tools` the
    functions to call, and `tool_names` those of all that are offered; `schema` what the text must
    be an instance of (an empty one: any object); `choices` how many answers.
    """

    model: str
    stream: bool
    prompt: str
    input_tokens: int
    message: str = ""
    cap: int | None = None
    stops: tuple[str, ...] = ()
    tools: tuple[Tool, ...] = ()
    tool_names: tuple[str, ...] = ()
    is_result: bool = False
    schema: Json | bool | None = None
    choices: int = 1


def wants_stream(body: Json) -> bool:
    """The one field that the SDKs' types keep apart from the others."""
    stream = body.get("stream")
    if stream not in (None, True, False):
        raise InvalidRequest("Expected a boolean.", param=("stream",), code="invalid_type")
    return bool(stream)


def text_of(content: Any) -> str:
    """The text of a message's content: itself, or its text parts, a line each."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    texts = (part.get("text") for part in content if isinstance(part, dict))
    return "\n".join(text for text in texts if isinstance(text, str))


def first_text(*contents: Any) -> str:
    """The text of the first content that has any."""
    return next(filter(None, map(text_of, contents)), "")


def last_text(*contents: Any) -> str:
    """The last text part of the first content that has text: agents put what they have to tell of
    the surroundings before what the user says."""
    for content in contents:
        parts = content if isinstance(content, list) else [content]
        texts = [text_of([part] if isinstance(part, dict) else part) for part in parts]
        if spoken := [text for text in texts if text.strip()]:
            return spoken[-1]
    return ""
