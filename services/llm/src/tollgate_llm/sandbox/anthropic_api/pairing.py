"""Every tool use is answered in the next turn, and every result has its use in the one before."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from tollgate_llm.sandbox.asks import Json
from tollgate_llm.sandbox.errors import InvalidRequest


def check_messages(messages: list[Json]) -> None:
    """Raise `InvalidRequest` at the first turn with a use unanswered or a result unasked for.

    Messages of one role in a row are one turn.
    """
    used: set[str] = set()
    numbered = enumerate(messages)
    for _, turn in groupby(numbered, key=lambda each: each[1]["role"]):
        indexes, contents = zip(*((index, each["content"]) for index, each in turn), strict=True)
        answered = _ids(contents, "tool_result", "tool_use_id")
        _refuse(used - answered, "`tool_use` ids without `tool_result` right after", indexes[0])
        _refuse(answered - used, "unexpected `tool_use_id` in `tool_result` blocks", indexes[0])
        used = _ids(contents, "tool_use", "id")


def _ids(contents: tuple[Any, ...], kind: str, key: str) -> set[str]:
    parts = [part for content in contents if isinstance(content, list) for part in content]
    return {part[key] for part in parts if part["type"] == kind}


def _refuse(ids: set[str], reason: str, index: int) -> None:
    if ids:
        message = f"{reason}: {', '.join(sorted(ids))}"
        raise InvalidRequest(message, param=("messages", index))
