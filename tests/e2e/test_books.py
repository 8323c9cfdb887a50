"""What was used is in the books: every request once, the provider's own counts, exact costs."""

from decimal import Decimal
from typing import Any

import pytest

from tests.e2e.platform import Key, Platform, eventually

PRICE_IN, PRICE_OUT = Decimal("1.00"), Decimal("2.00")  # the sandbox's, in USD per million tokens
HELLO: Any = [{"role": "user", "content": "Count me, please: one two three"}]


def cost(used_in: int, used_out: int) -> Decimal:
    return (used_in * PRICE_IN + used_out * PRICE_OUT) / 1_000_000


def test_usage_within_two_seconds_shows_exactly_what_the_clients_were_told(
    platform: Platform, key: Key
) -> None:
    told: list[tuple[int, int]] = []
    with platform.openai(key.secret) as client:
        chat = client.chat.completions.create(model="sandbox", messages=HELLO)
        assert chat.usage
        told.append((chat.usage.prompt_tokens, chat.usage.completion_tokens))
        *_, last = client.chat.completions.create(
            model="sandbox", messages=HELLO, stream=True, stream_options={"include_usage": True}
        )
        assert last.usage
        told.append((last.usage.prompt_tokens, last.usage.completion_tokens))
        for _ in client.chat.completions.create(model="sandbox", messages=HELLO, stream=True):
            pass
        told.append(told[-1])
        response = client.responses.create(model="sandbox", input="Count me too")
        assert response.usage
        told.append((response.usage.input_tokens, response.usage.output_tokens))
        embedded = client.embeddings.create(model="sandbox", input="Count me as well")
        told.append((embedded.usage.prompt_tokens, 0))
    with platform.anthropic(key.secret) as client:
        message = client.messages.create(model="sandbox", max_tokens=50, messages=HELLO)
        told.append((message.usage.input_tokens, message.usage.output_tokens))
        with client.messages.stream(model="sandbox", max_tokens=50, messages=HELLO) as stream:
            final = stream.get_final_message()
        told.append((final.usage.input_tokens, final.usage.output_tokens))

    eventually(lambda: platform.usage(key.project)["requests"] >= len(told), within=2)
    used = platform.usage(key.project)
    used_in, used_out = (sum(side) for side in zip(*told, strict=True))
    assert used == {
        "requests": len(told),
        "input_tokens": used_in,
        "output_tokens": used_out,
        "cost_usd": cost(used_in, used_out),
        "statuses": {"ok": len(told)},
    }


def test_a_requests_row_says_whose_it_was_and_what_it_cost(platform: Platform, key: Key) -> None:
    answer = platform.post(
        "/v1/chat/completions", {"model": "sandbox", "messages": HELLO}, key.secret,
        **{"x-tollgate-tags": "team=blue,feature=search"},
    )  # fmt: skip
    assert answer.status_code == 200
    row = platform.row(answer.headers["x-request-id"])
    assert (row["key"], row["project"], row["mode"]) == (key.id, key.project, "test")
    assert row["tags"] == {"team": "blue", "feature": "search"}
    assert row["status"] == "ok"
    assert row["cost_usd"] == answer.headers["x-tollgate-cost-usd"]
    usage = answer.json()["usage"]
    assert Decimal(row["cost_usd"]) == cost(usage["prompt_tokens"], usage["completion_tokens"])
    assert answer.headers["x-tollgate-provider"] == "sandbox"


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_a_tag_keeps_its_letters_on_its_way_into_the_books(
    platform: Platform, key: Key, encoding: str
) -> None:
    sent: Any = {"x-tollgate-tags": "team=Süd,größe=10 %".encode(encoding)}
    body = {"model": "sandbox", "messages": HELLO}
    answer = platform.post("/v1/chat/completions", body, key.secret, **sent)
    row = platform.row(answer.headers["x-request-id"])
    assert row["tags"] == {"team": "Süd", "größe": "10 %"}
    asked = {"group_by": "project,tag:team,tag:größe", "grain": "total", "mode": "test"}
    rows = platform.api("GET", "/usage", params=asked).json()["data"]
    [mine] = [row for row in rows if row["project"] == key.project]
    assert (mine["tag:team"], mine["tag:größe"], mine["requests"]) == ("Süd", "10 %", 1)


def test_a_test_key_costs_the_asked_models_own_price(platform: Platform, key: Key) -> None:
    answer = platform.post(
        "/v1/chat/completions", {"model": "gpt-4o-mini", "messages": HELLO}, key.secret
    )
    usage, row = answer.json()["usage"], platform.row(answer.headers["x-request-id"])
    price = {name: Decimal(value) for name, value in row["price"].items()}
    expected = (
        usage["prompt_tokens"] * price["input_usd_per_mtok"]
        + usage["completion_tokens"] * price["output_usd_per_mtok"]
    ) / 1_000_000
    assert Decimal(row["cost_usd"]) == expected > 0


@pytest.mark.parametrize(
    ("model", "stream", "status", "estimated"),
    [
        ("sandbox-error-500", False, "provider_error", False),
        ("sandbox-error-429", True, "provider_error", False),
        ("sandbox-overage", False, "ok", False),
        ("sandbox-nousage", False, "ok", True),
        ("sandbox-nousage", True, "ok", True),
        ("sandbox-cut", True, "provider_error", True),
        ("sandbox-cut", False, "provider_error", True),
    ],
)
def test_a_troubled_request_has_its_row_too(
    platform: Platform, key: Key, model: str, stream: bool, status: str, estimated: bool
) -> None:
    request_id = f"trouble-{key.id}"
    body = {"model": model, "messages": HELLO, "stream": stream, "max_tokens": 20}
    try:
        platform.post("/v1/chat/completions", body, key.secret, **{"x-request-id": request_id})
    except OSError:
        assert model == "sandbox-cut"
    row = platform.row(request_id)
    assert (row["status"], row["estimated"]) == (status, estimated)
    if model == "sandbox-overage":
        assert row["output_tokens"] > 20


def test_a_caller_who_hangs_up_is_booked(platform: Platform, key: Key) -> None:
    request_id = f"hangup-{key.id}"
    with platform.openai(key.secret) as client:
        stream = client.chat.completions.create(
            model="sandbox-slow",
            messages=[{"role": "user", "content": "word " * 200}],
            stream=True,
            extra_headers={"x-request-id": request_id},
        )
        next(iter(stream))
        stream.close()
    row = platform.row(request_id)
    assert row["status"] == "client_closed"
    assert row["input_tokens"] > 0
    assert 0 < row["output_tokens"] < 200


def test_a_refused_request_has_no_row(platform: Platform) -> None:
    key = platform.new_key(limits=[{"metric": "requests", "window": "day", "max": "1"}])
    body = {"model": "sandbox", "messages": HELLO}
    first, second = (platform.post("/v1/chat/completions", body, key.secret) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 429)
    platform.row(first.headers["x-request-id"])
    assert platform.usage(key.project)["requests"] == 1
