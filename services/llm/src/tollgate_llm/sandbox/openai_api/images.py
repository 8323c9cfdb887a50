"""POST /v1/images/generations and /v1/images/edits: PNGs of one pixel, coloured by the prompt,
whatever is asked for, and whatever is to be edited.

An image is 272 tokens, gpt-image-1's at low quality, and each preview of it 100 more; a picture
that is to be edited is 323.
"""

from __future__ import annotations

import struct
import zlib
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from time import time

from flask import Response

from tollgate_llm.sandbox.asks import Ask, Json, wants_stream
from tollgate_llm.sandbox.bills import Bill, bill_of
from tollgate_llm.sandbox.calls import begin, checked_body
from tollgate_llm.sandbox.delivery import Delivery
from tollgate_llm.sandbox.dialects import OPENAI
from tollgate_llm.sandbox.errors import InvalidRequest
from tollgate_llm.sandbox.forms import Wanted, checked_files
from tollgate_llm.sandbox.sse import Frame, named
from tollgate_llm.sandbox.tokens import count_text
from tollgate_llm.sandbox.trouble import Trouble
from tollgate_llm.sandbox.validation import ParamsType

ENDPOINT, EDITS = "/v1/images/generations", "/v1/images/edits"
IMAGE_TOKENS, PREVIEW_TOKENS, PICTURE_TOKENS = 272, 100, 323
MOST_PICTURES = 16
_NUMBERS = ("n", "partial_images", "output_compression", "frame_count", "frame_duration_ms")
_RANGES: dict[str, tuple[float, float]] = {
    "n": (1, 10), "partial_images": (0, 3), "output_compression": (0, 100),
}  # fmt: skip
PARAMS = ParamsType(
    "openai.types.image_generate_params",
    "ImageGenerateParamsBase",
    required=("model",),
    ranges=_RANGES,
)
EDIT_PARAMS = ParamsType(
    "openai.types.image_edit_params",
    "ImageEditParamsBase",
    required=("model", "prompt"),
    ranges=_RANGES,
    files=("image", "mask", "markup"),
)


def generate(delivery: Delivery) -> Response:
    return _draw(ENDPOINT, checked_body(OPENAI, PARAMS), 0, delivery)


def edit(delivery: Delivery) -> Response:
    wanted = Wanted("image", MOST_PICTURES)
    body, files = checked_files(OPENAI, EDIT_PARAMS, _NUMBERS, ("stream",), wanted)
    if not all(file.read(1) for file in files):
        raise InvalidRequest("Expected a picture.", param=("image",), code="empty_file")
    return _draw(EDITS, body, len(files), delivery)


def _draw(endpoint: str, body: Json, pictures: int, delivery: Delivery) -> Response:
    stream, prompt = wants_stream(body), body["prompt"]
    if not prompt:
        raise InvalidRequest("Expected a prompt.", param=("prompt",), code="empty_string")
    if stream and (body.get("n") or 1) > 1:
        raise InvalidRequest("A stream has one image.", param=("n",))
    read = count_text(prompt) + PICTURE_TOKENS * pictures
    ask = Ask(body["model"] or "", stream, prompt, input_tokens=read)
    call, trouble = begin(endpoint, ask, delivery)
    counted = trouble is not Trouble.NOUSAGE
    tokens = _tokens(body, stream)
    call = replace(call, bill=_bill(ask, pictures, tokens))
    if stream:
        frames = _frames(body, ask, pictures, counted=counted)
        return delivery.stream(call, frames, OPENAI.headers(), tokens)
    payload: Json = {"created": int(time()), **_looks(body), "data": _data(body)}
    if counted:
        details = {"text_tokens": 0, "image_tokens": tokens}
        payload["usage"] = {**_usage(ask, pictures, tokens), "output_tokens_details": details}
    return delivery.whole(call, payload, OPENAI.headers(), tokens)


def _bill(ask: Ask, pictures: int, tokens: int) -> Bill:
    seen = PICTURE_TOKENS * pictures
    text = ask.input_tokens - seen
    return bill_of(ask.model, input=text, image_input=seen, image_output=tokens)


def _tokens(body: Json, stream: bool) -> int:
    previews = (body.get("partial_images") or 0) if stream else 0
    return IMAGE_TOKENS * (body.get("n") or 1) + PREVIEW_TOKENS * previews


def _looks(body: Json) -> Json:
    return {"background": "opaque", "output_format": "png", "quality": "low",
            "size": body.get("size") or "1024x1024"}  # fmt: skip


def _data(body: Json) -> list[Json]:
    images = [b64encode(png(body["prompt"], nth)).decode() for nth in range(body.get("n") or 1)]
    if body.get("response_format") == "url":
        return [{"url": f"data:image/png;base64,{image}"} for image in images]
    return [{"b64_json": image} for image in images]


def _usage(ask: Ask, pictures: int, tokens: int) -> Json:
    seen = PICTURE_TOKENS * pictures
    details = {"text_tokens": ask.input_tokens - seen, "image_tokens": seen}
    return {
        "input_tokens": ask.input_tokens,
        "input_tokens_details": details,
        "output_tokens": tokens,
        "total_tokens": ask.input_tokens + tokens,
    }


def _frames(body: Json, ask: Ask, pictures: int, *, counted: bool) -> Iterator[Frame]:
    kind = "image_edit" if pictures else "image_generation"
    looks = {**_looks(body), "created_at": int(time())}
    for nth in range(body.get("partial_images") or 0):
        image = b64encode(png(ask.prompt, nth + 1)).decode()
        event = {"type": f"{kind}.partial_image", "partial_image_index": nth, **looks}
        yield named({**event, "b64_json": image}, PREVIEW_TOKENS)
    image = b64encode(png(ask.prompt, 0)).decode()
    last: Json = {"type": f"{kind}.completed", **looks, "b64_json": image}
    if counted:
        last["usage"] = _usage(ask, pictures, _tokens(body, stream=True))
    data = named(last).data
    middle = len(data) // 2
    yield Frame(data[:middle], IMAGE_TOKENS)
    yield Frame(data[middle:], last=True)


def png(prompt: str, nth: int) -> bytes:
    """One pixel."""
    colour = sha256(f"{nth} {prompt}".encode()).digest()[:3]
    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" + colour)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)
