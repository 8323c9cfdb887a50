"""What keys and their organisation state of fields that a translation cannot say: it is read where
it was set, and in the assertion of every caller whom it concerns."""

from typing import Any

import jwt
import pytest
from redis import Redis

from tests.auth.conftest import Caller, Org
from tests.auth.test_keys import changes
from tollgate_common.guard import caller_of


def claims_of(caller: Caller) -> dict[str, Any]:
    return jwt.decode(caller.principal().assertion, options={"verify_signature": False})


def stated(caller: Caller) -> tuple[str | None, str | None]:
    """What the assertion says of the key and of its organisation, as services read it."""
    read = caller_of(claims_of(caller))
    return read.key_unsupported, read.org_unsupported


def set_organisation(org: Org, value: str | None) -> None:
    answer = org.owner.patch("/organisation", {"unsupported": value})
    assert (answer.status_code, answer.get_json()["unsupported"]) == (200, value)


class TestKey:
    def test_it_states_nothing_unless_made_so(self, org: Org) -> None:
        key = org.key()
        assert key.made["unsupported"] is None
        assert "key_unsupported" not in claims_of(key)
        assert stated(key) == (None, None)

    @pytest.mark.parametrize("value", ["refuse", "drop"])
    def test_what_it_is_made_with_is_answered_listed_and_asserted(
        self, org: Org, value: str
    ) -> None:
        key = org.key(unsupported=value)
        [listed] = org.owner.get("/keys").get_json()["data"]
        assert key.made["unsupported"] == listed["unsupported"] == value
        assert org.owner.get(f"/keys/{key.id}").get_json()["unsupported"] == value
        assert stated(key) == (value, None)

    def test_it_is_changed_and_cleared_and_each_change_is_told(
        self, org: Org, redis: Redis
    ) -> None:
        key = org.key()
        for value in ("drop", "refuse", None):
            patched = org.owner.patch(f"/keys/{key.id}", {"unsupported": value})
            assert patched.get_json()["unsupported"] == value
            assert stated(key) == (value, None)
            assert changes(redis, key.id)[-1]["version"] == key.principal().version
        assert len(changes(redis, key.id)) == 3

    def test_another_change_leaves_it_as_it_is(self, org: Org) -> None:
        key = org.key(unsupported="drop")
        assert org.owner.patch(f"/keys/{key.id}", {"name": "x"}).get_json()["unsupported"] == "drop"

    def test_a_rotated_key_states_the_same(self, org: Org) -> None:
        key = org.key(unsupported="drop")
        rotated = org.owner.post(f"/keys/{key.id}/rotate").get_json()
        assert rotated["unsupported"] == "drop"
        assert stated(key) == ("drop", None)

    def test_keys_of_service_accounts_and_projects_state_it_too(self, org: Org) -> None:
        made = org.owner.post("/service-accounts", {"name": "robot"}).get_json()
        robot = Caller(org.app, user_id=made["id"])
        org.owner.patch(f"/service-accounts/{made['id']}", {"scopes": ["inference", "keys:write"]})
        for key in (
            org.key(by=robot, unsupported="drop"),
            org.key(user_id=None, unsupported="drop"),
        ):
            assert stated(key) == ("drop", None)

    def test_the_audit_log_has_it_before_and_after(self, org: Org) -> None:
        key = org.key()
        org.owner.patch(f"/keys/{key.id}", {"unsupported": "drop"})
        [entry] = org.owner.get("/audit-log?action=key.changed").get_json()["data"]
        assert (entry["before"]["unsupported"], entry["after"]["unsupported"]) == (None, "drop")


class TestOrganisation:
    def test_it_is_changed_and_cleared_in_every_assertion(self, org: Org) -> None:
        key = org.key()
        for value in ("drop", "refuse", None):
            set_organisation(org, value)
            assert org.owner.get("/organisation").get_json()["unsupported"] == value
            assert stated(key) == stated(org.owner) == (None, value)

    def test_both_levels_are_asserted_side_by_side(self, org: Org) -> None:
        key = org.key(unsupported="refuse")
        set_organisation(org, "drop")
        assert stated(key) == ("refuse", "drop")

    def test_a_change_is_told_of_every_key_and_one_of_the_name_is_not(
        self, org: Org, redis: Redis
    ) -> None:
        keys = [org.key(), org.key(mode="test")]
        for key in keys:
            assert changes(redis, key.id) == []
        set_organisation(org, "drop")
        for key in keys:
            assert changes(redis, key.id)[-1]["version"] == key.principal().version
        assert org.owner.patch("/organisation", {"name": "Other"}).status_code == 200
        set_organisation(org, "drop")
        assert [len(changes(redis, key.id)) for key in keys] == [1, 1]

    def test_its_name_and_its_setting_are_changed_apart_or_together(self, org: Org) -> None:
        both = {"name": "Both", "unsupported": "drop"}
        assert org.owner.patch("/organisation", both).get_json().items() >= both.items()
        renamed = org.owner.patch("/organisation", {"name": "Again"}).get_json()
        assert (renamed["name"], renamed["unsupported"]) == ("Again", "drop")
        set_organisation(org, None)
        assert org.owner.get("/organisation").get_json()["name"] == "Again"

    def test_another_organisation_is_not_concerned(self, org: Org, other_org: Org) -> None:
        set_organisation(org, "drop")
        assert stated(other_org.key()) == (None, None)

    def test_who_may_not_write_the_organisation_may_not_change_it(self, org: Org) -> None:
        for role in ("member", "viewer", "billing"):
            answer = org.user(role).patch("/organisation", {"unsupported": "drop"})
            assert answer.status_code == 403, role

    def test_the_audit_log_has_it_before_and_after(self, org: Org) -> None:
        set_organisation(org, "drop")
        [entry] = org.owner.get("/audit-log?action=organisation.changed").get_json()["data"]
        assert (entry["before"]["unsupported"], entry["after"]["unsupported"]) == (None, "drop")
        assert entry["before"]["name"] == entry["after"]["name"]


@pytest.mark.parametrize("wrong", ["", "DROP", "allow", True, 1, ["drop"], {}])
def test_a_value_that_is_none_is_422_and_named(org: Org, wrong: Any) -> None:
    key = org.key()
    body = {"unsupported": wrong}
    answers = [
        org.owner.post("/keys", {"name": "k", **body}),
        org.owner.patch(f"/keys/{key.id}", body),
        org.owner.patch("/organisation", body),
    ]
    for answer in answers:
        assert (answer.status_code, answer.get_json()["param"]) == (422, "unsupported")


def test_an_organisation_keeps_a_name(org: Org) -> None:
    for wrong in ("", "  ", None):
        assert org.owner.patch("/organisation", {"name": wrong}).status_code == 422


def test_an_assertion_of_an_older_auth_states_nothing(org: Org) -> None:
    claims = claims_of(org.key(unsupported="drop"))
    older = {name: value for name, value in claims.items() if "unsupported" not in name}
    read = caller_of(older)
    assert (read.key_unsupported, read.org_unsupported) == (None, None)
