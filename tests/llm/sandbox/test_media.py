"""Moderations, images and sound, with OpenAI's client."""

from __future__ import annotations

import io
import wave
from base64 import b64decode
from collections.abc import Callable
from typing import Any

import httpx2
import msgspec
import openai
import pytest

Served = Callable[..., list[dict[str, Any]]]
HEARD = ("a.wav", b"\0" * 40_000)


def test_killing_is_flagged(openai_client: openai.OpenAI) -> None:
    answer = openai_client.moderations.create(input=["be kind", "kill them"])
    assert [result.flagged for result in answer.results] == [False, True]
    assert answer.results[1].categories.violence
    assert answer.results[1].categories.self_harm is False
    parts: Any = [{"type": "text", "text": "kill"}]
    assert openai_client.moderations.create(input=parts, model="own").results[0].flagged


def test_images_are_small_and_the_same_every_time(openai_client: openai.OpenAI) -> None:
    first, again, other = (
        openai_client.images.generate(model="gpt-image-1", prompt=prompt, n=2)
        for prompt in ("a cat", "a cat", "a dog")
    )
    images = [[image.b64_json for image in each.data or []] for each in (first, again, other)]
    assert images[0] == images[1] != images[2]
    assert images[0][0] != images[0][1]
    assert b64decode(images[0][0] or "").startswith(b"\x89PNG\r\n\x1a\n")
    assert first.usage
    assert (first.usage.input_tokens, first.usage.output_tokens) == (2, 544)


def test_an_image_is_previewed_in_a_stream(openai_client: openai.OpenAI, served: Served) -> None:
    events = list(
        openai_client.images.generate(
            model="gpt-image-1", prompt="a cat", stream=True, partial_images=2,
            extra_headers={"x-client-request-id": "previewed"},
        )
    )  # fmt: skip
    kinds = [event.type.partition(".")[2] for event in events]
    assert kinds == ["partial_image", "partial_image", "completed"]
    last = events[-1]
    assert last.type == "image_generation.completed"
    assert last.usage.output_tokens == 472
    assert served(client_request_id="previewed")[0]["output_tokens"] == 472


@pytest.mark.parametrize("kind", ["wav", "pcm", "mp3", "aac"])
def test_a_text_is_as_long_as_it_has_words(openai_client: openai.OpenAI, kind: Any) -> None:
    answer = openai_client.audio.speech.create(
        model="gpt-4o-mini-tts", voice="alloy", input="one two three four", response_format=kind
    )
    assert answer.response.headers["content-type"].startswith("audio/")
    if kind == "pcm":
        assert len(answer.content) == 4 * 2400
    if kind == "wav":
        with wave.open(io.BytesIO(answer.content)) as sound:
            assert sound.getnframes() / sound.getframerate() == pytest.approx(0.2)


def test_speech_comes_in_events_too(http: httpx2.Client, openai_client: openai.OpenAI) -> None:
    asked = {"model": "m", "voice": "alloy", "input": "one two", "response_format": "pcm"}
    answer = http.post("/v1/audio/speech", json={**asked, "stream_format": "sse"},
                       headers={"authorization": "Bearer any"})  # fmt: skip
    events = [line.removeprefix("data: ") for line in answer.text.split("\n\n") if line]
    decoded = [msgspec.json.decode(event) for event in events]
    sound = b"".join(b64decode(event["audio"]) for event in decoded[:-1])
    whole = openai_client.audio.speech.create(**asked)  # type: ignore[arg-type]
    assert sound == whole.content
    assert decoded[-1]["type"] == "speech.audio.done"
    assert decoded[-1]["usage"]["output_tokens"] == 2


def test_a_recording_says_its_prompt(openai_client: openai.OpenAI) -> None:
    found = openai_client.audio.transcriptions.create(
        model="gpt-4o-transcribe", file=HEARD, prompt="Hello there", response_format="json"
    )
    assert found.text == "Hello there"
    assert found.usage
    assert found.usage.type == "tokens"
    assert (found.usage.input_tokens, found.usage.output_tokens) == (32, 2)
    timed = openai_client.audio.transcriptions.create(model="whisper-1", file=HEARD)
    assert timed.text == "A recording of 40000 bytes."
    assert timed.usage
    assert timed.usage.type == "duration"
    assert timed.usage.seconds == 3


