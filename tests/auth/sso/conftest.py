"""Logging in with a real OpenID provider: a process of its own, and a browser that goes there and
comes back."""

import secrets
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from flask import Flask
from werkzeug.test import TestResponse

from tests.auth.conftest import Org
from tests.auth.sso.running import SECRET, OpenIdProvider, running_provider
from tollgate_auth.sso import domains
from tollgate_auth.unit_of_work import unit_of_work
from tollgate_common.audit import audit_counts

PUBLIC = "http://127.0.0.1:8080"
LOGIN = "/api/v1/auth/sso"


@pytest.fixture(scope="session")
def shared_provider() -> Iterator[OpenIdProvider]:
    with running_provider() as provider:
        yield provider


@pytest.fixture
def idp(shared_provider: OpenIdProvider) -> OpenIdProvider:
    """A provider that behaves, until a test says otherwise."""
    shared_provider.seat()
    return shared_provider


def approve(org: Org, domain: str) -> None:
    """What the operator does, for several organisations are in the tests' database."""
    with org.app.app_context(), unit_of_work():
        domains.approve(domain, org.id)


class Sso:
    """An organisation's provider as it is set up: `domain` is its own."""

    def __init__(self, org: Org, issuer: str, **more: Any) -> None:
        self.org = org
        self.name = f"sso-{secrets.token_hex(6)}"
        self.domain = f"{secrets.token_hex(6)}.example.com"
        approve(org, self.domain)
        self.wanted: dict[str, Any] = {
            "issuer": issuer,
            "client_id": self.name,
            "client_secret": SECRET,
            "domains": [self.domain],
        } | more
        self.made: dict[str, Any] = {}

    def put(self, **more: Any) -> TestResponse:
        answer = self.org.owner.call("PUT", f"/sso/{self.name}", self.wanted | more)
        if answer.status_code < 300:
            self.made = dict(answer.get_json())
        return answer

    def person(self, **claims: Any) -> dict[str, Any]:
        """Somebody new of the domain."""
        word = secrets.token_hex(6)
        return {
            "sub": f"subject-{word}", "email": f"{word}@{self.domain}", "email_verified": True,
            "name": f"Person {word}",
        } | claims  # fmt: skip

    def users(self) -> dict[str, dict[str, Any]]:
        """By address."""
        listed = self.org.owner.get("/users?limit=200").get_json()["data"]
        return {user["email"]: user for user in listed}

    def audited(self, action: str) -> list[dict[str, Any]]:
        with self.org.app.app_context():
            audit_counts().send()
        listed = self.org.owner.get("/audit-log?limit=200").get_json()["data"]
        return [entry for entry in listed if entry["action"] == action]


MakeSso = Callable[..., Sso]


@pytest.fixture
def make_sso(org: Org, idp: OpenIdProvider) -> MakeSso:
    """Sets up a provider for the organisation, which the provider knows as a client."""

    def make(**more: Any) -> Sso:
        sso = Sso(more.pop("org", org), more.pop("issuer", idp.issuer), **more)
        answer = sso.put()
        assert answer.status_code == 201, answer.text
        idp.know(sso.name, sso.made["redirect_uri"])
        return sso

    return make


@pytest.fixture
def sso(make_sso: MakeSso) -> Sso:
    return make_sso()


class Landing:
    """Where a login ended."""

    def __init__(self, answer: TestResponse) -> None:
        assert answer.status_code == 303, answer.text
        self.url, _, fragment = answer.headers["location"].partition("#")
        said = parse_qs(fragment, strict_parsing=True)
        self.code = said.get("code", [""])[0]
        self.error = said.get("error", [""])[0]


class Browser:
    """Goes to the provider and comes back, with its cookies."""

    def __init__(self, app: Flask) -> None:
        self.client = app.test_client()

    def begin(self, sso: Sso, **asked: str) -> str:
        """The provider's address."""
        answer = self.client.get(f"{LOGIN}/{sso.name}/login", query_string=asked)
        assert answer.status_code == 302, answer.text
        return str(answer.headers["location"])

    def visit(self, address: str) -> str:
        """The address, on our side, that the provider sends the browser to."""
        answer = requests.get(address, allow_redirects=False, timeout=5)
        assert answer.status_code == 302, answer.text
        return answer.headers["location"]

    def come_back(self, address: str) -> Landing:
        parts = urlsplit(address)
        assert f"{parts.scheme}://{parts.netloc}" == PUBLIC
        return Landing(self.client.get(f"{parts.path}?{parts.query}"))

    def log_in(self, sso: Sso, **asked: str) -> Landing:
        return self.come_back(self.visit(self.begin(sso, **asked)))

    def exchange(self, code: str) -> TestResponse:
        return self.client.post(f"{LOGIN}/token", json={"code": code})


@pytest.fixture
def browser(app: Flask) -> Browser:
    return Browser(app)


@pytest.fixture
def other_browser(app: Flask) -> Browser:
    return Browser(app)
