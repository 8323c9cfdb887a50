"""The audit log: written with every change, and whole."""

import pytest
from flask import Flask
from sqlalchemy import text

from tests.auth.conftest import Org
from tollgate_auth.audit import service as audit
from tollgate_auth.extensions import db


def entries(org: Org) -> list[dict[str, object]]:
    return list(org.owner.get("/audit-log").get_json()["data"])


def fault(app: Flask, org: Org) -> str | None:
    with app.app_context():
        return audit.first_fault(org.id)


def test_a_change_is_written_down_without_its_secret(org: Org) -> None:
    key = org.key()
    org.owner.patch(f"/keys/{key.id}", {"name": "renamed"})
    org.owner.delete(f"/keys/{key.id}")
    newest = [entry["action"] for entry in entries(org)][:3]
    assert newest == ["key.revoked", "key.changed", "key.created"]
    assert key.text not in str(entries(org))


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE auth.audit_log SET action = 'key.loved' WHERE org_id = :org AND number = :middle",
        "DELETE FROM auth.audit_log WHERE org_id = :org AND number = :middle",
        "DELETE FROM auth.audit_log WHERE org_id = :org AND number = :last",
    ],
)
def test_tampering_shows(app: Flask, org: Org, tampering: str) -> None:
    for _ in range(3):
        org.key()
    assert fault(app, org) is None
    with app.app_context(), db.engine.begin() as connection:
        ids = connection.scalars(
            text("SELECT number FROM auth.audit_log WHERE org_id = :org ORDER BY number"),
            {"org": org.id},
        ).all()
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        parameters = {"org": org.id, "middle": ids[-2], "last": ids[-1]}
        kept = {name: value for name, value in parameters.items() if f":{name}" in tampering}
        connection.execute(text(tampering), kept)
    assert fault(app, org) is not None
