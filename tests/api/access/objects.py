"""Objects that calls name: how one is made, for a credential in a relation to it."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests

from tests.api import organisations
from tests.api.access.places import Organisation, Place
from tests.api.organisations import Credential
from tests.e2e.platform import eventually

OWN, PROJECT, OTHER, FOREIGN = RELATIONS = ("own", "project", "other", "foreign")
"""Whose an object is: the caller's own, a colleague's in the caller's project, one of another
project, one of another organisation."""
MESSAGE = {"model": "sandbox", "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 5}
JOB = {"endpoint": "/v1/chat/completions", "body": MESSAGE}


class NotThere(Exception):
    """Says that a credential cannot have an object of this kind."""


@dataclass(frozen=True)
class Scene:
    """Where a credential looks from: its organisation, and another one."""

    credential: Credential
    mode: str
    home: Organisation
    foreign: Organisation

    def place(self, relation: str) -> Place:
        return {OTHER: self.home.other, FOREIGN: self.foreign.own}.get(relation, self.home.own)

    def holder(self, relation: str) -> str | None:
        """Return the user to whom an object in this relation belongs."""
        return self.credential.user if relation == OWN else self.place(relation).colleague.user

    def key(self, relation: str, **fields: Any) -> Credential:
        """Make a key in this relation; what is a service account's own it makes itself."""
        place, maker = self.place(relation), self.place(relation).owner
        if relation == OWN and self._is_account():
            maker = self.credential
        else:
            fields["user_id"] = self.holder(relation)
        try:
            return organisations.key(maker, place.project, mode=self.mode, **fields)
        except organisations.Refused as refused:
            raise NotThere from refused

    @property
    def is_machine(self) -> bool:
        return self.credential.project is not None

    def _is_account(self) -> bool:
        return self.is_machine and self.credential.key is None


Parameters = dict[str, str]
"""The values of a path's parameters, by their names."""


def key(scene: Scene, relation: str) -> Parameters:
    return {"key_id": str(scene.key(relation, scopes=["models:read"]).key)}


def limit(scene: Scene, relation: str) -> Parameters:
    """Make one of a key in this relation."""
    subject = {"kind": "key", "id": key(scene, relation)["key_id"]}
    body = {"subject": subject, "metric": "requests", "window": "day", "max": "1000"}
    return {"limit_id": scene.place(relation).owner.made("/api/v1/limits", body)["id"]}


def project(scene: Scene, relation: str) -> Parameters:
    if relation == OWN:
        raise NotThere
    place = scene.place(relation)
    body = {"name": secrets.token_hex(6)}
    return {"project_id": place.project, "new": place.owner.made("/api/v1/projects", body)["id"]}


def user(scene: Scene, relation: str) -> Parameters:
    """People belong to no project."""
    if relation == OTHER or (relation == OWN and scene.is_machine):
        raise NotThere
    if relation == OWN:
        return {"user_id": str(scene.credential.user)}
    return {"user_id": str(organisations.person(scene.place(relation).owner, "viewer").user)}


def membership(scene: Scene, relation: str) -> Parameters:
    if relation == OWN:
        raise NotThere
    place = scene.place(relation)
    person = str(organisations.person(place.owner, "viewer").user)
    path = f"/api/v1/projects/{place.project}/members"
    place.owner.made(path, {"user_id": person, "role": "viewer"})
    return {"project_id": place.project, "user_id": person}


def account(scene: Scene, relation: str) -> Parameters:
    if relation == OWN:
        raise NotThere
    place = scene.place(relation)
    body = {"name": "robot", "project_id": place.project, "mode": scene.mode}
    return {"account_id": place.owner.made("/api/v1/service-accounts", body)["id"]}


def invitation(scene: Scene, relation: str) -> Parameters:
    """Invitations belong to no project."""
    if relation in (OWN, OTHER):
        raise NotThere
    body = {"email": f"{secrets.token_hex(6)}@example.com", "role": "viewer"}
    made = scene.place(relation).owner.made("/api/v1/invitations", body)
    return {"invitation_id": made["id"]}


def session(scene: Scene, relation: str) -> Parameters:
    """Sessions are looked through by those who have logged in."""
    if scene.is_machine or relation == OTHER:
        raise NotThere
    return {"session_id": _session_of(scene, relation)}


def _session_of(scene: Scene, relation: str) -> str:
    person = scene.credential if relation == OWN else scene.place(relation).colleague
    again = organisations.logged_in(person.url, person.email)
    listed = again.call("GET", "/api/v1/auth/sessions").json()["data"]
    return next(str(row["id"]) for row in listed if row["current"])


def provider(scene: Scene, relation: str) -> Parameters:
    body = {"kind": "openai", "base_url": "https://models.example.com", "api_key": "secret"}
    return _named(scene, relation, "providers", body)


def model(scene: Scene, relation: str) -> Parameters:
    body = {"routes": [{"provider": "sandbox", "model": "sandbox"}]}
    return _named(scene, relation, "models", body)


def _named(scene: Scene, relation: str, noun: str, body: dict[str, Any]) -> Parameters:
    """Make an object that belongs to no project, under a name that only its organisation has."""
    if relation in (OWN, OTHER):
        raise NotThere
    name = f"m{secrets.token_hex(6)}"
    made = scene.place(relation).owner.call("PUT", f"/api/v1/{noun}/{name}", body)
    assert made.status_code in (200, 201), made.text
    return {"name": name}


def job(scene: Scene, relation: str) -> Parameters:
    made = _by_key(scene, relation, "/v1/jobs", JOB)
    return {"job_id": made.json()["id"]}


def report(scene: Scene, relation: str) -> Parameters:
    body = {"type": "usage", "period": "2026-11-01/P1D", "mode": scene.mode}
    made = _by_key(scene, relation, "/api/v1/reports", body)
    return {"report_id": made.json()["id"]}


def request(scene: Scene, relation: str) -> Parameters:
    """Make a call, and wait until it is in the ledger."""
    answer = _by_key(scene, relation, "/v1/chat/completions", MESSAGE)
    identifier = answer.headers["x-request-id"]
    owner, path = scene.place(relation).owner, f"/api/v1/requests/{identifier}"
    eventually(lambda: owner.call("GET", path).status_code == 200)
    return {"request_id": identifier}


def _by_key(scene: Scene, relation: str, path: str, body: Any) -> requests.Response:
    """Make it by a key in this relation; those who may not have such a key have no such object."""
    secret = scene.key(relation, scopes=["inference", "reports:write"])
    answer = secret.call("POST", path, body)
    assert answer.status_code in (200, 201, 202), answer.text
    return answer


FACTORIES: dict[str, Callable[[Scene, str], Parameters]] = {
    "keys": key,
    "limits": limit,
    "projects": project,
    "users": user,
    "members": membership,
    "service-accounts": account,
    "invitations": invitation,
    "sessions": session,
    "providers": provider,
    "models": model,
    "jobs": job,
    "reports": report,
    "requests": request,
}
"""By the noun before the last parameter of a path."""
