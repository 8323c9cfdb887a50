"""A domain is claimed by the organisation that the operator has approved it for."""

import secrets
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import create_engine, text

from tests.auth.conftest import Org
from tollgate_auth import cli, commands
from tollgate_auth.extensions import VERSIONS
from tollgate_auth.migrations import MIGRATIONS

PROVIDER: dict[str, Any] = {
    "issuer": "https://login.example.com",
    "client_id": "tollgate",
    "client_secret": "s",
}


@pytest.fixture
def domain() -> str:
    return f"{secrets.token_hex(6)}.example.com"


def claim(org: Org, *domains: str, name: str = "") -> tuple[int, str | None]:
    """The status and the code of the answer."""
    path = f"/sso/{name or org.id[-12:]}"
    answer = org.owner.call("PUT", path, PROVIDER | {"domains": list(domains)})
    return answer.status_code, answer.get_json().get("code")


def approve(app: Flask, monkeypatch: pytest.MonkeyPatch, domain: str, org: str) -> Result:
    monkeypatch.setattr(commands, "create_app", lambda: app)
    words = ["sso", "approve-domain", domain, "--organisation", org]
    return CliRunner().invoke(cli.main, words)


def test_without_approval_no_domain_is_claimed_whoever_has_it(
    app: Flask, org: Org, other_org: Org, domain: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert claim(org, domain) == (422, "domain_not_approved")
    assert approve(app, monkeypatch, domain, other_org.id).exit_code == 0
    assert claim(org, domain) == (422, "domain_not_approved")
    assert claim(other_org, domain) == (201, None)
    assert claim(org, domain) == (422, "domain_not_approved")


def test_the_operator_approves_a_domain_as_it_is_compared(
    app: Flask, org: Org, domain: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = approve(app, monkeypatch, domain.upper(), org.id)
    assert done.output == f"{org.id} may claim {domain}.\n"
    assert claim(org, domain) == (201, None)
    (entry,) = org.owner.get("/audit-log?action=sso.domain_approved").get_json()["data"]
    assert (entry["after"], entry["actor"]["kind"]) == ({"domain": domain}, "system")


def test_a_domain_in_use_is_approved_for_nobody_else(
    app: Flask, org: Org, other_org: Org, domain: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    approve(app, monkeypatch, domain, org.id)
    assert claim(org, domain)[0] == 201
    refused = approve(app, monkeypatch, domain, other_org.id)
    assert (refused.exit_code, domain in refused.output) == (1, True)
    org.owner.delete(f"/sso/{org.id[-12:]}")
    assert approve(app, monkeypatch, domain, other_org.id).exit_code == 0
    assert claim(org, domain)[0] == 422
    assert claim(other_org, domain)[0] == 201


@pytest.mark.parametrize("wrong", ["no domain", "*.example.com", ""])
def test_what_is_no_domain_or_no_organisation_is_told(
    app: Flask, org: Org, domain: str, wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert approve(app, monkeypatch, wrong, org.id).exit_code == 1
    assert approve(app, monkeypatch, domain, "org_" + "0" * 32).exit_code == 1


def test_an_organisation_that_is_alone_claims_and_keeps_what_it_likes(empty_app: Flask) -> None:
    alone = Org(empty_app)
    assert claim(alone, "example.com") == (201, None)
    other = Org(empty_app)
    assert claim(other, "example.com") == (422, "domain_not_approved")
    assert claim(alone, "example.com") == (200, None)
    assert claim(alone, "example.com", "example.org") == (422, "domain_not_approved")


def test_domains_from_before_are_their_organisations(empty: str) -> None:
    url = empty.replace("postgresql://", "postgresql+psycopg://")
    MIGRATIONS.upgrade(url)
    (migration,) = VERSIONS.glob("*_sso_approved_domains.py")
    MIGRATIONS.downgrade(url, f"{int(migration.name[:4]) - 1:04}")
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO auth.organisations (id, name, audit_length, audit_hash)"
                " VALUES ('org_1', 'o', 0, '');"
                "INSERT INTO auth.sso_providers (id, org_id, name, issuer, client_id,"
                " client_secret, default_role, groups_claim, group_roles)"
                " VALUES ('sso_1', 'org_1', 'n', 'i', 'c', '', 'member', 'groups', '{}');"
                "INSERT INTO auth.sso_domains (domain, provider_id) VALUES ('example.com', 'sso_1')"
            )
        )
    MIGRATIONS.upgrade(url)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT domain, org_id FROM auth.sso_approved_domains"))
        found = [tuple(row) for row in rows]
    engine.dispose()
    assert found == [("example.com", "org_1")]
