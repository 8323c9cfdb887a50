"""Content blocks → the parts of a user's message.

A document's context, and what can only be said in words (plain text documents, search results), are
text parts of their own.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from tollgate_llm.dialects.messages_to_chat.fields import refuse_rest
from tollgate_llm.dialects.tool_names import shortened
from tollgate_llm.dialects.translation import Drops, Json

_NOT_STORED = "nothing is stored at this provider"
_PDF = ".pdf"


class Placed(NamedTuple):
    """A block, and its path in the request."""

    at: str
    block: Json


def placed(content: Any, at: str) -> list[Placed]:
    """A string is a text."""
    if isinstance(content, str):
        return [Placed(at, text_part(content))]
    return [Placed(f"{at}.{index}", block) for index, block in enumerate(content or ())]


def text_part(text: str) -> Json:
    return {"type": "text", "text": text}


def plain(parts: list[Json]) -> str | list[Json]:
    """As a string where that says it all, which every server understands."""
    if not parts:
        return ""
    lone = parts[0] if len(parts) == 1 else {}
    return lone["text"] if lone.keys() == {"type", "text"} else parts


def parts_of(blocks: Iterable[Placed], drops: Drops) -> list[Json]:
    return [part for each in blocks for part in _parts(each, drops)]


def text_of(each: Placed, speaker: str, drops: Drops) -> Iterator[Json]:
    """For messages that hold nothing but text."""
    if each.block["type"] == "text":
        yield from _text(each, drops)
    else:
        drops.add(each.at, f"{speaker} cannot show a `{each.block['type']}`")


def _parts(each: Placed, drops: Drops) -> Iterator[Json]:
    make = _MAKERS.get(each.block["type"])
    if make:
        yield from make(each, drops)
    else:
        drops.add(each.at, f"this provider has no `{each.block['type']}`")


def _text(each: Placed, drops: Drops) -> Iterator[Json]:
    """Citations tell of a text that has been said; they are not part of it."""
    refuse_rest(each.block, ("type", "text", "citations"), each.at, drops)
    yield text_part(each.block["text"])


def _image(each: Placed, drops: Drops) -> Iterator[Json]:
    refuse_rest(each.block, ("type", "source", "transformations"), each.at, drops)
    changes = each.block.get("transformations") or {}
    if changes.get("oversized_image") not in (None, "downsize"):
        drops.add(f"{each.at}.transformations", "this provider makes large images fit")
    source = each.block["source"]
    if source["type"] == "base64":
        yield _image_at(f"data:{source['media_type']};base64,{source['data']}")
    elif source["type"] == "url":
        yield _image_at(source["url"])
    else:
        drops.add(f"{each.at}.source", _NOT_STORED)


def _image_at(url: str) -> Json:
    return {"type": "image_url", "image_url": {"url": url}}


def _document(each: Placed, drops: Drops) -> Iterator[Json]:
    block = each.block
    refuse_rest(block, ("type", "source", "title", "context"), each.at, drops)
    if block.get("title") and block["source"]["type"] != "base64":
        yield text_part(block["title"])
    if block.get("context"):
        yield text_part(block["context"])
    yield from _source(block, f"{each.at}.source", drops)


def _source(block: Json, at: str, drops: Drops) -> Iterator[Json]:
    source = block["source"]
    if source["type"] == "base64":
        yield _file(source, block.get("title") or "document")
    elif source["type"] == "text":
        yield text_part(source["data"])
    elif source["type"] == "content":
        yield from parts_of(placed(source["content"], f"{at}.content"), drops)
    elif source["type"] == "url":
        drops.add(at, "chat completions take no address of a document")
    else:
        drops.add(at, _NOT_STORED)


def _file(source: Json, title: str) -> Json:
    """The name's ending tells the provider what it is."""
    name = title if title.lower().endswith(_PDF) else title + _PDF
    data = f"data:{source['media_type']};base64,{source['data']}"
    return {"type": "file", "file": {"filename": name, "file_data": data}}


def _search_result(each: Placed, drops: Drops) -> Iterator[Json]:
    block = each.block
    refuse_rest(block, ("type", "source", "title", "content"), each.at, drops)
    yield text_part(f"{block['title']}\n{block['source']}")
    yield from parts_of(placed(block["content"], f"{each.at}.content"), drops)


def _tool_reference(each: Placed, drops: Drops) -> Iterator[Json]:
    """A search for tools has found this one. All of them are offered from the first."""
    refuse_rest(each.block, ("type", "tool_name"), each.at, drops)
    yield text_part(shortened(each.block["tool_name"]))


_MAKERS: dict[str, Callable[[Placed, Drops], Iterator[Json]]] = {
    "text": _text,
    "image": _image,
    "document": _document,
    "search_result": _search_result,
    "tool_reference": _tool_reference,
}
