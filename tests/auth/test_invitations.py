"""Invitations: a link that works once, for what the one who invites may give."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.auth.conftest import PASSWORD, Org, User
from tollgate_auth.runtime import runtime

ACCEPT = "/api/v1/invitations/accept"


def invite(org: Org, by: Any = None, **fields: Any) -> dict[str, Any]:
    body = {"email": f"new-{org.id[-12:]}@example.com", "role": "member"} | fields
    made = (by or org.owner).post("/invitations", body)
    assert made.status_code == 201, made.text
    return dict(made.get_json())


def accept(app: Flask, link: str, password: str = PASSWORD, **fields: Any) -> TestResponse:
    body = {"token": urlsplit(link).fragment, "password": password} | fields
    return app.test_client().post(ACCEPT, json=body)


def test_whoever_has_the_link_becomes_the_user(app: Flask, org: Org) -> None:
    invitation = invite(org, role="billing")
    answer = accept(app, invitation["link"], name="Bill")
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.get_json()["access_token"]
    people = {user["email"]: user for user in org.owner.get("/users").get_json()["data"]}
    joined = people[invitation["email"]]
    assert (joined["role"], joined["name"]) == ("billing", "Bill")
    login = {"email": invitation["email"], "password": PASSWORD}
    assert app.test_client().post("/api/v1/auth/login", json=login).status_code == 200
    assert org.owner.get(f"/invitations/{invitation['id']}").get_json()["status"] == "accepted"


def test_a_link_is_shown_once_and_works_once(app: Flask, org: Org) -> None:
    invitation = invite(org)
    token = urlsplit(invitation["link"]).fragment
    for path in ("/invitations", f"/invitations/{invitation['id']}", "/audit-log"):
        assert token not in org.owner.get(path).text
    assert accept(app, invitation["link"]).status_code == 200
    again = accept(app, invitation["link"])
    assert (again.status_code, again.get_json()["code"]) == (400, "bad_link")


def test_a_link_leads_to_where_people_call_and_not_to_the_host_of_the_request(org: Org) -> None:
    evil = {"host": "evil.example", "x-forwarded-host": "evil.example"}
    client = org.app.test_client()
    headers = {"authorization": f"Bearer {org.owner.principal().assertion}"} | evil
    body = {"email": "a@example.com", "role": "viewer"}
    made = client.post("/api/v1/invitations", json=body, headers=headers)
    assert made.get_json()["link"].startswith("http://127.0.0.1:8080/invitation#")


def test_a_revoked_or_replaced_link_works_no_more(app: Flask, org: Org) -> None:
    first = invite(org)
    second = invite(org)
    assert accept(app, first["link"]).status_code == 400
    assert org.owner.delete(f"/invitations/{second['id']}").status_code == 204
    assert org.owner.delete(f"/invitations/{second['id']}").status_code == 204
    assert accept(app, second["link"]).status_code == 400
    third = invite(org)
    assert accept(app, third["link"]).status_code == 200
    assert org.owner.delete(f"/invitations/{third['id']}").status_code == 409


def test_an_expired_link_works_no_more(app: Flask, org: Org) -> None:
    invitation = invite(org)
    with app.app_context():
        past = datetime.now(UTC) - timedelta(seconds=1)
        old = runtime().links.make("invitation", invitation["id"], past)
        other_purpose = runtime().links.make(
            "password-reset", invitation["id"], past + timedelta(days=1), {"was": ""}
        )
    assert accept(app, old).status_code == 400
    assert accept(app, other_purpose).status_code == 400


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "' OR 1=1 --", "x" * 4000, "\0"])
def test_a_token_that_is_none_is_400(app: Flask, token: str) -> None:
    assert accept(app, f"x#{token}").status_code in (400, 422)


def test_no_other_token_of_ours_is_a_link(app: Flask, org: Org, member: User) -> None:
    login = {"email": member.email, "password": PASSWORD}
    tokens = app.test_client().post("/api/v1/auth/login", json=login).get_json()
    for token in (tokens["access_token"], tokens["refresh_token"], org.owner.principal().assertion):
        assert accept(app, f"x#{token}").status_code == 400


def test_nobody_invites_beyond_their_own_role(org: Org) -> None:
    admin, member = org.user("admin"), org.user("member")
    body = {"email": "x@example.com", "role": "owner"}
    assert admin.post("/invitations", body).status_code == 403
    assert admin.post("/invitations", body | {"role": "admin"}).status_code == 201
    assert member.post("/invitations", body | {"role": "viewer"}).status_code == 403


def test_a_taken_address_is_409(app: Flask, org: Org, member: User) -> None:
    assert org.owner.post("/invitations", {"email": member.email}).status_code == 409
    invitation = invite(org)
    org.owner.post("/users", {"email": invitation["email"]})
    assert accept(app, invitation["link"]).status_code == 409


def test_organisations_do_not_see_each_others_invitations(
    org: Org, other_org: Org, unknown_id: Callable[[str], str]
) -> None:
    one = invite(org)["id"]
    for invitation in (one, unknown_id("inv")):
        assert other_org.owner.get(f"/invitations/{invitation}").status_code == 404
        assert other_org.owner.delete(f"/invitations/{invitation}").status_code == 404
