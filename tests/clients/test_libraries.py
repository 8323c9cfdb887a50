"""Libraries on top of the vendors' APIs, each in every dialect that it speaks, relayed to a
provider of that dialect and translated to one of the other: what they make of the answers, and that
the books have a row for each call."""

from typing import Any

import pytest

from tests.clients.books import Row, booked
from tests.clients.desk import Desk
from tests.clients.places import WAYS, Place, place_of
from tests.e2e.platform import Platform, eventually

HELLO = "Hello, Tollgate!"
RAIN = "It rains in Paris"
PERSON = {"name": "Jason", "age": 25}
ENDPOINTS = {
    "chat": "/v1/chat/completions",
    "responses": "/v1/responses",
    "messages": "/v1/messages",
}
DIALECTS = ("chat", "responses", "messages")
LITELLM = {"text": HELLO, "stream": HELLO, "tool": RAIN}
LLAMA_INDEX = {"text": HELLO, "stream": HELLO, "tool": RAIN, "shape": PERSON}
AGENT = {"places": ["Paris"], "answer": "Paris"}
EXTRACTED = {
    "chat": ("extract-tools", "partial-tools", "extract-json", "extract-schema"),
    "responses": ("extract-tools",),
    "messages": ("extract-tools", "partial-tools"),
}
DSPY = {"predict": "Paris", "json": {"answer": "Paris", "count": 0}}
CLIENTS: list[tuple[str, str, dict[str, Any]]] = [
    ("litellm", "chat", {**LITELLM, "shape": ["age", "name"]}),
    *[("litellm", dialect, LITELLM) for dialect in ("responses", "messages")],
    *[("llama-index", dialect, LLAMA_INDEX) for dialect in DIALECTS],
    *[("instructor", dialect, dict.fromkeys(EXTRACTED[dialect], PERSON)) for dialect in DIALECTS],
    *[("dspy", dialect, DSPY) for dialect in ("chat", "messages")],
    *[("smolagents", dialect, {"run": AGENT}) for dialect in ("chat", "messages")],
]
AI_SDK: dict[str, dict[str, Any]] = {
    "text": {"text": HELLO},
    "stream": {"text": HELLO},
    "tool": {"text": RAIN, "places": ["Paris"]},
    "streamedTool": {"text": RAIN, "places": ["Paris"]},
    "shape": {"output": PERSON},
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("client", "dialect", "expected"), CLIENTS)
def test_a_library_sees_what_it_asked_for(
    platform: Platform, desk: Desk, way: str, client: str, dialect: str, expected: dict[str, Any]
) -> None:
    with place_of(platform, vendor_of(dialect), way) as place:
        # LiteLLM would fetch a list of prices from the web.
        variables = {**place.variables, "LITELLM_LOCAL_MODEL_COST_MAP": "true"}
        assert desk.python(client, (",".join(expected), dialect), variables) == expected
        rows = rows_of_at_least(platform, place, len(expected))
    assert {row["endpoint"] for row in rows} == {ENDPOINTS[dialect]}
    for row in rows:
        booked(row, place.mode)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_ai_sdk_sees_what_it_asked_for(
    platform: Platform, desk: Desk, way: str, dialect: str
) -> None:
    with place_of(platform, vendor_of(dialect), way) as place:
        seen = desk.node("ai-sdk", dialect, place.variables)
        rows = rows_of_at_least(platform, place, len(AI_SDK) + 2)  # a tool takes two calls
    usages = [answer.pop("usage") for answer in seen.values()]
    assert seen == AI_SDK
    used = [booked(row, place.mode) for row in rows]
    assert sum(read for read, _ in used) == sum(usage["inputTokens"] for usage in usages)
    assert sum(made for _, made in used) == sum(usage["outputTokens"] for usage in usages)


def vendor_of(dialect: str) -> str:
    return "anthropic" if dialect == "messages" else "openai"


def rows_of_at_least(platform: Platform, place: Place, count: int) -> list[Row]:
    """The rows of the place's key, as soon as there are so many: some libraries ask twice."""

    def enough() -> list[Row]:
        parameters = {"project": place.key.project, "mode": place.mode, "limit": "200"}
        rows: list[Row] = platform.api("GET", "/requests", params=parameters).json()["data"]
        return rows if len(rows) >= count else []

    rows: list[Row] = eventually(enough)
    return rows
