"""Completions, moderations, images and sound, with OpenAI's own client, and what the books say."""

import time
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
from openai import OpenAI
from urllib3.filepost import encode_multipart_formdata

from tests.e2e.platform import Key, Platform, eventually
from tollgate_llm.sandbox.app import create_app as create_sandbox
from tollgate_llm.sandbox.settings import SandboxSettings

HEARD = ("a.wav", b"\0" * 40_000)  # three seconds, as the sandbox plays it
SPOKEN: dict[str, Any] = {"voice": "alloy", "input": "one two three four"}
USD = Decimal("0.000001")


@pytest.fixture
def client(platform: Platform, key: Key) -> Iterator[OpenAI]:
    with platform.openai(key.secret) as client:
        yield client


@pytest.fixture
def limited(platform: Platform) -> Iterator[OpenAI]:
    """Of a key with a limit on cost."""
    key = platform.new_key(limits=[{"metric": "cost_usd", "window": "month", "max": "1.00"}])
    with platform.openai(key.secret) as client:
        yield client


def row_of(platform: Platform, answer: Any) -> dict[str, Any]:
    return platform.row(answer.headers["x-request-id"])


def booked(row: dict[str, Any]) -> tuple[Any, ...]:
    counts = (row["input_tokens"], row["output_tokens"], Decimal(row["cost_usd"]))
    return row["status"], row["estimated"], *counts


def test_a_completion_whole_and_streamed(platform: Platform, client: OpenAI) -> None:
    asked: dict[str, Any] = {"model": "gpt-3.5-turbo-instruct", "prompt": ["one two", "three"]}
    whole = client.completions.with_raw_response.create(**asked)
    parsed = whole.parse()
    assert [choice.text for choice in parsed.choices] == ["one two", "three"]
    stream = client.completions.with_raw_response.create(**asked, stream=True)
    chunks = list(stream.parse())
    assert "".join(chunk.choices[0].text for chunk in chunks) == "one twothree"
    assert all(chunk.usage is None for chunk in chunks)
    for answer in (whole, stream):
        cost = 3 * Decimal("1.5") * USD + 3 * 2 * USD
        assert booked(row_of(platform, answer)) == ("ok", False, 3, 3, cost)


def test_a_moderation_is_free_and_in_the_books(platform: Platform, client: OpenAI) -> None:
    answer = client.moderations.with_raw_response.create(input="kill")
    assert answer.parse().results[0].flagged
    row = row_of(platform, answer)
    assert booked(row) == ("ok", False, 0, 0, 0)
    assert row["model"] == "omni-moderation-latest"


def test_an_image_costs_its_own_tokens(platform: Platform, client: OpenAI) -> None:
    answer = client.images.with_raw_response.generate(model="gpt-image-1.5", prompt="a cat", n=2)
    parsed = answer.parse()
    assert len(parsed.data or []) == 2
    row = row_of(platform, answer)
    assert booked(row) == ("ok", False, 2, 544, 2 * 5 * USD + 544 * 32 * USD)
    assert {line["kind"]: line["quantity"] for line in row["lines"]}["image_output"] == 544
    assert answer.headers["x-tollgate-cost-usd"] == row["cost_usd"]


def test_an_image_is_streamed_with_its_previews(platform: Platform, client: OpenAI) -> None:
    answer = client.images.with_raw_response.generate(
        model="gpt-image-1.5", prompt="a cat", stream=True, partial_images=2
    )
    events = list(answer.parse())
    assert [event.type for event in events][-1] == "image_generation.completed"
    assert len(events) == 3
    assert booked(row_of(platform, answer))[:4] == ("ok", False, 2, 472)


def test_an_edit_costs_the_pictures_that_it_is_made_of(platform: Platform, client: OpenAI) -> None:
    pictures = [("a.png", b"\x89PNG one"), ("b.png", b"\x89PNG two")]
    answer = client.images.with_raw_response.edit(
        model="gpt-image-1.5", image=pictures, mask=("m.png", b"\x89PNG"), prompt="a cat", n=2
    )
    assert len(answer.parse().data or []) == 2
    row = row_of(platform, answer)
    assert booked(row)[:4] == ("ok", False, 2 + 2 * 323, 544)
    assert Decimal(row["cost_usd"]) == 2 * 5 * USD + 646 * 8 * USD + 544 * 32 * USD
    quantities = {line["kind"]: line["quantity"] for line in row["lines"]}
    assert (row["endpoint"], quantities["image_input"]) == ("/v1/images/edits", 646)


