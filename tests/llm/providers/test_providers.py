"""Providers and models as an administrator sets them up."""

import re
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import create_engine, text

from tests.llm.stand import Provider, Stand, eventually

KEY = "sk-very-secret-0123456789"
UNSTATED = {"responses": None, "stream_options": None, "reasoning": None}


def test_a_credential_is_written_and_never_read(
    stand: Stand, org: str, environment: dict[str, str]
) -> None:
    body = {"kind": "openai", "api_key": KEY}
    put = stand.manage("PUT", "/api/v1/providers/mine", org, json=body)
    expected = {
        "name": "mine",
        "kind": "openai",
        "base_url": "https://api.openai.com/v1",
        "has_api_key": True,
        "source": "organisation",
        "api_version": None,
        "project": None,
        "region": None,
        "capabilities": UNSTATED,
    }
    assert put.json() == expected
    assert stand.manage("GET", "/api/v1/providers/mine", org).json() == expected
    assert expected in stand.manage("GET", "/api/v1/providers", org).json()["data"]
    url = environment["DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://")
    engine = create_engine(url)
    with engine.connect() as connection:
        query = text("SELECT sealed FROM llm.providers WHERE org = :org")
        sealed = connection.execute(query, {"org": org}).scalar_one()
    engine.dispose()
    assert KEY.encode() not in bytes(sealed)


def test_a_replaced_credential_is_used_at_once(stand: Stand, org: str, provider: Provider) -> None:
    provider.script = [provider.answers(b"{}")]
    body = {"kind": "openai", "base_url": f"{provider.url}/v1"}
    for key in ("sk-first", "sk-second"):
        stand.manage("PUT", "/api/v1/providers/own", org, json={**body, "api_key": key})
        ticket = stand.ticket(org, "/v1/embeddings")
        stand.session.post(f"{stand.url}/v1/embeddings", json={"model": "here"},
                           headers=stand.headers(org, ticket, mode="live"))  # fmt: skip
        assert provider.received[-1].headers["authorization"] == f"Bearer {key}"


def test_a_credential_stays_with_its_address(stand: Stand, org: str) -> None:
    first = {"kind": "openai", "base_url": "http://one.example/v1"}
    stand.manage("PUT", "/api/v1/providers/p", org, json={**first, "api_key": KEY})
    same = stand.manage("PUT", "/api/v1/providers/p", org, json=first).json()
    moved = stand.manage(
        "PUT", "/api/v1/providers/p", org, json={**first, "base_url": "http://two.example/v1"}
    ).json()
    assert (same["has_api_key"], moved["has_api_key"]) == (True, False)


def test_another_organisation_sees_nothing_of_it(stand: Stand, org: str) -> None:
    stand.manage("PUT", "/api/v1/providers/mine", org, json={"kind": "openai", "api_key": KEY})
    assert stand.manage("GET", "/api/v1/providers/mine", f"{org}x").status_code == 404
    assert stand.manage("DELETE", "/api/v1/providers/mine", f"{org}x").status_code == 404
    assert stand.manage("DELETE", "/api/v1/providers/mine", org).status_code == 204
    assert stand.manage("GET", "/api/v1/providers/mine", org).status_code == 404


@pytest.mark.parametrize(
    ("name", "body", "param"),
    [
        ("p", {"kind": "other"}, "kind"),
        ("p", {"kind": "openai", "base_url": "ftp://x/"}, "base_url"),
        ("p", {"kind": "openai", "base_url": "http://user:pw@x/"}, "base_url"),
        ("p", {"kind": "openai", "base_url": "http://x:99999/"}, "base_url"),
        ("p", {"kind": "openai", "base_url": "no url"}, "base_url"),
        ("p", {"kind": "openai", "api_key": "a\nb"}, "api_key"),
        ("p", {"kind": "openai", "api_kee": "x"}, "api_kee"),
        ("P", {"kind": "openai"}, "name"),
        ("p", {"kind": "openai", "capabilities": {"responses": "yes"}}, "capabilities.responses"),
        ("p", {"kind": "openai", "capabilities": {"chat": True}}, "capabilities.chat"),
        ("p", {"kind": "openai", "capabilities": None}, "capabilities"),
        ("p", {"kind": "anthropic", "capabilities": {"reasoning": False}}, "capabilities"),
        (
            "p",
            {
                "kind": "vertex",
                "project": "x",
                "region": "eu",
                "capabilities": {"reasoning": False},
            },
            "capabilities",
        ),
    ],
)
def test_a_wrong_provider_is_422_naming_the_field(
    stand: Stand, org: str, name: str, body: dict[str, Any], param: str
) -> None:
    answer = stand.manage("PUT", f"/api/v1/providers/{name}", org, json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["param"] == param


@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", "/api/v1/providers/p"), ("DELETE", "/api/v1/providers/p"),
     ("PUT", "/api/v1/models/m"), ("DELETE", "/api/v1/models/m"), ("DELETE", "/api/v1/jobs/j")],
)  # fmt: skip
def test_changing_needs_the_permission_to_change(
    stand: Stand, org: str, method: str, path: str
) -> None:
    scope = "providers:read models:read jobs:read"
    headers = stand.headers(org, scope=scope)
    answer = stand.manage(method, path, org, json={}, headers=headers)
    assert answer.status_code == 403


