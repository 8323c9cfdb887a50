"""The noun: which identity providers an organisation has."""

from typing import Any

import pytest
from flask import Flask

from tests.auth.conftest import Org
from tests.auth.sso.conftest import PUBLIC, Browser, MakeSso, Sso, approve
from tests.auth.sso.running import SECRET, OpenIdProvider
from tollgate_auth.extensions import db
from tollgate_auth.roles.permissions import ROLES
from tollgate_auth.sso.models import SsoProvider

ISSUER = "https://login.example.com/realms/main"


@pytest.fixture
def wanted(org: Org) -> Sso:
    """One that is not put yet."""
    return Sso(org, ISSUER)


def test_a_provider_is_made_found_listed_changed_and_deleted(wanted: Sso) -> None:
    owner = wanted.org.owner
    made = wanted.put()
    assert made.status_code == 201
    expected = {
        "name": wanted.name, "issuer": ISSUER, "client_id": wanted.name,
        "domains": [wanted.domain], "default_role": "member", "groups_claim": "groups",
        "group_roles": {},
        "redirect_uri": f"{PUBLIC}/api/v1/auth/sso/{wanted.name}/callback",
        "login_url": f"{PUBLIC}/api/v1/auth/sso/{wanted.name}/login",
    }  # fmt: skip
    found = owner.get(f"/sso/{wanted.name}").get_json()
    assert {name: found[name] for name in expected} == expected
    assert owner.get("/sso").get_json() == {"data": [found], "next_cursor": None}
    changed = wanted.put(default_role="viewer", group_roles={"A": "admin"}, client_secret=None)
    assert changed.status_code == 200
    assert changed.get_json()["id"] == found["id"]
    assert owner.get(f"/sso/{wanted.name}").get_json()["group_roles"] == {"A": "admin"}
    assert owner.delete(f"/sso/{wanted.name}").status_code == 204
    assert owner.get(f"/sso/{wanted.name}").status_code == 404
    assert owner.delete(f"/sso/{wanted.name}").status_code == 404


def test_the_secret_is_sealed_and_never_told(app: Flask, wanted: Sso) -> None:
    answers = [wanted.put(), wanted.put(), wanted.org.owner.get(f"/sso/{wanted.name}"),
               wanted.org.owner.get("/sso"), wanted.org.owner.get("/audit-log")]  # fmt: skip
    for answer in answers:
        assert SECRET not in answer.text
        assert SECRET.partition(" ")[2] not in answer.text
    with app.app_context():
        row = db.session.get_one(SsoProvider, wanted.made["id"])
        assert SECRET.encode() not in row.client_secret


def test_every_change_is_audited(wanted: Sso) -> None:
    wanted.put()
    wanted.put(default_role="viewer", client_secret=None)
    wanted.org.owner.delete(f"/sso/{wanted.name}")
    (created,), (changed,), (deleted,) = (
        wanted.audited(f"sso.{what}") for what in ("created", "changed", "deleted")
    )
    assert created["actor"]["id"] == wanted.org.owner_id
    assert created["target"] == {"kind": "sso", "id": wanted.made["id"]}
    assert created["after"]["client_secret"] == "(new)"
    assert "client_secret" not in changed["after"]
    roles = (changed["before"]["default_role"], changed["after"]["default_role"])
    assert roles == ("member", "viewer")
    assert deleted["after"] is None


def test_a_provider_keeps_its_secret_until_it_is_sent_anew(
    sso: Sso, idp: OpenIdProvider, browser: Browser
) -> None:
    idp.seat(sso.person())
    del sso.wanted["client_secret"]
    assert sso.put(default_role="viewer").status_code == 200
    assert browser.log_in(sso).code
    assert sso.put(client_secret="another").status_code == 200
    assert "not valid" in browser.log_in(sso).error


def test_the_secret_never_moves_to_another_issuer(wanted: Sso) -> None:
    assert wanted.put(client_secret=None).get_json()["param"] == "client_secret"
    wanted.put()
    refused = wanted.put(issuer="https://other.example.com", client_secret=None)
    assert (refused.status_code, refused.get_json()["param"]) == (422, "client_secret")
    assert wanted.org.owner.get(f"/sso/{wanted.name}").get_json()["issuer"] == ISSUER
    assert wanted.put(issuer="https://other.example.com").status_code == 200


def test_with_another_client_people_are_found_anew_by_their_addresses(
    sso: Sso, idp: OpenIdProvider, browser: Browser
) -> None:
    """A `sub` may be somebody else's there."""
    victim = sso.person()
    idp.seat(victim)
    assert browser.log_in(sso).code
    sso.put(client_id=f"{sso.name}-new")
    idp.know(f"{sso.name}-new", sso.made["redirect_uri"])
    idp.seat(sso.person(sub=victim["sub"]))
    assert browser.log_in(sso).code
    assert len(sso.audited("user.created")) == 2


