"""Forms and sound through llm, against a provider that shows its bytes."""

import threading
from typing import Any

import pytest
from urllib3.filepost import encode_multipart_formdata

from tests.llm.stand import Provider, Stand, eventually

FILE = ("a.wav", bytes(range(256)) * 40 + b"\r\n--limi\r\n")
TRANSCRIPT = b'{"text":"said","usage":{"type":"tokens","input_tokens":9,"output_tokens":2,' \
    b'"input_token_details":{"audio_tokens":7,"text_tokens":2}}}'  # fmt: skip
HERE = encode_multipart_formdata([("file", FILE), ("model", "here"), ("prompt", "é")], "limit")[0]


def post(stand: Stand, org: str, path: str, body: bytes, kind: str, **more: Any) -> tuple[Any, str]:
    ticket = stand.ticket(org, path)
    headers = stand.headers(org, ticket, mode="live") | {"content-type": kind}
    return stand.session.post(stand.url + path, data=body, headers=headers, **more), ticket


@pytest.mark.parametrize("path", ["/v1/audio/transcriptions", "/v1/audio/translations"])
def test_of_a_form_the_models_name_alone_is_replaced(
    stand: Stand, org: str, provider: Provider, path: str
) -> None:
    provider.script = [provider.answers(TRANSCRIPT, "content-type: application/json")]
    kind = 'multipart/form-data; boundary="limit"'
    answer, ticket = post(stand, org, path, HERE, kind)
    assert answer.content == TRANSCRIPT
    [received] = provider.received
    assert received.body == HERE.replace(b"\r\nhere\r\n", b"\r\nthere\r\n")
    assert received.headers["content-type"] == kind
    outcome = stand.outcome(org, ticket)
    assert (outcome["input_tokens"], outcome["output_tokens"]) == (9, 2)
    assert outcome["estimated"] is False
    assert outcome["cost_nanos"] == 9 * 3000 + 2 * 15_000  # the organisation's own price


