"""Every tool call is answered, and every answer has its call, or the request is refused."""

from __future__ import annotations

from tollgate_llm.sandbox.asks import Json
from tollgate_llm.sandbox.errors import InvalidRequest


def check_chat(messages: list[Json]) -> None:
    """The results of an assistant's calls follow it at once, each once."""
    open_calls: set[str] = set()
    for index, message in enumerate(messages):
        if message["role"] == "tool":
            if message["tool_call_id"] not in open_calls:
                raise InvalidRequest(
                    "Messages with role 'tool' must be a response to a preceding message with "
                    "'tool_calls'.",
                    param=("messages", index, "role"),
                )
            open_calls.remove(message["tool_call_id"])
            continue
        _refuse_open(open_calls, index)
        open_calls = {call["id"] for call in message.get("tool_calls") or ()}
    _refuse_open(open_calls, len(messages))


def _refuse_open(open_calls: set[str], index: int) -> None:
    if open_calls:
        raise InvalidRequest(
            "An assistant message with 'tool_calls' must be followed by tool messages responding "
            f"to each 'tool_call_id'. Without response: {', '.join(sorted(open_calls))}.",
            param=("messages", index, "role") if index else ("messages",),
        )


def check_responses(items: list[Json]) -> None:
    """Calls and outputs pair by `call_id`, the call first."""
    called: dict[str, str] = {}
    for item in items:
        kind, call_id = str(item.get("type", "")), str(item.get("call_id"))
        if kind in _OUTPUTS:
            if called.pop(call_id, None) != _OUTPUTS[kind]:
                raise InvalidRequest(
                    f"No tool call found for {kind} with call_id {call_id}.", param=("input",)
                )
        elif kind in _OUTPUTS.values():
            called[call_id] = kind
    if called:
        call_id, kind = next(iter(called.items()))
        raise InvalidRequest(f"No tool output found for {kind} {call_id}.", param=("input",))


_OUTPUTS = {
    "function_call_output": "function_call",
    "custom_tool_call_output": "custom_tool_call",
}
