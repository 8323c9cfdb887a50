"""What a caller tries: one request each, to an object that there is. A step returns the credentials
that its answer hands over, which are none where it is refused."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.auth.conftest import PASSWORD, Caller
from tests.auth.sequences import bodies
from tests.auth.sequences.credentials import Credential
from tests.auth.sequences.organisation import PROJECT_ROLES, Organisation
from tollgate_auth.roles.permissions import ROLES


@dataclass(frozen=True)
class Step:
    """`log` gathers each request and its status, for whoever reads a failure."""

    caller: Caller
    organisation: Organisation
    dice: random.Random
    log: list[str]

    def request(self, method: str, path: str, body: Any = None) -> Any:
        """Return what a request that succeeds answers, else None."""
        answer = self.caller.call(method, path, body)
        self.log.append(f"{answer.status_code} {method} {path} {body or ''}")
        assert answer.status_code < 500, self.log
        return (answer.get_json(silent=True) or {}) if answer.status_code < 300 else None

    def one(self, ids: list[str]) -> str:
        return self.dice.choice(ids) if ids else "nothing"


def make_key(step: Step) -> list[Credential]:
    organisation = step.organisation
    body = bodies.key(step.dice, organisation.user_ids(), organisation.project_ids())
    made = step.request("POST", "/keys", body)
    return [Credential("key", made["id"])] if made else []


def change_key(step: Step) -> list[Credential]:
    organisation = step.organisation
    body = bodies.key_change(step.dice, organisation.user_ids(), organisation.project_ids())
    step.request("PATCH", f"/keys/{step.one(organisation.key_ids())}", body)
    return []


def rotate_key(step: Step) -> list[Credential]:
    key = step.one(step.organisation.key_ids())
    return [Credential("key", key)] if step.request("POST", f"/keys/{key}/rotate") else []


def revoke_key(step: Step) -> list[Credential]:
    step.request("DELETE", f"/keys/{step.one(step.organisation.key_ids())}")
    return []


def make_account(step: Step) -> list[Credential]:
    body = bodies.account(step.dice, step.organisation.project_ids())
    made = step.request("POST", "/service-accounts", body)
    return [Credential("user", made["id"])] if made else []


def change_account(step: Step) -> list[Credential]:
    body = {"scopes": bodies.scopes(step.dice), "models": step.dice.choice(bodies.MODELS)}
    account = step.one(step.organisation.account_ids())
    step.request("PATCH", f"/service-accounts/{account}", bodies.some(step.dice, body))
    return []


def rotate_account(step: Step) -> list[Credential]:
    account = step.one(step.organisation.account_ids())
    rotated = step.request("POST", f"/service-accounts/{account}/rotate")
    return [Credential("user", account)] if rotated else []


def end_account(step: Step) -> list[Credential]:
    step.request("DELETE", f"/service-accounts/{step.one(step.organisation.account_ids())}")
    return []


def make_person(step: Step) -> list[Credential]:
    made = step.request("POST", "/users", bodies.person(step.dice))
    return [Credential("user", made["id"])] if made else []


def change_person(step: Step) -> list[Credential]:
    body = {"role": step.dice.choice(list(ROLES)), "active": step.dice.random() < 0.9}
    user = step.one(step.organisation.user_ids())
    step.request("PATCH", f"/users/{user}", bodies.some(step.dice, body))
    return []


def take_person_over(step: Step) -> list[Credential]:
    """Whoever gets a reset link can log in as the user."""
    user = step.one(step.organisation.user_ids())
    made = step.request("POST", f"/users/{user}/password-reset")
    return [Credential("user", user)] if made else []


def invite(step: Step) -> list[Credential]:
    """Whoever gets the link of an invitation becomes the user."""
    person = bodies.person(step.dice)
    made = step.request("POST", "/invitations", person)
    if not made:
        return []
    body = {"token": urlsplit(made["link"]).fragment, "password": PASSWORD}
    answer = step.caller.app.test_client().post("/api/v1/invitations/accept", json=body)
    assert answer.status_code == 200, answer.text
    return [Credential("user", step.organisation.user_with(person["email"]))]


def add_member(step: Step) -> list[Credential]:
    organisation = step.organisation
    user, role = step.one(organisation.user_ids()), step.dice.choice(PROJECT_ROLES)
    path = f"/projects/{step.one(organisation.project_ids())}/members"
    step.request("POST", path, {"user_id": user, "role": role})
    return []


def change_member(step: Step) -> list[Credential]:
    step.request("PATCH", _membership(step), {"role": step.dice.choice(PROJECT_ROLES)})
    return []


def remove_member(step: Step) -> list[Credential]:
    step.request("DELETE", _membership(step))
    return []


def _membership(step: Step) -> str:
    project = step.one(step.organisation.project_ids())
    return f"/projects/{project}/members/{step.one(step.organisation.user_ids())}"


def open_or_close(step: Step) -> list[Credential]:
    step.request("PATCH", "/organisation", {"open_projects": step.dice.random() < 0.5})
    return []


def offboard(step: Step) -> list[Credential]:
    organisation = step.organisation
    body = step.dice.choice([{"revoke": True}, {"transfer_to": step.one(organisation.user_ids())}])
    step.request("POST", f"/users/{step.one(organisation.user_ids())}/offboard", body)
    return []


def add_limit(step: Step) -> list[Credential]:
    organisation = step.organisation
    subjects = [("key", key) for key in organisation.key_ids()]
    subjects += [("user", user) for user in organisation.user_ids()]
    step.request("POST", "/limits", bodies.limit(step.dice, subjects))
    return []


def change_limit(step: Step) -> list[Credential]:
    path = f"/limits/{step.one(step.organisation.limit_ids())}"
    step.request("PATCH", path, {"max": step.dice.choice(["1", "1000000"])})
    return []


def remove_limit(step: Step) -> list[Credential]:
    step.request("DELETE", f"/limits/{step.one(step.organisation.limit_ids())}")
    return []


STEPS: tuple[Callable[[Step], list[Credential]], ...] = (
    make_key,
    make_key,
    change_key,
    change_key,
    rotate_key,
    revoke_key,
    make_account,
    change_account,
    rotate_account,
    end_account,
    make_person,
    change_person,
    take_person_over,
    invite,
    add_member,
    change_member,
    remove_member,
    open_or_close,
    offboard,
    add_limit,
    change_limit,
    remove_limit,
)