def test_every_format_of_a_transcript(openai_client: openai.OpenAI) -> None:
    def said(kind: Any, **more: Any) -> Any:
        return openai_client.audio.transcriptions.create(
            model="whisper-1", file=HEARD, prompt="Hello there", response_format=kind, **more
        )

    assert said("text") == "Hello there\n"
    assert said("srt") == "1\n00:00:00,000 --> 00:00:03,000\nHello there\n\n"
    assert said("vtt").startswith("WEBVTT\n\n00:00:00.000 --> 00:00:03.000\n")
    assert said("verbose_json").segments[0].text == "Hello there"
    words = said("verbose_json", timestamp_granularities=["word"])
    assert ([word.word for word in words.words], words.segments) == (["Hello", "there"], None)
    assert said("diarized_json").segments[0].speaker == "A"


def test_a_transcript_is_streamed(openai_client: openai.OpenAI, served: Served) -> None:
    events = list(
        openai_client.audio.transcriptions.create(
            model="gpt-4o-transcribe", file=HEARD, prompt="Hello there", stream=True,
            extra_headers={"x-client-request-id": "heard"},
        )
    )  # fmt: skip
    assert [event.type for event in events] == [
        "transcript.text.delta", "transcript.text.delta", "transcript.text.done",
    ]  # fmt: skip
    line = served(client_request_id="heard")[0]
    assert (line["input_tokens"], line["output_tokens"], line["stream"]) == (32, 2, True)


def test_a_translation(openai_client: openai.OpenAI) -> None:
    with pytest.deprecated_call():
        found = openai_client.audio.translations.create(model="whisper-1", file=HEARD, prompt="Hi")
    assert found.text == "Hi"


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        ("images/generations", {"model": "m"}, "prompt"),
        ("images/generations", {"prompt": "x"}, "model"),
        ("images/generations", {"model": "m", "prompt": "x", "n": 11}, "n"),
        ("images/generations", {"model": "m", "prompt": "x", "n": 2, "stream": True}, "n"),
        ("audio/speech", {"model": "m", "input": "x"}, "voice"),
        ("audio/speech", {"model": "m", "input": "", "voice": "a"}, "input"),
        ("audio/speech", {"model": "m", "input": "x" * 4097, "voice": "a"}, "input"),
        ("audio/speech", {"model": "m", "input": "x", "voice": "a", "speed": 9}, "speed"),
        ("moderations", {}, "input"),
        ("moderations", {"input": []}, "input"),
    ],
)
def test_what_is_wrong_is_named(
    http: httpx2.Client, path: str, body: dict[str, Any], param: str
) -> None:
    answer = http.post(f"/v1/{path}", json=body, headers={"authorization": "Bearer any"})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)


@pytest.mark.parametrize(
    ("fields", "file", "param", "status"),
    [
        ({"model": "m"}, None, "file", 400),
        ({}, b"x", "model", 400),
        ({"model": "m"}, b"", "file", 400),
        ({"model": "m", "temperature": "hot"}, b"x", "temperature", 400),
        ({"model": "m", "temperature": "2"}, b"x", "temperature", 400),
        ({"model": "m", "stream": "perhaps"}, b"x", "stream", 400),
        ({"model": "m", "response_format": "mp3"}, b"x", "response_format", 400),
        ({"model": "m"}, b"x" * (25 * 2**20 + 1), "file", 413),
    ],
)
def test_what_is_wrong_with_a_form_is_named(
    http: httpx2.Client, fields: dict[str, str], file: bytes | None, param: str, status: int
) -> None:
    files = {"file": ("a.wav", file)} if file is not None else {"other": ("a.wav", b"x")}
    answer = http.post("/v1/audio/transcriptions", data=fields, files=files,
                       headers={"authorization": "Bearer any"})  # fmt: skip
    assert (answer.status_code, answer.json()["error"]["param"]) == (status, param)
