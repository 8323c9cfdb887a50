"""The limits of all organisations, for the service that holds the counters against the books."""

from typing import Any

import pytest
from flask import Flask

from tests.auth.conftest import Org
from tollgate_auth.limits import service

BODY: dict[str, Any] = {"metric": "cost_usd", "window": "month", "max": "25.00"}


def token(app: Flask, client: str, scope: str) -> Any:
    form = {"grant_type": "client_credentials", "audience": "auth", "scope": scope}
    return app.test_client().post("/oauth/token", data=form, auth=(client, f"{client}-secret"))


def headers(app: Flask, scope: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token(app, 'reports', scope).json['access_token']}"}


def every(app: Flask) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    following: Any = ""
    while following is not None:
        asked = {"after": following} if following else {}
        page: Any = app.test_client().get(
            "/internal/v1/limits", query_string=asked, headers=headers(app, "limits:read")
        ).json  # fmt: skip
        found += page["data"]
        following = page["next"]
    return found


def test_each_limit_comes_once_with_whose_it_is_and_since_when_it_is_as_it_is(
    app: Flask, org: Org, other_org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "EVERY_PAGE", 2)
    made = [
        one.owner.post("/limits", BODY | {"subject": {"kind": "org"}} | more).get_json()["id"]
        for one, more in ((org, {}), (org, {"window": "day"}), (other_org, {}))
    ]
    org.owner.patch(f"/limits/{made[0]}", {"max": "30.00"})
    found = {limit["id"]: limit for limit in every(app)}
    assert [name for name in found if name in made] == made
    assert len(found) == len(every(app))
    first, second, third = (found[name] for name in made)
    assert (first["org"], third["org"]) == (org.id, other_org.id)
    assert first["subject"] == {"kind": "org", "id": org.id}
    assert first["changed_at"] >= first["created_at"]
    assert (first["max"], second["changed_at"]) == ("30.00", None)


def test_nobody_else_gets_them(app: Flask) -> None:
    assert app.test_client().get("/internal/v1/limits").status_code == 401
    assert token(app, "gateway", "limits:read").status_code == 400
    narrow = headers(app, "principals:read")
    assert app.test_client().get("/internal/v1/limits", headers=narrow).status_code == 403
