"""The marks up to which a prompt is kept."""

from collections.abc import Iterator
from typing import Any

from tollgate_llm.dialects.chat_to_messages.fields import refuse_rest
from tollgate_llm.dialects.translation import Drops, Json

_MOST = 4
_MARK = "cache_control"


def settle_marks(asked: Json, body: Json, drops: Drops) -> None:
    """Changes the marks in `body`: without a lifetime they take the request's, and as in chat
    completions the last four hold. Nothing is kept that is not marked, which is what `explicit`
    says; `implicit` is up to the provider in either dialect."""
    options = asked.get("prompt_cache_options") or {}
    refuse_rest(options, ("mode", "ttl"), "prompt_cache_options", drops)
    marked = [block for block in _blocks(body) if _MARK in block]
    for block in marked[:-_MOST]:
        del block[_MARK]
    if options.get("ttl"):
        for block in marked[-_MOST:]:
            block[_MARK].setdefault("ttl", "1h")


def _blocks(body: Json) -> Iterator[Json]:
    contents: list[Any] = [body.get("system"), *(each["content"] for each in body["messages"])]
    for content in contents:
        for block in content if isinstance(content, list) else ():
            inner = block.get("content")
            yield from inner if isinstance(inner, list) else ()
            yield block
