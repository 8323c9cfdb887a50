"""What an OpenAI request wants beside a text: calls of its tools, or JSON of a shape."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from tollgate_llm.sandbox.asks import Json, Tool
from tollgate_llm.sandbox.choosing import Choice, chosen_tools
from tollgate_llm.sandbox.errors import InvalidRequest
from tollgate_llm.sandbox.shapes import asked_shape

Unwrap = Callable[[Json], Json]
"""From a tool, or a choice of one, to the object that holds its name."""


def offered_tools(body: Json, unwrap: Unwrap) -> dict[str, Tool]:
    """The offered functions by their names; tools that are not functions are not called."""
    functions = [unwrap(tool) for tool in body.get("tools") or () if tool["type"] == "function"]
    return {
        function["name"]: Tool(function["name"], function.get("parameters") or {})
        for function in functions
    }


def wanted_tools(
    body: Json, unwrap: Unwrap, offered: dict[str, Tool], so_far: Choice
) -> tuple[Tool, ...]:
    """The functions to call, by `tool_choice`, `parallel_tool_calls` and what was said.

    Raises `InvalidRequest` for a chosen function that was not offered.
    """
    choice = body.get("tool_choice")
    if choice == "none":
        return ()
    if choice == "required" and not body.get("tools"):
        raise InvalidRequest("'tool_choice' is only allowed with 'tools'.", param=("tool_choice",))
    so_far = replace(
        so_far,
        must_call=choice == "required",
        is_parallel=body.get("parallel_tool_calls") is not False,
    )
    if isinstance(choice, dict):
        return _chosen(choice, offered, unwrap, so_far)
    return chosen_tools([*offered.values()], so_far)


def _chosen(
    choice: Json, offered: dict[str, Tool], unwrap: Unwrap, so_far: Choice
) -> tuple[Tool, ...]:
    if choice["type"] == "function":
        name = unwrap(choice).get("name")
        if name not in offered:
            raise InvalidRequest(f"Tool '{name}' was not offered.", param=("tool_choice",))
        return (offered[name],)
    if choice["type"] == "allowed_tools":
        allowed = choice.get("allowed_tools", choice)
        names: list[Any] = [unwrap(tool).get("name") for tool in allowed["tools"]]
        some = [offered[name] for name in names if name in offered]
        return chosen_tools(some, replace(so_far, must_call=allowed.get("mode") == "required"))
    return ()


def wanted_schema(form: Json | None, texts: Sequence[str]) -> Json | None:
    """The JSON schema that `response_format`, or `text.format`, wants an instance of: its own, or
    the one that the messages ask for."""
    if not form or form["type"] == "text":
        return None
    if form["type"] == "json_object":
        return asked_shape(texts)
    schema: Json | None = form.get("json_schema", form).get("schema")
    return schema or {}