def test_a_deleted_provider_lets_nobody_in_and_ends_no_account(
    sso: Sso, idp: OpenIdProvider, browser: Browser, other_browser: Browser
) -> None:
    person = sso.person()
    idp.seat(person)
    back = browser.visit(browser.begin(sso))
    code = other_browser.log_in(sso).code
    assert sso.org.owner.delete(f"/sso/{sso.name}").status_code == 204
    assert other_browser.exchange(code).status_code == 401
    path = back.removeprefix(PUBLIC)
    assert browser.client.get(path).status_code == 404
    assert sso.users()[person["email"]]["active"]


def test_only_the_owner_sets_providers(wanted: Sso) -> None:
    wanted.put()
    for role in ROLES:
        user = wanted.org.user(role)
        reads = 200 if role in ("owner", "admin") else 403
        assert user.get("/sso").status_code == reads, role
        assert user.get(f"/sso/{wanted.name}").status_code == reads, role
        writes = 200 if role == "owner" else 403
        path = f"/sso/{wanted.name}"
        assert user.call("PUT", path, wanted.wanted).status_code == writes, role
        if role != "owner":
            assert user.delete(path).status_code == 403, role


def test_organisations_do_not_see_each_others_providers(wanted: Sso, other_org: Org) -> None:
    wanted.put()
    assert other_org.owner.get(f"/sso/{wanted.name}").status_code == 404
    assert other_org.owner.delete(f"/sso/{wanted.name}").status_code == 404
    assert other_org.owner.get("/sso").get_json()["data"] == []


def test_a_name_is_one_in_the_installation(wanted: Sso, other_org: Org) -> None:
    wanted.put()
    theirs = Sso(other_org, ISSUER)
    again = other_org.owner.call("PUT", f"/sso/{wanted.name}", theirs.wanted)
    assert (again.status_code, again.get_json()["param"]) == (409, "name")
    assert theirs.put().status_code == 201


def test_a_domain_is_one_providers(wanted: Sso) -> None:
    wanted.put()
    second = Sso(wanted.org, ISSUER)
    taken = second.put(domains=[second.domain, wanted.domain.upper()])
    assert (taken.status_code, taken.get_json()["param"]) == (409, "domains")
    wanted.org.owner.delete(f"/sso/{wanted.name}")
    assert second.put(domains=[second.domain, wanted.domain]).status_code == 201


@pytest.mark.parametrize("name", ["Upper", "under_score", "x" * 41, "dot.", "%00", "é", "a b"])
def test_a_name_that_cannot_be_in_an_address_is_refused(wanted: Sso, name: str) -> None:
    answer = wanted.org.owner.call("PUT", f"/sso/{name}", wanted.wanted)
    assert (answer.status_code, answer.get_json()["param"]) == (422, "name")
    assert wanted.org.owner.get(f"/sso/{name}").status_code == 404


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("issuer", "http://login.example.com"),
        ("issuer", "http://10.0.0.1"),
        ("issuer", "http://localhost.example.com"),
        ("issuer", "ftp://localhost"),
        ("issuer", "https://"),
        ("issuer", "https://user:secret@example.com"),
        ("issuer", "https://example.com?tenant=1"),
        ("issuer", "https://example.com#x"),
        ("issuer", "https://exa mple.com"),
        ("issuer", "https://example.com:x"),
        ("issuer", "https://exämple.com"),
        ("issuer", "https://[::1"),
        ("issuer", 7),
        ("client_id", ""),
        ("client_id", "a\x00b"),
        ("client_secret", ""),
        ("client_secret", "line\nbreak"),
        ("domains", []),
        ("domains", ["no domain"]),
        ("domains", ["a@b.example.com"]),
        ("domains", [""]),
        ("domains", ["*.example.com"]),
        ("domains", "example.com"),
        ("default_role", "owner"),
        ("default_role", "boss"),
        ("group_roles", {"admins": "owner"}),
        ("group_roles", {"": "admin"}),
        ("group_roles", {"a\x00b": "admin"}),
        ("groups_claim", ""),
        ("groups_claim", "a\x00"),
        ("unknown", 1),
    ],
)
def test_a_wrong_field_is_named(wanted: Sso, field: str, value: Any) -> None:
    answer = wanted.put(**{field: value})
    assert answer.status_code == 422, answer.text
    assert answer.get_json()["param"].startswith(field)
    assert "\x00" not in answer.text


@pytest.mark.parametrize(
    "issuer", ["http://localhost:8000", "http://127.0.0.1", "http://[::1]:1/x", "https://a/"]
)
def test_without_encryption_an_issuer_is_on_this_machine(org: Org, issuer: str) -> None:
    assert Sso(org, issuer).put().get_json()["issuer"] == issuer


def test_domains_are_compared_as_addresses_are(
    org: Org, make_sso: MakeSso, idp: OpenIdProvider, browser: Browser
) -> None:
    word = make_sso().domain.partition(".")[0]
    approve(org, f"{word}.bücher.example.com")
    sso = make_sso(domains=[f"{word}.Bücher.Example.com", f"{word}.bücher.example.com"])
    assert sso.made["domains"] == [f"{word}.bücher.example.com"]
    idp.seat(sso.person(email=f"x@{word}.xn--bcher-kva.example.com"))
    assert browser.log_in(sso).code