def test_a_model_is_set_up_shown_and_removed(stand: Stand, org: str) -> None:
    routes = [{"provider": "sandbox", "model": "sandbox", "weight": 1}]
    price = {"input_usd_per_mtok": "0.150000001", "output_usd_per_mtok": "0.60"}
    body = {"routes": routes, "strategy": "fallback", "price": price}
    put = stand.manage("PUT", "/api/v1/models/team/fast", org, json=body).json()
    assert put["price"] | price == put["price"]
    got = stand.manage("GET", "/api/v1/models/team/fast", org).json()
    assert got["routes"][0]["health"] == "healthy"
    got["routes"][0] |= {"health": None, "first_byte_seconds": None}
    assert got == put
    listed = stand.manage("GET", "/api/v1/models", org).json()["data"]
    assert listed[0] == put
    ticket = stand.ticket(org, "/v1/embeddings")
    stand.session.post(f"{stand.url}/v1/embeddings", json={"model": "team/fast", "input": "a b"},
                       headers=stand.headers(org, ticket))  # fmt: skip
    outcome = stand.outcome(org, ticket)
    assert outcome["price"] == price
    assert outcome["cost_nanos"] == 300  # 2 x 150.000001, rounded once
    assert stand.manage("DELETE", "/api/v1/models/team/fast", org).status_code == 204
    assert stand.manage("GET", "/api/v1/models/team/fast", org).status_code == 404


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "routes"),
        ({"routes": []}, "routes"),
        ({"routes": [{"provider": "p"}]}, "routes.0.model"),
        ({"routes": [{"provider": "p", "model": "m", "weight": 0}]}, "routes.0.weight"),
        ({"routes": [{"provider": "p", "model": "m"}], "strategy": "luck"}, "strategy"),
        ({"routes": [{"provider": "p", "model": "m"}], "price": {"input_usd_per_mtok": "-1"}},
         "price.input_usd_per_mtok"),
        ({"routes": [{"provider": "p", "model": "m"}], "cache": 60}, "cache"),
        ({"routes": [{"provider": "p", "model": "m"}], "cache": {"max_age": 0}}, "cache.max_age"),
        ({"routes": [{"provider": "p", "model": "m"}], "cache": {"max_age": 2_592_001}},
         "cache.max_age"),
        ({"routes": [{"provider": "p", "model": "m"}], "max_output_tokens": 0},
         "max_output_tokens"),
        ({"routes": [{"provider": "p", "model": "m"}], "max_input_tokens": "many"},
         "max_input_tokens"),
    ],
)  # fmt: skip
def test_a_wrong_model_is_422_naming_the_field(
    stand: Stand, org: str, body: dict[str, object], param: str
) -> None:
    answer = stand.manage("PUT", "/api/v1/models/m", org, json=body)
    assert (answer.status_code, answer.json()["param"]) == (422, param)


def test_a_model_without_its_provider_says_so(stand: Stand, org: str) -> None:
    body = {"routes": [{"provider": "gone", "model": "m"}]}
    stand.manage("PUT", "/api/v1/models/m", org, json=body)
    ticket = stand.ticket(org, "/v1/embeddings")
    answer = stand.session.post(f"{stand.url}/v1/embeddings", json={"model": "m"},
                                headers=stand.headers(org, ticket, mode="live"))  # fmt: skip
    assert answer.status_code == 404
    assert re.search("`gone`", answer.json()["error"]["message"])


def test_a_change_by_another_process_is_seen_within_seconds(
    stand: Stand, org: str, environment: dict[str, str], redis_client: Redis
) -> None:
    def embed() -> int:
        ticket = stand.ticket(org, "/v1/embeddings")
        return stand.session.post(
            f"{stand.url}/v1/embeddings", json={"model": "sandbox-copy", "input": "x"},
            headers=stand.headers(org, ticket, mode="live"),
        ).status_code  # fmt: skip

    body = {"routes": [{"provider": "sandbox", "model": "sandbox"}]}
    stand.manage("PUT", "/api/v1/models/copy", org, json=body)
    assert embed() == 200
    assert redis_client.exists(f"llm:organisation:{org}")
    url = environment["DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://")
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE llm.models SET name = 'sandbox-copy', routes = :routes WHERE org = :org"),
            {"org": org, "routes": '[{"provider": "gone", "model": "m", "weight": 1}]'},
        )
    engine.dispose()
    assert eventually(lambda: embed() == 404)


def test_every_management_route_is_documented(stand: Stand) -> None:
    paths = stand.session.get(f"{stand.url}/api/v1/swagger.json").json()["paths"]
    assert {"/providers", "/providers/{name}", "/models", "/models/{name}", "/jobs",
            "/jobs/{job_id}"} <= paths.keys()  # fmt: skip


def test_a_name_with_a_nul_is_nobodys(stand: Stand, org: str) -> None:
    for path in ("/api/v1/providers/a%00", "/api/v1/models/a%00", "/api/v1/jobs/a%00"):
        for method in ("GET", "DELETE"):
            assert stand.manage(method, path, org).status_code == 404, (method, path)
    body = {"routes": [{"provider": "sandbox", "model": "a\0"}]}
    assert stand.manage("PUT", "/api/v1/models/a", org, json=body).status_code == 422


def test_capabilities_are_stated_until_the_provider_is_put_without_them(
    stand: Stand, org: str
) -> None:
    body = {"kind": "openai", "capabilities": {"responses": False, "reasoning": None}}
    put = stand.manage("PUT", "/api/v1/providers/mine", org, json=body)
    assert put.json()["capabilities"] == {**UNSTATED, "responses": False}
    assert stand.manage("GET", "/api/v1/providers/mine", org).json() == put.json()
    put = stand.manage("PUT", "/api/v1/providers/mine", org, json={"kind": "openai"})
    assert put.json()["capabilities"] == UNSTATED
