"""Whatever a caller sends, no less is reserved than the request can use: by the sandbox's own
count, and by the worst that vendors publish of theirs."""

import base64
import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contracts.request_bodies import (
    CHAT,
    COMPLETIONS,
    EMBEDDINGS,
    IMAGES,
    MESSAGES,
    PATHS,
    PLACES,
    RESPONSES,
    body_of,
)
from tests.gateway.test_upper_bound import bound
from tollgate_gateway.parsed_requests.readers import READERS
from tollgate_gateway.tickets.upper_bound import UpperBound
from tollgate_llm.pricing import maxima
from tollgate_llm.sandbox.anthropic_api import messages
from tollgate_llm.sandbox.openai_api import chat, responses
from tollgate_llm.sandbox.tokens import count_text

COUNTED = {CHAT: chat.ask_of, MESSAGES: messages.ask_of, RESPONSES: responses.ask_of}
SANDBOX = {"image": maxima.SANDBOX_IMAGE, "context": maxima.SANDBOX_CONTEXT, "stated": None}
PRICE = {"input_usd_per_mtok": "1", "output_usd_per_mtok": "2"}
TEXT = {CHAT: "text", MESSAGES: "text", RESPONSES: "input_text"}

DENSE = st.text(st.sampled_from("界語한글🧑‍🚀👩‍👩‍👧‍👦é̷̢́ﷺ0aZ_!\x00\n \u2028"), max_size=30)
WORDS = DENSE | st.text(max_size=30) | st.binary(max_size=30).map(
    lambda data: base64.b64encode(data).decode()
)  # fmt: skip
SCHEMAS = st.recursive(
    st.fixed_dictionaries({"type": st.sampled_from(["string", "number", "object"])}),
    lambda inner: st.builds(
        lambda properties: {"type": "object", "properties": properties},
        st.dictionaries(WORDS, inner, max_size=4),
    ),
    max_leaves=12,
)


def _image(path: str, url: str) -> dict[str, Any]:
    if path == CHAT:
        return {"type": "image_url", "image_url": {"url": url}}
    if path == RESPONSES:
        return {"type": "input_image", "image_url": url, "detail": "high"}
    return {"type": "image", "source": {"type": "url", "url": url}}


def _file(path: str) -> dict[str, Any]:
    if path == CHAT:
        return {"type": "file", "file": {"file_id": "f"}}
    if path == RESPONSES:
        return {"type": "input_file", "file_id": "f"}
    return {"type": "document", "source": {"type": "url", "url": "https://x.test/a.pdf"}}


def _tool(path: str, schema: dict[str, Any]) -> dict[str, Any]:
    if path == CHAT:
        return {"type": "function", "function": {"name": "f", "parameters": schema}}
    if path == RESPONSES:
        return {"type": "function", "name": "f", "parameters": schema, "strict": True}
    return {"name": "f", "input_schema": schema}


