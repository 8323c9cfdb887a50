"""What images and sound use, as it is reported, and as it is estimated."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollgate_llm.metering.events import IMAGES, SPEECH, TRANSCRIPTS, Grammar
from tollgate_llm.metering.media import (
    estimate_images,
    estimate_recording,
    estimate_speech,
    estimate_transcript,
    read_images,
    read_transcript,
)
from tollgate_llm.metering.meter import Meter
from tollgate_llm.metering.usage import usage_of


def written(value: Any) -> bytes:
    return json.dumps(value).encode()


def test_what_an_image_model_makes_is_an_image() -> None:
    usage: dict[str, Any] = {"input_tokens": 5, "output_tokens": 9}
    usage["input_tokens_details"] = {"text_tokens": 2, "image_tokens": 3}
    assert read_images(written({"usage": usage})) == usage_of(
        input=2, image_input=3, image_output=9
    )
    usage["output_tokens_details"] = {"text_tokens": 4, "image_tokens": 5}
    assert read_images(written({"usage": usage})) == usage_of(
        input=2, image_input=3, output=4, image_output=5
    )


@pytest.mark.parametrize(("seconds", "tokens"), [(3, 30), (0, 0), (2.05, 21), (0.01, 1)])
def test_a_duration_is_reported_and_also_counts_as_tokens(seconds: float, tokens: int) -> None:
    body = written({"text": "12345678", "usage": {"type": "duration", "seconds": seconds}})
    assert read_transcript(body) == usage_of(seconds=seconds, audio_input=tokens)


@pytest.mark.parametrize("duration", [8.47, "8.47"])
def test_the_verbose_form_tells_the_duration_too(duration: object) -> None:
    body = written({"text": "12345678", "duration": duration})
    assert read_transcript(body) == usage_of(seconds=8.47, audio_input=85)


@pytest.mark.parametrize(
    "body",
    [
        b"only text", b"", b"[]", b'{"text":"x"}', b'{"usage":{"seconds":-1}}',
        b'{"usage":{"seconds":1e300}}', b'{"usage":{"input_tokens":-5}}', b'{"usage":{}}',
        b'{"duration":"long"}',
        b'{"duration":-1}', b'{"duration":true}', b'{"duration":"inf"}',
    ],
)  # fmt: skip
def test_what_says_nothing_of_usage(body: bytes) -> None:
    assert read_transcript(body) is None


@given(st.binary(max_size=200))
def test_garbage_is_estimated(body: bytes) -> None:
    with suppress(AssertionError):
        assert read_transcript(body) is None
        assert read_images(body) is None
    assert estimate_transcript(body) >= 0
    assert estimate_images(body) >= 0
    assert estimate_recording(body) >= 0


def test_the_estimates() -> None:
    assert estimate_recording(bytes(16_000)) == 10
    assert estimate_speech(48_000, "audio/wav") == estimate_speech(16_000, "audio/mpeg") == 20
    assert estimate_transcript(b'{"text":"12345678","segments":[{"text":"12345678"}]}') == 2
    assert estimate_transcript(b"12345678") == 2
    assert estimate_images(b'{"data":[{"b64_json":"x"},{"url": "y"}]}') == 2112


USAGE = {"input_tokens": 3, "output_tokens": 7}


@pytest.mark.parametrize(
    ("grammar", "last", "over"),
    [
        (IMAGES, "image_generation.completed", False),
        (SPEECH, "speech.audio.done", True),
        (TRANSCRIPTS, "transcript.text.done", True),
    ],
)
def test_the_last_event_of_a_stream_has_its_usage(grammar: Grammar, last: str, over: bool) -> None:
    event = b"data: " + written({"type": last, "usage": USAGE}) + b"\n\n"
    meter = Meter(grammar, hide_usage=False)
    assert b"".join(meter.feed(event[i : i + 5]) for i in range(0, len(event), 5)) == event
    assert (meter.over, meter.failed, meter.final) == (over, False, True)
    assert meter.usage
    assert (meter.usage.input_tokens, meter.usage.output_tokens) == (3, 7)


@pytest.mark.parametrize(
    ("grammar", "event", "tokens"),
    [
        (IMAGES, {"type": "image_generation.completed", "b64_json": "x"}, 1056),
        (SPEECH, {"type": "speech.audio.delta", "audio": "A" * 3200}, 3),
        (TRANSCRIPTS, {"type": "transcript.text.delta", "delta": "12345678"}, 2),
    ],
)
def test_a_stream_without_usage_is_estimated(
    grammar: Grammar, event: dict[str, str], tokens: int
) -> None:
    meter = Meter(grammar, hide_usage=False)
    meter.feed(b"data: " + json.dumps(event, separators=(",", ":")).encode() + b"\n\n")
    assert meter.usage is None
    assert meter.estimated_output() == tokens


@pytest.mark.parametrize("grammar", [IMAGES, SPEECH, TRANSCRIPTS])
@pytest.mark.parametrize("event", [{"type": "error"}, {"error": {"message": "x"}}])
def test_an_error_ends_a_stream(grammar: Grammar, event: dict[str, Any]) -> None:
    meter = Meter(grammar, hide_usage=False)
    meter.feed(b"data: " + written(event) + b"\n\n")
    assert (meter.over, meter.failed) == (True, True)
