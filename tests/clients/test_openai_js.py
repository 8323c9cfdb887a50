"""OpenAI's JavaScript SDK, pointed at Tollgate by its two environment variables alone."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.clients.books import booked, row_of, rows_of, tokens
from tests.clients.desk import Desk
from tests.e2e.platform import Key, Platform

TEXT = "Hello, Tollgate!"
PIECES = ["Hello", ",", " Tollgate", "!"]
CHAT, RESPONSES = "/v1/chat/completions", "/v1/responses"
IMAGE_TOKENS = 85
LONG_TOKENS = 400
TEXT_IN_RESPONSE = [
    "created",
    "in_progress",
    "output_item.added",
    "content_part.added",
    *["output_text.delta"] * len(PIECES),
    "output_text.done",
    "content_part.done",
    "output_item.done",
    "completed",
]

Run = Callable[..., Any]


@pytest.fixture
def run(platform: Platform, key: Key, desk: Desk) -> Run:
    def scenario(name: str, secret: str = key.secret) -> Any:
        variables = {"OPENAI_BASE_URL": f"{platform.url}/v1", "OPENAI_API_KEY": secret}
        return desk.node("openai", name, variables)

    return scenario


@pytest.mark.parametrize(("scenario", "endpoint"), [("chat", CHAT), ("response", RESPONSES)])
def test_a_text(platform: Platform, key: Key, run: Run, scenario: str, endpoint: str) -> None:
    seen = run(scenario)
    assert seen["text"] == TEXT
    row = row_of(platform, key)
    assert (row["request_id"], row["endpoint"], row["stream"]) == (seen["id"], endpoint, False)
    assert booked(row) == tokens(seen["usage"]) == (4, 4)


def test_a_streamed_chat_completion(platform: Platform, key: Key, run: Run) -> None:
    seen = run("chat_stream")
    assert (seen["text"], seen["pieces"]) == (TEXT, PIECES)
    assert seen["ends"] == [None, *[None] * len(PIECES), "stop", None]
    row = row_of(platform, key)
    assert row["stream"]
    assert booked(row) == tokens(seen["usage"]) == (4, 4)


def test_a_streamed_response(platform: Platform, key: Key, run: Run) -> None:
    seen = run("response_stream")
    assert (seen["text"], seen["pieces"]) == (TEXT, PIECES)
    assert [kind.removeprefix("response.") for kind in seen["kinds"]] == TEXT_IN_RESPONSE
    row = row_of(platform, key)
    assert row["stream"]
    assert booked(row) == tokens(seen["usage"]) == (4, 4)


@pytest.mark.parametrize("scenario", ["chat_tools", "response_tools"])
def test_a_tool_is_run_and_its_result_comes_back(
    platform: Platform, key: Key, run: Run, scenario: str
) -> None:
    seen = run(scenario)
    [place] = seen["calls"]
    assert isinstance(place["celsius"], int)
    assert seen["text"] == f"It rains in {place['city']}"
    assert [booked(row) for row in rows_of(platform, key, 2)] == [
        tokens(usage) for usage in seen["usages"]
    ]


@pytest.mark.parametrize("scenario", ["chat_structured", "response_structured"])
def test_an_answer_has_the_shape_asked_for(
    platform: Platform, key: Key, run: Run, scenario: str
) -> None:
    seen = run(scenario)
    assert set(seen["parsed"]) == {"city", "celsius"}
    assert booked(row_of(platform, key)) == tokens(seen["usage"])


@pytest.mark.parametrize("scenario", ["chat_image", "response_image"])
def test_an_image_is_taken(platform: Platform, key: Key, run: Run, scenario: str) -> None:
    seen = run(scenario)
    assert seen["text"] == "What is this?"
    assert booked(row_of(platform, key)) == tokens(seen["usage"]) == (IMAGE_TOKENS + 4, 4)


def test_embeddings(platform: Platform, key: Key, run: Run) -> None:
    seen = run("embeddings")
    one, two = seen["vectors"]
    assert len(one) == len(two) == 1536
    assert sum(number * number for number in one) == pytest.approx(1, abs=1e-4)
    assert one != two
    assert booked(row_of(platform, key)) == tokens(seen["usage"]) == (3, 0)


def test_models(run: Run) -> None:
    seen = run("models")
    assert {"sandbox", "gpt-4o-mini", "claude-sonnet-5"} <= set(seen["names"])
    assert seen["one"] == "sandbox"


@pytest.mark.parametrize(
    ("scenario", "name", "status", "code", "param"),
    [
        ("wrong_key", "AuthenticationError", 401, "invalid_credentials", None),
        ("unknown_model", "NotFoundError", 404, "model_not_found", "model"),
        ("bad_request", "BadRequestError", 400, "invalid_value", "temperature"),
    ],
)
def test_an_error_is_the_class_that_people_catch(
    run: Run, scenario: str, name: str, status: int, code: str, param: str | None
) -> None:
    seen = run(scenario)
    assert (seen["names"], seen["status"]) == ([name], status)
    assert (seen["code"], seen["param"]) == (code, param)
    assert seen["id"].startswith("req_")


def test_a_spent_limit_is_refused_once_and_not_retried(platform: Platform, run: Run) -> None:
    limited = platform.new_key(limits=[{"metric": "requests", "window": "day", "max": "1"}])
    seen = run("limit", limited.secret)
    assert (seen["names"], seen["status"]) == (["RateLimitError"], 429)
    assert seen["code"] == "insufficient_quota"
    assert "1 requests per day" in seen["message"]
    assert booked(row_of(platform, limited)) == (4, 4)


def test_a_stream_that_is_aborted_ends_in_the_books(platform: Platform, key: Key, run: Run) -> None:
    seen = run("abort")
    assert "".join(seen["pieces"]) == "again again"
    row = row_of(platform, key)
    assert (row["status"], row["stream"]) == ("client_closed", True)
    assert 2 <= row["output_tokens"] < LONG_TOKENS
