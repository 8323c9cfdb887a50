"""Every shape in which vendors report usage, called with their own clients, whole and streamed:
each call is answered, and has one row in the books and one line in the log of the provider."""

from collections.abc import Callable
from functools import partial
from typing import Any

import anthropic
import openai
import pytest
import requests

from tests.e2e.platform import Key, Platform, eventually
from tollgate_llm.sandbox.fakes import Fake
from tollgate_llm.sandbox.specials import Special

TEXT = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
MESSAGES: Any = [{"role": "user", "content": TEXT}]
SPECIALS = [special.value for special in Special if special]
FAKES = {
    Fake.ERROR: 502,
    Fake.RATE_LIMIT: 429,
    Fake.EMPTY: 502,
    Fake.NULL: 502,
    Fake.PAGE: 502,
    Fake.TEXT: 502,
}

Call = Callable[[Platform, Key, str, bool], str]
"""Makes a call and reads all of its answer; gives the request's id."""


def chat(platform: Platform, key: Key, model: str, stream: bool) -> str:
    with platform.openai(key.secret) as client:
        answer = client.chat.completions.with_raw_response.create(
            model=model, messages=MESSAGES, stream=stream
        )
        said: Any = answer.parse()
        if stream:
            assert list(said)[-1].choices[0].finish_reason
        return str(answer.headers["x-request-id"])


def responses(platform: Platform, key: Key, model: str, stream: bool) -> str:
    with platform.openai(key.secret) as client:
        answer = client.responses.with_raw_response.create(model=model, input=TEXT, stream=stream)
        said: Any = answer.parse()
        if stream:
            said = list(said)[-1].response
        assert said.status == "completed"
        return str(answer.headers["x-request-id"])


def messages(platform: Platform, key: Key, model: str, stream: bool) -> str:
    with platform.anthropic(key.secret) as client:
        answer = client.beta.messages.with_raw_response.create(
            model=model, max_tokens=50, messages=MESSAGES, stream=stream
        )
        said: Any = answer.parse()
        if stream:
            assert [event.type for event in said][-1] == "message_stop"
        else:
            assert said.stop_reason
        return str(answer.headers["x-request-id"])


CALLS = [(call, stream) for call in (chat, responses, messages) for stream in (False, True)]


def served(platform: Platform, ticket: str) -> list[dict[str, Any]]:
    """What the sandbox says of a call."""
    params = {"client_request_id": ticket}
    answer = requests.get(f"{platform.sandbox_url}/served", params=params, timeout=15)
    assert answer.status_code == 200
    return answer.json()["data"]  # type: ignore[no-any-return]


@pytest.mark.parametrize("model", SPECIALS)
def test_each_call_has_one_row_and_one_line_in_the_log(
    platform: Platform, key: Key, model: str
) -> None:
    for call, stream in CALLS:
        row = platform.row(call(platform, key, model, stream))
        assert (row["status"], row["model"], row["stream"]) == ("ok", model, stream)
        (line,) = served(platform, row["id"])
        assert (line["model"], line["status"], line["complete"]) == (model, 200, True)
    totals = eventually(lambda: _complete(platform, key))
    assert totals["statuses"] == {"ok": len(CALLS)}


def refusal(call: Callable[[], str]) -> openai.APIStatusError | anthropic.APIStatusError:
    try:
        call()
    except (openai.APIStatusError, anthropic.APIStatusError) as error:
        return error
    raise AssertionError("it was answered")


def _complete(platform: Platform, key: Key) -> dict[str, Any] | None:
    used = platform.usage(key.project)
    return used if used["requests"] >= len(CALLS) else None


@pytest.mark.parametrize("fake", FAKES)
def test_a_200_that_is_no_answer_is_one_row_that_costs_nothing(
    platform: Platform, key: Key, fake: Fake
) -> None:
    for call, stream in CALLS:
        refused = refusal(partial(call, platform, key, fake.value, stream))
        assert refused.status_code in (FAKES[fake], 500)
        row = platform.row(refused.response.headers["x-request-id"])
        assert (row["status"], row["error"]) == ("provider_error", "no_answer")
        assert (row["cost_usd"], row["lines"]) == ("0.000000000", [])
        assert {line["status"] for line in served(platform, row["id"])} == {200}
    totals = eventually(lambda: _complete(platform, key))
    assert totals["statuses"] == {"provider_error": len(CALLS)}


def test_a_recording_that_is_billed_by_the_second_has_one_row(platform: Platform, key: Key) -> None:
    with platform.openai(key.secret) as client:
        answer = client.audio.transcriptions.with_raw_response.create(
            model="sandbox-audio", file=("a.wav", bytes(40_000)), prompt="a b"
        )
    row = platform.row(answer.headers["x-request-id"])
    assert row["status"] == "ok"
    (line,) = served(platform, row["id"])
    assert line["billed"] == [{"model": "sandbox-audio", "kind": "seconds", "quantity": 3}]
