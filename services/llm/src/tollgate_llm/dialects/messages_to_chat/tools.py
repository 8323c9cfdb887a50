"""Tools and the choice among them.

A tool that bears a schema is a function. Those that Anthropic runs, or whose schema only its models
know (`bash`, text editor, memory, computer), are refused. The search for tools is a hint: what
would have to be found is offered from the first.
"""

from typing import Any

from tollgate_llm.dialects.messages_to_chat.fields import refuse_rest
from tollgate_llm.dialects.schemas import complete
from tollgate_llm.dialects.tool_names import shortened
from tollgate_llm.dialects.translation import Drops, Json

_SEARCH = "tool_search_tool_"
_CHOICES = {"auto": "auto", "any": "required", "none": "none"}


def tools_of(asked: Json, drops: Drops) -> Json:
    """`tools`, `tool_choice` and `parallel_tool_calls`; the latter two only beside the first."""
    given = enumerate(asked.get("tools") or ())
    tools = [tool for tool in (tool_of(each, f"tools.{at}", drops) for at, each in given) if tool]
    choice = choice_of(asked, {tool["function"]["name"] for tool in tools}, drops)
    return {"tools": tools, **choice} if tools else {}


def choice_of(asked: Json, names: set[str], drops: Drops) -> Json:
    """Return `tool_choice` and `parallel_tool_calls`, as far as they say anything; `names` are what
    the functions are called at the provider."""
    chosen = asked.get("tool_choice") or {"type": "auto"}
    refuse_rest(chosen, ("type", "name", "disable_parallel_tool_use"), "tool_choice", drops)
    choice = _choice(chosen, names, drops)
    settings: Json = {} if choice in (None, "auto") else {"tool_choice": choice}
    if chosen.get("disable_parallel_tool_use"):
        settings["parallel_tool_calls"] = False
    return settings


def tool_of(given: Json, at: str, drops: Drops) -> Json | None:
    kind = given.get("type") or "custom"
    if kind.startswith(_SEARCH):
        drops.hint(f"{at}.tool_search")
        return None
    if kind != "custom":
        drops.add(at, f"this provider has no tool of the type `{kind}`")
        return None
    understood = ("type", "name", "description", "input_schema", "strict")
    refuse_rest(given, understood, at, drops)
    return {"type": "function", "function": _function(given)}


def _function(given: Json) -> Json:
    function: Json = {"name": shortened(given["name"])}
    if given.get("description") is not None:
        function["description"] = given["description"]
    function["parameters"] = given["input_schema"]
    if given.get("strict"):
        function |= {"parameters": complete(given["input_schema"]), "strict": True}
    return function


def _choice(chosen: Json, names: set[str], drops: Drops) -> Any:
    """None where nothing can be said."""
    kind = chosen["type"]
    name = shortened(chosen["name"]) if kind == "tool" else None
    if name in names:
        return {"type": "function", "function": {"name": name}}
    if kind == "tool" or (kind == "any" and not names):
        drops.add("tool_choice", "there is no such tool to choose")
    elif kind not in _CHOICES:
        drops.add("tool_choice.type", f"this provider has no choice `{kind}`")
    return _CHOICES.get(kind)
