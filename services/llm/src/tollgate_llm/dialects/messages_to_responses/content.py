"""Content blocks → the parts of an input message, or of what a function gave."""

from collections.abc import Iterable, Iterator

from tollgate_llm.dialects.messages_to_chat import content
from tollgate_llm.dialects.messages_to_chat.content import Placed
from tollgate_llm.dialects.messages_to_chat.fields import refuse_rest
from tollgate_llm.dialects.translation import Drops, Json


def parts_of(blocks: Iterable[Placed], drops: Drops) -> list[Json]:
    return [part for each in blocks for part in _parts(each, drops)]


def plain(parts: list[Json]) -> str | list[Json]:
    """As a string where that says it all."""
    if len(parts) != 1 or parts[0]["type"] != "input_text":
        return parts
    text: str = parts[0]["text"]
    return text


def _parts(each: Placed, drops: Drops) -> Iterator[Json]:
    if each.block["type"] == "document" and each.block["source"]["type"] == "url":
        yield from _linked(each.block, each.at, drops)
    else:
        yield from map(_part, content.parts_of([each], drops))


def _linked(document: Json, at: str, drops: Drops) -> Iterator[Json]:
    """Yield a document by its address, which gives it its name."""
    refuse_rest(document, ("type", "source", "title", "context"), at, drops)
    for name in ("title", "context"):
        if document.get(name):
            yield {"type": "input_text", "text": document[name]}
    yield {"type": "input_file", "file_url": document["source"]["url"]}


def _part(part: Json) -> Json:
    """Return a part of a chat message in the words of responses."""
    if part["type"] == "text":
        return {"type": "input_text", "text": part["text"]}
    if part["type"] == "file":
        return {"type": "input_file", **part["file"]}
    return {"type": "input_image", "image_url": part["image_url"]["url"], "detail": "auto"}
