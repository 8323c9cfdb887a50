"""What clouds get, held against what the SDKs' own clients send them."""

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
from anthropic import Anthropic, AnthropicBedrock, AnthropicFoundry, AnthropicVertex
from openai import AzureOpenAI, OpenAI, PermissionDeniedError

from tests.llm.clouds import COMPLETION, EVENTS, MESSAGE, chunk, framed, put, seen, whole
from tests.llm.inference.test_relay import send
from tests.llm.stand import Provider, Stand

VERSION = "2024-10-21"
CHAT: dict[str, Any] = {"messages": [{"role": "user", "content": "h\u00e9"}]}
ASKED: dict[str, Any] = {**CHAT, "max_tokens": 9}
VERTEX = {"kind": "vertex", "project": "my-project", "region": "us-east5", "api_key": "ya29.x"}
BEDROCK = {"kind": "bedrock", "region": "us-east-1", "api_key": "ABSKkey="}
AWS_STREAM = "content-type: application/vnd.amazon.eventstream"
CLAUDE = "eu.anthropic.claude-sonnet-4-5-20250929-v1:0"


@pytest.fixture
def cloud() -> Iterator[Provider]:
    made = Provider()
    yield made
    made.close()


def through(stand: Stand, org: str, path: str) -> dict[str, Any]:
    """What points an SDK's plain client at llm."""
    ticket = stand.ticket(org, path)
    return {"default_headers": {"x-tollgate-ticket": ticket}, "max_retries": 0}


def openai(stand: Stand, org: str, path: str = "/v1/chat/completions") -> OpenAI:
    token = stand.issuer.assertion(org, mode="live")
    return OpenAI(base_url=f"{stand.url}/v1", api_key=token, **through(stand, org, path))


def anthropic(stand: Stand, org: str, path: str = "/v1/messages") -> Anthropic:
    token = stand.issuer.assertion(org, mode="live")
    return Anthropic(base_url=stand.url, auth_token=token, **through(stand, org, path))


def azure(cloud: Provider) -> AzureOpenAI:
    return AzureOpenAI(
        azure_endpoint=cloud.url, api_version=VERSION, api_key="az-key", max_retries=0
    )


def both(cloud: Provider) -> tuple[Any, Any]:
    """What the vendor's own client for the cloud sent, and what llm did."""
    official, ours = cloud.received
    return seen(official), seen(ours)


def test_azure_gets_what_its_client_sends(stand: Stand, org: str, cloud: Provider) -> None:
    body = {"kind": "azure", "base_url": cloud.url, "api_version": VERSION, "api_key": "az-key"}
    put(stand, org, body, "my gpt/4o")
    cloud.script = whole(cloud, COMPLETION)
    with azure(cloud) as theirs, openai(stand, org) as ours:
        theirs.chat.completions.create(model="my gpt/4o", **CHAT)
        assert ours.chat.completions.create(model="here", **CHAT).choices[0].message.content
    official, sent = both(cloud)
    assert sent == official
    assert cloud.received[0].line.startswith("POST /openai/deployments/my%20gpt%2F4o/chat/")


@pytest.mark.parametrize(
    ("path", "call"),
    [
        ("/v1/embeddings", lambda it, model: it.embeddings.create(model=model, input="x")),
        ("/v1/responses", lambda it, model: it.responses.create(model=model, input="x")),
        (
            "/v1/audio/speech",
            lambda it, model: it.audio.speech.create(model=model, input="x", voice="alloy"),
        ),
    ],
)
def test_azure_has_some_routes_below_deployments_and_some_not(
    stand: Stand, org: str, cloud: Provider, path: str, call: Any
) -> None:
    body = {"kind": "azure", "base_url": cloud.url, "api_version": VERSION, "api_key": "az-key"}
    put(stand, org, body, "mine")
    cloud.script = whole(cloud, {"object": "list", "data": [{"embedding": [0.5], "index": 0}]})
    with azure(cloud) as theirs, openai(stand, org, path) as ours:
        call(theirs, "mine")
        call(ours, "here")
    official, sent = both(cloud)
    assert sent == official


def test_azures_api_without_versions_is_as_openais(stand: Stand, org: str, cloud: Provider) -> None:
    put(stand, org, {"kind": "azure", "base_url": cloud.url, "api_key": "az-key"}, "mine")
    cloud.script = whole(cloud, COMPLETION)
    with openai(stand, org) as ours:
        query = {"api-version": "9", "beta": "1"}
        ours.chat.completions.create(model="here", **CHAT, extra_query=query)
    (received,) = cloud.received
    assert received.line == "POST /openai/v1/chat/completions?beta=1 HTTP/1.1"
    assert received.headers["api-key"] == "az-key"
    assert "authorization" not in received.headers
    assert json.loads(received.body) == {"model": "mine", **CHAT}


