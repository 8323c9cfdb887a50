"""Who may log in with an identity provider, and as what."""

from typing import Any

import pytest
from redis import Redis

from tests.auth.conftest import Org
from tests.auth.sso.conftest import Browser, MakeSso, Sso
from tests.auth.sso.running import OpenIdProvider

NO_ACCOUNT = "You have no account here; please ask an administrator."
GROUPS = {"platform-admins": "admin", "finance": "billing", "readers": "viewer"}


def log_in(sso: Sso, idp: OpenIdProvider, browser: Browser, person: dict[str, Any]) -> str:
    """Why it was refused, or nothing."""
    idp.seat(person)
    landing = browser.log_in(sso)
    assert bool(landing.code) != bool(landing.error)
    return landing.error


@pytest.mark.parametrize("said", [False, None, "false", "yes", 0, 1, ["true"]])
def test_an_address_that_is_not_verified_is_refused(
    sso: Sso, idp: OpenIdProvider, browser: Browser, said: Any
) -> None:
    person = sso.person(email_verified=said)
    assert "has not verified" in log_in(sso, idp, browser, person)
    assert person["email"] not in sso.users()


def test_no_address_is_refused(sso: Sso, idp: OpenIdProvider, browser: Browser) -> None:
    for email in (None, "", "nobody", "a@b@c", f"a\x00@{sso.domain}", 7):
        assert "does not tell" in log_in(sso, idp, browser, sso.person(email=email)), email


def test_an_address_of_another_domain_is_refused(
    sso: Sso, idp: OpenIdProvider, browser: Browser
) -> None:
    domain = sso.domain
    for email in ("x@elsewhere.example", f"x@sub.{domain}", f"x@x{domain}", f"x@{domain}.evil.com"):
        refusal = log_in(sso, idp, browser, sso.person(email=email))
        assert refusal == "Addresses of your domain cannot log in here.", email
        assert email not in sso.users()


def test_a_user_of_another_organisation_is_refused(
    sso: Sso, other_org: Org, idp: OpenIdProvider, browser: Browser
) -> None:
    email = f"theirs@{sso.domain}"
    made = other_org.owner.post("/users", {"email": email, "role": "member"})
    assert made.status_code == 201
    assert log_in(sso, idp, browser, sso.person(email=email)) == NO_ACCOUNT


def test_an_owner_is_never_linked_by_an_address(
    sso: Sso, idp: OpenIdProvider, browser: Browser
) -> None:
    email = f"boss@{sso.domain}"
    sso.org.owner.post("/users", {"email": email, "role": "owner"})
    person = sso.person(email=email)
    assert log_in(sso, idp, browser, person) == "Owners log in with their password."
    assert sso.audited("user.linked") == []


def test_a_deactivated_user_is_refused_like_an_unknown_one(
    sso: Sso, idp: OpenIdProvider, browser: Browser
) -> None:
    person, other = sso.person(), sso.person()
    assert log_in(sso, idp, browser, person) == ""
    user = sso.users()[person["email"]]["id"]
    sso.org.owner.patch(f"/users/{user}", {"active": False})
    assert log_in(sso, idp, browser, person) == NO_ACCOUNT
    made = sso.org.owner.post("/users", {"email": other["email"], "role": "member"}).get_json()
    sso.org.owner.patch(f"/users/{made['id']}", {"active": False})
    assert log_in(sso, idp, browser, other) == NO_ACCOUNT


def test_a_user_who_is_deactivated_before_the_code_is_exchanged_gets_no_session(
    sso: Sso, idp: OpenIdProvider, browser: Browser
) -> None:
    person = sso.person()
    idp.seat(person)
    code = browser.log_in(sso).code
    user = sso.users()[person["email"]]["id"]
    sso.org.owner.patch(f"/users/{user}", {"active": False})
    assert browser.exchange(code).status_code == 401


def test_a_refusal_leaves_nothing_behind(
    sso: Sso, other_org: Org, idp: OpenIdProvider, browser: Browser, redis: Redis
) -> None:
    email = f"theirs@{sso.domain}"
    other_org.owner.post("/users", {"email": email, "role": "member"})
    before = sso.org.owner.get("/audit-log").get_json()
    assert log_in(sso, idp, browser, sso.person(email=email)) == NO_ACCOUNT
    assert sso.org.owner.get("/audit-log").get_json() == before
    assert list(redis.scan_iter("sso:*")) == []


