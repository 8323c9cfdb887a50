"""Tool calls and their results, in both directions.

A custom tool takes free text: it is offered as a function of one string, `input`, and its calls
are read back accordingly.
"""

import json
import re
from hashlib import sha256

import msgspec

from tollgate_llm.dialects.chat_to_messages.caching import MARK
from tollgate_llm.dialects.chat_to_messages.content import blocks_of, plain
from tollgate_llm.dialects.chat_to_messages.fields import refuse_rest
from tollgate_llm.dialects.translation import Drops, Json

FREE_TEXT = "input"
_ID = re.compile(r"[A-Za-z0-9_-]+\Z")
_TOLD_AGAIN = ("index", "parsed_arguments")
"""What SDKs add to a call that they have put together or parsed."""


def custom_names(asked: Json) -> frozenset[str]:
    """The tools whose calls are to be read as custom ones."""
    tools = asked.get("tools") or ()
    return frozenset(tool["custom"]["name"] for tool in tools if tool["type"] == "custom")


def use_of(call: Json, at: str, drops: Drops) -> Json:
    """A call that the assistant has made."""
    refuse_rest(call, ("type", "id", "function", "custom", *_TOLD_AGAIN), at, drops)
    if call["type"] == "custom":
        refuse_rest(call["custom"], ("name", "input"), f"{at}.custom", drops)
        name, given = call["custom"]["name"], {FREE_TEXT: call["custom"]["input"]}
    else:
        function = call["function"]
        known = ("name", "arguments", *_TOLD_AGAIN)
        refuse_rest(function, known, f"{at}.function", drops)
        name, given = function["name"], _input(function["arguments"], at, drops)
    return {"type": "tool_use", "id": _use_id(call["id"]), "name": name, "input": given}


def result_of(message: Json, at: str, drops: Drops) -> list[Json]:
    refuse_rest(message, ("role", "content", "tool_call_id", MARK), at, drops)
    result = {"type": "tool_result", "tool_use_id": _use_id(message["tool_call_id"])}
    blocks = blocks_of(message["content"], f"{at}.content", drops)
    return [{**result, "content": plain(blocks)} if blocks else result]


def free_text(arguments: str) -> str:
    """What a custom tool is called with; arguments in no shape of ours are passed as they are."""
    try:
        given = json.loads(arguments)
    except (ValueError, RecursionError):
        return arguments
    text = given.get(FREE_TEXT) if isinstance(given, dict) else None
    return text if isinstance(text, str) else arguments


def _input(arguments: str, at: str, drops: Drops) -> Json:
    """A call that names no arguments has none."""
    try:
        given = msgspec.json.decode(arguments or "{}")
    except (msgspec.DecodeError, RecursionError):
        given = None
    if isinstance(given, dict):
        return given
    drops.add(f"{at}.function.arguments", "it must be a JSON object")
    return {}


def _use_id(call_id: str) -> str:
    """The same id, unless it has signs that are refused there: then always the same other one."""
    if _ID.match(call_id):
        return call_id
    return f"toolu_{sha256(call_id.encode()).hexdigest()[:24]}"
