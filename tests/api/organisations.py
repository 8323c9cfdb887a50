"""Organisations of the stack under test, each with an owner who has logged in."""

import secrets
import subprocess
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import psutil
import requests

from deploy.local.programs import console_script
from deploy.local.stack import Stack

PASSWORD = "correct horse battery staple"
TIMEOUT_SECONDS = 30


class Refused(AssertionError):
    """Says that an object which a test needs could not be made."""


@dataclass(frozen=True)
class Credential:
    """`secret` is a key or an access token. `user` is the id of the person or service account,
    `key` that of the key."""

    url: str
    secret: str = field(repr=False)
    user: str | None = None
    key: str | None = None
    project: str | None = None
    email: str = ""

    def call(self, method: str, path: str, json: Any = None, **more: Any) -> requests.Response:
        headers = {"authorization": f"Bearer {self.secret}"}
        return requests.request(
            method,
            self.url + path,
            json=json,
            headers=headers,
            timeout=TIMEOUT_SECONDS,
            allow_redirects=False,
            **more,
        )

    def made(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self.call("POST", path, body)
        if answer.status_code not in (200, 201, 202):
            raise Refused(f"{path}: {answer.status_code} {answer.text}")
        return dict(answer.json())


def found(stack: Stack, name: str) -> Credential:
    """Found an organisation as an operator does, and log its owner in."""
    url, email = stack.url("gateway"), f"{secrets.token_hex(6)}@example.com"
    environment = psutil.Process(stack.supervisor.pids()["auth"]).environ()
    command = console_script("auth", "organisations", "create", name, "--owner", email)
    printed = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    link = next(word for word in printed.stdout.split() if "#" in word)
    body = {"token": urlsplit(link).fragment, "password": PASSWORD}
    answer = requests.post(f"{url}/api/v1/invitations/accept", json=body, timeout=TIMEOUT_SECONDS)
    assert answer.status_code == 200, answer.text
    return logged_in(url, email)


def logged_in(url: str, email: str) -> Credential:
    body = {"email": email, "password": PASSWORD}
    answer = requests.post(f"{url}/api/v1/auth/login", json=body, timeout=TIMEOUT_SECONDS)
    assert answer.status_code == 200, answer.text
    credential = Credential(url, answer.json()["access_token"])
    me = credential.call("GET", "/api/v1/me").json()
    return Credential(url, credential.secret, user=me["user"], email=email)


def person(owner: Credential, role: str) -> Credential:
    """Make a person of the role and log them in."""
    email = f"{secrets.token_hex(6)}@example.com"
    owner.made("/api/v1/users", {"email": email, "role": role, "password": PASSWORD})
    return logged_in(owner.url, email)


def key(owner: Credential, project: str, **fields: Any) -> Credential:
    body = {"name": "a key", "project_id": project} | fields
    made = owner.made("/api/v1/keys", body)
    return Credential(owner.url, made["key"], made["user_id"], made["id"], project)


def service_account(owner: Credential, project: str, **fields: Any) -> Credential:
    """Make a service account and get a token for it."""
    body = {"name": "robot", "project_id": project} | fields
    made = owner.made("/api/v1/service-accounts", body)
    answer = requests.post(
        f"{owner.url}/oauth/token",
        data={"grant_type": "client_credentials"},
        auth=(made["id"], made["client_secret"]),
        timeout=TIMEOUT_SECONDS,
    )
    assert answer.status_code == 200, answer.text
    return Credential(owner.url, answer.json()["access_token"], user=made["id"], project=project)
