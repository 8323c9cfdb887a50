"""The marks up to which a prompt is kept.

Chat completions have `prompt_cache_breakpoint`. Anthropic's own `cache_control` is understood too,
on parts, messages and tools, where clients for several vendors put it.
"""

from collections.abc import Iterator
from typing import Any

from tollgate_llm.dialects.chat_to_messages.fields import refuse_rest
from tollgate_llm.dialects.translation import Drops, Json

BREAKPOINT = "prompt_cache_breakpoint"
MARK = "cache_control"
_MOST = 4
_LIFETIMES = ("5m", "1h")
_MARKED = ("text", "image", "document", "tool_use", "tool_result")


def mark_of(given: Json, at: str, drops: Drops) -> Json | None:
    """Return the mark that a part, a message or a tool bears, in either vendor's words."""
    if given.get(MARK):
        return _own_mark(given[MARK], f"{at}.{MARK}", drops)
    if given.get(BREAKPOINT):
        return _breakpoint(given[BREAKPOINT], f"{at}.{BREAKPOINT}", drops)
    return None


def mark_last(blocks: list[Json], mark: Json | None) -> None:
    """Put the mark on the last block that can bear one, unless that has its own."""
    last = next((block for block in reversed(blocks) if block["type"] in _MARKED), None)
    if last is not None and mark:
        last.setdefault(MARK, mark)


def settle_marks(asked: Json, body: Json, drops: Drops) -> None:
    """Change the marks in `body`: without a lifetime they take the request's, and as in chat
    completions the last four hold. Nothing is kept that is not marked, which is what `explicit`
    says; `implicit` is up to the provider in either dialect."""
    options = asked.get("prompt_cache_options") or {}
    refuse_rest(options, ("mode", "ttl"), "prompt_cache_options", drops)
    if mark := mark_of({MARK: asked.get(MARK)}, "", drops):
        body[MARK] = mark
    most = _MOST - (MARK in body)
    marked = [block for block in _blocks(body) if MARK in block]
    for block in marked[:-most]:
        del block[MARK]
    if options.get("ttl"):
        for block in marked[-most:]:
            block[MARK].setdefault("ttl", "1h")


def _own_mark(given: Any, at: str, drops: Drops) -> Json | None:
    """Return the mark if it is one: nothing has checked it, for chat completions do not know it."""
    if not isinstance(given, dict) or given.get("type") != "ephemeral":
        drops.hint(at.removeprefix("."))
        return None
    lifetime = {"ttl": given["ttl"]} if given.get("ttl") in _LIFETIMES else {}
    return {"type": "ephemeral", **lifetime}


def _breakpoint(given: Json, at: str, drops: Drops) -> Json:
    """Kept for at least half an hour is kept for an hour: there is nothing between 5 minutes and
    that, and nothing above."""
    refuse_rest(given, ("mode", "ttl"), at, drops)
    if given.get("ttl") is None:
        return {"type": "ephemeral"}
    if given["ttl"] != "30m":
        drops.hint(f"{at}.ttl")
    return {"type": "ephemeral", "ttl": "1h"}


def _blocks(body: Json) -> Iterator[Json]:
    """Yield all that may bear a mark, in the order in which a prompt is kept."""
    yield from body.get("tools", ())
    contents: list[Any] = [body.get("system"), *(each["content"] for each in body["messages"])]
    for content in contents:
        for block in content if isinstance(content, list) else ():
            inner = block.get("content")
            yield from inner if isinstance(inner, list) else ()
            yield block
