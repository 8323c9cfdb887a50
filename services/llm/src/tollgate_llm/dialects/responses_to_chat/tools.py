"""Tools and the choice among them.

Functions are functions in both dialects. Those of a namespace have its name before theirs, and its
description before theirs. A custom tool takes free text, which few servers know:
it is offered as a function of one string, `input`, and its calls are read back accordingly.
Tools that OpenAI itself runs are refused. Those that agents offer in every request are hints,
unless the choice demands one.
"""

import json
from collections.abc import Mapping
from typing import Any

from tollgate_llm.dialects.responses_to_chat.fields import refuse_rest
from tollgate_llm.dialects.responses_to_chat.names import Names, Offered, offered_in
from tollgate_llm.dialects.responses_to_chat.strictness import MOST_STRICT, strict_of
from tollgate_llm.dialects.translation import Drops, Json

_OFFERED_ANYWAY = ("web_search", "image_generation", "tool_search")
"""The types of such tools begin with these; dates may follow."""

_FREE_TEXT: Mapping[str, Any] = {
    "type": "object",
    "properties": {"input": {"type": "string"}},
    "required": ["input"],
    "additionalProperties": False,
}


def tools_of(asked: Json, drops: Drops) -> Json:
    """`tools`, `tool_choice` and `parallel_tool_calls`; the latter two only beside the first."""
    names, demanded = Names(asked), _demanded(asked.get("tool_choice"))
    _settle_namespaces(asked, drops)
    made = [(each.tool, _tool(each, names, demanded, drops)) for each in offered_in(asked)]
    offered = [tool for _, tool in made if tool]
    if len(offered) <= MOST_STRICT:
        for given, tool in made:
            _hold_to_schema(given, tool)
    tools, choice = _narrowed(offered, asked.get("tool_choice"), names, drops)
    settings = _choice(choice, names, drops)
    if not tools:
        if settings.get("tool_choice", "none") != "none":
            drops.add("tool_choice", "there is no tool to choose")
        return {}
    if asked.get("parallel_tool_calls") is False:
        settings["parallel_tool_calls"] = False
    return {"tools": tools, **settings}


def custom_names(asked: Json) -> frozenset[str]:
    """Return the provider's names of the tools whose calls are to be read as custom ones."""
    names = Names(asked)
    customs = (each for each in offered_in(asked) if each.tool.get("type") == "custom")
    return frozenset(names.of_tool(each.tool_name) for each in customs)


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


def _settle_namespaces(asked: Json, drops: Drops) -> None:
    for index, tool in enumerate(asked.get("tools") or ()):
        if tool.get("type") == "namespace":
            refuse_rest(tool, ("type", "name", "description", "tools"), f"tools.{index}", drops)


def _tool(offered: Offered, names: Names, demanded: frozenset[str], drops: Drops) -> Json | None:
    at, given = offered.at, offered.tool
    kind = given.get("type")
    if kind in ("function", "custom"):
        made = _function(given, at, drops) if kind == "function" else _custom(given, at, drops)
        function = {**made, **_described(offered), "name": names.of_tool(offered.tool_name)}
        return {"type": "function", "function": function}
    hosted = _hosted(kind)
    if hosted and hosted not in demanded:
        drops.hint(f"{at}.{hosted}")
    else:
        drops.add(at, f"a tool of the type `{kind}` is not run by this provider")
    return None


def _described(offered: Offered) -> Json:
    """Return the description, after that of the namespace, which describes its tools together."""
    texts = [each.get("description") for each in (offered.namespace or {}, offered.tool)]
    told = [text for text in texts if text]
    return {"description": "\n\n".join(told)} if told else {}


def _function(given: Json, at: str, drops: Drops) -> Json:
    names = ("name", "description", "parameters", "strict")
    refuse_rest(given, ("type", *names), at, drops)
    # Not to be strict is what chat completions take a missing `strict` for.
    return {name: given[name] for name in names if given.get(name) not in (None, False)}


def _hold_to_schema(given: Json, tool: Json | None) -> None:
    if tool is None or not _says_nothing_of_strict(given):
        return
    strict = strict_of(tool["function"].get("parameters"))
    if strict is not None:
        tool["function"] |= {"parameters": strict, "strict": True}


def _says_nothing_of_strict(tool: Json) -> bool:
    return tool.get("type") == "function" and tool.get("strict") is None


def _custom(given: Json, at: str, drops: Drops) -> Json:
    refuse_rest(given, ("type", "name", "description", "format"), at, drops)
    if (given.get("format") or {}).get("type") == "grammar":
        drops.add(f"{at}.format", "this provider is not held to a grammar")
    return {"parameters": dict(_FREE_TEXT)}


def _narrowed(
    offered: list[Json], choice: Any, names: Names, drops: Drops
) -> tuple[list[Json], Any]:
    """`allowed_tools`, which few servers know, is the same as offering only these."""
    if not isinstance(choice, dict) or choice.get("type") != "allowed_tools":
        return offered, choice
    known = {tool["function"]["name"] for tool in offered}
    allowed: set[str] = set()
    for index, each in enumerate(choice["tools"]):
        chosen = known.intersection(_allowed(each, names))
        if not chosen:
            drops.add(f"tool_choice.tools.{index}", "it is not among the tools")
        allowed |= chosen
    return [tool for tool in offered if tool["function"]["name"] in allowed], choice["mode"]


def _allowed(given: Json, names: Names) -> list[str]:
    """Return the provider's names of the tools that one entry allows."""
    if not isinstance(given.get("name"), str):
        return []
    return names.within(given["name"]) if given.get("type") == "namespace" else [names.of(given)]


def _choice(choice: Any, names: Names, drops: Drops) -> Json:
    if choice in (None, "auto"):
        return {}
    if isinstance(choice, str):
        return {"tool_choice": choice}
    if choice.get("type") in ("function", "custom"):
        return {"tool_choice": {"type": "function", "function": {"name": names.of(choice)}}}
    drops.add("tool_choice", f"a tool of the type `{choice.get('type')}` cannot be chosen")
    return {}
