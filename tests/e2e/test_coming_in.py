"""How people and machines come in: the pages they are sent to, and OAuth's routes."""

import re

import pytest
import requests

from tests.e2e.platform import Platform, eventually

PAGES = {"/invitation": "Join", "/password-reset": "password", "/signed-in": "Signing in"}


@pytest.mark.parametrize("path", PAGES)
def test_a_page_brings_all_it_needs_and_leaks_nothing(platform: Platform, path: str) -> None:
    answer = requests.get(platform.url + path, timeout=10)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert PAGES[path] in answer.text
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert not re.search(r"https?://|<script>|<style>| style=| on\w+=", answer.text)
    for asset in re.findall(r'(?:src|href)="(/[^"]+)"', answer.text):
        assert requests.get(platform.url + asset, timeout=10).status_code == 200, asset


def test_an_invitation_leads_to_its_page_and_makes_a_user(platform: Platform) -> None:
    made = platform.made("/invitations", {"email": "page@example.com", "role": "viewer"})
    page, _, token = made["link"].partition("#")
    assert page == f"{platform.url}/invitation"
    assert requests.get(page, timeout=10).status_code == 200
    body = {"token": token, "password": "a long enough password", "name": "Page"}
    accepted = requests.post(f"{platform.url}/api/v1/invitations/accept", json=body, timeout=10)
    assert accepted.status_code == 200, accepted.text
    headers = {"authorization": f"Bearer {accepted.json()['access_token']}"}
    me = requests.get(f"{platform.url}/api/v1/me", headers=headers, timeout=10).json()
    assert (me["email"], me["role"]) == ("page@example.com", "viewer")
    again = requests.post(f"{platform.url}/api/v1/invitations/accept", json=body, timeout=10)
    assert again.status_code == 400


def test_a_machine_gets_in_by_its_credentials(platform: Platform) -> None:
    robot = platform.made("/service-accounts", {"name": "robot", "mode": "test"})
    told = requests.get(f"{platform.url}/.well-known/oauth-authorization-server", timeout=10).json()
    assert told["issuer"] == platform.url
    auth = (robot["id"], robot["client_secret"])
    form = {"grant_type": "client_credentials"}
    granted = requests.post(told["token_endpoint"], data=form, auth=auth, timeout=10).json()
    token = granted["access_token"]
    body = {"model": "gpt-5-mini", "messages": [{"role": "user", "content": "hello"}]}
    answer = platform.post("/v1/chat/completions", body, token)
    assert answer.status_code == 200, answer.text
    row = platform.row(answer.headers["x-request-id"])
    assert (row["user"], row["mode"]) == (robot["id"], "test")
    endpoint = told["revocation_endpoint"]
    revoked = requests.post(endpoint, data={"token": token}, auth=auth, timeout=10)
    assert revoked.status_code == 200

    def status() -> int:
        return platform.post("/v1/chat/completions", body, token).status_code

    eventually(lambda: status() == 401, within=1)
