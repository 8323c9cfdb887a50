"""Tools and the choice among them.

Functions are functions in both dialects. A custom tool takes free text, which few servers know:
it is offered as a function of one string, `input`, and its calls are read back accordingly.
Tools that OpenAI itself runs are refused. Those that agents offer in every request are hints,
unless the choice demands one.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from tollgate_llm.dialects.responses_to_chat.fields import refuse_rest
from tollgate_llm.dialects.responses_to_chat.strictness import MOST_STRICT, strict_of
from tollgate_llm.dialects.translation import Drops, Json

_OFFERED_ANYWAY = ("web_search", "image_generation", "tool_search")
"""What the types of such tools begin with; dates may follow."""

_FREE_TEXT: Mapping[str, Any] = {
    "type": "object",
    "properties": {"input": {"type": "string"}},
    "required": ["input"],
    "additionalProperties": False,
}


def tools_of(asked: Json, drops: Drops) -> Json:
    """`tools`, `tool_choice` and `parallel_tool_calls`; the latter two only beside the first."""
    given = asked.get("tools") or ()
    demanded = _demanded(asked.get("tool_choice"))
    made = (_tool(each, f"tools.{at}", demanded, drops) for at, each in enumerate(given))
    offered = [tool for tool in made if tool]
    if len(offered) <= MOST_STRICT:
        _hold_to_schemas(offered, given)
    tools, choice = _narrowed(offered, asked.get("tool_choice"), drops)
    settings = _choice(choice, drops)
    if not tools:
        if settings.get("tool_choice", "none") != "none":
            drops.add("tool_choice", "there is no tool to choose")
        return {}
    if asked.get("parallel_tool_calls") is False:
        settings["parallel_tool_calls"] = False
    return {"tools": tools, **settings}


def custom_names(asked: Json) -> frozenset[str]:
    """The tools whose calls are to be read as custom ones."""
    tools = asked.get("tools") or ()
    return frozenset(tool["name"] for tool in tools if tool.get("type") == "custom")


def free_text(arguments: str) -> str:
    """What a custom tool is called with; arguments in no shape of ours are passed as they are."""
    try:
        given = json.loads(arguments)
    except (ValueError, RecursionError):
        return arguments
    text = given.get("input") if isinstance(given, dict) else None
    return text if isinstance(text, str) else arguments


def arguments_of(text: str) -> str:
    """The other way round."""
    return json.dumps({"input": text}, ensure_ascii=False)


def _demanded(choice: Any) -> frozenset[str]:
    """Return the hosted tools that the choice names."""
    if not isinstance(choice, dict):
        return frozenset()
    named = (_hosted(each.get("type")) for each in (choice, *(choice.get("tools") or ())))
    return frozenset(name for name in named if name)


def _hosted(kind: Any) -> str | None:
    """Return the tool that is offered in every request, if this is its type."""
    return next((name for name in _OFFERED_ANYWAY if str(kind).startswith(name)), None)


def _tool(given: Json, at: str, demanded: frozenset[str], drops: Drops) -> Json | None:
    kind = given.get("type")
    if kind == "function":
        return _function(given, at, drops)
    if kind == "custom":
        return _custom(given, at, drops)
    hosted = _hosted(kind)
    if hosted and hosted not in demanded:
        drops.hint(f"{at}.{hosted}")
    else:
        drops.add(at, f"a tool of the type `{kind}` is not run by this provider")
    return None


def _function(given: Json, at: str, drops: Drops) -> Json:
    names = ("name", "description", "parameters", "strict")
    refuse_rest(given, ("type", *names), at, drops)
    # Not to be strict is what chat completions take a missing `strict` for.
    function = {name: given[name] for name in names if given.get(name) not in (None, False)}
    return {"type": "function", "function": function}


def _hold_to_schemas(offered: list[Json], given: Iterable[Json]) -> None:
    unsaid = {tool["name"] for tool in given if _says_nothing_of_strict(tool)}
    for function in (tool["function"] for tool in offered):
        strict = strict_of(function.get("parameters")) if function["name"] in unsaid else None
        if strict is not None:
            function |= {"parameters": strict, "strict": True}


def _says_nothing_of_strict(tool: Json) -> bool:
    return tool.get("type") == "function" and tool.get("strict") is None


def _custom(given: Json, at: str, drops: Drops) -> Json:
    refuse_rest(given, ("type", "name", "description", "format"), at, drops)
    if (given.get("format") or {}).get("type") == "grammar":
        drops.add(f"{at}.format", "this provider is not held to a grammar")
    function = {"name": given["name"], "parameters": dict(_FREE_TEXT)}
    if given.get("description") is not None:
        function["description"] = given["description"]
    return {"type": "function", "function": function}


def _narrowed(offered: list[Json], choice: Any, drops: Drops) -> tuple[list[Json], Any]:
    """`allowed_tools`, which few servers know, is the same as offering only these."""
    if not isinstance(choice, dict) or choice.get("type") != "allowed_tools":
        return offered, choice
    names = {tool["function"]["name"] for tool in offered}
    allowed = [tool.get("name") for tool in choice["tools"]]
    for index, name in enumerate(allowed):
        if name not in names:
            drops.add(f"tool_choice.tools.{index}", "it is not among the tools")
    return [tool for tool in offered if tool["function"]["name"] in allowed], choice["mode"]


def _choice(choice: Any, drops: Drops) -> Json:
    if choice in (None, "auto"):
        return {}
    if isinstance(choice, str):
        return {"tool_choice": choice}
    if choice.get("type") in ("function", "custom"):
        return {"tool_choice": {"type": "function", "function": {"name": choice["name"]}}}
    drops.add("tool_choice", f"a tool of the type `{choice.get('type')}` cannot be chosen")
    return {}
