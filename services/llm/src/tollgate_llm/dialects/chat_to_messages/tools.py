"""Tools and the choice among them."""

from collections.abc import Callable
from typing import Any

from tollgate_llm.dialects.chat_to_messages.caching import MARK, mark_of
from tollgate_llm.dialects.chat_to_messages.calls import FREE_TEXT
from tollgate_llm.dialects.chat_to_messages.fields import refuse_rest
from tollgate_llm.dialects.translation import Drops, Json

_NO_ARGUMENTS: Json = {"type": "object", "properties": {}}
_CHOICES = {"none": "none", "auto": "auto", "required": "any"}


def tools_of(asked: Json, messages: list[Json], drops: Drops) -> Json:
    """`tools` and `tool_choice`. `messages` are the translated ones."""
    given = enumerate(asked.get("tools") or ())
    offered = [_tool(tool, f"tools.{index}", drops) for index, tool in given]
    tools, wanted = _narrowed(offered, asked.get("tool_choice"), drops)
    choice = _choice(wanted, drops)
    if not tools:
        if choice.get("type", "none") not in ("none", "auto"):
            drops.add("tool_choice", "there is no tool to choose")
        return _remembered(messages)
    if asked.get("parallel_tool_calls") is False and choice.get("type") != "none":
        choice = {"type": "auto", **choice, "disable_parallel_tool_use": True}
    return {"tools": tools, "tool_choice": choice} if choice else {"tools": tools}


def _remembered(messages: list[Json]) -> Json:
    """Calls in the conversation must be to tools that there are, even if none may be called."""
    blocks = [block for each in messages for block in each["content"] if isinstance(block, dict)]
    names = dict.fromkeys(block["name"] for block in blocks if block["type"] == "tool_use")
    tools = [{"name": name, "input_schema": dict(_NO_ARGUMENTS)} for name in names]
    return {"tools": tools, "tool_choice": {"type": "none"}} if tools else {}


def _tool(given: Json, at: str, drops: Drops) -> Json:
    refuse_rest(given, ("type", "function", "custom", MARK), at, drops)
    kind = given["type"]
    tool = _MAKERS[kind](given[kind], f"{at}.{kind}", drops)
    mark = mark_of(given, at, drops) or mark_of(given[kind], f"{at}.{kind}", drops)
    return {**tool, MARK: mark} if mark else tool


def _function(given: Json, at: str, drops: Drops) -> Json:
    refuse_rest(given, ("name", "description", "parameters", "strict", MARK), at, drops)
    schema = {"type": "object", **(given.get("parameters") or _NO_ARGUMENTS)}
    tool = {**_named(given), "input_schema": schema}
    return {**tool, "strict": True} if given.get("strict") else tool


def _custom(given: Json, at: str, drops: Drops) -> Json:
    refuse_rest(given, ("name", "description", "format", MARK), at, drops)
    if (given.get("format") or {}).get("type") == "grammar":
        drops.add(f"{at}.format", "it is not held to a grammar")
    schema = {
        "type": "object",
        "properties": {FREE_TEXT: {"type": "string"}},
        "required": [FREE_TEXT],
        "additionalProperties": False,
    }
    return {**_named(given), "input_schema": schema}


_MAKERS: dict[str, Callable[[Json, str, Drops], Json]] = {
    "function": _function,
    "custom": _custom,
}


def _named(given: Json) -> Json:
    names = ("name", "description")
    return {name: given[name] for name in names if given.get(name) is not None}


def _narrowed(offered: list[Json], choice: Any, drops: Drops) -> tuple[list[Json], Any]:
    """`allowed_tools` is the same as offering only these."""
    if not isinstance(choice, dict) or choice["type"] != "allowed_tools":
        return offered, choice
    names = {tool["name"] for tool in offered}
    allowed = [_chosen(tool) for tool in choice["allowed_tools"]["tools"]]
    for index, name in enumerate(allowed):
        if name not in names:
            at = f"tool_choice.allowed_tools.tools.{index}"
            drops.add(at, "it is not among the tools")
    return [tool for tool in offered if tool["name"] in allowed], choice["allowed_tools"]["mode"]


def _choice(choice: Any, drops: Drops) -> Json:
    if choice in (None, "auto"):
        return {}
    if isinstance(choice, str):
        return {"type": _CHOICES[choice]}
    refuse_rest(choice, ("type", "function", "custom"), "tool_choice", drops)
    return {"type": "tool", "name": _chosen(choice)}


def _chosen(given: Json) -> Any:
    """The name in a reference to a tool."""
    named = given.get("function") or given.get("custom")
    return named.get("name") if isinstance(named, dict) else None
