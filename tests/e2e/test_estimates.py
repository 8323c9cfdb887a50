"""Providers that report no usage, break off, or ignore the cap: what the books have of it, to the
nano-dollar."""

from decimal import Decimal
from typing import Any

import pytest
import requests

from tests.e2e.platform import Key, Platform, eventually

PRICE_IN, PRICE_OUT = Decimal("1.00"), Decimal("2.00")  # the sandbox's, in USD per million tokens
PROMPT = "Seven words that are to be estimated"
HELLO: Any = [{"role": "user", "content": PROMPT}]
CAP = 20
AMPLE = 1_000_000
SHAPES = pytest.mark.parametrize(
    ("path", "stream"),
    [(f"/v1/{path}", stream) for path in ("chat/completions", "messages") for stream in (0, 1)],
)


def body(model: str, stream: bool, text: str = PROMPT) -> dict[str, Any]:
    messages = [{"role": "user", "content": text}]
    return {"model": model, "messages": messages, "stream": bool(stream), "max_tokens": CAP}


def estimate(text: str) -> int:
    """The documented one: four bytes a token, rounded up."""
    return -(-len(text.encode()) // 4)


def cost(row: dict[str, Any]) -> Decimal:
    read, wrote = Decimal(row["input_tokens"]), Decimal(row["output_tokens"])
    exact = (read * PRICE_IN + wrote * PRICE_OUT) / 1_000_000
    return exact.quantize(Decimal("0.000000001"))


def call(platform: Platform, key: Key, path: str, asked: Any) -> tuple[requests.Response, Any]:
    """The answer, and the row of the request."""
    answer = platform.post(path, asked, key.secret, **{"anthropic-version": "2023-06-01"})
    return answer, platform.row(answer.headers["x-request-id"])


@SHAPES
def test_without_usage_both_sides_are_estimated(
    platform: Platform, key: Key, path: str, stream: bool
) -> None:
    answer, row = call(platform, key, path, body("sandbox-nousage", stream))
    assert answer.status_code == 200
    assert (row["status"], row["estimated"]) == ("ok", True)
    assert row["input_tokens"] == estimate(PROMPT)
    assert row["output_tokens"] == estimate(PROMPT)  # the sandbox echoes
    assert Decimal(row["cost_usd"]) == cost(row)


@SHAPES
def test_estimates_can_be_told_from_what_providers_said(
    platform: Platform, key: Key, path: str, stream: bool
) -> None:
    _, estimated = call(platform, key, path, body("sandbox-nousage", stream))
    _, exact = call(platform, key, path, body("sandbox", stream))
    for asked, row in (("true", estimated), ("false", exact)):
        params = {"key": key.id, "mode": "test", "estimated": asked}
        listed = platform.api("GET", "/requests", params=params).json()["data"]
        assert [each["id"] for each in listed] == [row["id"]]
    params = {"key": key.id, "mode": "test", "grain": "total"}
    totals = platform.api("GET", "/usage", params=params).json()["totals"]
    assert (totals["requests"], totals["estimated_requests"]) == (2, 1)


@SHAPES
def test_of_an_answer_that_breaks_off_what_had_come_is_booked(
    platform: Platform, key: Key, path: str, stream: bool
) -> None:
    request_id = f"cut-{key.id}"
    try:
        headers = {"x-request-id": request_id, "anthropic-version": "2023-06-01"}
        platform.post(path, body("sandbox-cut", stream), key.secret, **headers)
    except OSError:
        assert stream
    row = platform.row(request_id)
    assert (row["status"], row["estimated"]) == ("provider_error", True)
    assert row["input_tokens"] > 0
    assert 0 < row["output_tokens"] <= estimate(PROMPT)
    assert Decimal(row["cost_usd"]) == cost(row)


@SHAPES
@pytest.mark.parametrize("metric", ["tokens", "cost_usd"])
def test_more_than_the_cap_is_a_debt_that_the_next_request_is_refused_for(
    platform: Platform, key: Key, path: str, stream: bool, metric: str
) -> None:
    """The limit has room for two requests that keep to the cap, and is used up by one that does
    not; what that one used is in the books to the last token."""
    asked = body("sandbox-overage", stream)
    _, row = call(platform, key, path, asked)
    assert (row["status"], row["estimated"]) == ("ok", False)
    assert row["output_tokens"] > CAP
    assert Decimal(row["cost_usd"]) == cost(row)

    bound = reserved(platform, path, asked)
    if metric == "tokens":
        most = str(bound + row["input_tokens"] + CAP)
    else:
        reading = bound - CAP
        most = str(cost({"input_tokens": reading + row["input_tokens"], "output_tokens": 2 * CAP}))
    limited = platform.new_key(limits=[{"metric": metric, "window": "total", "max": most}])
    first, used = call(platform, limited, path, asked)
    assert first.status_code == 200
    assert used["output_tokens"] == row["output_tokens"]
    refused = platform.post(path, asked, limited.secret, **{"anthropic-version": "2023-06-01"})
    assert refused.status_code == 429, refused.text
    assert refused.headers["x-should-retry"] == "false"
    eventually(lambda: platform.usage(limited.project)["requests"] == 1)


def reserved(platform: Platform, path: str, asked: Any) -> int:
    """The tokens that such a request reserves: what a limit has left says it."""
    limits = [{"metric": "tokens", "window": "total", "max": str(AMPLE)}]
    key = platform.new_key(limits=limits)
    answer = platform.post(path, asked, key.secret, **{"anthropic-version": "2023-06-01"})
    return AMPLE - int(answer.headers["x-ratelimit-remaining-tokens"])


def test_an_estimate_is_adjusted_and_the_audit_log_knows_why(platform: Platform, key: Key) -> None:
    path = "/v1/chat/completions"
    _, row = call(platform, key, path, body("sandbox-nousage", stream=False))
    said = {"input_tokens": 70, "output_tokens": 30, "cost_usd": "0.000130", "reason": "invoice 7"}
    made = platform.made(f"/requests/{row['id']}/adjustments", said)
    assert made["adjusts"] == row["id"]
    used = platform.usage(key.project)
    assert (used["requests"], used["input_tokens"], used["output_tokens"]) == (1, 70, 30)
    assert used["cost_usd"] == Decimal("0.000130")
    corrected = {
        "adjusted": True,
        "adjusted_cost_usd": "0.000130000",
        "adjustments": [made],
    }
    assert platform.row(row["request_id"]) == row | corrected

    def audited() -> Any:
        asked = {"target": row["id"], "action": "request.adjusted"}
        return platform.api("GET", "/audit-log", params=asked).json()["data"]

    (entry,) = eventually(audited)
    assert entry["before"]["cost_usd"] == row["cost_usd"]
    assert (entry["after"]["cost_usd"], entry["after"]["reason"]) == ("0.000130000", "invoice 7")