@st.composite
def bodies(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A request of any of the dialects: words, pictures, files, tools, many small messages."""
    path = draw(st.sampled_from([CHAT, MESSAGES, RESPONSES]))
    parts = st.one_of(
        st.builds(lambda text: {"type": TEXT[path], "text": text}, WORDS.filter(bool)),
        st.just(_image(path, "https://x.test/a.png")),
        st.just(_file(path)),
    )
    contents = draw(st.lists(st.lists(parts, min_size=1, max_size=4) | WORDS, min_size=1))
    said = [{"role": "user", "content": content} for content in contents]
    body: dict[str, Any] = {"model": "sandbox", "input" if path == RESPONSES else "messages": said}
    body["max_output_tokens" if path == RESPONSES else "max_tokens"] = draw(st.integers(1, 50))
    if schemas := draw(st.lists(SCHEMAS, max_size=2)):
        body["tools"] = [_tool(path, schema) for schema in schemas]
    return path, body


def reserved(path: str, body: dict[str, Any], reads: dict[str, int | None]) -> UpperBound:
    sent = msgspec.json.encode(body)
    return bound(READERS[path](sent, None), sent, price=PRICE, reads=reads)


@given(bodies())
def test_the_sandbox_never_counts_more_than_is_reserved(asked: tuple[str, dict[str, Any]]) -> None:
    path, body = asked
    ask = COUNTED[path](body)
    found = reserved(path, body, SANDBOX)
    assert found.holds
    assert ask.cap is not None
    assert ask.input_tokens + ask.cap * ask.choices <= found.tokens
    assert found.cost_nanos is not None
    assert ask.input_tokens * 1000 + ask.cap * 2000 <= found.cost_nanos


def counted_by_the_sandbox(path: str, body: dict[str, Any]) -> int:
    """The tokens of input."""
    if path in COUNTED:
        return COUNTED[path](body).input_tokens
    if path == COMPLETIONS:
        return _total(body["prompt"])
    return _total(body["prompt"] if path == IMAGES else body["input"])


def _total(texts: str | list[str]) -> int:
    return sum(map(count_text, [texts] if isinstance(texts, str) else texts))


PLACED = st.lists(st.tuples(st.sampled_from(PLACES), WORDS.filter(bool)), min_size=1, max_size=8)


@given(st.sampled_from(PATHS), PLACED)
def test_wherever_a_text_is_no_less_is_reserved(path: str, placed: list[tuple[str, str]]) -> None:
    body = body_of(path, placed)
    found = reserved(path, body, SANDBOX)
    assert counted_by_the_sandbox(path, body) <= found.input_tokens


@given(st.lists(st.lists(st.integers(0, 200_000), min_size=1), min_size=1))
@pytest.mark.parametrize("path", [COMPLETIONS, EMBEDDINGS])
def test_token_ids_count_one_each(path: str, ids: list[list[int]]) -> None:
    name = "prompt" if path == COMPLETIONS else "input"
    several = reserved(path, {"model": "m", name: ids}, SANDBOX).input_tokens
    single = reserved(path, {"model": "m", name: ids[0]}, SANDBOX).input_tokens
    assert several >= sum(map(len, ids))
    assert len(ids[0]) <= single < len(ids[0]) + 100


def tiles(width: int, height: int, base: int, tile: int) -> int:
    """OpenAI: into 2,048 by 2,048, the shorter side down to 768, tiles of 512."""
    scale = min(1.0, 2048 / max(width, height))
    width, height = max(1, int(width * scale)), max(1, int(height * scale))
    scale = min(1.0, 768 / min(width, height))
    width, height = int(width * scale), int(height * scale)
    return base + tile * math.ceil(width / 512) * math.ceil(height / 512)


def patches(width: int, height: int, factor: float) -> int:
    """OpenAI's smaller models: patches of 32, scaled down to 1,536 of them, times a factor."""
    return math.ceil(min(1536, math.ceil(width / 32) * math.ceil(height / 32)) * factor)


def visual(width: int, height: int) -> int:
    """Anthropic: patches of 28, an image of at most 2,576 on the longer side, and 4,784 patches."""
    scale = min(1.0, 2576 / max(width, height))
    return min(4784, math.ceil(width * scale / 28) * math.ceil(height * scale / 28))


VISION: dict[str, Any] = {
    "gpt-4o": lambda w, h: tiles(w, h, 85, 170),
    "gpt-4o-mini-2024-07-18": lambda w, h: tiles(w, h, 2833, 5667),
    "gpt-4.1": lambda w, h: tiles(w, h, 85, 170),
    "gpt-5-chat-latest": lambda w, h: tiles(w, h, 70, 140),
    "o1": lambda w, h: tiles(w, h, 75, 150),
    "gpt-4.1-mini": lambda w, h: patches(w, h, 1.62),
    "gpt-5-nano-2025-08-07": lambda w, h: patches(w, h, 2.46),
    "o4-mini": lambda w, h: patches(w, h, 1.72),
    "claude-opus-4-7": visual,
    "anthropic/claude-sonnet-4-5": visual,
}
SIDES = st.integers(1, 8000)


@given(bodies(), st.sampled_from(sorted(VISION)), st.lists(st.tuples(SIDES, SIDES), max_size=5))
def test_no_vendor_counts_more_than_is_reserved(
    asked: tuple[str, dict[str, Any]], model: str, pictures: list[tuple[int, int]]
) -> None:
    """Every byte of every text a token, 4 tokens around each message, 530 for tools, each picture
    by the vendor's formula: all of it from a few bytes."""
    path, body = asked
    said = body.get("messages") or body["input"]
    said.append({"role": "user", "content": [_image(path, "https://x.test/a") for _ in pictures]})
    texts = [text for message in said for text in _texts(message["content"])]
    shown_at = [str(message["content"]).split("x.test/a")[1:] for message in said]
    images = sum(rest.startswith(("'", ".png")) for found in shown_at for rest in found)
    shown = [*pictures, *[(8000, 8000)] * (images - len(pictures))]
    tools = body.get("tools")
    read = (
        sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)
        + 7 + 4 * len(said)
        + (530 + len(msgspec.json.encode(tools)) if tools else 0)
        + sum(VISION[model](*size) for size in shown)
    )  # fmt: skip
    body["model"] = model
    most = maxima.of_a_picture(model)
    assert most is not None
    found = reserved(path, body, {"image": most, "context": 200_000, "stated": None})
    assert found.holds
    assert read + (body.get("max_tokens") or body["max_output_tokens"]) <= found.tokens


