"""Callers who hang up on the gateway while nothing flows: the provider is hung up on within
seconds, and the request has its one row."""

import pytest

from tests.e2e.platform import Platform, eventually
from tests.e2e.silent import Asked, own_provider
from tests.llm.inference.test_relay import HI

SOON = 4.0


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("dialect", ["openai", "responses", "anthropic"])
def test_before_the_first_byte(platform: Platform, dialect: str, stream: bool) -> None:
    key = platform.new_key(mode="live")
    with own_provider(platform) as (model, provider):
        asked = Asked(platform, key, model, dialect, stream)
        eventually(lambda: provider.received)
        asked.connection.close()
        assert provider.left.wait(SOON)
    row = asked.only_row()
    assert (row["status"], row["error"]) == ("client_closed", "client_closed")
    assert row["estimated"]
    assert row["input_tokens"] > 0
    assert len(provider.received) == 1


def test_in_the_middle_of_a_stream(platform: Platform) -> None:
    key = platform.new_key(mode="live")
    with own_provider(platform) as (model, provider):
        provider.script = [provider.streams(), provider.chunk(HI)]
        asked = Asked(platform, key, model, stream=True)
        answer = asked.answer()
        assert answer.read(len(HI)) == HI
        answer.close()
        asked.connection.close()
        assert provider.left.wait(SOON)
    row = asked.only_row()
    assert (row["status"], row["http_status"]) == ("client_closed", 200)
    assert row["output_tokens"] > 0


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_of_a_slow_model(platform: Platform, stream: bool) -> None:
    key = platform.new_key()
    asked = Asked(platform, key, "sandbox-timeout", stream=stream)
    asked.connection.sock.settimeout(1.0)
    with pytest.raises(TimeoutError):
        asked.answer()
    asked.connection.close()
    row = asked.only_row()
    assert row["status"] == "client_closed"
    assert row["latency_ms"] < 10_000
