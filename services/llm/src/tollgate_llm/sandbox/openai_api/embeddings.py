"""POST /v1/embeddings: unit vectors made of hashes, the same for the same input."""

from __future__ import annotations

import math
import struct
from base64 import b64encode
from hashlib import shake_128
from typing import Any

import msgspec
from flask import Response

from tollgate_llm.sandbox.asks import Ask, Json
from tollgate_llm.sandbox.calls import begin, checked_body
from tollgate_llm.sandbox.delivery import Delivery
from tollgate_llm.sandbox.dialects import OPENAI
from tollgate_llm.sandbox.errors import InvalidRequest
from tollgate_llm.sandbox.specials import distorted
from tollgate_llm.sandbox.tokens import count_text
from tollgate_llm.sandbox.trouble import Trouble
from tollgate_llm.sandbox.validation import ParamsType

ENDPOINT = "/v1/embeddings"
DIMENSIONS = 1536
"""Of a vector, unless the caller says otherwise."""

_MOST_INPUTS = 2048
MAX_NUMBERS = 256 * DIMENSIONS
"""In one answer: what a small request can have this process make is bounded, some 8 MB of JSON."""
PARAMS = ParamsType(
    "openai.types.embedding_create_params",
    "EmbeddingCreateParams",
    ranges={"dimensions": (1, 65536)},
    filled=("input",),
)


def embed(delivery: Delivery) -> Response:
    body = checked_body(OPENAI, PARAMS)
    inputs = _inputs(body["input"])
    _check_size(len(inputs), body)
    tokens = sum(map(_count, inputs))
    ask = Ask(model=body["model"], stream=False, prompt="", input_tokens=tokens)
    call, trouble = begin(ENDPOINT, ask, delivery)
    payload: Json = {"object": "list", "data": _data(inputs, body), "model": ask.model}
    if trouble is not Trouble.NOUSAGE:
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        payload["usage"] = distorted(usage, ask.model)
    return delivery.whole(call, payload, OPENAI.headers(), 0)


def _inputs(given: Any) -> list[Any]:
    """One text or one list of tokens for each vector."""
    inputs = [given] if isinstance(given, str) or isinstance(given[0], int) else given
    if len(inputs) > _MOST_INPUTS:
        raise InvalidRequest(f"At most {_MOST_INPUTS} inputs.", param=("input",))
    if not all(inputs):
        raise InvalidRequest("Input must not be empty.", param=("input",))
    return inputs


def _check_size(vectors: int, body: Json) -> None:
    size = body.get("dimensions") or DIMENSIONS
    if vectors * size > MAX_NUMBERS:
        raise InvalidRequest(
            f"The sandbox makes at most {MAX_NUMBERS} numbers at a time: {MAX_NUMBERS // size}"
            f" inputs of {size} dimensions.",
            param=("input",),
        )


def _count(given: Any) -> int:
    return count_text(given) if isinstance(given, str) else len(given)


def _data(inputs: list[Any], body: Json) -> list[Json]:
    size = body.get("dimensions") or DIMENSIONS
    in_base64 = body.get("encoding_format") == "base64"
    vectors = (vector(given, size) for given in inputs)
    return [
        {"object": "embedding", "index": index, "embedding": _packed(each) if in_base64 else each}
        for index, each in enumerate(vectors)
    ]


def vector(given: Any, size: int) -> list[float]:
    """A unit vector: the input's hash, read as numbers from -1 to 1, and scaled."""
    numbers = struct.unpack(f"<{size}h", shake_128(msgspec.json.encode(given)).digest(2 * size))
    length = math.sqrt(sum(number * number for number in numbers)) or 1.0
    return [number / length for number in numbers]


def _packed(numbers: list[float]) -> str:
    """Little-endian 32-bit floats in base64, as the SDKs ask for and read them."""
    return b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()
