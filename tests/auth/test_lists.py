"""Each list filters by what it shows: a filter finds its row, leaves out the others, and goes on
holding on the pages behind a cursor."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.auth.conftest import PASSWORD, Org
from tests.auth.sso.conftest import approve
from tollgate_auth.roles.permissions import ROLES

Rows = list[dict[str, Any]]
SSO = {"issuer": "https://idp.example.com", "client_id": "tollgate", "client_secret": "s3cret"}
LIMIT = {"subject": {"kind": "org"}, "metric": "cost_usd", "window": "month", "max": "25.00"}


def listed(org: Org, path: str, **query: Any) -> Rows:
    """All rows that the filters leave, a row a page."""
    rows: Rows = []
    following: str | None = ""
    while following is not None:
        cursor = {"cursor": following} if following else {}
        answer = org.owner.get(path, query_string={**query, **cursor, "limit": 1})
        assert answer.status_code == 200, answer.text
        page: Any = answer.get_json()
        rows += page["data"]
        following = page["next_cursor"]
    return rows


def ids(org: Org, path: str, **query: Any) -> list[str]:
    return [row["id"] for row in listed(org, path, **query)]


def test_keys_are_filtered(org: Org) -> None:
    member = org.user("member")
    project = org.owner.post("/projects", {"name": "other"}).get_json()["id"]
    own = org.key(by=member, name="first", models=["gpt-*"])
    other = org.key(name="second", project_id=project, mode="test", scopes=["keys:read"])
    revoked = org.key(name="third")
    org.owner.delete(f"/keys/{revoked.id}")
    org.owner.patch(f"/users/{member.id}", {"active": False})
    expected = {
        own.id: [{"user_id": member.id}, {"name": "first"}, {"status": "inactive"},
                 {"model": "gpt-*"}, {"prefix": own.text[:12]}, {"last4": own.text[-4:]}],
        other.id: [{"project_id": project}, {"mode": "test"}, {"scope": "keys:read"},
                   {"status": "active"}, {"active": "true"}],
        revoked.id: [{"status": "revoked"}, {"user_id": org.owner_id, "active": "false"}],
    }  # fmt: skip
    for key, filters in expected.items():
        for query in filters:
            assert ids(org, "/keys", **query) == [key], query
    assert ids(org, "/keys", active="false") == [revoked.id, own.id]
    assert ids(org, "/keys", user_id=member.id, mode="test") == []


def test_users_are_filtered(org: Org) -> None:
    member = org.user("member", name="Ada")
    viewer = org.user("viewer")
    org.owner.patch(f"/users/{viewer.id}", {"active": False})
    for query in ({"email": member.email.upper()}, {"name": "Ada"}, {"role": "member"}):
        assert ids(org, "/users", **query) == [member.id], query
    assert ids(org, "/users", active="false") == [viewer.id]
    assert ids(org, "/users", active="true") == [member.id, org.owner_id]
    assert ids(org, "/users", email="nobody@example.com") == []


def test_projects_are_filtered(org: Org) -> None:
    made = org.owner.post("/projects", {"name": "Blue team"}).get_json()["id"]
    assert ids(org, "/projects", name="Blue team") == [made]
    assert ids(org, "/projects", is_default="false") == [made]
    (default,) = listed(org, "/projects", is_default="true")
    assert default["is_default"]


def test_limits_are_filtered(org: Org) -> None:
    key = org.key(limits=[{"metric": "requests", "window": "day", "max": "1"}])
    whole = org.owner.post("/limits", LIMIT).get_json()["id"]
    warns = {"mode": "warn", "timezone": "Europe/Berlin", "models": ["o3", "gpt-*"]}
    warning = org.owner.post("/limits", LIMIT | warns).get_json()["id"]
    (of_key,) = ids(org, "/limits", subject_id=key.id)
    for limit, filters in {
        of_key: [{"kind": "key"}, {"metric": "requests"}, {"window": "day"}],
        whole: [{"kind": "org", "enforce": "true"}, {"timezone": "UTC", "metric": "cost_usd"}],
        warning: [{"enforce": "false"}, {"timezone": "Europe/Berlin"}, {"model": "gpt-*"}],
    }.items():
        for query in filters:
            assert ids(org, "/limits", **query) == [limit], query
    (shown,) = listed(org, "/limits", mode="test", kind="key")
    assert shown["counted"] == "test"


def test_invitations_are_filtered(org: Org) -> None:
    def invite(email: str, **more: Any) -> str:
        made = org.owner.post("/invitations", {"email": email} | more)
        found: str = made.get_json()["id"]
        return found

    address = f"{org.id}@example.com"
    first, second = invite(address), invite(f"x{address}", role="viewer")
    org.owner.delete(f"/invitations/{first}")
    for query in ({"email": address}, {"role": "member"}, {"status": "revoked"}):
        assert ids(org, "/invitations", **query) == [first], query
    assert ids(org, "/invitations", status="pending") == [second]
    assert ids(org, "/invitations", invited_by=org.owner_id) == [second, first]
    assert ids(org, "/invitations", status="accepted") == []


def test_service_accounts_are_filtered(org: Org, unknown_id: Callable[[str], str]) -> None:
    def make(**body: Any) -> str:
        found: str = org.owner.post("/service-accounts", body).get_json()["id"]
        return found

    first = make(name="nightly", mode="test", models=["o3"], scopes=["usage:read"])
    second = make(name="daily")
    org.owner.delete(f"/service-accounts/{second}")
    for query in ({"name": "nightly"}, {"mode": "test"}, {"scope": "usage:read"}, {"model": "o3"},
                  {"active": "true"}):  # fmt: skip
        assert ids(org, "/service-accounts", **query) == [first], query
    assert ids(org, "/service-accounts", active="false") == [second]
    assert ids(org, "/service-accounts", project_id=unknown_id("proj")) == []


def test_sessions_are_filtered(org: Org) -> None:
    member = org.user("member", password=PASSWORD)
    client = org.app.test_client()
    for address in ("192.0.2.1", "192.0.2.2"):
        body = {"email": member.email, "password": PASSWORD}
        client.post("/api/v1/auth/login", json=body, environ_base={"REMOTE_ADDR": address})
    (row,) = member.get("/auth/sessions?address=192.0.2.1").get_json()["data"]
    assert row["address"] == "192.0.2.1"
    assert member.get("/auth/sessions?current=true").get_json()["data"] == []
    assert len(member.get("/auth/sessions?current=false").get_json()["data"]) == 2


def test_identity_providers_are_filtered(org: Org) -> None:
    name = org.id[-12:]
    approve(org, f"{name}.example")
    made = org.owner.call("PUT", f"/sso/{name}", SSO | {"domains": [f"{name}.example"]})
    assert made.status_code == 201, made.text
    provider = made.get_json()["id"]
    for query in ({"name": name}, {"issuer": SSO["issuer"]}, {"client_id": "tollgate"},
                  {"domain": f"{name}.example"}, {"default_role": "member"}):  # fmt: skip
        assert ids(org, "/sso", **query) == [provider], query
    for query in ({"name": "other"}, {"domain": "other.example"}, {"default_role": "admin"}):
        assert ids(org, "/sso", **query) == [], query


def test_roles_are_filtered(org: Org) -> None:
    assert [row["name"] for row in listed(org, "/roles")] == list(ROLES)
    assert [row["name"] for row in listed(org, "/roles", name="viewer")] == ["viewer"]
    having = [name for name, permissions in ROLES.items() if "audit:read" in permissions]
    assert [row["name"] for row in listed(org, "/roles", permission="audit:read")] == having


def test_the_audit_log_is_filtered(org: Org) -> None:
    key = org.key()
    org.key()
    (entry,) = listed(org, "/audit-log", target=key.id)
    for query in ({"request_id": entry["request_id"]}, {"target_kind": "key", "target": key.id}):
        assert listed(org, "/audit-log", **query) == [entry], query
    assert len(listed(org, "/audit-log", target_kind="key")) == 2
    assert listed(org, "/audit-log", actor_kind="key") == []
    assert len(listed(org, "/audit-log", address="127.0.0.1", actor_kind="user")) == 2
    assert listed(org, "/audit-log", address="192.0.2.9") == []


@pytest.mark.parametrize(
    ("path", "param"),
    [
        ("/keys?user_id=me", "user_id"), ("/keys?status=gone", "status"),
        ("/keys?active=perhaps", "active"), ("/keys?scope=root", "scope"),
        ("/keys?user_id=", "user_id"), ("/users?email=nobody", "email"),
        ("/users?role=god", "role"), ("/projects?is_default=2", "is_default"),
        ("/limits?metric=karma", "metric"), ("/limits?timezone=Mars", "timezone"),
        ("/invitations?status=lost", "status"), ("/roles?name=god", "name"),
        ("/sso?default_role=owner", "default_role"), ("/audit-log?address=here", "address"),
        ("/audit-log?user=usr_1", "user"), ("/limits?subject=org", "subject"),
        ("/keys?user_id=a&user_id=b", "user_id"), ("/roles?cursor=%21", "cursor"),
        ("/roles?cursor=a", "cursor"), ("/me?verbose=1", "verbose"),
    ],
)  # fmt: skip
def test_a_filter_that_cannot_be_is_422_and_named(org: Org, path: str, param: str) -> None:
    answer = org.owner.get(path)
    assert answer.status_code == 422, answer.text
    problem: Any = answer.get_json()
    assert (problem["code"], problem["param"]) == ("invalid_field", param)


def test_the_internal_list_refuses_what_it_does_not_know(org: Org) -> None:
    form = {"grant_type": "client_credentials", "audience": "auth", "scope": "limits:read"}
    client = org.app.test_client()
    granted: Any = client.post("/oauth/token", data=form, auth=("reports", "reports-secret")).json
    headers = {"authorization": f"Bearer {granted['access_token']}"}
    answer = client.get("/internal/v1/limits?before=lim_1", headers=headers)
    assert answer.status_code == 422
    assert "after" in answer.text


def test_what_an_identity_provider_adds_to_its_redirect_is_let_pass(org: Org) -> None:
    client, sent = org.app.test_client(), "session_state=a&iss=https://idp.example&state=b&state=c"
    for page in ("login", "callback"):
        assert client.get(f"/api/v1/auth/sso/nobodys/{page}?{sent}").status_code == 404
