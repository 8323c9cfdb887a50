"""Providers in clouds as an administrator sets them up, and the tokens that Google gives."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.llm.clouds import MESSAGE, put, whole
from tests.llm.inference.test_relay import send
from tests.llm.providers.test_providers import UNSTATED
from tests.llm.stand import Provider, Stand

KEY = rsa.generate_private_key(65537, 2048)
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
CURVE = (
    ec.generate_private_key(ec.SECP256R1())
    .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    .decode()
)
EMAIL = "tollgate@my-project.iam.gserviceaccount.com"
VERTEX = {"kind": "vertex", "project": "p-1", "region": "us-east5"}
BODY = b'{"model":"here","max_tokens":1,"messages":[]}'


def key_file(**more: str) -> str:
    """As it is downloaded: pretty, with a line feed at its end."""
    content = {"type": "service_account", "client_email": EMAIL, "private_key_id": "k1"}
    return json.dumps({**content, "private_key": PEM, **more}, indent=2) + "\n"


@pytest.fixture
def cloud() -> Iterator[Provider]:
    made = Provider()
    yield made
    made.close()


@pytest.fixture
def google() -> Iterator[Provider]:
    """The token endpoint."""
    made = Provider()
    made.script = whole(made, {"access_token": "ya29.minted", "expires_in": 3599})
    yield made
    made.close()


@pytest.mark.parametrize(
    ("body", "base_url"),
    [
        ({**VERTEX}, "https://us-east5-aiplatform.googleapis.com/v1"),
        ({**VERTEX, "region": "global"}, "https://aiplatform.googleapis.com/v1"),
        ({**VERTEX, "region": "eu"}, "https://aiplatform.eu.rep.googleapis.com/v1"),
        ({"kind": "bedrock", "region": "eu-west-1"},
         "https://bedrock-runtime.eu-west-1.amazonaws.com"),
        ({"kind": "bedrock", "base_url": "https://vpce.example"}, "https://vpce.example"),
        ({"kind": "foundry", "base_url": "https://x.services.ai.azure.com/anthropic/"},
         "https://x.services.ai.azure.com/anthropic"),
        ({"kind": "azure", "base_url": "https://x.openai.azure.com/", "api_version": "2024-10-21"},
         "https://x.openai.azure.com"),
    ],
)  # fmt: skip
def test_a_cloud_is_where_its_sdk_has_it(
    stand: Stand, org: str, body: dict[str, str], base_url: str
) -> None:
    made = stand.manage("PUT", "/api/v1/providers/cloud", org, json=body).json()
    assert made == {
        "name": "cloud", "has_api_key": False, "source": "organisation", "api_version": None,
        "project": None, "region": None, "capabilities": UNSTATED, **body, "base_url": base_url,
    }  # fmt: skip
    assert stand.manage("GET", "/api/v1/providers/cloud", org).json() == made


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"kind": "azure"}, "base_url"),
        ({"kind": "azure", "base_url": "https://x.openai.azure.com/openai/v1"}, "base_url"),
        ({"kind": "azure", "base_url": "https://x", "api_version": "a b"}, "api_version"),
        ({"kind": "azure", "base_url": "https://x", "region": "r"}, "region"),
        ({"kind": "foundry"}, "base_url"),
        ({"kind": "foundry", "base_url": "https://x", "api_version": "1"}, "api_version"),
        ({"kind": "vertex", "region": "us-east5"}, "project"),
        ({"kind": "vertex", "project": "p", "base_url": "https://x"}, "region"),
        ({**VERTEX, "project": "../p"}, "project"),
        ({**VERTEX, "region": "a/b"}, "region"),
        ({**VERTEX, "api_key": "{}"}, "api_key"),
        ({**VERTEX, "api_key": "two words"}, "api_key"),
        ({**VERTEX, "api_key": key_file(private_key="none")}, "api_key"),
        ({**VERTEX, "api_key": key_file(private_key=CURVE)}, "api_key"),
        ({**VERTEX, "api_key": key_file(token_uri="file:///etc/passwd")}, "api_key"),
        ({"kind": "bedrock"}, "region"),
        ({"kind": "bedrock", "region": "r", "project": "p"}, "project"),
        ({"kind": "openai", "api_version": "1"}, "api_version"),
        ({"kind": "openai", "api_key": "a "}, "api_key"),
    ],
)
def test_a_wrong_cloud_is_422_naming_the_field(
    stand: Stand, org: str, body: dict[str, str], param: str
) -> None:
    answer = stand.manage("PUT", "/api/v1/providers/cloud", org, json=body)
    assert (answer.status_code, answer.json()["param"]) == (422, param)
    assert "PRIVATE" not in answer.text


def ask(stand: Stand, org: str) -> tuple[int, dict[str, Any]]:
    _, answer, connection = send(stand, org, BODY, "/v1/messages")
    content = json.loads(answer.read())
    connection.close()
    return answer.status, content


def test_a_service_account_is_signed_for_once(
    stand: Stand, org: str, cloud: Provider, google: Provider
) -> None:
    token_uri = f"{google.url}/token"
    body = {**VERTEX, "base_url": cloud.url, "api_key": key_file(token_uri=token_uri)}
    put(stand, org, body, "claude")
    cloud.script = whole(cloud, MESSAGE)
    assert [ask(stand, org)[0] for _ in range(2)] == [200, 200]
    assert [r.headers["authorization"] for r in cloud.received] == ["Bearer ya29.minted"] * 2
    (asked,) = google.received
    assert asked.line == "POST /token HTTP/1.1"
    form = parse_qs(asked.body.decode())
    assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    (assertion,) = form["assertion"]
    assert jwt.get_unverified_header(assertion) == {"alg": "RS256", "typ": "JWT", "kid": "k1"}
    claims = jwt.decode(assertion, KEY.public_key(), algorithms=["RS256"], audience=token_uri)
    assert claims["iss"] == EMAIL
    assert claims["scope"] == "https://www.googleapis.com/auth/cloud-platform"
    assert claims["exp"] - claims["iat"] == 3600


def test_a_token_about_to_end_is_renewed(
    stand: Stand, org: str, cloud: Provider, google: Provider
) -> None:
    google.script = whole(google, {"access_token": "ya29.short", "expires_in": 299})
    body = {**VERTEX, "base_url": cloud.url, "api_key": key_file(token_uri=google.url)}
    put(stand, org, body, "claude")
    cloud.script = whole(cloud, MESSAGE)
    assert ask(stand, org)[0] == 200
    google.script = [google.answers(b"{}", status="503 Away")]
    assert ask(stand, org)[0] == 200  # it holds for some minutes yet
    google.script = whole(google, {"access_token": "ya29.next", "expires_in": 3599})
    assert ask(stand, org)[0] == 200
    tokens = [r.headers["authorization"].removeprefix("Bearer ya29.") for r in cloud.received]
    assert tokens == ["short", "short", "next"]


@pytest.mark.parametrize(
    "answer",
    [
        (b'{"error":"invalid_grant"}', "400 Bad Request"),
        (b"<html>", "200 OK"),
        (b'{"access_token":"a\\r\\nb: c"}', "200 OK"),
    ],
)
def test_without_a_token_nothing_is_sent(
    stand: Stand, org: str, cloud: Provider, google: Provider, answer: tuple[bytes, str]
) -> None:
    google.script = [google.answers(answer[0], status=answer[1])]
    body = {**VERTEX, "base_url": cloud.url, "api_key": key_file(token_uri=google.url)}
    put(stand, org, body, "claude")
    status, said = ask(stand, org)
    assert status in (502, 503)
    assert "no access token" in said["error"]["message"]
    assert cloud.received == []


def test_a_cloud_answers_only_for_what_is_routed_to_it(
    stand: Stand, org: str, cloud: Provider
) -> None:
    put(stand, org, {**VERTEX, "base_url": cloud.url, "api_key": "ya29.x"}, "claude")
    headers = stand.headers(org, mode="live")
    listed = stand.session.get(f"{stand.url}/v1/models", headers=headers).json()["data"]
    names = {model["id"] for model in listed}
    assert "here" in names
    assert not {name for name in names if "gemini" in name}
