"""What a stranger's request cannot do at the edge, on the running platform, with a provider that
records what it gets."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from tests.e2e.platform import Key, Platform
from tests.llm.stand import Provider, Received

CHAT = "/v1/chat/completions"
ANSWER = b'{"id":"1","choices":[{"message":{"content":"hi"}}],"usage":{"prompt_tokens":1}}'
HOSTILE = (
    "content-type: application/json",
    "Clear-Site-Data: *",
    "Refresh: 0;url=https://evil.example",
    "Location: https://evil.example",
    "Link: </x.js>; rel=preload",
    "Service-Worker-Allowed: /",
    "X-Accel-Redirect: /protected",
    "Set-Cookie: a=b",
    "X-Content-Type-Options: odd",
    "X-New: 1",
)


@dataclass(frozen=True)
class Recorded:
    """A model of an organisation's own provider, which records what it gets."""

    platform: Platform
    key: Key
    model: str
    provider: Provider

    def ask(self, target: str, body: Any = None, **headers: str) -> requests.Response:
        self.provider.received.clear()
        asked = body or {"model": self.model, "messages": [{"role": "user", "content": "?"}]}
        return self.platform.post(target, asked, self.key.secret, **headers)

    @property
    def received(self) -> Received:
        (only,) = self.provider.received
        return only


@pytest.fixture(scope="module")
def recorded(platform: Platform) -> Iterator[Recorded]:
    provider, name = Provider(), f"edges-{uuid.uuid4().hex[:6]}"
    provider.script = [provider.answers(ANSWER, *HOSTILE)]
    setup = {"kind": "openai", "base_url": f"{provider.url}/v1", "api_key": "sk-theirs"}
    model = {"routes": [{"provider": name, "model": "there"}]}
    assert platform.api("PUT", f"/providers/{name}", json=setup).ok
    assert platform.api("PUT", f"/models/{name}", json=model).ok
    yield Recorded(platform, platform.new_key(mode="live"), name, provider)
    assert platform.api("DELETE", f"/models/{name}").ok
    assert platform.api("DELETE", f"/providers/{name}").ok
    provider.close()


def test_an_sdk_that_names_an_account_is_answered_and_told_that_it_was_dropped(
    recorded: Recorded,
) -> None:
    named = {"organization": "org-of-another-team", "project": "proj-of-another-team"}
    with recorded.platform.openai(recorded.key.secret, **named) as client:
        recorded.provider.received.clear()
        answer = client.chat.completions.with_raw_response.create(
            model=recorded.model,
            messages=[{"role": "user", "content": "?"}],
            extra_query={"api-version": "9", "beta": "true"},
            extra_headers={"OpenAI-Beta": "x=1"},
        )
    received = recorded.received
    assert received.line == f"POST {CHAT}?beta=true HTTP/1.1"
    assert received.headers["openai-beta"] == "x=1"
    assert "of-another-team" not in f"{received}"
    dropped = set(answer.headers["x-tollgate-dropped-params"].split(", "))
    assert dropped == {"header:openai-organization", "header:openai-project", "query:api-version"}


def test_a_body_with_a_member_twice_is_refused_by_name(recorded: Recorded) -> None:
    messages = '"messages":[{"role":"user","content":"A"}],"messages":[]'
    body = f'{{"model":"{recorded.model}",{messages}}}'.encode()
    answer = recorded.ask(CHAT, body, **{"x-tollgate-cache": "max-age=60"})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "messages")
    assert recorded.provider.received == []


def test_a_provider_says_nothing_about_our_origin(recorded: Recorded) -> None:
    answer = recorded.ask(CHAT)
    assert (answer.status_code, answer.content) == (200, ANSWER)
    names = {line.partition(":")[0] for line in HOSTILE[1:-2]}
    assert not names & {name.title() for name in answer.headers}
    assert answer.headers["x-new"] == "1"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "content-security-policy" not in answer.headers


def test_what_is_shown_once_is_kept_by_no_cache(platform: Platform) -> None:
    project = platform.made("/projects", {"name": f"edges {uuid.uuid4().hex[:6]}"})
    made = platform.api("POST", "/keys", json={"name": "x", "project_id": project["id"]})
    assert made.status_code == 201
    for answer in (made, platform.api("GET", "/me"), platform.api("GET", "/nothing")):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("page", ["/docs", "/invitation", "/password-reset", "/signed-in"])
def test_pages_are_framed_by_nobody_and_run_their_own_files(platform: Platform, page: str) -> None:
    answer = requests.get(platform.url + page, timeout=10)
    assert answer.ok
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("name", ["swagger-ui-bundle.js", "swagger-ui.css", "docs.js", "docs.css"])
def test_the_files_of_the_documents_page_are_there(platform: Platform, name: str) -> None:
    answer = requests.get(f"{platform.url}/docs/{name}", timeout=10)
    assert answer.ok
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("name", ["docs_page.py", "LICENSE", "..%2fdocs_page.py", "README.md"])
def test_no_other_file_is(platform: Platform, name: str) -> None:
    assert requests.get(f"{platform.url}/docs/{name}", timeout=10).status_code == 404
