"""What is taken away is gone within a second, under load, in every process of the gateway."""

import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import pytest
import requests

from deploy.local.stack import Stack
from tests.e2e.figures import Say
from tests.e2e.load import Load
from tests.e2e.platform import Platform, eventually
from tests.e2e.stacks import own_platform, serving

PROCESSES = 2
BODY = {"model": "sandbox", "messages": [{"role": "user", "content": "still here?"}]}
ALLOWED_SECONDS = 1.0
WATCHED_SECONDS = 3.0


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stack, Platform]]:
    with own_platform(tmp_path_factory.mktemp("revocation"), workers=PROCESSES) as both:
        yield both


@dataclass
class Person:
    """A user of their own, logged in."""

    platform: Platform
    id: str
    token: str

    @classmethod
    def joined(cls, platform: Platform) -> "Person":
        email, password = f"{uuid.uuid4().hex}@example.com", uuid.uuid4().hex
        asked = {"email": email, "password": password, "role": "member"}
        made = platform.made("/users", asked)
        login = {"email": email, "password": password}
        answer = requests.post(f"{platform.url}/api/v1/auth/login", json=login, timeout=10)
        return cls(platform, made["id"], answer.json()["access_token"])

    def post(self, path: str, **body: object) -> requests.Response:
        return requests.post(
            f"{self.platform.url}/api/v1{path}", json=body, headers=bearer(self.token), timeout=10
        )

    def new_key(self) -> str:
        made = self.post("/keys", name="theirs", mode="test")
        assert made.status_code == 201, made.text
        return str(made.json()["key"])


class Ended(NamedTuple):
    """Seconds from the request that takes away, and from its answer, to the beginning of the last
    accepted call; negative: before."""

    after_sent: float
    after_answer: float
    calls: int


def bearer(credential: str) -> dict[str, str]:
    return {"authorization": f"Bearer {credential}"}


def inference(platform: Platform, key: str) -> Load:
    return Load("POST", f"{platform.url}/v1/chat/completions", bearer(key), BODY)


def management(platform: Platform, token: str) -> Load:
    return Load("GET", f"{platform.url}/api/v1/me", bearer(token), callers=6)


def accepted_after(
    stack: Stack, load: Load, take_away: Callable[[], requests.Response], refused: int = 401
) -> Ended:
    with load:
        eventually(
            lambda: len(load.calls) > 100 and serving(stack, "gateway") == PROCESSES, within=60
        )
        sent = time.monotonic()
        answer = take_away()
        taken = time.monotonic()
        assert answer.status_code in (200, 204), answer.text
        eventually(lambda: time.monotonic() > taken + WATCHED_SECONDS)
    assert {call.status for call in load.calls} == {200, refused}
    assert {call.status for call in load.since(0, sent - 1)} <= {200}
    assert {call.status for call in load.since(taken + ALLOWED_SECONDS)} == {refused}
    last = max(call.began for call in load.calls if call.status == 200)
    return Ended(last - sent, last - taken, len(load.calls))


def check(what: str, ended: Ended, say: Say) -> None:
    say(
        f"{what}: of {ended.calls} calls the last accepted began {ended.after_sent * 1000:.0f} ms"
        f" after the request, {ended.after_answer * 1000:.0f} ms after its answer"
    )
    assert ended.after_answer < ALLOWED_SECONDS


def test_a_revoked_key_ends(running: tuple[Stack, Platform], say: Say) -> None:
    stack, platform = running
    key = platform.new_key()
    load = inference(platform, key.secret)
    check(
        "revoked key",
        accepted_after(stack, load, lambda: platform.api("DELETE", f"/keys/{key.id}")),
        say,
    )


def test_a_deactivated_users_access_token_ends(running: tuple[Stack, Platform], say: Say) -> None:
    stack, platform = running
    person = Person.joined(platform)
    load = management(platform, person.token)
    check("deactivated user's token", accepted_after(stack, load, lambda: deactivate(person)), say)


def test_a_deactivated_users_key_ends(running: tuple[Stack, Platform], say: Say) -> None:
    stack, platform = running
    person = Person.joined(platform)
    load = inference(platform, person.new_key())
    check("deactivated user's key", accepted_after(stack, load, lambda: deactivate(person)), say)


def test_the_access_token_of_a_session_that_logged_out_ends(
    running: tuple[Stack, Platform], say: Say
) -> None:
    stack, platform = running
    person = Person.joined(platform)
    load = management(platform, person.token)
    check("logged-out token", accepted_after(stack, load, lambda: person.post("/auth/logout")), say)


@pytest.fixture
def member(running: tuple[Stack, Platform]) -> Iterator[tuple[Person, str]]:
    """A person and the one project that they have a part in, in a closed organisation."""
    _, platform = running
    person = Person.joined(platform)
    project = platform.made("/projects", {"name": uuid.uuid4().hex})["id"]
    platform.made(f"/projects/{project}/members", {"user_id": person.id, "role": "member"})
    close(platform, is_open=False)
    yield person, project
    close(platform, is_open=True)


def test_the_key_of_a_removed_member_ends(
    running: tuple[Stack, Platform], member: tuple[Person, str], say: Say
) -> None:
    stack, platform = running
    person, project = member
    made = person.post("/keys", name="theirs", mode="test", project_id=project)
    load = inference(platform, made.json()["key"])
    remove = partial(platform.api, "DELETE", f"/projects/{project}/members/{person.id}")
    check("removed member's key", accepted_after(stack, load, remove), say)


def test_a_removed_member_sees_the_project_no_more(
    running: tuple[Stack, Platform], member: tuple[Person, str], say: Say
) -> None:
    stack, platform = running
    person, project = member
    load = Load(
        "GET", f"{platform.url}/api/v1/usage?project={project}", bearer(person.token), callers=6
    )
    remove = partial(platform.api, "DELETE", f"/projects/{project}/members/{person.id}")
    check("removed member's sight", accepted_after(stack, load, remove, refused=403), say)


def close(platform: Platform, *, is_open: bool) -> None:
    answer = platform.api("PATCH", "/organisation", json={"open_projects": is_open})
    assert answer.status_code == 200, answer.text


def deactivate(person: Person) -> requests.Response:
    return person.platform.api("PATCH", f"/users/{person.id}", json={"active": False})
