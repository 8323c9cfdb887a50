"""Logins that somebody has tampered with, and providers that lie."""

import time
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from tests.auth.sso.conftest import LOGIN, PUBLIC, Browser, MakeSso, Sso
from tests.auth.sso.running import SECRET, OpenIdProvider

NOT_VALID = "The identity provider's answer is not valid; please log in again."
BEGUN_ELSEWHERE = "This login is too old, or was begun elsewhere; please try again."


def changed(address: str, **values: str) -> str:
    """The address with other values in its query; an empty one is left out."""
    parts = urlsplit(address)
    asked = {name: value[0] for name, value in parse_qs(parts.query).items()} | values
    query = urlencode({name: value for name, value in asked.items() if value})
    return parts._replace(query=query).geturl()


def query_of(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def test_what_the_provider_is_asked_has_state_nonce_and_a_challenge(
    sso: Sso, browser: Browser
) -> None:
    asked = query_of(browser.begin(sso))
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["code_challenge"]) == 43
    assert len(asked["state"]) >= 20
    assert len(asked["nonce"]) >= 20
    assert asked["redirect_uri"] == f"{PUBLIC}{LOGIN}/{sso.name}/callback"
    again = query_of(browser.begin(sso))
    assert {asked[name] for name in ("state", "nonce", "code_challenge")}.isdisjoint(again.values())


@pytest.mark.parametrize("state", ["", "x", "../..", "%00", "é", "0" * 5000])
def test_a_wrong_state_is_refused(
    sso: Sso, idp: OpenIdProvider, browser: Browser, state: str
) -> None:
    idp.seat(sso.person())
    back = browser.visit(browser.begin(sso))
    landing = browser.come_back(changed(back, state=state))
    assert (landing.url, landing.error) == (f"{PUBLIC}/signed-in", BEGUN_ELSEWHERE)
    assert "token" not in idp.seen()


def test_an_answer_works_once(sso: Sso, idp: OpenIdProvider, browser: Browser) -> None:
    idp.seat(sso.person())
    back = browser.visit(browser.begin(sso))
    assert browser.come_back(back).code
    assert browser.come_back(back).error == BEGUN_ELSEWHERE


def test_a_state_works_once_even_with_another_answer_of_the_provider(
    sso: Sso, idp: OpenIdProvider, browser: Browser
) -> None:
    idp.seat(sso.person())
    asked = browser.begin(sso)
    first = browser.visit(asked)
    assert browser.come_back(first).code
    replayed = browser.come_back(changed(first, code="another-code"))
    assert replayed.error == BEGUN_ELSEWHERE


def test_an_answer_brought_by_another_browser_is_refused(
    sso: Sso, idp: OpenIdProvider, browser: Browser, other_browser: Browser
) -> None:
    idp.seat(sso.person())
    back = browser.visit(browser.begin(sso))
    assert other_browser.come_back(back).error == BEGUN_ELSEWHERE
    other_browser.begin(sso)
    assert other_browser.come_back(back).error == BEGUN_ELSEWHERE
    assert "token" not in idp.seen()
    assert browser.come_back(back).code


def test_a_code_of_somebody_elses_login_does_not_fit_ones_own_state(
    sso: Sso, idp: OpenIdProvider, browser: Browser, other_browser: Browser
) -> None:
    """The provider's code of an attacker's login, slipped into a victim's: PKCE refuses it."""
    idp.seat(sso.person())
    attackers = query_of(other_browser.visit(other_browser.begin(sso)))["code"]
    victims = browser.visit(browser.begin(sso))
    assert browser.come_back(changed(victims, code=attackers)).error == NOT_VALID


def test_an_answer_for_one_provider_is_none_for_another(
    make_sso: MakeSso, idp: OpenIdProvider, browser: Browser
) -> None:
    one, other = make_sso(), make_sso()
    idp.seat(one.person())
    back = browser.visit(browser.begin(one))
    mixed_up = back.replace(f"/{one.name}/", f"/{other.name}/")
    assert browser.come_back(mixed_up).error == BEGUN_ELSEWHERE


