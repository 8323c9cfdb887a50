"""What one organisation learns of the accounts of another: little, and slowly."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from redis import Redis
from werkzeug.test import TestResponse

from tests.auth.conftest import PASSWORD, Org, User
from tollgate_auth.users import taken


@pytest.fixture(autouse=True)
def redis_is_empty(redis: Redis) -> None:
    """Nothing is counted yet."""


@pytest.fixture
def theirs(other_org: Org) -> User:
    return other_org.user("member", password=PASSWORD)


def accept(app: Flask, invitation: dict[str, Any]) -> TestResponse:
    body = {"token": urlsplit(invitation["link"]).fragment, "password": PASSWORD}
    return app.test_client().post("/api/v1/invitations/accept", json=body)


def without_ids(invitation: dict[str, Any]) -> dict[str, Any]:
    own = ("id", "email", "link", "created_at", "expires_at")
    return {name: value for name, value in invitation.items() if name not in own}


def test_inviting_says_nothing_of_another_organisations_account(org: Org, theirs: User) -> None:
    unknown = org.owner.post("/invitations", {"email": f"new-{org.id[-12:]}@example.com"})
    known = org.owner.post("/invitations", {"email": theirs.email})
    assert unknown.status_code == known.status_code == 201
    assert without_ids(unknown.get_json()) == without_ids(known.get_json())
    own = org.user("member")
    assert org.owner.post("/invitations", {"email": own.email}).status_code == 409


def test_who_accepts_is_told_what_to_do(app: Flask, org: Org, theirs: User) -> None:
    invitation = org.owner.post("/invitations", {"email": theirs.email}).get_json()
    answer = accept(app, invitation)
    assert (answer.status_code, answer.get_json()["code"]) == (409, "has_account")
    assert "Log in with it" in answer.get_json()["detail"]
    assert org.owner.get(f"/invitations/{invitation['id']}").get_json()["status"] == "pending"
    assert theirs.get("/me").get_json()["email"] == theirs.email


def test_a_taken_address_gets_the_same_answer_whoever_has_it(org: Org, theirs: User) -> None:
    own = org.user("member")
    answers = [org.owner.post("/users", {"email": email}) for email in (own.email, theirs.email)]
    assert [answer.status_code for answer in answers] == [409, 409]
    assert answers[0].get_json()["detail"] == answers[1].get_json()["detail"]


def test_trying_addresses_is_slowed_down_for_all_new_users(
    org: Org, other_org: Org, theirs: User
) -> None:
    for _ in range(taken.FREE):
        assert org.owner.post("/users", {"email": theirs.email}).status_code == 409
    held = [
        org.owner.post("/users", {"email": email})
        for email in (theirs.email, f"new-{org.id[-12:]}@example.com")
    ]
    assert [answer.status_code for answer in held] == [429, 429]
    assert int(held[0].headers["retry-after"]) > 30
    assert other_org.user("member")


def test_so_is_trying_them_by_accepting(app: Flask, org: Org, theirs: User) -> None:
    invitation = org.owner.post("/invitations", {"email": theirs.email}).get_json()
    for _ in range(taken.FREE):
        assert accept(app, invitation).status_code == 409
    free = org.owner.post("/invitations", {"email": f"new-{org.id[-12:]}@example.com"}).get_json()
    assert [accept(app, each).status_code for each in (invitation, free)] == [429, 429]


def test_ones_own_addresses_and_new_users_do_not_count(org: Org) -> None:
    own = org.user("member")
    for _ in range(2 * taken.FREE):
        assert org.owner.post("/users", {"email": own.email}).status_code == 409
    assert org.user("member")
