"""A subject has a limit once: another that differs only in its maximum is refused by constraint."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from werkzeug.test import TestResponse

from tests.auth.conftest import Org
from tollgate_auth.migrations import MIGRATIONS

BODY: dict[str, Any] = {
    "subject": {"kind": "org"}, "metric": "cost_usd", "window": "month", "max": "25.00",
    "models": ["gpt-*", "o3"],
}  # fmt: skip


def made(org: Org, **more: Any) -> dict[str, Any]:
    answer = org.owner.post("/limits", BODY | more)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def assert_refused(answer: TestResponse, first: str) -> None:
    assert answer.status_code == 409, answer.text
    problem: Any = answer.get_json()
    assert problem["code"] == "limit_exists"
    assert first in problem["detail"]


@pytest.mark.parametrize(
    "same",
    [{}, {"max": "1.00"}, {"models": ["o3", "gpt-*"]}, {"models": ["o3", "gpt-*", "o3"]},
     {"models": ["O3", "GPT-*", "o3"]}],
    ids=["all", "another maximum", "models in another order", "a model twice", "another case"],
)  # fmt: skip
def test_an_equal_limit_is_409_and_the_first_is_named(org: Org, same: dict[str, Any]) -> None:
    first = made(org)
    assert_refused(org.owner.post("/limits", BODY | same), first["id"])
    listed = org.owner.get("/limits").get_json()["data"]
    assert [row["id"] for row in listed] == [first["id"]]


@pytest.mark.parametrize(
    "other",
    [{"mode": "warn"}, {"timezone": "Europe/Berlin"}, {"window": "day"}, {"models": ["gpt-*"]},
     {"metric": "tokens", "max": "5"}],
    ids=lambda other: next(iter(other)),
)  # fmt: skip
def test_what_differs_is_another_limit(org: Org, other: dict[str, Any]) -> None:
    assert made(org)["id"] != made(org, **other)["id"]


def test_another_subject_has_a_limit_of_its_own(org: Org, other_org: Org) -> None:
    limits = [
        made(org),
        made(other_org),
        made(org, subject={"kind": "user", "id": org.owner_id}),
    ]
    assert len({limit["id"] for limit in limits}) == 3


def test_of_many_at_once_one_is_made(org: Org) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: org.owner.post("/limits", BODY), range(8)))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [201, *[409] * 7]


def test_a_change_that_makes_two_equal_is_409_and_changes_nothing(org: Org) -> None:
    first, second = made(org), made(org, mode="warn")
    path = f"/limits/{second['id']}"
    answer = org.owner.patch(path, {"mode": "enforce", "max": "1.00"})
    assert_refused(answer, first["id"])
    shown = org.owner.get(path).get_json()
    assert (shown["mode"], shown["max"]) == ("warn", "25.00")
    assert org.owner.patch(path, {"max": "1.00"}).status_code == 200
    assert org.owner.patch(path, {"models": ["*"], "mode": "enforce"}).status_code == 200


def test_a_deleted_limit_can_be_made_again(org: Org) -> None:
    assert org.owner.delete(f"/limits/{made(org)['id']}").status_code == 204
    made(org)


def test_as_many_models_as_there_can_be_are_told_apart(org: Org) -> None:
    long = [f"{number:03d}" + "m" * 190 for number in range(100)]
    first = made(org, models=long)
    assert_refused(org.owner.post("/limits", BODY | {"models": long[::-1]}), first["id"])
    made(org, models=[*long[:-1], "other"])


def test_two_equal_limits_of_a_key_that_is_made_are_422(org: Org) -> None:
    limit = {"metric": "requests", "window": "day", "max": "1"}
    answer = org.owner.post("/keys", {"name": "k", "limits": [limit, limit | {"max": "2"}]})
    assert (answer.status_code, answer.get_json()["param"]) == (422, "limits")


def test_a_keys_limits_are_replaced_and_those_that_stay_go_on(org: Org) -> None:
    day = {"metric": "requests", "window": "day", "max": "1"}
    key = org.key(limits=[day, {"metric": "tokens", "window": "day", "max": "9"}])
    before = {limit["metric"]: limit["id"] for limit in key.made["limits"]}
    kept = [day | {"max": "7", "mode": "warn"}, {"metric": "cost_usd", "window": "day", "max": "1"}]
    patched = org.owner.patch(f"/keys/{key.id}", {"limits": kept})
    assert patched.status_code == 200, patched.text
    after = {limit["metric"]: limit for limit in patched.get_json()["limits"]}
    assert set(after) == {"requests", "cost_usd"}
    assert after["requests"]["id"] == before["requests"]
    assert (after["requests"]["max"], after["requests"]["mode"]) == ("7", "warn")
    first = after["requests"]["id"]
    subject = {"kind": "key", "id": key.id}
    assert_refused(org.owner.post("/limits", kept[0] | {"subject": subject}), first)


INSERT = """
INSERT INTO auth.limits (id, org_id, subject_kind, subject_id, models, metric, "window", max, mode,
                         timezone)
SELECT 'lim_' || number, 'org_1', 'org', 'org_1', models, 'requests', 'day', number, 'enforce',
       'UTC'
FROM (VALUES (1, ARRAY['a', 'b']), (2, ARRAY['b', 'a']), (3, ARRAY['a', 'b']), (4, ARRAY['a']))
  AS made (number, models)
"""


def test_limits_that_were_made_twice_before_stay(empty: str) -> None:
    url = empty.replace("postgresql://", "postgresql+psycopg://")
    MIGRATIONS.upgrade(url)
    MIGRATIONS.downgrade(url, "0004")
    engine = create_engine(url)
    organisation = text(
        "INSERT INTO auth.organisations (id, name, audit_length, audit_hash)"
        " VALUES ('org_1', 'o', 0, '')"
    )
    with engine.begin() as connection:
        connection.execute(organisation)
        connection.execute(text(INSERT))
    MIGRATIONS.upgrade(url)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT id, is_duplicate FROM auth.limits ORDER BY id"))
        found = {row.id: row.is_duplicate for row in rows}
    engine.dispose()
    assert found == {"lim_1": False, "lim_2": True, "lim_3": True, "lim_4": False}


def test_when_the_first_of_old_equals_goes_the_next_keeps_others_out(org: Org) -> None:
    first, second = made(org), made(org, mode="warn")
    third = made(org, timezone="Europe/Berlin")
    twin = "UPDATE auth.limits SET mode='enforce', timezone='UTC', is_duplicate=true WHERE id=:id"
    engine = create_engine(org.app.config["SQLALCHEMY_DATABASE_URI"])
    with engine.begin() as connection:
        for limit in (second, third):
            connection.execute(text(twin), {"id": limit["id"]})
    engine.dispose()
    assert_refused(org.owner.post("/limits", BODY), first["id"])
    assert org.owner.delete(f"/limits/{first['id']}").status_code == 204
    assert_refused(org.owner.post("/limits", BODY), second["id"])
    changed = org.owner.patch(f"/limits/{second['id']}", {"mode": "warn"})
    assert changed.status_code == 200
    assert_refused(org.owner.post("/limits", BODY), third["id"])
