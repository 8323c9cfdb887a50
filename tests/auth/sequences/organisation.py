"""An organisation with a credential of every kind, and another organisation beside it."""

import random
from typing import Any

from flask import Flask
from sqlalchemy import select

from tests.auth.conftest import Caller, Org
from tests.auth.sequences import bodies
from tests.auth.sequences.credentials import Credential
from tollgate_auth.extensions import db
from tollgate_auth.keys.models import Key
from tollgate_auth.limits.models import LimitRow
from tollgate_auth.projects.models import Project
from tollgate_auth.service_accounts.models import ServiceAccount
from tollgate_auth.users.models import User

ROLES = ("owner", "admin", "member", "viewer", "billing")
MACHINES = ("key", "bound key", "test key", "project's key", "account", "test account")
PROJECT_ROLES = ("admin", "member", "viewer")
MEMBERS = tuple(f"project {role}" for role in PROJECT_ROLES)
OWNED = ("account's key", "bound account's key", "member's key", "project admin's key")
KINDS = (*ROLES, *MEMBERS, *MACHINES, *OWNED)


class Organisation:
    """Objects of the organisation are looked up anew for each step: steps make and delete them."""

    def __init__(self, app: Flask, *, is_open: bool) -> None:
        self.app = app
        self.org, self.other = Org(app), Org(app)
        self.people = {role: self.org.user(role).id for role in ROLES}
        made = [self.org.owner.post("/projects", {"name": name}) for name in ("Blue", "Green")]
        self.project = made[0].get_json()["id"]
        self.other.key(scopes=["inference"])
        closing = self.org.owner.patch("/organisation", {"open_projects": is_open})
        assert closing.status_code == 200
        self.people |= {f"project {role}": self._member(role) for role in PROJECT_ROLES}

    def credential(self, kind: str, dice: random.Random) -> Credential:
        """Return a new one of the kind; of people, the one with the role."""
        if kind in self.people:
            return Credential("user", self.people[kind])
        if kind.endswith("account"):
            return self._account("test" if "test" in kind else "live", dice)
        if kind.endswith("account's key"):
            return self._key_of_account(kind.startswith("bound"), dice)
        return self._key(kind, dice)

    def _member(self, role: str) -> str:
        """Make a member of the organisation who has this role in one of its projects."""
        user = self.org.user("member").id
        path = f"/projects/{self.project}/members"
        made = self.org.owner.post(path, {"user_id": user, "role": role})
        assert made.status_code == 201, made.text
        return user

    def _key(self, kind: str, dice: random.Random) -> Credential:
        fields: dict[str, Any] = {"scopes": bodies.scopes(dice), "project_id": self._project(dice)}
        if kind == "bound key":
            fields |= bodies.bounds(dice) | {"limits": bodies.LIMITS}
        if kind == "test key":
            fields["mode"] = "test"
        if kind == "project's key":
            fields["user_id"] = None
        if kind in ("member's key", "project admin's key"):
            holder = self.people[kind.removesuffix("'s key").replace("member", "project member")]
            fields |= {"user_id": holder, "scopes": ["inference", "keys:write"]}
            fields["project_id"] = self.project
        return Credential("key", self.org.key(**fields).id)

    def _account(self, mode: str, dice: random.Random, **fields: Any) -> Credential:
        body = {
            "name": "robot",
            "mode": mode,
            "scopes": bodies.scopes(dice),
            "models": dice.choice(bodies.MODELS),
            "project_id": self._project(dice),
        } | fields
        made = self.org.owner.post("/service-accounts", body)
        assert made.status_code == 201, made.text
        return Credential("user", made.get_json()["id"])

    def _key_of_account(self, is_bound: bool, dice: random.Random) -> Credential:
        models, scopes = dice.choice(bodies.MODELS), [*bodies.scopes(dice), "keys:write"]
        account = self._account("live", dice, models=models, scopes=scopes)
        fields = bodies.bounds(dice) if is_bound else {}
        its_key = {"models": models, "scopes": list(dict.fromkeys(scopes))}
        by = Caller(self.app, **account.name)
        return Credential("key", self.org.key(by, **(fields | its_key)).id)

    def _project(self, dice: random.Random) -> str:
        return dice.choice(self.ids(Project, self.org.id))

    def ids(self, model: Any, *orgs: str) -> list[str]:
        """Return the ids of both organisations unless some are named: a caller may name whatever
        they have heard of."""
        with self.app.app_context():
            statement = select(model.id).where(
                model.org_id.in_(orgs or (self.org.id, self.other.id))
            )
            return sorted(db.session.scalars(statement))

    def user_with(self, email: str) -> str:
        with self.app.app_context():
            return db.session.scalars(select(User.id).where(User.email == email)).one()

    def user_ids(self) -> list[str]:
        return self.ids(User)

    def key_ids(self) -> list[str]:
        return self.ids(Key)

    def project_ids(self) -> list[str]:
        return self.ids(Project)

    def limit_ids(self) -> list[str]:
        return self.ids(LimitRow)

    def account_ids(self) -> list[str]:
        accounts = select(ServiceAccount.id).where(ServiceAccount.id.in_(self.user_ids()))
        with self.app.app_context():
            return sorted(db.session.scalars(accounts))
