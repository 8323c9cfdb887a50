"""Where providers may be, as an organisation names them and as calls reach them: by one llm that
allows this machine's addresses, and a strict one beside it that allows one of them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from redis import Redis

from tests.common.outbound.names import INSIDE, ONLY_OUTSIDE, OUTSIDE, Names
from tests.llm.clouds import MESSAGE, whole
from tests.llm.inference.test_relay import ANSWER, BODY, send
from tests.llm.providers.test_clouds import VERTEX, key_file
from tests.llm.stand import Issuer, Provider, Stand, llm_process
from tollgate_common.address_policy import networks_of
from tollgate_common.embedded.process import free_port
from tollgate_common.outbound import Outbound
from tollgate_common.relay import RelayFailed
from tollgate_llm.providers import kinds
from tollgate_llm.providers.clouds.google import AccessTokens
from tollgate_llm.providers.reach import Reach
from tollgate_llm.providers.upstreams import Upstreams

ENVIRONMENTS_KEY = "sk-of-the-environment"
ADVICE = "the operator can allow it with OUTBOUND_NETWORKS."
REFUSED = "its address is not public, and this installation does not allow it."
INTERNAL = [
    "127.0.0.1",
    "10.0.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.100.100.200",
    "0.0.0.0",  # noqa: S104 - nothing listens there
    "2130706433",
    "0x7f.1",
    "0177.1",
    "localhost",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[fd00:ec2::254]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::a00:1]",
    "[2002:7f00:1::]",
    "[::7f00:1]",
    "[fe80::1]",
]


@pytest.fixture(scope="module")
def strict_url(
    environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    own = {
        "OUTBOUND_NETWORKS": ONLY_OUTSIDE,
        "OPENAI_API_KEY": ENVIRONMENTS_KEY,
        "METRICS_PORT": str(free_port()),
        "PROVIDER_READ_TIMEOUT": "20",
    }
    log: Path = tmp_path_factory.mktemp("strict-llm") / "log"
    with llm_process(environment | own, free_port(), log) as url:
        yield url
    text = log.read_text()
    assert "outbound_address_refused" in text
    assert ENVIRONMENTS_KEY not in text


@pytest.fixture
def strict(strict_url: str, issuer: Issuer, redis_client: Redis) -> Iterator[Stand]:
    with requests.Session() as session:
        yield Stand(strict_url, issuer, redis_client, session)


@pytest.fixture
def outside() -> Iterator[Provider]:
    made = Provider(OUTSIDE)
    made.script = [made.answers(ANSWER, "content-type: application/json")]
    yield made
    made.close()


def name(stand: Stand, org: str, provider: str, body: dict[str, Any]) -> requests.Response:
    return stand.manage("PUT", f"/api/v1/providers/{provider}", org, json=body)


def route(stand: Stand, org: str, *providers: str) -> None:
    routes = [{"provider": provider, "model": "there"} for provider in providers]
    stand.manage("PUT", "/api/v1/models/here", org, json={"routes": routes}).raise_for_status()


def ask(stand: Stand, org: str, path: str = "/v1/chat/completions") -> tuple[str, int, Any]:
    ticket, answer, connection = send(stand, org, BODY, path)
    content = json.loads(answer.read())
    connection.close()
    return ticket, answer.status, content


@pytest.mark.parametrize("host", INTERNAL)
def test_a_provider_at_an_internal_address_is_422(strict: Stand, org: str, host: str) -> None:
    answer = name(strict, org, "p", {"kind": "openai", "base_url": f"http://{host}:8000/v1"})
    assert (answer.status_code, answer.json()["param"]) == (422, "base_url")
    assert answer.json()["detail"] == (
        f"base_url: `{host.strip('[]')}` is at no public address; {ADVICE}"
    )
    assert strict.manage("GET", "/api/v1/providers/p", org).status_code == 404


@pytest.mark.parametrize("host", ["8.8.8.8", "[2606:4700::1111]", OUTSIDE, "unknown.invalid"])
def test_a_public_an_allowed_and_an_unknown_host_may_be_named(
    strict: Stand, org: str, host: str
) -> None:
    body = {"kind": "openai", "base_url": f"http://{host}:8000/v1"}
    assert name(strict, org, "p", body).status_code == 200


@pytest.mark.parametrize("user", ["8.8.8.8@127.0.0.1", "a:b@8.8.8.8", "127.0.0.1#@8.8.8.8"])
def test_a_host_is_not_hidden_behind_a_user(strict: Stand, org: str, user: str) -> None:
    answer = name(strict, org, "p", {"kind": "openai", "base_url": f"http://{user}/v1"})
    assert (answer.status_code, answer.json()["param"]) == (422, "base_url")


@pytest.mark.parametrize(
    "uri",
    ["http://127.0.0.1/token", "http://169.254.169.254/", "http://a:b@8.8.8.8/t", "http://x:0x/"],
)
def test_a_token_uri_at_an_internal_address_is_422(strict: Stand, org: str, uri: str) -> None:
    answer = name(strict, org, "p", {**VERTEX, "api_key": key_file(token_uri=uri)})
    assert (answer.status_code, answer.json()["param"]) == (422, "api_key")
    assert "its `token_uri`" in answer.json()["detail"]
    assert "PRIVATE" not in answer.text


@pytest.mark.parametrize(
    ("kind", "path"), [("openai", "/v1/chat/completions"), ("anthropic", "/v1/messages")]
)
def test_a_call_to_a_refused_address_is_503_and_connects_nowhere(
    stand: Stand, strict: Stand, org: str, kind: str, path: str
) -> None:
    inside = Provider(INSIDE)
    assert name(stand, org, "own", {"kind": kind, "base_url": inside.url}).status_code == 200
    route(stand, org, "own")
    ticket, status, content = ask(strict, org, path)
    assert status == 503
    assert content["error"]["message"] == f"The provider `own` broke off: {REFUSED}"
    assert ("type" in content) == (path == "/v1/messages")
    assert inside.received == []
    outcome = strict.outcome(org, ticket)
    assert (outcome["status"], outcome["cost_nanos"]) == ("provider_error", 0)
    inside.close()


def test_a_token_endpoint_at_a_refused_address_is_not_asked(
    stand: Stand, strict: Stand, org: str
) -> None:
    google, cloud = Provider(INSIDE), Provider(OUTSIDE)
    cloud.script = whole(cloud, MESSAGE)
    body = {**VERTEX, "base_url": cloud.url, "api_key": key_file(token_uri=f"{google.url}/token")}
    assert name(stand, org, "own", body).status_code == 200
    route(stand, org, "own")
    _, status, content = ask(strict, org, "/v1/messages")
    assert (status, REFUSED in content["error"]["message"]) == (503, True)
    assert (google.received, cloud.received) == ([], [])
    google.close()
    cloud.close()


def test_the_next_provider_is_asked_where_one_is_refused(
    stand: Stand, strict: Stand, org: str, outside: Provider
) -> None:
    inside = Provider(INSIDE)
    name(stand, org, "first", {"kind": "openai", "base_url": inside.url})
    name(strict, org, "second", {"kind": "openai", "base_url": outside.url})
    route(stand, org, "first", "second")
    ticket, status, content = ask(strict, org)
    assert (status, content) == (200, json.loads(ANSWER))
    assert strict.outcome(org, ticket)["attempts"] == 2
    assert (len(inside.received), len(outside.received)) == (0, 1)
    inside.close()


def test_a_redirect_to_an_internal_address_is_not_followed(
    strict: Stand, org: str, outside: Provider
) -> None:
    inside = Provider(INSIDE)
    outside.script = [
        outside.answers(b"{}", f"location: {inside.url}/secret", status="307 Temporary Redirect")
    ]
    name(strict, org, "own", {"kind": "openai", "base_url": outside.url})
    route(strict, org, "own")
    assert ask(strict, org)[1] >= 300
    assert inside.received == []
    inside.close()


def test_what_the_environment_names_is_exempt(strict: Stand, org: str, sandbox_url: str) -> None:
    made = name(strict, org, "mine", {"kind": "sandbox", "api_key": "any"})
    assert made.json()["base_url"] == sandbox_url
    as_another = name(strict, org, "other", {"kind": "openai", "base_url": sandbox_url})
    assert as_another.status_code == 422
    routes = [{"provider": "mine", "model": "sandbox"}]
    strict.manage("PUT", "/api/v1/models/here", org, json={"routes": routes})
    headers = strict.headers(org, strict.ticket(org, "/v1/embeddings"), mode="live")
    body = {"model": "here", "input": "x"}
    answer = strict.session.post(f"{strict.url}/v1/embeddings", json=body, headers=headers)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("provider", ["own", "openai"])
def test_the_environments_credential_goes_to_no_address_of_an_organisation(
    strict: Stand, org: str, outside: Provider, provider: str
) -> None:
    name(strict, org, provider, {"kind": "openai", "base_url": f"{outside.url}/v1"})
    route(strict, org, provider)
    assert ask(strict, org)[1] == 200
    assert not any(ENVIRONMENTS_KEY in value for value in outside.received[0].headers.values())


def test_a_token_uri_that_was_stored_and_is_none_is_a_failure_of_the_provider() -> None:
    tokens = AccessTokens(Outbound())
    for uri in ("http://x:99999/token", "ftp://x/"):
        with pytest.raises(RelayFailed, match="no access token"):
            tokens.of(key_file(token_uri=uri), 1)


def test_a_resolver_that_answers_twice_differently_is_asked_for_each_connection() -> None:
    outside, inside = Provider(OUTSIDE), Provider(INSIDE)
    outside.script = [outside.answers(b"{}", "connection: close")]
    names = Names(rebinding_example=[[OUTSIDE], [OUTSIDE], [INSIDE]])
    reach = Reach({}, Outbound(networks_of(ONLY_OUTSIDE), names))
    upstreams = Upstreams(reach, 2, 2, 2)
    port = outside.url.rpartition(":")[2]
    own = kinds.Provider(
        name="own",
        kind="openai",
        base_url=f"http://rebinding.example:{port}",
        api_key="",
        source="organisation",
    )
    assert reach.outbound.fault(own.base_url) is None
    assert upstreams.post(own, "/v1/x", b"{}", {}, 5).read() == b"{}"
    with pytest.raises(RelayFailed) as failed:
        upstreams.post(own, "/v1/x", b"{}", {}, 5)
    assert (failed.value.sent, failed.value.final) == (False, True)
    assert inside.received == []
    outside.close()
    inside.close()
