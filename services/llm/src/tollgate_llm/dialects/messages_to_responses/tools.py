"""Tools and the choice among them: functions, and the web search that both vendors run."""

from typing import Any

from tollgate_llm.dialects.messages_to_chat.fields import refuse_rest
from tollgate_llm.dialects.messages_to_chat.tools import choice_of, tool_of
from tollgate_llm.dialects.translation import Drops, Json

_SEARCH = "web_search_"
_SEARCHES = ("type", "name", "allowed_domains", "max_uses", "user_location")
_SOURCES = "web_search_call.action.sources"
_PLACE = ("city", "region", "country", "timezone")


def tools_of(request: Json, drops: Drops) -> Json:
    """Return `tools`, and beside them the choice, how often the web may be searched, and that the
    addresses of the sources are wanted."""
    tools: list[Json] = []
    limits: Json = {}
    for at, each in enumerate(request.get("tools") or ()):
        if (each.get("type") or "").startswith(_SEARCH):
            tools.append(_search(each, f"tools.{at}", drops))
            # It is the only tool that the provider runs, so that it is the only one counted.
            limits["include"] = [_SOURCES]
            limits |= {"max_tool_calls": each["max_uses"]} if each.get("max_uses") else {}
        elif tool := tool_of(each, f"tools.{at}", drops):
            tools.append(_function(tool["function"]))
    names = {tool["name"] for tool in tools if tool["type"] == "function"}
    choice = _flat(choice_of(request, names, drops))
    return {"tools": tools, **choice, **limits} if tools else {}


def _function(function: Json) -> Json:
    """Return a function of responses, where one that says nothing of `strict` is strict."""
    return {"type": "function", "strict": False, **function}


def _flat(choice: Json) -> Json:
    chosen: Any = choice.get("tool_choice")
    if not isinstance(chosen, dict):
        return choice
    return {**choice, "tool_choice": {"type": "function", **chosen["function"]}}


def _search(tool: Json, at: str, drops: Drops) -> Json:
    refuse_rest(tool, _SEARCHES, at, drops)
    search: Json = {"type": "web_search"}
    if tool.get("allowed_domains"):
        search["filters"] = {"allowed_domains": tool["allowed_domains"]}
    if place := tool.get("user_location"):
        refuse_rest(place, ("type", *_PLACE), f"{at}.user_location", drops)
        known = {name: place[name] for name in _PLACE if place.get(name) is not None}
        search["user_location"] = {"type": "approximate", **known}
    return search