def test_an_edit_is_streamed_with_its_previews(platform: Platform, client: OpenAI) -> None:
    answer = client.images.with_raw_response.edit(
        model="gpt-image-1.5", image=("a.png", b"\x89PNG"), prompt="a cat", stream=True,
        partial_images=1,
    )  # fmt: skip
    kinds = [event.type for event in answer.parse()]
    assert kinds == ["image_edit.partial_image", "image_edit.completed"]
    row = row_of(platform, answer)
    assert booked(row)[:4] == ("ok", False, 2 + 323, 372)
    assert row["stream"] is True


def test_an_edit_without_a_picture_is_refused(platform: Platform, key: Key) -> None:
    body, kind = encode_multipart_formdata([("model", "gpt-image-1.5"), ("prompt", "a cat")])
    answer = platform.post("/v1/images/edits", body, key.secret, **{"content-type": kind})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "image")


def test_sound_is_the_providers_byte_for_byte(
    platform: Platform, client: OpenAI, tmp_path: Path
) -> None:
    sandbox = create_sandbox(SandboxSettings(served_log=tmp_path / "served")).test_client()
    for kind in ("wav", "pcm", "mp3"):
        asked: Any = {"model": "gpt-4o-mini-tts", **SPOKEN, "response_format": kind}
        answer = client.audio.speech.with_raw_response.create(**asked)
        direct = sandbox.post(
            "/v1/audio/speech", json=asked, headers={"authorization": "Bearer any"}
        )
        assert answer.content == direct.data
        assert answer.headers["content-type"] == direct.content_type
        status, estimated, read, made, cost = booked(row_of(platform, answer))
        assert (status, estimated) == ("ok", True)
        assert cost == read * Decimal("0.6") * USD + made * 12 * USD
        if kind == "pcm":
            assert made == 4


def test_sound_arrives_as_it_is_made(client: OpenAI) -> None:
    with client.audio.speech.with_streaming_response.create(
        model="sandbox-slow", voice="alloy", input="word " * 40, response_format="pcm"
    ) as answer:
        arrived = [time.monotonic() for _ in answer.iter_bytes()]
    assert arrived[-1] - arrived[0] > 1


def test_sound_that_breaks_off_is_no_whole_answer(platform: Platform, client: OpenAI) -> None:
    with (
        client.audio.speech.with_streaming_response.create(
            model="sandbox-cut", response_format="pcm", **SPOKEN
        ) as answer,
        pytest.raises(httpx2.RemoteProtocolError),
    ):
        answer.read()
    row = platform.row(answer.headers["x-request-id"])
    assert booked(row)[:2] == ("provider_error", True)


def test_who_hangs_up_on_sound_is_booked(platform: Platform, client: OpenAI) -> None:
    with client.audio.speech.with_streaming_response.create(
        model="sandbox-slow", voice="alloy", input="word " * 200, response_format="pcm"
    ) as answer:
        next(iter(answer.iter_bytes()))
    row = platform.row(answer.headers["x-request-id"])
    assert booked(row)[:2] == ("client_closed", True)
    assert row["output_tokens"] < 200


def test_speech_in_events_has_its_usage(platform: Platform, key: Key) -> None:
    body = {"model": "gpt-4o-mini-tts", **SPOKEN, "stream_format": "sse"}
    answer = platform.post("/v1/audio/speech", body, key.secret)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.text.count("speech.audio.delta") == 4
    row = row_of(platform, answer)
    assert booked(row) == ("ok", False, 4, 4, 4 * Decimal("0.6") * USD + 4 * 12 * USD)
    assert row["stream"] is True


def test_a_transcription_in_every_format(platform: Platform, client: OpenAI) -> None:
    for kind in ("json", "text", "srt", "vtt", "verbose_json"):
        answer = client.audio.transcriptions.with_raw_response.create(
            model="gpt-4o-transcribe", file=HEARD, prompt="Hello there", response_format=kind
        )
        assert "Hello there" in answer.text
        row = row_of(platform, answer)
        assert row["estimated"] is (kind in ("text", "srt", "vtt"))
        if not row["estimated"]:
            cost = 2 * Decimal("2.5") * USD + 30 * 6 * USD + 2 * 10 * USD
            assert booked(row) == ("ok", False, 32, 2, cost)


def test_a_transcription_is_streamed(platform: Platform, client: OpenAI) -> None:
    answer = client.audio.transcriptions.with_raw_response.create(
        model="gpt-4o-transcribe", file=HEARD, prompt="Hello there", stream=True
    )
    events = list(answer.parse())
    assert [event.type.rpartition(".")[2] for event in events] == ["delta", "delta", "done"]
    row = row_of(platform, answer)
    assert booked(row)[:4] == ("ok", False, 32, 2)
    assert row["stream"] is True


