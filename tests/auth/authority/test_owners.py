"""What a key of a service account may do is cut to what the account may do, when it is used."""

from typing import Any

import pytest
from sqlalchemy import text

from tests.auth.conftest import Caller, Key, Org, Service
from tollgate_auth.extensions import db
from tollgate_common import keyformat

SCOPES = ["inference", "keys:write", "users:read"]


@pytest.fixture
def robot(org: Org) -> Caller:
    made = org.owner.post("/service-accounts", {"name": "robot", "scopes": SCOPES})
    return Caller(org.app, user_id=made.get_json()["id"])


def set_row(org: Org, statement: str, **values: Any) -> None:
    """As it was before the order on authority was kept."""
    with org.app.app_context():
        db.session.execute(text(statement), values)
        db.session.commit()


def test_models_of_the_account_bind_its_keys(org: Org, robot: Caller) -> None:
    key = org.key(by=robot, models=["gpt-*"])
    account = robot.principal().user
    org.owner.patch(f"/service-accounts/{account}", {"models": ["*-mini", "gpt-5"]})
    principal = key.principal()
    usable = [
        name for name in ("gpt-4o", "gpt-4o-mini", "o4-mini", "GPT-5") if principal.may_use(name)
    ]
    assert usable == ["gpt-4o-mini", "GPT-5"]


def test_a_live_key_of_a_test_account_is_a_test_key(org: Org, robot: Caller) -> None:
    key = org.key(by=robot)
    set_row(org, "UPDATE service_accounts SET mode = 'test' WHERE id = :id", id=_id(robot))
    assert key.principal().mode == "test"


def test_a_key_outside_its_accounts_project_does_not_work(
    org: Org, robot: Caller, gateway: Service
) -> None:
    key = org.key(by=robot)
    other = org.owner.post("/projects", {"name": "other"}).get_json()["id"]
    set_row(org, "UPDATE keys SET project_id = :other WHERE id = :id", other=other, id=key.id)
    assert gateway.principal(key_hash=keyformat.hash_of(key.text)).status_code == 404


def test_where_networks_leave_no_address_the_key_does_not_work(org: Org, gateway: Service) -> None:
    maker = org.key(scopes=SCOPES, networks=["10.0.0.0/9"])
    below: Key = org.key(by=maker, networks=["10.0.0.0/9"])
    org.owner.patch(f"/keys/{maker.id}", {"networks": ["10.128.0.0/9"]})
    assert gateway.principal(key_hash=keyformat.hash_of(below.text)).status_code == 404


def _id(robot: Caller) -> str:
    account = robot.principal().user
    assert account is not None
    return account