def _texts(content: str | list[dict[str, Any]]) -> list[str]:
    if isinstance(content, str):
        return [content]
    return [part["text"] for part in content if "text" in part]


def test_the_emptiest_request_is_bounded_with_its_templates_words() -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "x"}], "max_tokens": 1}
    assert reserved(CHAT, body, SANDBOX).tokens > 70  # what gpt-oss reads of it


@pytest.mark.parametrize("reads", [{"context": 1000}, {"context": 1000, "image": 5000}])
def test_a_file_is_worth_the_models_context(reads: dict[str, int | None]) -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": [_file(CHAT)]}]}
    found = reserved(CHAT, {**body, "max_tokens": 1}, reads)
    assert (found.tokens, found.holds) == (1001, True)
    assert not reserved(CHAT, body, {}).holds


def test_a_picture_without_a_published_size_is_worth_the_models_context() -> None:
    said = [{"role": "user", "content": [_image(CHAT, "https://x")]}]
    body = {"model": "m", "messages": said, "max_tokens": 1}
    assert reserved(CHAT, body, {"context": 1000}).tokens == 1001
    assert not reserved(CHAT, body, {}).holds


def test_the_vendors_own_tools_go_by_what_is_stated() -> None:
    body = {"model": "m", "input": "x", "tools": [{"type": "web_search"}], "max_output_tokens": 1}
    assert not reserved(RESPONSES, body, {"context": 1000}).holds
    stated = reserved(RESPONSES, body, {"context": 1000, "stated": 9000})
    assert (stated.tokens, stated.holds) == (9001, True)
    assert not reserved(RESPONSES, {**body, "background": True}, {"stated": 9000}).holds


def test_a_predicted_answer_that_misses_is_paid_for() -> None:
    body = {"model": "m", "messages": [], "max_tokens": 1}
    predicted = {**body, "prediction": {"type": "content", "content": "x" * 100}}
    more = reserved(CHAT, predicted, SANDBOX).tokens - reserved(CHAT, body, SANDBOX).tokens
    assert more >= 2 * 100  # read, and said


@pytest.mark.parametrize(
    ("path", "name", "cap"),
    [
        (CHAT, "max_tokens", None), (CHAT, "max_completion_tokens", None),
        (CHAT, "max_output_tokens", 100), (MESSAGES, "max_tokens", None),
        (RESPONSES, "max_output_tokens", None), (RESPONSES, "max_tokens", 100),
        ("/v1/completions", "max_completion_tokens", 16), ("/v1/completions", "max_tokens", None),
    ],
)  # fmt: skip
def test_only_a_cap_that_the_provider_knows_is_one(path: str, name: str, cap: int | None) -> None:
    assert reserved(path, {"model": "m", name: 7}, SANDBOX).cap == cap


def test_an_embedding_says_nothing() -> None:
    body = {"model": "m", "input": "x" * 100}
    found = reserved("/v1/embeddings", body, SANDBOX)
    assert (found.output_tokens, found.cap) == (0, None)
    assert 100 <= found.input_tokens < 200
