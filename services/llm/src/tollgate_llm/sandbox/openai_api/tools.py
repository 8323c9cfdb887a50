"""Which of the offered tools an OpenAI request wants called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tollgate_llm.sandbox.asks import Json, Tool
from tollgate_llm.sandbox.errors import InvalidRequest

Unwrap = Callable[[Json], Json]
"""From a tool, or a choice of one, to the object that holds its name."""


def wanted_tool(body: Json, unwrap: Unwrap) -> Tool | None:
    """The chosen function, else the first offered one; tools that are not functions are not called.

    Raises `InvalidRequest` for a chosen function that was not offered.
    """
    functions = [unwrap(tool) for tool in body.get("tools") or () if tool["type"] == "function"]
    offered = {
        function["name"]: Tool(function["name"], function.get("parameters") or {})
        for function in functions
    }
    choice = body.get("tool_choice")
    if choice == "none":
        return None
    if isinstance(choice, dict):
        return _chosen(choice, offered, unwrap)
    if choice == "required" and not body.get("tools"):
        raise InvalidRequest("'tool_choice' is only allowed with 'tools'.", param=("tool_choice",))
    return next(iter(offered.values()), None)


def _chosen(choice: Json, offered: dict[str, Tool], unwrap: Unwrap) -> Tool | None:
    if choice["type"] == "function":
        name = unwrap(choice).get("name")
        if name not in offered:
            raise InvalidRequest(f"Tool '{name}' was not offered.", param=("tool_choice",))
        return offered[name]
    if choice["type"] == "allowed_tools":
        return _first_allowed(choice.get("allowed_tools", choice), offered, unwrap)
    return None


def _first_allowed(allowed: Json, offered: dict[str, Tool], unwrap: Unwrap) -> Tool | None:
    names: list[Any] = [unwrap(tool).get("name") for tool in allowed["tools"]]
    return next((offered[name] for name in names if name in offered), None)


def wanted_schema(form: Json | None) -> Json | None:
    """The JSON schema that `response_format`, or `text.format`, wants an instance of."""
    if not form or form["type"] == "text":
        return None
    if form["type"] == "json_object":
        return {}
    schema: Json | None = form.get("json_schema", form).get("schema")
    return schema or {}
