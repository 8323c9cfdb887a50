"""The parts of a message → blocks."""

from collections.abc import Callable
from typing import Any

from tollgate_llm.dialects.chat_to_messages.fields import refuse_rest
from tollgate_llm.dialects.chat_to_messages.files import document_source, image_source
from tollgate_llm.dialects.translation import Drops, Json

_BREAKPOINT = "prompt_cache_breakpoint"


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
    if blocks and given.get(_BREAKPOINT):
        blocks[-1]["cache_control"] = _marker(given[_BREAKPOINT], f"{at}.{_BREAKPOINT}", drops)
    return blocks


def _marker(given: Json, at: str, drops: Drops) -> Json:
    """Kept for at least half an hour is kept for an hour: there is nothing between 5 minutes and
    that, and nothing above."""
    refuse_rest(given, ("mode", "ttl"), at, drops)
    if given.get("ttl") == "30m":
        return {"type": "ephemeral", "ttl": "1h"}
    if given.get("ttl") is not None:
        drops.add(f"{at}.ttl", "it keeps nothing for longer than an hour")
    return {"type": "ephemeral"}


def _text(given: Json, at: str, drops: Drops) -> list[Json]:
    refuse_rest(given, ("type", "text", _BREAKPOINT), at, drops)
    return texts(given["text"])


def _refusal(given: Json, at: str, drops: Drops) -> list[Json]:
    refuse_rest(given, ("type", "refusal"), at, drops)
    return texts(given["refusal"])


def _image(given: Json, at: str, drops: Drops) -> list[Json]:
    """Images are read in as much detail as the model can make out, which is `high`."""
    refuse_rest(given, ("type", "image_url", _BREAKPOINT), at, drops)
    image = given["image_url"]
    refuse_rest(image, ("url", "detail"), f"{at}.image_url", drops)
    if image.get("detail") not in (None, "auto", "high"):
        drops.add(f"{at}.image_url.detail", "how closely it looks cannot be set")
    source = image_source(image["url"])
    if source is None:
        reason = "an image is a JPEG, PNG, GIF or WebP at an address or in base64"
        drops.add(f"{at}.image_url.url", reason)
        return []
    return [{"type": "image", "source": source}]


def _file(given: Json, at: str, drops: Drops) -> list[Json]:
    refuse_rest(given, ("type", "file", _BREAKPOINT), at, drops)
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
