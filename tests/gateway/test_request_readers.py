"""What the gateway reads of each route's body, and what it refuses."""

import json
from typing import Any

import pytest
from urllib3.filepost import encode_multipart_formdata

from tollgate_common.errors import TollgateError
from tollgate_gateway.parsed_requests.parsed_request import ParsedRequest
from tollgate_gateway.parsed_requests.readers import READERS

FORMS = ["/v1/audio/transcriptions", "/v1/audio/translations", "/v1/images/edits"]


def asked(path: str, **body: Any) -> ParsedRequest:
    return READERS[path](json.dumps(body).encode(), "application/json")


def form(*fields: tuple[str, str]) -> ParsedRequest:
    body, kind = encode_multipart_formdata([*fields, ("file", ("a.wav", b"\0" * 100))])
    return READERS["/v1/audio/transcriptions"](body, kind)


@pytest.mark.parametrize(
    ("body", "answers"),
    [
        ({}, 1),
        ({"prompt": "one"}, 1),
        ({"prompt": None}, 1),
        ({"prompt": []}, 1),
        ({"prompt": ["one", "two"]}, 2),
        ({"prompt": [1, 2, 3]}, 1),
        ({"prompt": [[1, 2], [3], [4]]}, 3),
        ({"prompt": ["one", "two"], "n": 3}, 6),
        ({"prompt": ["one", "two"], "n": 3, "best_of": 5}, 10),
        ({"prompt": "one", "n": -3}, 1),
    ],
)
def test_a_completion_has_an_answer_for_each_prompt(body: dict[str, Any], answers: int) -> None:
    assert asked("/v1/completions", model="m", **body).answers() == answers


def test_a_moderation_has_a_default_model() -> None:
    assert asked("/v1/moderations", input="x").model == "omni-moderation-latest"
    assert asked("/v1/moderations", input="x", model="own").model == "own"


def test_a_speech_is_a_stream_when_it_is_one_of_events() -> None:
    assert asked("/v1/audio/speech", model="m", stream_format="sse").streams()
    assert not asked("/v1/audio/speech", model="m", stream_format="audio").streams()
    assert not asked("/v1/audio/speech", model="m").streams()


@pytest.mark.parametrize(
    ("text", "stream"),
    [("true", True), ("True", True), ("1", True), ("false", False), ("0", False), ("", False)],
)
def test_the_fields_of_a_form(text: str, stream: bool) -> None:
    found = form(("model", "whisper-1"), ("stream", text))
    assert (found.model, found.streams(), found.is_bounded()) == ("whisper-1", stream, True)
    assert not form(("model", "whisper-1"), ("chunking_strategy", "auto")).is_bounded()


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ([], "model"),
        ([("model", "")], "model"),
        ([("model", "m" * 257)], "model"),
        ([("model", "a"), ("model", "b")], "model"),
        ([("model", "m"), ("stream", "perhaps")], "stream"),
    ],
)
def test_a_wrong_field_of_a_form_is_named(fields: list[tuple[str, str]], param: str) -> None:
    with pytest.raises(TollgateError) as wrong:
        form(*fields)
    assert (wrong.value.http_status, wrong.value.param) == (400, param)


@pytest.mark.parametrize("path", FORMS)
def test_json_is_no_form(path: str) -> None:
    with pytest.raises(TollgateError) as wrong:
        asked(path, model="whisper-1")
    assert (wrong.value.http_status, wrong.value.param) == (415, "content-type")


@pytest.mark.parametrize("path", sorted(set(READERS) - set(FORMS) - {"/v1/moderations"}))
def test_every_other_route_wants_a_model(path: str) -> None:
    with pytest.raises(TollgateError) as wrong:
        asked(path, prompt="x")
    assert (wrong.value.http_status, wrong.value.param) == (400, "model")
    assert wrong.value.error_code == "missing_required_parameter"


def edit(*fields: tuple[str, str]) -> ParsedRequest:
    body, kind = encode_multipart_formdata([*fields, ("image", ("a.png", b"\0" * 100))])
    return READERS["/v1/images/edits"](body, kind)


def test_the_fields_of_an_edit() -> None:
    found = edit(("model", "m"), ("n", "3"), ("stream", "true"), ("partial_images", "2"))
    assert (found.model, found.answers(), found.previews()) == ("m", 3, 2)
    assert found.streams()
    assert found.medium == "image"
    assert not found.is_bounded()


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ([], "model"),
        ([("model", "m"), ("n", "many")], "n"),
        ([("model", "m"), ("n", "1" * 99)], "n"),
        ([("model", "m"), ("n", "\u0663")], "n"),
        ([("model", "m"), ("partial_images", "1.5")], "partial_images"),
    ],
)
def test_a_wrong_field_of_an_edit_is_named(fields: list[tuple[str, str]], param: str) -> None:
    with pytest.raises(TollgateError) as refused:
        edit(*fields)
    assert (refused.value.http_status, refused.value.param) == (400, param)