def test_a_form_that_needs_no_other_name_is_not_touched(
    stand: Stand, org: str, provider: Provider
) -> None:
    route = {"provider": "own", "model": "here"}
    stand.manage("PUT", "/api/v1/models/here", org, json={"routes": [route]})
    provider.script = [provider.answers(b"said\n", "content-type: text/plain")]
    answer, ticket = post(stand, org, "/v1/audio/transcriptions", HERE,
                          "multipart/form-data; boundary=limit")  # fmt: skip
    assert (answer.content, answer.headers["content-type"]) == (b"said\n", "text/plain")
    assert provider.received[0].body == HERE
    outcome = stand.outcome(org, ticket)
    assert (outcome["estimated"], outcome["output_tokens"]) == (True, 2)
    assert outcome["input_tokens"] == -(-len(HERE) // 1600)


def test_sound_comes_before_its_end_and_its_last_byte_after_the_books(
    stand: Stand, org: str, provider: Provider
) -> None:
    more = threading.Event()
    head = b"HTTP/1.1 200 OK\r\ncontent-type: audio/pcm\r\ntransfer-encoding: chunked\r\n\r\n"
    first, second = b"\1" * 4800, b"\2" * 4800
    provider.script = [head, provider.chunk(first), more, provider.chunk(second), b"0\r\n\r\n"]
    body = b'{ "model":"here", "input":"12345678", "voice":"alloy" }'
    answer, ticket = post(stand, org, "/v1/audio/speech", body, "application/json", stream=True)
    assert answer.raw.read(4799) == first[:-1]
    assert stand.outcomes(org, ticket) == []
    more.set()
    assert answer.raw.read() == first[-1:] + second
    assert provider.received[0].body == body.replace(b'"here"', b'"there"')
    outcome = stand.outcome(org, ticket)
    assert (outcome["status"], outcome["estimated"]) == ("ok", True)
    assert (outcome["input_tokens"], outcome["output_tokens"]) == (2, 4)


def test_sound_that_breaks_off_breaks_off_for_the_client_too(
    stand: Stand, org: str, provider: Provider
) -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: audio/pcm\r\ncontent-length: 9000\r\n\r\n"
    provider.script = [head, b"\1" * 4800, Provider.HANG_UP]
    body = b'{"model":"here","input":"12345678","voice":"alloy"}'
    answer, ticket = post(stand, org, "/v1/audio/speech", body, "application/json", stream=True)
    with pytest.raises(Exception, match=r"Incomplete|InvalidChunk|broken|prematurely"):
        answer.content  # noqa: B018
    eventually(lambda: stand.outcomes(org, ticket))
    outcome = stand.outcome(org, ticket)
    assert (outcome["status"], outcome["output_tokens"]) == ("provider_error", 2)


def test_images_of_one_stream_are_added_up(stand: Stand, org: str, provider: Provider) -> None:
    usage = b'"usage":{"input_tokens":3,"output_tokens":100,"total_tokens":103}'
    event = b'data: {"type":"image_generation.completed","b64_json":"aa",%s}\n\n' % usage
    provider.script = [provider.streams(), provider.chunk(event), provider.chunk(event),
                       b"0\r\n\r\n"]  # fmt: skip
    body = b'{"model":"here","prompt":"x","n":2,"stream":true}'
    answer, ticket = post(stand, org, "/v1/images/generations", body, "application/json")
    assert answer.content == event + event
    outcome = stand.outcome(org, ticket)
    assert (outcome["input_tokens"], outcome["output_tokens"]) == (6, 200)
    assert outcome["estimated"] is False


def test_an_image_without_usage_is_estimated(stand: Stand, org: str, provider: Provider) -> None:
    provider.script = [provider.answers(b'{"created":1,"data":[{"url":"x"},{"b64_json":"y"}]}')]
    body = b'{"model":"here","prompt":"12345678"}'
    _, ticket = post(stand, org, "/v1/images/generations", body, "application/json")
    outcome = stand.outcome(org, ticket)
    assert (outcome["input_tokens"], outcome["output_tokens"]) == (2, 2112)
    assert outcome["estimated"] is True


def test_an_edit_passes_byte_for_byte_and_is_estimated_without_usage(
    stand: Stand, org: str, provider: Provider
) -> None:
    provider.script = [provider.answers(b'{"created":1,"data":[{"b64_json":"y"}]}')]
    body, kind = encode_multipart_formdata(
        [("image[]", ("a.png", b"\x89PNG")), ("model", "here"), ("odd", "1.0")], "limit"
    )
    _, ticket = post(stand, org, "/v1/images/edits", body, kind)
    assert provider.received[0].line == "POST /v1/images/edits HTTP/1.1"
    assert provider.received[0].body == body.replace(b"here", b"there")
    outcome = stand.outcome(org, ticket)
    assert (outcome["input_tokens"], outcome["output_tokens"]) == (1056, 1056)
    assert outcome["estimated"] is True


def test_a_moderation_without_a_model_gets_the_routes(
    stand: Stand, org: str, provider: Provider
) -> None:
    route = {"provider": "own", "model": "there"}
    stand.manage("PUT", "/api/v1/models/omni-moderation-latest", org, json={"routes": [route]})
    provider.script = [provider.answers(b'{"id":"1","model":"there","results":[]}')]
    _, ticket = post(stand, org, "/v1/moderations", b'{"input":"x"}', "application/json")
    assert provider.received[0].body == b'{"model":"there","input":"x"}'
    outcome = stand.outcome(org, ticket)
    assert (outcome["status"], outcome["input_tokens"], outcome["cost_nanos"]) == ("ok", 0, 0)
    assert outcome["estimated"] is False


def test_the_cache_knows_a_form_by_what_it_says(stand: Stand, org: str, provider: Provider) -> None:
    provider.script = [provider.answers(TRANSCRIPT, "content-type: application/json")]
    found = []
    for boundary in ("limit", "other"):
        body, kind = encode_multipart_formdata([("file", FILE), ("model", "here")], boundary)
        ticket = stand.ticket(org, "/v1/audio/transcriptions")
        headers = stand.headers(org, ticket, mode="live") | {
            "content-type": kind, "x-tollgate-cache": "max-age=60",
        }  # fmt: skip
        answer = stand.session.post(f"{stand.url}/v1/audio/transcriptions", data=body,
                                    headers=headers)  # fmt: skip
        found.append((answer.headers["x-tollgate-cache"], answer.content))
    assert found == [("miss", TRANSCRIPT), ("hit", TRANSCRIPT)]
    assert len(provider.received) == 1


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (HERE, "application/json", 415),
        (HERE, "multipart/form-data", 400),
        (HERE[:-9], "multipart/form-data; boundary=limit", 400),
        (b"", "multipart/form-data; boundary=limit", 400),
    ],
)
def test_a_wrong_form_is_refused_and_its_ticket_closed(
    stand: Stand, org: str, body: bytes, kind: str, status: int
) -> None:
    answer, ticket = post(stand, org, "/v1/audio/transcriptions", body, kind)
    assert answer.status_code == status
    outcome = stand.outcome(org, ticket)
    assert (outcome["status"], outcome["cost_nanos"]) == ("provider_error", 0)
