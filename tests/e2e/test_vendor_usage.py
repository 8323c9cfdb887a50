"""Every shape in which vendors report usage, called with their own clients, whole and streamed:
each call is answered, and has one row in the books and one line in the log of the provider."""

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
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


ESTIMATED = [special for special in Special if special.startswith("sandbox-garbled")]
EXACT = [special for special in Special if special and special not in ESTIMATED]
PLAIN = "0.000045000"  # fifteen tokens each way, at $1 and $2 a million
COSTS: dict[Special, dict[Call, str]] = {
    Special.COMPACTION: {messages: "0.001915000"},
    Special.ADVISOR: {messages: "0.001357000"},
    Special.FEES: {chat: "0.030045000", responses: "0.062545000", messages: "0.030045000"},
    Special.GEO: {messages: "0.000049500"},
    Special.REFUSAL: {messages: "0.000000000"},
    Special.THINKING: dict.fromkeys((chat, responses, messages), "0.000239000"),
    Special.UNPRICED: dict.fromkeys((chat, responses, messages), "0.000000000"),
    Special.ABSURD: dict.fromkeys((chat, responses, messages), "0.048000000"),
}
"""What an answer costs where it is more or less than the plain one's, reckoned by hand."""


def quantities(lines: list[dict[str, Any]]) -> Counter[tuple[str, str]]:
    """How much there is of each kind, of each model."""
    sums: Counter[tuple[str, str]] = Counter()
    for line in lines:
        sums[line["model"], line["kind"]] += line["quantity"]
    return sums


@pytest.mark.parametrize("special", EXACT)
def test_each_call_has_one_row_with_the_lines_of_the_providers_own_log(
    platform: Platform, key: Key, special: Special
) -> None:
    for call, stream in CALLS:
        row = platform.row(call(platform, key, special.value, stream))
        assert (row["status"], row["model"], row["stream"]) == ("ok", special.value, stream)
        (line,) = served(platform, row["id"])
        if special is not Special.ABSURD:
            assert quantities(row["lines"]) == quantities(line["billed"])
            assert row["input_tokens"] == line["input_tokens"]
            assert row["output_tokens"] == line["output_tokens"]
        assert row["cost_usd"] == COSTS.get(special, {}).get(call, PLAIN)
        assert sum(Decimal(each["cost_usd"]) for each in row["lines"]) == Decimal(row["cost_usd"])
        assert row["unpriced"] is (special is Special.UNPRICED)
        assert row["capped"] is (special is Special.ABSURD)
        assert row["estimated"] is False
    totals = eventually(lambda: _complete(platform, key))
    assert totals["statuses"] == {"ok": len(CALLS)}


def test_a_row_tells_how_its_request_was_processed(platform: Platform, key: Key) -> None:
    rows = {call: platform.row(call(platform, key, "sandbox-tier", False)) for call, _ in CALLS}
    tiers = {call: row["service_tier"] for call, row in rows.items()}
    assert tiers == {chat: "on_demand", responses: "on_demand", messages: "priority"}


def test_a_place_is_a_factor_of_the_price(platform: Platform, key: Key) -> None:
    row = platform.row(messages(platform, key, "sandbox-geo", True))
    assert row["lines"] == [
        {
            "model": "sandbox-geo",
            "kind": kind,
            "quantity": 15,
            "unit": "token",
            "unit_price_usd": price,
            "factors": [{"name": "inference_geo:us", "factor": "1.1"}],
            "cost_usd": cost,
        }
        for kind, price, cost in (
            ("input", "0.000001", "0.000016500"),
            ("output", "0.000002", "0.000033000"),
        )
    ]


@pytest.mark.parametrize("special", ESTIMATED)
def test_what_is_garbled_is_booked_by_estimate(
    platform: Platform, key: Key, special: Special
) -> None:
    for call, stream in CALLS:
        row = platform.row(call(platform, key, special.value, stream))
        assert (row["status"], row["estimated"]) == ("ok", True)
        by_bytes = -(-len(TEXT) // 4)
        assert (row["input_tokens"], row["output_tokens"]) == (by_bytes, by_bytes)
        assert Decimal(row["cost_usd"]) == by_bytes * 3 * Decimal("0.000001")
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
    assert (row["status"], row["estimated"]) == ("ok", False)
    (line,) = served(platform, row["id"])
    assert quantities(row["lines"]) == quantities(line["billed"])
    assert quantities(row["lines"])["sandbox-audio", "seconds"] == 3
    assert row["cost_usd"] == "0.000306000"