def test_what_is_paid_by_the_second_costs_what_the_list_says(
    platform: Platform, client: OpenAI
) -> None:
    answer = client.audio.transcriptions.with_raw_response.create(model="whisper-1", file=HEARD)
    row = row_of(platform, answer)
    status, estimated, heard, _, cost = booked(row)
    assert (status, estimated, heard) == ("ok", False, 30)
    assert [(line["kind"], line["quantity"]) for line in row["lines"]] == [("seconds", 3)]
    assert cost == 3 * Decimal("0.36") / 3600


def test_a_translation(platform: Platform, key: Key) -> None:
    body, kind = encode_multipart_formdata([("file", HEARD), ("model", "whisper-1")])
    answer = platform.post("/v1/audio/translations", body, key.secret, **{"content-type": kind})
    assert answer.json()["text"] == "A recording of 40000 bytes."


def test_a_forms_model_may_be_another_at_the_provider(platform: Platform, client: OpenAI) -> None:
    routes = [{"provider": "sandbox", "model": "sandbox"}]
    made = platform.api("PUT", "/models/our-ears", json={"routes": routes})
    assert made.status_code == 200, made.text
    answer = eventually(lambda: _transcribed(client, "our-ears"))
    row = row_of(platform, answer)
    assert (row["model"], row["provider_model"]) == ("our-ears", "sandbox")


def _transcribed(client: OpenAI, model: str) -> Any:
    try:
        return client.audio.transcriptions.with_raw_response.create(model=model, file=HEARD)
    except openai.NotFoundError:
        return None  # not every process has heard of it


def test_a_limit_on_cost_holds_or_refuses(limited: OpenAI) -> None:
    assert limited.images.generate(model="gpt-image-1", prompt="a cat").data
    assert limited.audio.transcriptions.create(model="gpt-4o-transcribe", file=HEARD).text
    assert limited.moderations.create(input="free").results
    assert limited.completions.create(model="gpt-3.5-turbo-instruct", prompt="x").choices
    with pytest.raises(openai.RateLimitError):  # ten images may be 2.50 dollars
        limited.images.generate(model="gpt-image-1", prompt="a cat", n=10)


@pytest.mark.parametrize(
    ("code", "call"),
    [
        ("unbounded_request", lambda it: it.images.generate(model="gpt-image-2", prompt="x")),
        (
            "unbounded_request",
            lambda it: it.images.edit(model="gpt-image-1.5", image=b"\x89PNG", prompt="x"),
        ),
        ("unbounded_request", lambda it: it.audio.speech.create(model="gpt-4o-mini-tts", **SPOKEN)),
        (
            "unbounded_request",
            lambda it: it.audio.transcriptions.create(model="whisper-1", file=HEARD),
        ),
        (
            "unbounded_request",
            lambda it: it.audio.transcriptions.create(
                model="gpt-4o-transcribe", file=HEARD, chunking_strategy="auto"
            ),
        ),
    ],
)
def test_what_nothing_bounds_is_refused_under_a_limit(
    limited: OpenAI, code: str, call: Any
) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        call(limited)
    assert (refused.value.code, refused.value.param) == (code, "model")


FORM, TYPE = encode_multipart_formdata([("model", "whisper-1"), ("file", HEARD)], "limit")
FORM_TYPE = "multipart/form-data; boundary=limit"


@pytest.mark.parametrize(
    ("body", "kind", "status", "param"),
    [
        (FORM, "application/json", 415, "content-type"),
        (FORM, "multipart/form-data", 400, "content-type"),
        (FORM, "multipart/form-data; boundary=other", 400, "body"),
        (FORM[:-20], FORM_TYPE, 400, "body"),
        (FORM[: len(FORM) // 2], FORM_TYPE, 400, "body"),
        (b"", FORM_TYPE, 400, "body"),
        (FORM.replace(b'"model"\r\n', b'"model"\r\nX: ' + b"x" * 100_000), FORM_TYPE, 400, "body"),
        (FORM.replace(b'name="model"', b'name="modal"'), FORM_TYPE, 400, "model"),
        (FORM.replace(b'name="file"', b'name="model"'), FORM_TYPE, 400, "model"),
        (FORM.replace(b'name="file"', b'name="fill"'), FORM_TYPE, 400, "file"),
        (b'{"model": "whisper-1"}', "application/json", 415, "content-type"),
    ],
)
def test_a_wrong_form_is_the_callers_fault(
    platform: Platform, key: Key, body: bytes, kind: str, status: int, param: str
) -> None:
    answer = platform.post("/v1/audio/transcriptions", body, key.secret, **{"content-type": kind})
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]["param"] == param
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_too_large_a_form_is_refused(platform: Platform, key: Key) -> None:
    body, kind = encode_multipart_formdata([("model", "m"), ("file", ("a", b"\0" * 33 * 2**20))])
    with closing(
        platform.post("/v1/audio/transcriptions", body, key.secret, **{"content-type": kind})
    ) as answer:
        assert answer.status_code == 413
