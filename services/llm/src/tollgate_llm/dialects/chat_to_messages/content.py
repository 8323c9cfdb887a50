"""The parts of a message → blocks."""

from collections.abc import Callable
from typing import Any

from tollgate_llm.dialects.chat_to_messages.caching import BREAKPOINT, MARK, mark_of
from tollgate_llm.dialects.chat_to_messages.fields import refuse_rest
from tollgate_llm.dialects.chat_to_messages.files import document_source, image_source
from tollgate_llm.dialects.translation import Drops, Json


def blocks_of(content: Any, at: str, drops: Drops) -> list[Json]:
    """A string is a text. Texts of nothing but space are left out: they are refused there."""
    if content is None:
        return []
    if isinstance(content, str):
        return texts(content)
    return [
        block
        for index, part in enumerate(content)
        for block in _part(part, f"{at}.{index}", drops)
    ]  # fmt: skip


def texts(text: str) -> list[Json]:
    return [{"type": "text", "text": text}] if text.strip() else []


def plain(blocks: list[Json]) -> str | list[Json]:
    """As a string where that says it all."""
    lone = blocks[0] if len(blocks) == 1 else {}
    return lone["text"] if lone.keys() == {"type", "text"} else blocks


def _part(given: Json, at: str, drops: Drops) -> list[Json]:
    blocks = _MAKERS[given["type"]](given, at, drops)
    mark = mark_of(given, at, drops)
    if blocks and mark:
        blocks[-1][MARK] = mark
    return blocks


def _text(given: Json, at: str, drops: Drops) -> list[Json]:
    refuse_rest(given, ("type", "text", BREAKPOINT, MARK), at, drops)
    return texts(given["text"])


def _refusal(given: Json, at: str, drops: Drops) -> list[Json]:
    refuse_rest(given, ("type", "refusal", MARK), at, drops)
    return texts(given["refusal"])


def _image(given: Json, at: str, drops: Drops) -> list[Json]:
    refuse_rest(given, ("type", "image_url", BREAKPOINT, MARK), at, drops)
    image = given["image_url"]
    refuse_rest(image, ("url",), f"{at}.image_url", drops)
    source = image_source(image["url"])
    if source is None:
        reason = "an image is a JPEG, PNG, GIF or WebP at an address or in base64"
        drops.add(f"{at}.image_url.url", reason)
        return []
    return [{"type": "image", "source": source}]


def _file(given: Json, at: str, drops: Drops) -> list[Json]:
    refuse_rest(given, ("type", "file", BREAKPOINT, MARK), at, drops)
    file = given["file"]
    refuse_rest(file, ("file_data", "filename"), f"{at}.file", drops)
    data, filename = file.get("file_data"), file.get("filename") or ""
    if data is None:
        return []
    source = document_source(data, filename)
    if source is None:
        drops.add(f"{at}.file.file_data", "a document is a PDF or a text, in base64")
        return []
    document = {"type": "document", "source": source}
    return [{**document, "title": filename} if filename else document]


def _audio(given: Json, at: str, drops: Drops) -> list[Json]:
    drops.add(at, "it does not hear")
    return []


_MAKERS: dict[str, Callable[[Json, str, Drops], list[Json]]] = {
    "text": _text,
    "refusal": _refusal,
    "image_url": _image,
    "file": _file,
    "input_audio": _audio,
}