def test_azures_version_is_the_providers_and_not_the_callers(
    stand: Stand, org: str, cloud: Provider
) -> None:
    body = {"kind": "azure", "base_url": cloud.url, "api_version": VERSION, "api_key": "az-key"}
    put(stand, org, body, "mine")
    cloud.script = whole(cloud, COMPLETION)
    with openai(stand, org) as ours:
        ours.chat.completions.create(model="here", **CHAT, extra_query={"api-version": "9"})
    (received,) = cloud.received
    path = "/openai/deployments/mine/chat/completions"
    assert received.line == f"POST {path}?api-version={VERSION} HTTP/1.1"


def test_foundry_gets_what_its_client_sends(stand: Stand, org: str, cloud: Provider) -> None:
    at = f"{cloud.url}/anthropic"
    put(stand, org, {"kind": "foundry", "base_url": at, "api_key": "az-key"}, "my-claude")
    cloud.script = whole(cloud, MESSAGE)
    with (
        AnthropicFoundry(base_url=at, api_key="az-key", max_retries=0) as theirs,
        anthropic(stand, org) as ours,
    ):
        theirs.messages.create(model="my-claude", **ASKED)
        assert ours.messages.create(model="here", **ASKED).content
    official, sent = both(cloud)
    assert sent == official


@pytest.mark.parametrize("stream", [False, True])
def test_vertex_gets_what_its_client_sends(
    stand: Stand, org: str, cloud: Provider, stream: bool
) -> None:
    put(stand, org, {**VERTEX, "base_url": f"{cloud.url}/v1"}, "claude-sonnet-4-5@20250929")
    cloud.script = whole(cloud, MESSAGE)
    theirs: Any = AnthropicVertex(
        region="us-east5", project_id="my-project", access_token="ya29.x",
        base_url=f"{cloud.url}/v1", max_retries=0,
    )  # fmt: skip
    betas = {"betas": ["one-2025-01-01", "two"], "stream": stream, **ASKED}
    with theirs, anthropic(stand, org) as ours:
        theirs.beta.messages.create(model="claude-sonnet-4-5@20250929", **betas)
        ours.beta.messages.create(model="here", **betas)
    official, sent = both(cloud)
    assert sent == official


def test_vertex_counts_tokens(stand: Stand, org: str, cloud: Provider) -> None:
    put(stand, org, {**VERTEX, "base_url": f"{cloud.url}/v1"}, "claude-sonnet-4-5")
    cloud.script = whole(cloud, {"input_tokens": 3})
    theirs: Any = AnthropicVertex(
        region="us-east5", project_id="my-project", access_token="ya29.x",
        base_url=f"{cloud.url}/v1", max_retries=0,
    )  # fmt: skip
    with theirs, anthropic(stand, org, "/v1/messages/count_tokens") as ours:
        theirs.messages.count_tokens(model="claude-sonnet-4-5", messages=CHAT["messages"])
        counted = ours.messages.count_tokens(model="here", messages=CHAT["messages"])
    assert counted.input_tokens == 3
    official, sent = both(cloud)
    assert sent == official


@pytest.mark.parametrize("stream", [False, True])
def test_bedrock_gets_what_its_client_sends(
    stand: Stand, org: str, cloud: Provider, stream: bool
) -> None:
    put(stand, org, {**BEDROCK, "base_url": cloud.url}, CLAUDE)
    cloud.script = whole(cloud, MESSAGE)
    theirs: Any = AnthropicBedrock(
        aws_region="us-east-1", api_key="ABSKkey=", base_url=cloud.url, max_retries=0
    )
    betas = {"betas": ["one-2025-01-01", "two"], "stream": stream, **ASKED}
    with theirs, anthropic(stand, org) as ours:
        with contextlib.suppress(ImportError):  # it reads streams with AWS's own library
            theirs.beta.messages.create(model=CLAUDE, **betas)
        ours.beta.messages.create(model="here", **betas)
    official, sent = both(cloud)
    assert sent == official


def test_where_no_provider_counts_tokens_they_are_estimated(
    stand: Stand, org: str, cloud: Provider
) -> None:
    """Bedrock has no such route, and OpenAI's dialect has none either."""
    put(stand, org, {**BEDROCK, "base_url": cloud.url}, CLAUDE)
    said = [{"role": "user", "content": "hello there"}]
    body = json.dumps({"model": "here", "messages": said}).encode()
    ticket, answer, connection = send(stand, org, body, "/v1/messages/count_tokens")
    assert (answer.status, cloud.received) == (200, [])
    assert json.loads(answer.read()) == {"input_tokens": 3}
    assert answer.headers["x-tollgate-estimated"] == "true"
    connection.close()
    outcome = stand.outcome(org, ticket)
    assert (outcome["status"], outcome["cost_nanos"], outcome["attempts"]) == ("ok", 0, 0)


