"""The parts of a message: text, images and files."""

from collections.abc import Callable
from typing import Any

from tollgate_llm.dialects.responses_to_chat.fields import refuse_rest
from tollgate_llm.dialects.translation import Drops, Json

_BREAKPOINT = "prompt_cache_breakpoint"


def parts_of(content: Any, at: str, drops: Drops) -> list[Json]:
    """A string is a text."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    parts = (_part(part, f"{at}.{index}", drops) for index, part in enumerate(content))
    return [part for part in parts if part]


def texts_of(content: Any, at: str, drops: Drops, speaker: str) -> list[Json]:
    """For messages that hold nothing but text."""
    if isinstance(content, str):
        return parts_of(content, at, drops)
    parts = []
    for index, each in enumerate(content):
        part = _part(each, f"{at}.{index}", drops)
        if part and part["type"] != "text":
            drops.add(f"{at}.{index}", f"{speaker} can say nothing but text")
        elif part:
            parts.append(part)
    return parts


def plain(parts: list[Json]) -> str | list[Json]:
    """As a string where that says it all, which every server understands."""
    if not parts:
        return ""
    lone = parts[0] if len(parts) == 1 else {}
    return lone["text"] if lone.keys() == {"type", "text"} else parts


def _part(given: Json, at: str, drops: Drops) -> Json | None:
    make = _MAKERS.get(str(given.get("type")))
    if make is None:
        drops.add(at, f"content of the type `{given.get('type')}` is not known")
        return None
    part = make(given, at, drops)
    if part and given.get(_BREAKPOINT):
        part[_BREAKPOINT] = given[_BREAKPOINT]
    return part


def _text(given: Json, at: str, drops: Drops) -> Json:
    """Annotations and logprobs tell of a text that has been said; they are not part of it."""
    refuse_rest(given, ("type", "text", "annotations", "logprobs", _BREAKPOINT), at, drops)
    return {"type": "text", "text": given["text"]}


def _refusal(given: Json, at: str, drops: Drops) -> Json:
    """As text, which is all that most servers let the assistant have said."""
    refuse_rest(given, ("type", "refusal"), at, drops)
    return {"type": "text", "text": given["refusal"]}


def _image(given: Json, at: str, drops: Drops) -> Json | None:
    refuse_rest(given, ("type", "image_url", "detail", _BREAKPOINT), at, drops)
    if given.get("image_url") is None:
        return None
    image = {"url": given["image_url"]}
    if given.get("detail") not in (None, "auto"):
        image["detail"] = given["detail"]
    return {"type": "image_url", "image_url": image}


def _file(given: Json, at: str, drops: Drops) -> Json | None:
    """By its bytes; neither an address nor an id of a file is understood everywhere."""
    refuse_rest(given, ("type", "file_data", "filename", _BREAKPOINT), at, drops)
    names = ("file_data", "filename")
    file = {name: given[name] for name in names if given.get(name) is not None}
    return {"type": "file", "file": file} if "file_data" in file else None


_MAKERS: dict[str, Callable[[Json, str, Drops], Json | None]] = {
    "input_text": _text,
    "output_text": _text,
    "refusal": _refusal,
    "input_image": _image,
    "input_file": _file,
}
