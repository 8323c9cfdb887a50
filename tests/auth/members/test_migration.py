"""What there was before memberships goes on as it did."""

import pytest
from flask import Flask

from tests.auth.conftest import Org
from tollgate_auth.migrations import MIGRATIONS
from tollgate_auth.roles.permissions import ROLES

BEFORE = "0009"


@pytest.mark.parametrize("role", ["owner", "admin", "billing", "member", "viewer"])
def test_everybody_may_what_they_might(empty_app: Flask, role: str) -> None:
    org = Org(empty_app)
    user = org.user(role)
    project = org.owner.post("/projects", {"name": "p"}).get_json()["id"]
    held = org.key(project_id=project, user_id=user.id, scopes=list(ROLES[role]))
    url = empty_app.config["SQLALCHEMY_DATABASE_URI"]
    MIGRATIONS.downgrade(url, BEFORE)
    MIGRATIONS.upgrade(url)
    assert set(user.principal().scopes) == set(held.principal().scopes) == set(ROLES[role])
    assert org.owner.get("/organisation").get_json()["open_projects"] is True
    assert org.owner.get(f"/projects/{project}/members").get_json()["data"] == []
    assert project in {each["id"] for each in user.get("/projects").get_json()["data"]}
