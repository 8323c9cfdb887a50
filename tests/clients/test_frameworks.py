"""Agent frameworks, pointed at Tollgate by the variables that their SDKs read by themselves."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.clients.books import all_booked, rows_of, tokens
from tests.clients.desk import Desk
from tests.e2e.platform import Key, Platform

TEXT = "Hello, Tollgate!"
ENDPOINTS = {
    "chat": "/v1/chat/completions",
    "responses": "/v1/responses",
    "messages": "/v1/messages",
}
PYDANTIC_AI = [("pydantic-ai", dialect) for dialect in ENDPOINTS]
LANGCHAIN = [("langchain", dialect) for dialect in ("chat", "messages")]
FRAMEWORKS = [*PYDANTIC_AI, *LANGCHAIN, ("openai-agents", "responses")]

Run = Callable[..., Any]


@pytest.fixture
def run(variables: dict[str, str], desk: Desk) -> Run:
    return lambda client, *scenario: desk.python(client, scenario, variables)


@pytest.mark.parametrize(("client", "dialect"), FRAMEWORKS)
def test_an_agent_runs_its_tool_and_answers_with_the_result(
    platform: Platform, key: Key, run: Run, client: str, dialect: str
) -> None:
    seen = run(client, "tool", dialect)
    [place] = seen["places"]
    assert seen["text"] == f"It rains in {place}"
    rows = rows_of(platform, key, 2)
    assert {row["endpoint"] for row in rows} == {ENDPOINTS[dialect]}
    assert all_booked(rows) == tokens(seen["usage"])


@pytest.mark.parametrize(("client", "dialect"), FRAMEWORKS)
def test_a_text_is_streamed(
    platform: Platform, key: Key, run: Run, client: str, dialect: str
) -> None:
    seen = run(client, "stream", dialect)
    assert (seen["text"], seen["pieces"]) == (TEXT, ["Hello", ",", " Tollgate", "!"])
    [row] = rows_of(platform, key, 1)
    assert row["stream"]
    assert all_booked([row]) == tokens(seen["usage"]) == (4, 4)


@pytest.mark.parametrize(("client", "dialect"), PYDANTIC_AI)
def test_an_answer_has_the_shape_asked_for(
    platform: Platform, key: Key, run: Run, client: str, dialect: str
) -> None:
    seen = run(client, "shape", dialect)
    assert set(seen["parsed"]) == {"city", "celsius"}
    assert all_booked(rows_of(platform, key, 1)) == tokens(seen["usage"])


def test_one_agent_hands_over_to_another(platform: Platform, key: Key, run: Run) -> None:
    seen = run("openai-agents", "handoff", "responses")
    assert seen["last"] == "Second"
    assert all_booked(rows_of(platform, key, 2)) == tokens(seen["usage"])
