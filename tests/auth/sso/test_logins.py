"""Logging in with an identity provider, as it should go."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jwt
from flask import Flask
from redis import Redis

from tests.auth.sso.conftest import LOGIN, PUBLIC, Browser, MakeSso, Sso
from tests.auth.sso.running import OpenIdProvider


def claims_of(answer: Any) -> dict[str, Any]:
    token = answer.get_json()["access_token"]
    return dict(jwt.decode(token, options={"verify_signature": False}))


def test_the_first_login_makes_a_user_of_the_organisation(
    sso: Sso, idp: OpenIdProvider, browser: Browser
) -> None:
    person = sso.person()
    idp.seat(person)
    landing = browser.log_in(sso)
    assert (landing.url, landing.error) == (f"{PUBLIC}/signed-in", "")
    granted = browser.exchange(landing.code)
    assert granted.status_code == 200, granted.text
    assert granted.headers["cache-control"] == "no-store"
    user = sso.users()[person["email"]]
    assert (user["role"], user["name"], user["active"]) == ("member", person["name"], True)
    claims = claims_of(granted)
    assert (claims["sub"], claims["org"]) == (user["id"], sso.org.id)
    refreshed = browser.client.post(
        "/api/v1/auth/refresh", json={"refresh_token": granted.get_json()["refresh_token"]}
    )
    assert refreshed.status_code == 200


def test_what_was_done_is_audited_as_the_providers_doing(
    sso: Sso, idp: OpenIdProvider, browser: Browser
) -> None:
    person = sso.person()
    idp.seat(person)
    browser.exchange(browser.log_in(sso).code)
    user = sso.users()[person["email"]]["id"]
    for action in ("user.created", "user.linked"):
        (entry,) = [one for one in sso.audited(action) if one["target"]["id"] == user]
        assert entry["actor"] == {"kind": "sso", "id": sso.made["id"]}
    (started,) = sso.audited("session.started")
    assert started["actor"] == {"kind": "user", "id": user}
    assert started["after"] == {"method": "sso"}


def test_the_second_login_finds_the_same_user_though_the_address_has_changed(
    sso: Sso, idp: OpenIdProvider, browser: Browser
) -> None:
    person = sso.person()
    idp.seat(person)
    first = claims_of(browser.exchange(browser.log_in(sso).code))
    idp.seat(person | {"email": f"married@{sso.domain}", "name": "Another"})
    second = claims_of(browser.exchange(browser.log_in(sso).code))
    assert second["sub"] == first["sub"]
    assert second["sid"] != first["sid"]
    assert f"married@{sso.domain}" not in sso.users()


def test_a_user_of_the_organisation_is_linked_by_a_verified_address(
    sso: Sso, idp: OpenIdProvider, browser: Browser
) -> None:
    email = f"here-before@{sso.domain}"
    made = sso.org.owner.post("/users", {"email": email, "role": "billing"}).get_json()
    idp.seat(sso.person(email=email.upper()))
    assert claims_of(browser.exchange(browser.log_in(sso).code))["sub"] == made["id"]
    assert sso.users()[email]["role"] == "billing"
    assert [entry["target"]["id"] for entry in sso.audited("user.linked")] == [made["id"]]


def test_two_first_logins_of_a_person_at_once_make_one_user(
    app: Flask, sso: Sso, idp: OpenIdProvider
) -> None:
    idp.seat(sso.person())
    browsers = [Browser(app) for _ in range(4)]
    backs = [browser.visit(browser.begin(sso)) for browser in browsers]
    with ThreadPoolExecutor(len(browsers)) as threads:
        landings = list(threads.map(Browser.come_back, browsers, backs))
    assert [landing.error for landing in landings] == [""] * len(browsers)
    assert len(sso.audited("user.created")) == len(sso.audited("user.linked")) == 1


def test_two_providers_do_not_share_their_subjects(
    make_sso: MakeSso, idp: OpenIdProvider, browser: Browser
) -> None:
    one, other = make_sso(), make_sso()
    idp.seat(one.person(sub="1"))
    first = claims_of(browser.exchange(browser.log_in(one).code))
    idp.seat(other.person(sub="1"))
    assert claims_of(browser.exchange(browser.log_in(other).code))["sub"] != first["sub"]


def test_a_login_ends_where_it_was_asked_to(
    sso: Sso, idp: OpenIdProvider, browser: Browser
) -> None:
    idp.seat(sso.person())
    landing = browser.log_in(sso, return_to="/console/keys?page=2")
    assert landing.url == f"{PUBLIC}/console/keys?page=2"
    assert landing.code


def test_two_logins_of_one_browser_go_on_side_by_side(
    sso: Sso, idp: OpenIdProvider, browser: Browser
) -> None:
    idp.seat(sso.person())
    one, other = browser.begin(sso, return_to="/one"), browser.begin(sso, return_to="/other")
    assert browser.come_back(browser.visit(other)).url.endswith("/other")
    assert browser.come_back(browser.visit(one)).url.endswith("/one")


def test_a_browser_that_begins_again_and_again_keeps_a_small_cookie(
    sso: Sso, idp: OpenIdProvider, browser: Browser
) -> None:
    idp.seat(sso.person())
    for _ in range(20):
        last = browser.begin(sso)
    cookie = browser.client.get_cookie("tollgate_sso", path=LOGIN)
    assert cookie
    assert len(cookie.value) < 1500
    assert browser.come_back(browser.visit(last)).code


def test_the_cookie_is_for_these_routes_only_and_not_for_scripts(
    sso: Sso, browser: Browser
) -> None:
    answer = browser.client.get(f"{LOGIN}/{sso.name}/login")
    (cookie,) = answer.headers.getlist("set-cookie")
    said = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert said == {"httponly", f"path={LOGIN}", "samesite=lax"}
    assert answer.headers["cache-control"] == "no-store"


def test_the_cookie_is_for_https_where_people_call_by_https(
    make_app: Any, database_url: str, app: Flask, sso: Sso
) -> None:
    secure = make_app(database_url, public_url="https://llm.example.com/")
    answer = secure.test_client().get(f"{LOGIN}/{sso.name}/login")
    assert "; Secure" in answer.headers["set-cookie"]
    expected = f"redirect_uri=https%3A%2F%2Fllm.example.com{LOGIN.replace('/', '%2F')}"
    assert expected in answer.headers["location"]


def test_what_is_kept_of_a_login_is_kept_for_minutes_and_names_no_code(
    sso: Sso, idp: OpenIdProvider, browser: Browser, redis: Redis
) -> None:
    idp.seat(sso.person())
    back = browser.visit(browser.begin(sso))
    (state,) = redis.scan_iter("sso:*")
    assert 590 <= int(str(redis.ttl(state))) <= 600
    code = browser.come_back(back).code
    (kept,) = redis.scan_iter("sso:*")
    assert 55 <= int(str(redis.ttl(kept))) <= 60
    assert code.encode() not in kept
    assert browser.exchange(code).status_code == 200
    assert list(redis.scan_iter("sso:*")) == []


def test_keys_that_were_rotated_are_fetched_anew(
    sso: Sso, idp: OpenIdProvider, browser: Browser
) -> None:
    idp.seat(sso.person())
    assert browser.log_in(sso).code
    idp.rotate()
    assert browser.log_in(sso).code


def test_what_a_provider_says_of_itself_is_asked_once(
    sso: Sso, idp: OpenIdProvider, browser: Browser
) -> None:
    for _ in range(3):
        idp.seat(sso.person())
        assert browser.log_in(sso).code
    assert {"discovery", "jwks"}.isdisjoint(idp.seen())


def test_claims_that_are_not_in_the_id_token_are_asked_for(
    make_sso: MakeSso, idp: OpenIdProvider, browser: Browser
) -> None:
    sso = make_sso(group_roles={"bosses": "admin"})
    hidden = ["email", "email_verified", "name", "groups"]
    person = sso.person(groups=["bosses"])
    idp.seat(person, only_userinfo=hidden)
    assert browser.exchange(browser.log_in(sso).code).status_code == 200
    assert sso.users()[person["email"]]["role"] == "admin"
    assert "userinfo" in idp.seen()
