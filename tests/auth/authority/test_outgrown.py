"""Keys from before the order on authority: their makers are found in the audit log, and they are
cut and listed."""

import pytest
from flask import Flask
from sqlalchemy import text

from tests.auth.conftest import Caller, Key, Org
from tests.auth.test_every_limit import every
from tollgate_auth.extensions import db
from tollgate_auth.keys import excesses
from tollgate_auth.migrations import MIGRATIONS

SCOPES = ["inference", "keys:write"]
DAY = {"metric": "requests", "window": "day", "max": "1"}


def outgrown(app: Flask) -> dict[str, str]:
    with app.app_context():
        return dict(excesses.outgrown())


@pytest.fixture
def org(empty_app: Flask) -> Org:
    return Org(empty_app)


def test_old_keys_get_their_makers_from_the_audit_log(empty_app: Flask, org: Org) -> None:
    account = org.owner.post("/service-accounts", {"name": "robot", "scopes": SCOPES})
    maker = org.key(scopes=SCOPES, limits=[DAY])
    below: Key = org.key(by=maker, scopes=SCOPES)
    deepest: Key = org.key(by=below)
    of_account = org.key(by=Caller(empty_app, user_id=account.get_json()["id"]))
    url = empty_app.config["SQLALCHEMY_DATABASE_URI"]
    with empty_app.app_context():
        db.session.execute(text("UPDATE keys SET lineage = '{}', models = '{*}'"))
        db.session.execute(
            text("UPDATE keys SET models = '{sandbox}' WHERE id = :id"), {"id": maker.id}
        )
        db.session.commit()
    assert outgrown(empty_app) == {}
    MIGRATIONS.downgrade(url, "0008")
    MIGRATIONS.upgrade(url)
    for key in (below, deepest):
        principal = key.principal()
        assert [limit.subject.id for limit in principal.limits] == [maker.id]
        assert (principal.may_use("sandbox"), principal.may_use("gpt-4o")) == (True, False)
    beyond = 'models: "*" is more than its maker\'s or owner\'s "sandbox".'
    assert outgrown(empty_app) == {below.id: beyond, deepest.id: beyond}
    assert of_account.principal().may_use("gpt-4o")
    (limit,) = (each for each in every(empty_app) if each["subject"]["id"] == maker.id)
    assert limit["counts_also"]["key"] == sorted([below.id, deepest.id])
    assert limit["changed_at"] > limit["created_at"]


def test_a_key_outside_its_accounts_project_is_listed(empty_app: Flask, org: Org) -> None:
    account = org.owner.post("/service-accounts", {"name": "robot", "scopes": SCOPES})
    key = org.key(by=Caller(empty_app, user_id=account.get_json()["id"]))
    other = org.owner.post("/projects", {"name": "other"}).get_json()["id"]
    with empty_app.app_context():
        statement = text("UPDATE keys SET project_id = :other WHERE id = :id")
        db.session.execute(statement, {"other": other, "id": key.id})
        db.session.commit()
    assert outgrown(empty_app)[key.id].startswith("project_id: ")
