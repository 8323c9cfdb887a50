"""Both vendors' JavaScript SDKs over each kind of provider: what is said, in which order it comes,
what it is said to have used, and what is in the books. Behind each provider is the sandbox."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.clients.books import Row, booked, row_of, rows_of, tokens
from tests.clients.desk import Desk
from tests.clients.test_openai_js import PIECES, TEXT, TEXT_IN_RESPONSE
from tests.e2e.platform import Key, Platform
from tests.e2e.refusing import SAID, STATUSES, refusing, type_of
from tests.e2e.routed import model_at

Run = Callable[..., Any]
KINDS = ("openai", "anthropic")
IN_A_MESSAGE = [
    "message_start",
    "content_block_start",
    *["content_block_delta"] * len(PIECES),
    "content_block_stop",
    "message_delta",
    "message_stop",
]
CLIENT_OF = {"chat": "openai", "response": "openai", "message": "anthropic"}


@pytest.fixture(scope="module", params=KINDS)
def model(request: pytest.FixtureRequest, platform: Platform) -> Iterator[str]:
    with model_at(platform, request.param) as name:
        yield name


@pytest.fixture
def key(platform: Platform) -> Key:
    """A test key would be answered by the sandbox itself, which speaks every dialect."""
    return platform.new_key(mode="live")


@pytest.fixture
def run(desk: Desk, variables: dict[str, str]) -> Run:
    def scenario(client: str, name: str, model: str) -> Any:
        return desk.node(client, name, {**variables, "TOLLGATE_MODEL": model})

    return scenario


@pytest.fixture
def rows(platform: Platform, key: Key) -> Callable[[int], list[Row]]:
    return lambda count: rows_of(platform, key, count, mode="live")


def used(row: Row) -> tuple[int, int]:
    return booked(row, mode="live")


@pytest.mark.parametrize("scenario", ["chat", "response", "message"])
def test_a_text(platform: Platform, key: Key, run: Run, model: str, scenario: str) -> None:
    seen = run(CLIENT_OF[scenario], scenario, model)
    assert seen["text"] == TEXT
    row = row_of(platform, key, mode="live")
    assert (row["model"], row["provider"], row["stream"]) == (model, model, False)
    assert used(row) == tokens(seen["usage"]) == (4, 4)


def test_a_streamed_chat_completion(
    platform: Platform, key: Key, run: Run, model: str
) -> None:  # fmt: skip
    seen = run("openai", "chat_stream", model)
    assert (seen["text"], seen["pieces"]) == (TEXT, PIECES)
    assert seen["ends"] == [None, *[None] * len(PIECES), "stop", None]
    row = row_of(platform, key, mode="live")
    assert row["stream"]
    assert used(row) == tokens(seen["usage"]) == (4, 4)


def test_a_streamed_response(platform: Platform, key: Key, run: Run, model: str) -> None:
    seen = run("openai", "response_stream", model)
    assert (seen["text"], seen["pieces"]) == (TEXT, PIECES)
    assert [kind.removeprefix("response.") for kind in seen["kinds"]] == TEXT_IN_RESPONSE
    assert used(row_of(platform, key, mode="live")) == tokens(seen["usage"]) == (4, 4)


def test_a_streamed_message(platform: Platform, key: Key, run: Run, model: str) -> None:
    seen = run("anthropic", "stream", model)
    assert (seen["text"], seen["pieces"]) == (TEXT, PIECES)
    assert seen["kinds"] == IN_A_MESSAGE
    assert used(row_of(platform, key, mode="live")) == tokens(seen["usage"]) == (4, 4)


@pytest.mark.parametrize(
    ("client", "scenario"),
    [("openai", "chat_tools"), ("openai", "response_tools"), ("anthropic", "tools_by_hand")],
)
def test_a_tool_is_run_and_its_result_comes_back(
    rows: Callable[[int], list[Row]], run: Run, model: str, client: str, scenario: str
) -> None:
    seen = run(client, scenario, model)
    [place] = seen["calls"]
    assert isinstance(place["celsius"], int)
    assert seen["text"] == f"It rains in {place['city']}"
    assert [used(row) for row in rows(2)] == [tokens(usage) for usage in seen["usages"]]


def test_the_tool_runner_goes_on_where_there_are_no_threads(
    rows: Callable[[int], list[Row]], run: Run, model: str
) -> None:
    seen = run("anthropic", "tools", model)
    [place] = seen["calls"]
    assert seen["text"] == f"It rains in {place['city']}"
    refused, *answered = rows(3)
    assert (refused["status"], refused["cost_usd"]) == ("provider_error", "0.000000000")
    assert [used(row) for row in answered] == [tokens(usage) for usage in seen["usages"]]


@pytest.mark.parametrize(
    ("client", "scenario"),
    [("openai", "chat_structured"), ("openai", "response_structured"), ("anthropic", "structured")],
)
def test_an_answer_has_the_shape_asked_for(
    platform: Platform, key: Key, run: Run, model: str, client: str, scenario: str
) -> None:
    seen = run(client, scenario, model)
    assert set(seen["parsed"]) == {"city", "celsius"}
    assert used(row_of(platform, key, mode="live")) == tokens(seen["usage"])


@pytest.mark.parametrize(
    ("client", "scenario"),
    [("openai", "chat_image"), ("openai", "response_image"), ("anthropic", "image")],
)
def test_an_image_is_taken(
    platform: Platform, key: Key, run: Run, model: str, client: str, scenario: str
) -> None:
    seen = run(client, scenario, model)
    assert seen["text"] == "What is this?"
    assert used(row_of(platform, key, mode="live")) == tokens(seen["usage"])


@pytest.mark.parametrize("client", KINDS)
def test_a_wrong_parameter_is_the_class_that_people_catch(
    run: Run, model: str, client: str
) -> None:
    seen = run(client, "bad_request", model)
    assert (seen["names"], seen["status"]) == (["BadRequestError"], 400)
    assert "temperature" in seen["message"]


CLASSES = {
    400: "BadRequestError", 401: "AuthenticationError", 403: "PermissionDeniedError",
    404: "NotFoundError", 409: "ConflictError", 422: "UnprocessableEntityError",
    429: "RateLimitError",
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("client", "scenario"),
    [("openai", "chat_failures"), ("openai", "response_failures"), ("anthropic", "failures")],
)
def test_a_providers_refusal_is_the_class_that_people_catch(
    platform: Platform, run: Run, kind: str, client: str, scenario: str
) -> None:
    with refusing(platform, kind) as name:
        failures = run(client, scenario, ",".join(f"{name}-{status}" for status in STATUSES))
    assert [each["status"] for each in failures] == list(STATUSES)
    for status, each in zip(STATUSES, failures, strict=True):
        named = "InternalServerError" if status >= 500 else CLASSES.get(status)
        assert each["names"] == ([named] if named else []), status
        assert SAID in each["message"]
        assert each["type"] == type_of(client, status)
        assert each["id"]