@pytest.mark.parametrize(
    ("groups", "role"),
    [
        (["platform-admins"], "admin"),
        (["readers", "finance", "others"], "billing"),
        (["readers", "platform-admins", "finance"], "admin"),
        ("readers", "viewer"),
        (["others"], "member"),
        ([], "member"),
        ([{"name": "platform-admins"}, 7, None], "member"),
        (None, "member"),
    ],
)
def test_groups_give_the_highest_of_their_roles(
    make_sso: MakeSso, idp: OpenIdProvider, browser: Browser, groups: Any, role: str
) -> None:
    sso = make_sso(group_roles=GROUPS)
    person = sso.person(groups=groups)
    assert log_in(sso, idp, browser, person) == ""
    assert sso.users()[person["email"]]["role"] == role


def test_the_role_follows_the_groups_at_every_login(
    make_sso: MakeSso, idp: OpenIdProvider, browser: Browser, redis: Redis
) -> None:
    sso = make_sso(group_roles=GROUPS, groups_claim="teams", default_role="viewer")
    person = sso.person(teams=["platform-admins"])
    for teams, role in ((["platform-admins"], "admin"), (["finance"], "billing"), ([], "viewer")):
        assert log_in(sso, idp, browser, person | {"teams": teams}) == ""
        assert sso.users()[person["email"]]["role"] == role
    changes = sso.audited("user.changed")
    assert [entry["actor"]["kind"] for entry in changes] == ["sso", "sso"]
    assert [entry["after"]["role"] for entry in changes] == ["viewer", "billing"]
    user = sso.users()[person["email"]]["id"]
    told: Any = redis.xrange("events:user.changed")
    assert [user.encode() in fields[b"event"] for _, fields in told].count(True) >= 2


def test_without_the_claim_somebody_is_in_no_group_and_without_a_mapping_the_role_stays(
    make_sso: MakeSso, idp: OpenIdProvider, browser: Browser
) -> None:
    sso = make_sso(group_roles=GROUPS)
    person = sso.person(groups=["platform-admins"])
    log_in(sso, idp, browser, person)
    assert log_in(sso, idp, browser, {**person, "groups": None}) == ""
    assert sso.users()[person["email"]]["role"] == "member"
    log_in(sso, idp, browser, person | {"groups": ["finance"]})
    sso.put(group_roles={})
    assert log_in(sso, idp, browser, person | {"groups": ["platform-admins"]}) == ""
    assert sso.users()[person["email"]]["role"] == "billing"


def test_one_who_became_an_owner_stays_one(
    make_sso: MakeSso, idp: OpenIdProvider, browser: Browser
) -> None:
    sso = make_sso(group_roles=GROUPS)
    person = sso.person(groups=["readers"])
    log_in(sso, idp, browser, person)
    user = sso.users()[person["email"]]["id"]
    assert sso.org.owner.patch(f"/users/{user}", {"role": "owner"}).status_code == 200
    assert log_in(sso, idp, browser, person) == ""
    assert sso.users()[person["email"]]["role"] == "owner"


@pytest.mark.parametrize("name", [None, "", "\x00", "x" * 200, 7, {"given": "A"}])
def test_a_name_that_cannot_be_used_is_made_of_the_address(
    sso: Sso, idp: OpenIdProvider, browser: Browser, name: Any
) -> None:
    person = sso.person(name=name)
    assert log_in(sso, idp, browser, person) == ""
    assert sso.users()[person["email"]]["name"] == person["email"].partition("@")[0]


def test_another_sub_with_the_address_of_a_linked_user_is_refused_and_audited(
    sso: Sso, idp: OpenIdProvider, browser: Browser
) -> None:
    person = sso.person()
    assert log_in(sso, idp, browser, person) == ""
    refusal = log_in(sso, idp, browser, person | {"sub": "somebody-else"})
    assert refusal.startswith("Your address belongs to somebody else's account")
    (entry,) = sso.audited("user.link_refused")
    assert entry["after"]["subject"] == "somebody-else"
    assert entry["target"]["id"] == sso.users()[person["email"]]["id"]
    assert log_in(sso, idp, browser, person) == ""


def test_a_login_that_is_refused_is_an_event_of_the_providers_organisation(
    sso: Sso, other_org: Org, idp: OpenIdProvider, browser: Browser
) -> None:
    person = sso.person()
    assert log_in(sso, idp, browser, person) == ""
    for _ in range(2):
        log_in(sso, idp, browser, person | {"sub": "somebody-else"})
    log_in(sso, idp, browser, sso.person(email_verified=False))
    refused = {entry["reason"]: entry for entry in sso.audited("login.refused")}
    assert {reason: entry["count"] for reason, entry in refused.items()} == {
        "already_linked": 2,
        "login_refused": 1,
    }
    assert {entry["target"]["id"] for entry in refused.values()} == {sso.made["id"]}
    assert person["email"] not in str(refused)
    found = other_org.owner.get("/audit-log?action=login.*,user.*").get_json()["data"]
    assert found == []
