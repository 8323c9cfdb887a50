"""Where identity providers may be: as an owner names them, and as logins reach them. The strict app
allows one address of this machine; it shares its database with the one that allows all of them."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from flask import Flask

from tests.auth.conftest import Caller, MakeApp, Org
from tests.auth.sso.conftest import LOGIN, Browser, MakeSso, Sso
from tests.auth.sso.running import OpenIdProvider, running_provider
from tests.auth.sso.test_outages import DOWN
from tests.common.outbound.names import INSIDE, ONLY_OUTSIDE, OUTSIDE, Names, server
from tollgate_auth.extensions import db
from tollgate_auth.runtime import runtime
from tollgate_auth.sso.login.http import BoundedSession
from tollgate_common.address_policy import networks_of
from tollgate_common.outbound import Outbound

INTERNAL = [
    "https://10.0.0.1:8443/realms/x",
    "https://169.254.169.254",
    "https://[fd00:ec2::254]",
    "https://[::ffff:10.0.0.1]",
    "https://[64:ff9b::a00:1]",
    "https://2130706433",
    "https://0x7f.1",
    "https://localhost",
    "http://127.0.0.1:8089",
    "http://localhost",
    "http://[::1]:8080",
]


@pytest.fixture(scope="module")
def strict(make_app: MakeApp, app: Flask, database_url: str) -> Iterator[Flask]:
    made = make_app(database_url, outbound_networks=ONLY_OUTSIDE)
    yield made
    with made.app_context():
        for engine in db.engines.values():
            engine.dispose()
        runtime().redis.close()


@pytest.fixture(scope="module")
def outside() -> Iterator[OpenIdProvider]:
    with running_provider(OUTSIDE) as made:
        yield made


@pytest.fixture
def owner(strict: Flask, org: Org) -> Caller:
    """The organisation's owner, as the strict app serves them."""
    return Caller(strict, user_id=org.owner_id)


@pytest.fixture
def elsewhere(strict: Flask) -> Browser:
    return Browser(strict)


@pytest.mark.parametrize("issuer", INTERNAL)
def test_an_issuer_at_an_internal_address_is_422(owner: Caller, org: Org, issuer: str) -> None:
    sso = Sso(org, issuer)
    answer = owner.call("PUT", f"/sso/{sso.name}", sso.wanted)
    assert (answer.status_code, answer.get_json()["param"]) == (422, "issuer")
    assert "OUTBOUND_NETWORKS" in answer.get_json()["detail"]
    assert owner.get(f"/sso/{sso.name}").status_code == 404


@pytest.mark.parametrize("issuer", ["https://8.8.8.8", "https://unknown.invalid/realm"])
def test_a_public_and_an_unknown_issuer_may_be_named(owner: Caller, org: Org, issuer: str) -> None:
    sso = Sso(org, issuer)
    assert owner.call("PUT", f"/sso/{sso.name}", sso.wanted).status_code == 201


def test_a_login_connects_to_no_refused_issuer(strict: Flask, make_sso: MakeSso) -> None:
    with server(INSIDE) as inside:
        sso = make_sso(issuer=f"http://{INSIDE}:{inside.port}")
        answer = strict.test_client().get(f"{LOGIN}/{sso.name}/login")
    assert (answer.status_code, answer.get_json()["detail"]) == (503, DOWN)
    assert inside.received == []


def test_a_login_at_an_allowed_issuer_goes_on(
    elsewhere: Browser, make_sso: MakeSso, outside: OpenIdProvider
) -> None:
    sso = make_sso(issuer=outside.issuer)
    outside.know(sso.name, sso.made["redirect_uri"])
    outside.seat(sso.person())
    assert elsewhere.log_in(sso).code


@pytest.mark.parametrize("named", ["token_endpoint", "jwks_uri", "userinfo_endpoint"])
def test_what_a_discovery_document_names_is_held_to_the_same_rule(
    elsewhere: Browser, make_sso: MakeSso, named: str
) -> None:
    with running_provider(OUTSIDE) as idp, server(INSIDE) as inside:
        address = f"http://{INSIDE}:{inside.port}/x"
        sso = make_sso(issuer=idp.issuer)
        idp.know(sso.name, sso.made["redirect_uri"])
        said: dict[str, Any] = {"metadata": {named: address}, "only_userinfo": ["email"]}
        idp.seat(sso.person(), **said)
        landing = elsewhere.log_in(sso)
    assert (landing.code, landing.error) == ("", DOWN)
    assert inside.received == []


def test_a_resolver_that_answers_twice_differently_gains_nothing() -> None:
    with server(OUTSIDE) as outside, server(INSIDE, outside.port) as inside:
        names = Names(rebinding_example=[[OUTSIDE], [INSIDE]])
        session = BoundedSession(outbound=Outbound(networks_of(ONLY_OUTSIDE), names))
        session.trust_env = False
        url = f"http://rebinding.example:{outside.port}/"
        assert session.request("GET", url, withhold_token=True).text == "hi"
        with pytest.raises(requests.ConnectionError):
            session.request("GET", url, withhold_token=True)
        session.close()
    assert inside.received == []
