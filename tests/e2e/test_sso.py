"""Logging in with an identity provider, through the front door."""

import os
import secrets
from collections.abc import Iterator
from urllib.parse import parse_qs

import pytest
import requests

from tests.auth.sso.running import SECRET, OpenIdProvider, running_provider
from tests.e2e.conftest import CREDENTIALS
from tests.e2e.platform import Platform

# The provider is on this machine's loopback: a stack in containers has one of its own.
__test__ = CREDENTIALS not in os.environ

SSO = "/api/v1/auth/sso"


@pytest.fixture(scope="module")
def idp() -> Iterator[OpenIdProvider]:
    with running_provider() as idp:
        yield idp


@pytest.fixture
def domain(platform: Platform, idp: OpenIdProvider) -> Iterator[str]:
    """Of the platform's identity provider, `company`."""
    domain = f"{secrets.token_hex(6)}.example.com"
    wanted = {
        "issuer": idp.issuer, "client_id": "tollgate", "client_secret": SECRET,
        "domains": [domain], "group_roles": {"platform-admins": "admin"},
    }  # fmt: skip
    made = platform.api("PUT", "/sso/company", json=wanted)
    assert made.status_code == 201, made.text
    idp.know("tollgate", made.json()["redirect_uri"])
    yield domain
    assert platform.api("DELETE", "/sso/company").status_code == 204


def test_a_browser_goes_to_the_provider_and_comes_back_logged_in(
    platform: Platform, idp: OpenIdProvider, domain: str
) -> None:
    email = f"ada@{domain}"
    idp.seat({"sub": "1", "email": email, "email_verified": True, "groups": ["platform-admins"]})
    with requests.Session() as browser:
        there = browser.get(f"{platform.url}{SSO}/company/login", allow_redirects=False, timeout=10)
        assert there.status_code == 302, there.text
        back = browser.get(there.headers["location"], allow_redirects=False, timeout=10)
        ended = browser.get(back.headers["location"], allow_redirects=False, timeout=10)
        assert ended.status_code == 303, ended.text
        page, _, fragment = ended.headers["location"].partition("#")
        assert page == f"{platform.url}/signed-in"
        code = parse_qs(fragment)["code"][0]
        granted = browser.post(f"{platform.url}{SSO}/token", json={"code": code}, timeout=10)
        replayed = requests.get(back.headers["location"], allow_redirects=False, timeout=10)
    assert granted.status_code == 200, granted.text
    assert "#error=" in replayed.headers["location"]
    headers = {"authorization": f"Bearer {granted.json()['access_token']}"}
    me = requests.get(f"{platform.url}/api/v1/me", headers=headers, timeout=10).json()
    assert (me["email"], me["role"]) == (email, "admin")
    body = {"model": "sandbox", "messages": [{"role": "user", "content": "hello"}]}
    token = granted.json()["access_token"]
    assert platform.post("/v1/chat/completions", body, token).status_code == 200