def test_a_forged_or_old_cookie_is_none(sso: Sso, idp: OpenIdProvider, browser: Browser) -> None:
    idp.seat(sso.person())
    back = browser.visit(browser.begin(sso))
    cookie = browser.client.get_cookie("tollgate_sso", path=LOGIN)
    assert cookie
    payload, _, signature = cookie.value.partition(".")
    browser.client.set_cookie("tollgate_sso", f"{payload}.x{signature[1:]}", path=LOGIN)
    assert browser.come_back(back).error == BEGUN_ELSEWHERE


def test_the_provider_refuses_a_code_without_its_verifier(
    sso: Sso, idp: OpenIdProvider, browser: Browser
) -> None:
    """So that the tests above mean what they say."""
    idp.seat(sso.person())
    back = query_of(browser.visit(browser.begin(sso)))
    form = {
        "grant_type": "authorization_code", "code": back["code"],
        "redirect_uri": sso.made["redirect_uri"],
        "client_id": sso.name, "client_secret": SECRET,
    }  # fmt: skip
    for verifier in ({}, {"code_verifier": "v" * 43}):
        answer = requests.post(f"{idp.issuer}/token", data=form | verifier, timeout=5)
        assert answer.status_code == 400
    no_challenge = changed(browser.begin(sso), code_challenge="", code_challenge_method="")
    assert "error" in query_of(browser.visit(no_challenge))


@pytest.mark.parametrize(
    "lies",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "somebody-else"},
        {"aud": ["somebody-else"], "azp": "somebody-else"},
        {"aud": None},
        {"iss": "https://issuer.example.com"},
        {"iss": None},
        {"exp": 1_000_000_000},
        {"exp": None},
        {"exp": "never"},
        {"iat": 9_000_000_000},
        {"iat": None},
        {"nbf": 9_000_000_000},
        {"sub": None},
        {"sub": ""},
        {"sub": "x" * 256},
        {"sub": "a\x00b"},
        {"sub": 7},
        {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
    ],
    ids=str,
)
def test_an_id_token_that_does_not_hold_is_refused(
    sso: Sso, idp: OpenIdProvider, browser: Browser, lies: dict[str, Any]
) -> None:
    person = sso.person()
    idp.seat(person, lies=lies)
    assert browser.log_in(sso).error == NOT_VALID
    assert person["email"] not in sso.users()


def test_an_id_token_for_another_client_does_not_hold_with_our_name_beside_it(
    sso: Sso, idp: OpenIdProvider, browser: Browser
) -> None:
    idp.seat(sso.person(), lies={"aud": ["somebody-else"], "azp": sso.name})
    assert browser.log_in(sso).error == NOT_VALID
    idp.seat(sso.person(), lies={"aud": [sso.name, "somebody-else"], "azp": "somebody-else"})
    assert browser.log_in(sso).error == NOT_VALID


@pytest.mark.parametrize("signs", ["foreign", "none", "secret", "public", "elliptic"])
def test_an_id_token_that_the_provider_has_not_signed_is_refused(
    sso: Sso, idp: OpenIdProvider, browser: Browser, signs: str
) -> None:
    person = sso.person()
    idp.seat(person, signs=signs)
    assert browser.log_in(sso).error == NOT_VALID
    assert person["email"] not in sso.users()


def test_a_clock_that_is_a_little_wrong_is_forgiven(
    sso: Sso, idp: OpenIdProvider, browser: Browser
) -> None:
    now = int(time.time())
    idp.seat(sso.person(), lies={"iat": now + 20, "exp": now + 320})
    assert browser.log_in(sso).code


def test_userinfo_about_somebody_else_is_refused(
    sso: Sso, idp: OpenIdProvider, browser: Browser
) -> None:
    idp.seat(sso.person(), only_userinfo=["email"], lies={"sub": "another"})
    assert browser.log_in(sso).error == NOT_VALID


