"""Anthropic's JavaScript SDK, pointed at Tollgate by its two environment variables alone."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.clients.books import booked, row_of, rows_of, tokens
from tests.clients.desk import Desk
from tests.e2e.platform import Key, Platform

TEXT = "Hello, Tollgate!"
PIECES = ["Hello", ",", " Tollgate", "!"]
IMAGE_TOKENS = 85
LONG_TOKENS = 400

Run = Callable[..., Any]


@pytest.fixture
def run(platform: Platform, key: Key, desk: Desk) -> Run:
    def scenario(name: str, secret: str = key.secret) -> Any:
        variables = {"ANTHROPIC_BASE_URL": platform.url, "ANTHROPIC_API_KEY": secret}
        return desk.node("anthropic", name, variables)

    return scenario


def test_a_text(platform: Platform, key: Key, run: Run) -> None:
    seen = run("message")
    assert (seen["text"], seen["stop_reason"]) == (TEXT, "end_turn")
    row = row_of(platform, key)
    assert (row["endpoint"], row["dialect"]) == ("/v1/messages", "anthropic")
    assert booked(row) == tokens(seen["usage"]) == (4, 4)


def test_a_stream(platform: Platform, key: Key, run: Run) -> None:
    seen = run("stream")
    assert (seen["text"], seen["pieces"]) == (TEXT, PIECES)
    assert seen["kinds"] == [
        "message_start",
        "content_block_start",
        *["content_block_delta"] * len(PIECES),
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    row = row_of(platform, key)
    assert row["stream"]
    assert booked(row) == tokens(seen["usage"]) == (4, 4)


def test_a_tool_is_run_and_its_result_comes_back(platform: Platform, key: Key, run: Run) -> None:
    seen = run("tools_by_hand")
    [place] = seen["calls"]
    assert isinstance(place["celsius"], int)
    assert seen["text"] == f"It rains in {place['city']}"
    assert [booked(row) for row in rows_of(platform, key, 2)] == [
        tokens(usage) for usage in seen["usages"]
    ]


def test_the_tool_runner_goes_on_where_nothing_is_stored(
    platform: Platform, key: Key, run: Run
) -> None:
    """It first asks for a thread, which the sandbox refuses as a provider without threads does."""
    seen = run("tools")
    [place] = seen["calls"]
    assert seen["text"] == f"It rains in {place['city']}"
    refused, *answered = rows_of(platform, key, 3)
    assert (refused["http_status"], refused["cost_usd"]) == (400, "0.000000000")
    assert [booked(row) for row in answered] == [tokens(usage) for usage in seen["usages"]]


def test_an_answer_has_the_shape_asked_for(platform: Platform, key: Key, run: Run) -> None:
    seen = run("structured")
    assert set(seen["parsed"]) == {"city", "celsius"}
    assert booked(row_of(platform, key)) == tokens(seen["usage"])


def test_an_image_is_taken_and_counted(platform: Platform, key: Key, run: Run) -> None:
    seen = run("image_counted")
    assert seen["text"] == "What is this?"
    assert seen["counted"] == IMAGE_TOKENS + 4
    counted, answered = rows_of(platform, key, 2)
    assert (counted["endpoint"], counted["cost_usd"]) == (
        "/v1/messages/count_tokens",
        "0.000000000",
    )
    assert booked(answered) == tokens(seen["usage"]) == (IMAGE_TOKENS + 4, 4)


def test_models(run: Run) -> None:
    seen = run("models")
    assert {"sandbox", "gpt-4o-mini", "claude-sonnet-5"} <= set(seen["names"])
    assert seen["one"] == "sandbox"


def test_the_key_may_come_as_a_bearer_token(platform: Platform, key: Key, run: Run) -> None:
    assert run("bearer")["text"] == TEXT
    assert booked(row_of(platform, key)) == (4, 4)


@pytest.mark.parametrize(
    ("scenario", "name", "status", "kind"),
    [
        ("wrong_key", "AuthenticationError", 401, "authentication_error"),
        ("unknown_model", "NotFoundError", 404, "not_found_error"),
        ("bad_request", "BadRequestError", 400, "invalid_request_error"),
    ],
)
def test_an_error_is_the_class_that_people_catch(
    run: Run, scenario: str, name: str, status: int, kind: str
) -> None:
    seen = run(scenario)
    assert (seen["names"], seen["status"], seen["type"]) == ([name], status, kind)
    assert seen["id"] == seen["body"]["request_id"]


def test_a_spent_limit_is_refused_once_and_not_retried(platform: Platform, run: Run) -> None:
    limited = platform.new_key(limits=[{"metric": "requests", "window": "day", "max": "1"}])
    seen = run("limit", limited.secret)
    assert (seen["names"], seen["status"]) == (["RateLimitError"], 429)
    assert "1 requests per day" in seen["message"]
    assert booked(row_of(platform, limited)) == (4, 4)


def test_a_stream_that_is_aborted_ends_in_the_books(platform: Platform, key: Key, run: Run) -> None:
    seen = run("abort")
    assert "".join(seen["pieces"]) == "again again"
    row = row_of(platform, key)
    assert (row["status"], row["stream"]) == ("client_closed", True)
    assert 2 <= row["output_tokens"] < LONG_TOKENS