@pytest.mark.parametrize(("kind", "first"), [
    (VERTEX, "vertex-2023-10-16"), (BEDROCK, "bedrock-2023-05-31"),
])  # fmt: skip
def test_what_stays_in_the_body_stays_as_it_was(
    stand: Stand, org: str, cloud: Provider, kind: dict[str, str], first: str
) -> None:
    put(stand, org, {**kind, "base_url": cloud.url}, "claude")
    cloud.script = whole(cloud, MESSAGE)
    body = b'{ "max_tokens" : 1e1,\n "model" : "here", "messages":[ ] , "x": "\\u00e9,}" }'
    version = {"anthropic-version": "2023-06-01"}
    _, answer, connection = send(stand, org, body, "/v1/messages?beta=true", **version)
    assert answer.status == 200
    connection.close()
    kept = b'"max_tokens" : 1e1,"messages":[ ],"x": "\\u00e9,}"}'
    assert cloud.received[0].body == b'{"anthropic_version":"' + first.encode() + b'",' + kept


def test_bedrocks_stream_arrives_as_anthropics(stand: Stand, org: str, cloud: Provider) -> None:
    put(stand, org, {**BEDROCK, "base_url": cloud.url}, CLAUDE)
    sent = b"".join(map(chunk, EVENTS))
    head = f"HTTP/1.1 200 OK\r\n{AWS_STREAM}\r\ntransfer-encoding: chunked\r\n\r\n".encode()
    pieces = [cloud.chunk(sent[at : at + 37]) for at in range(0, len(sent), 37)]
    cloud.script = [head, *pieces, b"0\r\n\r\n"]
    body = json.dumps({"model": "here", "stream": True, **ASKED}).encode()
    ticket, answer, connection = send(stand, org, body, "/v1/messages")
    assert answer.headers["content-type"] == "text/event-stream"
    expected = (f"event: {e['type']}\ndata: {json.dumps(e)}\n\n" for e in EVENTS)
    assert answer.read().decode() == "".join(expected)
    connection.close()
    outcome = stand.outcome(org, ticket)
    assert (outcome["status"], outcome["estimated"]) == ("ok", False)
    assert (outcome["input_tokens"], outcome["output_tokens"]) == (100, 10)
    assert outcome["cost_nanos"] == 100 * 3300 + 10 * 16500  # a regional endpoint's price


@pytest.mark.parametrize(
    ("broken", "error"),
    [
        (framed({":message-type": "exception", ":exception-type": "throttlingException"},
                b'{"message":"Too many"}'), "error_event"),
        (b"no event stream at all, whatever it says", "provider_failed"),
        (chunk(EVENTS[2])[:-9], "provider_failed"),
    ],
)  # fmt: skip
def test_a_stream_of_bedrocks_that_fails_is_told_and_booked(
    stand: Stand, org: str, cloud: Provider, broken: bytes, error: str
) -> None:
    put(stand, org, {**BEDROCK, "base_url": cloud.url}, CLAUDE)
    sent = b"".join(map(chunk, EVENTS[:3])) + broken
    cloud.script = [cloud.answers(sent, AWS_STREAM)]
    body = json.dumps({"model": "here", "stream": True, **ASKED}).encode()
    ticket, answer, connection = send(stand, org, body, "/v1/messages")
    *_, last = answer.read().decode().split("\n\n")[:-1]
    assert last.startswith("event: error\ndata: {")
    connection.close()
    outcome = stand.outcome(org, ticket)
    assert (outcome["status"], outcome["error"]) == ("provider_error", error)
    assert outcome["input_tokens"] == 100


def test_chat_is_translated_for_claude_in_a_cloud(stand: Stand, org: str, cloud: Provider) -> None:
    put(stand, org, {**BEDROCK, "base_url": cloud.url}, CLAUDE)
    cloud.script = [cloud.answers(b"".join(map(chunk, EVENTS)), AWS_STREAM)]
    with openai(stand, org) as ours:
        stream = ours.chat.completions.create(model="here", stream=True, **CHAT)
        said = "".join(c.choices[0].delta.content or "" for c in stream if c.choices)
    assert said == "hi"
    (received,) = cloud.received
    assert received.line == f"POST /model/{CLAUDE}/invoke-with-response-stream HTTP/1.1"
    body = json.loads(received.body)
    assert body["anthropic_version"] == "bedrock-2023-05-31"
    assert not {"model", "stream"} & set(body)


def test_a_refusal_of_awss_is_told_in_the_callers_way(
    stand: Stand, org: str, cloud: Provider
) -> None:
    put(stand, org, {**BEDROCK, "base_url": cloud.url}, CLAUDE)
    cloud.script = [cloud.answers(b'{"message":"no access"}', status="403 Forbidden")]
    with openai(stand, org) as ours, pytest.raises(PermissionDeniedError) as refused:
        ours.chat.completions.create(model="here", **CHAT)
    assert "403: no access" in refused.value.message


def test_messages_are_translated_for_gpt_in_a_cloud(
    stand: Stand, org: str, cloud: Provider
) -> None:
    body = {"kind": "azure", "base_url": cloud.url, "api_version": VERSION, "api_key": "az-key"}
    put(stand, org, body, "mine")
    cloud.script = whole(cloud, COMPLETION)
    with anthropic(stand, org) as ours:
        message = ours.messages.create(model="here", **ASKED)
    assert message.content[0].text == "hi"
    line = f"POST /openai/deployments/mine/chat/completions?api-version={VERSION} HTTP/1.1"
    assert cloud.received[0].line == line
