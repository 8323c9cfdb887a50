"""An organisation with two projects, and people who are members of the first."""

from typing import NamedTuple

import pytest

from tests.auth.conftest import Org, User


class Projects(NamedTuple):
    here: str
    there: str


@pytest.fixture
def projects(org: Org) -> Projects:
    made = (org.owner.post("/projects", {"name": name}) for name in Projects._fields)
    return Projects(*(answer.get_json()["id"] for answer in made))


def close(org: Org, is_open: bool = False) -> None:
    answer = org.owner.patch("/organisation", {"open_projects": is_open})
    assert answer.status_code == 200, answer.text


def join(org: Org, project: str, user: User, role: str) -> None:
    answer = org.owner.post(f"/projects/{project}/members", {"user_id": user.id, "role": role})
    assert answer.status_code == 201, answer.text


def leave(org: Org, project: str, user: User) -> None:
    assert org.owner.delete(f"/projects/{project}/members/{user.id}").status_code == 204
