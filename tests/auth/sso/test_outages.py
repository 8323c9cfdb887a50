"""Identity providers that are slow, away or strange; Redis away."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask

from tests.auth.conftest import MakeApp, Org, Service
from tests.auth.sso.conftest import LOGIN, PUBLIC, Browser, MakeSso, Sso
from tests.auth.sso.running import OpenIdProvider, running_provider

DOWN = "The identity provider does not answer at the moment; please try again."

UNFIT = "The identity provider's discovery document does not fit its issuer."


NOT_VALID = "The identity provider's answer is not valid; please log in again."


@pytest.fixture(scope="module")
def talker() -> Iterator[OpenIdProvider]:
    """A provider whose keys are known to nobody else."""
    with running_provider() as idp:
        yield idp


@pytest.fixture(scope="module")
def stranger() -> Iterator[OpenIdProvider]:
    """A provider that never says of itself what fits, so that nothing of it is remembered."""
    with running_provider() as idp:
        yield idp


def begin(app: Flask, sso: Sso) -> Any:
    return app.test_client().get(f"{LOGIN}/{sso.name}/login")


@contextmanager
def silent() -> Iterator[str]:
    """The address of something that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_a_provider_that_is_away_is_503_at_the_beginning(app: Flask, make_sso: MakeSso) -> None:
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        address = f"http://127.0.0.1:{reserved.getsockname()[1]}"
    answer = begin(app, make_sso(issuer=address))
    assert (answer.status_code, answer.get_json()["detail"]) == (503, DOWN)
    assert answer.headers["retry-after"]


def test_a_provider_that_goes_away_in_between_sends_the_browser_back(
    make_sso: MakeSso, browser: Browser
) -> None:
    with running_provider() as idp:
        sso = make_sso(issuer=idp.issuer)
        idp.know(sso.name, sso.made["redirect_uri"])
        idp.seat(sso.person())
        back = browser.visit(browser.begin(sso, return_to="/console"))
        idp.stop()
        landing = browser.come_back(back)
    assert (landing.url, landing.error) == (f"{PUBLIC}/console", DOWN)


def test_a_silent_provider_keeps_its_own_logins_waiting_and_no_key_look_ups(
    app: Flask, org: Org, make_sso: MakeSso, gateway: Service
) -> None:
    key = org.key()
    with silent() as address:
        sso = make_sso(issuer=address)
        statuses: list[int] = []
        waiting = [
            threading.Thread(target=lambda: statuses.append(begin(app, sso).status_code))
            for _ in range(8)
        ]
        began = time.monotonic()
        for thread in waiting:
            thread.start()
        assert gateway.principal(key_id=key.id).status_code == 200
        assert time.monotonic() - began < 4
        for thread in waiting:
            thread.join(timeout=20)
    assert statuses == [503] * 8
    assert time.monotonic() - began < 9


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://other.example.com"},
        {"authorization_endpoint": None},
        {"token_endpoint": "http://10.0.0.1/token"},
        {"jwks_uri": "file:///etc/passwd"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"userinfo_endpoint": "http://example.com/userinfo"},
        {"id_token_signing_alg_values_supported": "RS256"},
        {"padding": "x" * 600_000},
    ],
    ids=lambda metadata: next(iter(metadata)),
)
def test_a_discovery_document_that_does_not_fit_is_refused(
    app: Flask, make_sso: MakeSso, stranger: OpenIdProvider, metadata: dict[str, Any]
) -> None:
    stranger.seat(metadata=metadata)
    answer = begin(app, make_sso(issuer=stranger.issuer))
    assert answer.status_code == 503
    assert answer.get_json()["detail"] in (DOWN, UNFIT)
    assert "location" not in answer.headers


STRANGE = ["", "{", "[]", "7", "null", '"text"', '{"a": "\\ud800"}', "[" * 100_000, "{}"]
TOKENS = [
    '{"id_token": 7}', '{"id_token": null}', '{"id_token": "a.b.c"}', '{"id_token": {}}',
    '{"id_token": "", "access_token": 7}', '{"error": 7}', '{"error": "invalid_grant"}',
    '{"access_token": "x", "token_type": "bearer"}',
]  # fmt: skip
KEYS = ['{"keys": 7}', '{"keys": [7]}', '{"keys": [{}]}', '{"keys": []}', '{"keys": null}',
        '{"keys": [{"kty": "RSA", "n": 7, "e": []}]}']  # fmt: skip
WELL_KNOWN = "/.well-known/openid-configuration"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        *(("/token", text) for text in [*STRANGE, *TOKENS]),
        *(("/jwks", text) for text in [*STRANGE, *KEYS]),
        *(("/userinfo", text) for text in STRANGE),
    ],
)
def test_a_strange_answer_sends_the_browser_back(
    make_sso: MakeSso, browser: Browser, talker: OpenIdProvider, path: str, text: str
) -> None:
    sso = make_sso(issuer=talker.issuer)
    talker.know(sso.name, sso.made["redirect_uri"])
    person = sso.person()
    talker.seat(person, only_userinfo=["email"], instead={path: text})
    talker.rotate()
    landing = browser.log_in(sso)
    assert landing.error in (DOWN, NOT_VALID)
    assert path.removeprefix("/") in talker.seen()
    assert person["email"] not in sso.users()
    talker.seat(person, only_userinfo=["email"])
    assert browser.log_in(sso).code


@pytest.mark.parametrize("text", STRANGE)
def test_a_strange_discovery_document_is_503(
    app: Flask, make_sso: MakeSso, stranger: OpenIdProvider, text: str
) -> None:
    stranger.seat(instead={WELL_KNOWN: text})
    assert begin(app, make_sso(issuer=stranger.issuer)).status_code == 503


def test_a_discovery_document_is_not_followed_elsewhere(
    app: Flask, make_sso: MakeSso, idp: OpenIdProvider, stranger: OpenIdProvider
) -> None:
    stranger.seat(moved_to=f"{idp.issuer}{WELL_KNOWN}")
    assert begin(app, make_sso(issuer=stranger.issuer)).status_code == 503
    assert "discovery" not in idp.seen()


def test_a_provider_that_takes_its_secret_in_the_body_only_is_asked_so(
    make_sso: MakeSso, browser: Browser
) -> None:
    with running_provider() as idp:
        idp.seat(metadata={"token_endpoint_auth_methods_supported": ["client_secret_post"]})
        sso = make_sso(issuer=idp.issuer)
        idp.know(sso.name, sso.made["redirect_uri"])
        address = browser.begin(sso)
        idp.seat(sso.person())
        assert browser.come_back(browser.visit(address)).code


def test_groups_are_asked_for_where_they_are_used_and_known(
    make_sso: MakeSso, browser: Browser
) -> None:
    assert "groups" not in browser.begin(make_sso()).partition("scope=")[2].partition("&")[0]
    mapped = make_sso(group_roles={"a": "viewer"})
    assert "groups" in browser.begin(mapped).partition("scope=")[2].partition("&")[0]


def test_without_redis_there_is_no_login(
    make_app: MakeApp, database_url: str, app: Flask, sso: Sso
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        address = f"redis://127.0.0.1:{reserved.getsockname()[1]}/0"
    alone = make_app(database_url, redis_url=address)
    assert begin(alone, sso).status_code == 503