def test_a_login_that_the_provider_refuses_comes_back_with_a_reason(
    sso: Sso, idp: OpenIdProvider, browser: Browser
) -> None:
    idp.seat(refuses=True)
    landing = browser.log_in(sso, return_to="/console")
    assert landing.url == f"{PUBLIC}/console"
    assert landing.error == "The identity provider has refused the login."


def test_what_stands_in_an_error_is_not_repeated(
    sso: Sso, idp: OpenIdProvider, browser: Browser
) -> None:
    state = query_of(browser.begin(sso))["state"]
    asked = urlencode({"state": state, "error": "<b>Call 555", "error_description": "<script>"})
    landing = browser.come_back(f"{PUBLIC}{LOGIN}/{sso.name}/callback?{asked}")
    assert landing.error == "The identity provider has refused the login."


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "/\\/evil",
        "https://evil.example", "https:evil.example", "javascript:alert(1)", "evil", "",
        "/a\r\nlocation: https://evil.example", "/a\tb", "/a b", "/\x00", "/a#code=mine", "/é",
        "/" + "a" * 2000, "@evil.example", ".evil.example",
    ],
)  # fmt: skip
def test_a_login_ends_on_our_host_only(sso: Sso, browser: Browser, path: str) -> None:
    answer = browser.client.get(f"{LOGIN}/{sso.name}/login", query_string={"return_to": path})
    assert answer.status_code == 422
    assert answer.get_json()["param"] == "return_to"


def test_the_host_of_a_request_decides_nothing(
    sso: Sso, idp: OpenIdProvider, browser: Browser
) -> None:
    idp.seat(sso.person())
    evil = {"x-forwarded-host": "evil.example", "forwarded": "host=evil.example"}
    answer = browser.client.get(
        f"{LOGIN}/{sso.name}/login", base_url="http://evil.example", headers=evil
    )
    asked = query_of(answer.headers["location"])
    assert asked["redirect_uri"] == f"{PUBLIC}{LOGIN}/{sso.name}/callback"
    back = urlsplit(browser.visit(answer.headers["location"]))
    landed = browser.client.get(
        f"{back.path}?{back.query}", base_url="http://evil.example", headers=evil
    )
    assert landed.headers["location"].startswith(f"{PUBLIC}/signed-in#code=")


def test_a_code_is_exchanged_once(
    sso: Sso, idp: OpenIdProvider, browser: Browser, other_browser: Browser
) -> None:
    idp.seat(sso.person())
    code = browser.log_in(sso).code
    assert browser.exchange(code).status_code == 200
    assert browser.exchange(code).status_code == 401
    assert other_browser.exchange(code).status_code == 401


def test_a_code_logs_in_only_the_browser_that_it_was_given_to(
    sso: Sso, idp: OpenIdProvider, browser: Browser, other_browser: Browser
) -> None:
    idp.seat(sso.person())
    code = browser.log_in(sso).code
    assert other_browser.exchange(code).status_code == 401
    assert browser.exchange(code).status_code == 200


@pytest.mark.parametrize("code", ["x", "\x01", "é" * 40])
def test_a_code_that_nobody_was_given_is_401(browser: Browser, code: str) -> None:
    assert browser.exchange(code).status_code == 401


@pytest.mark.parametrize(
    "body", [{}, {"code": ""}, {"code": 7}, {"code": "x" * 300}, {"code": "\ud800"}, {"kode": ""}]
)
def test_a_wrong_body_is_422(browser: Browser, body: dict[str, Any]) -> None:
    assert browser.client.post(f"{LOGIN}/token", json=body).status_code == 422


@pytest.mark.parametrize("name", ["nobody", "UPPER", "a%00b", "x" * 300, "é"])
def test_an_unknown_provider_is_404(browser: Browser, name: str) -> None:
    assert browser.client.get(f"{LOGIN}/{name}/login").status_code == 404
    assert browser.client.get(f"{LOGIN}/{name}/callback?state=x&code=y").status_code == 404
