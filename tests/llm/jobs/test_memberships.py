"""Queued calls go by the part that somebody has in the call's project."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.llm.stand import Stand
from tollgate_auth.roles.permissions import PROJECT_ROLES, ROLES

Made = dict[str, str]
HERE, THERE = "proj_here", "proj_there"
KEY: dict[str, Any] = {"mode": "live", "user": "usr_2"}


def person(role: str, membership: str | None, *, is_open: bool) -> dict[str, Any]:
    """What auth says of the user usr_1, a member of the project HERE or of none."""
    closed = {} if is_open else {"closed": True}
    scopes = ROLES[role] if is_open else ("models:read",)
    grant = {"scope": " ".join(PROJECT_ROLES[membership or "viewer"]), "projects": [HERE]}
    grants = {"grants": [grant]} if membership else {}
    return {
        "key": None,
        "project": None,
        "user": "usr_1",
        "mode": "live",
        "scope": " ".join(scopes),
        **grants,
        **closed,
    }


@pytest.fixture
def jobs(queued: Callable[..., str], org: str) -> Made:
    """Queued by keys of two people, in two projects; `foreign` by another organisation's."""
    return {
        "own here": queued(key="key_1", project=HERE, mode="live", user="usr_1"),
        "other here": queued(key="key_2", project=HERE, **KEY),
        "own there": queued(key="key_3", project=THERE, mode="live", user="usr_1"),
        "other there": queued(key="key_4", project=THERE, **KEY),
    }


@pytest.fixture
def foreign(stand: Stand, org: str) -> str:
    """Queued in the same projects' names, by another organisation."""
    raw = b'{"endpoint": "/v1/chat/completions", "body": {"model": "sandbox", "messages": []}}'
    headers = stand.headers(f"{org}x", key="key_9", project=HERE, mode="live", user="usr_1")
    answer = stand.session.post(f"{stand.url}/v1/jobs", data=raw, headers=headers)
    return str(answer.json()["id"])


def call(stand: Stand, org: str, method: str, path: str, claims: dict[str, Any]) -> Any:
    return stand.manage(method, f"/api/v1/jobs{path}", org, headers=stand.headers(org, **claims))


def seen(stand: Stand, org: str, jobs: Made, claims: dict[str, Any]) -> set[str]:
    answer = call(stand, org, "GET", "?limit=100", claims)
    if answer.status_code == 403:
        return set()
    names = {job_id: name for name, job_id in jobs.items()}
    return {names[job["id"]] for job in answer.json()["data"]}


OWN = {"own here", "own there"}
CASES: list[tuple[str, str | None, bool, set[str], set[str]]] = [
    # Role, membership, open, what is seen, what is cancelled.
    ("member", None, True, OWN, OWN),
    ("member", "viewer", True, OWN, {"own there"}),
    ("member", "admin", True, OWN | {"other here"}, OWN | {"other here"}),
    ("viewer", None, True, OWN, set()),
    ("viewer", "member", True, OWN, {"own here"}),
    ("viewer", "admin", True, OWN | {"other here"}, {"own here", "other here"}),
    ("member", None, False, set(), set()),
    ("member", "viewer", False, {"own here"}, set()),
    ("member", "member", False, {"own here"}, {"own here"}),
    ("viewer", "admin", False, {"own here", "other here"}, {"own here", "other here"}),
]


@pytest.mark.parametrize(("role", "membership", "is_open", "shown", "cancelled"), CASES)
def test_jobs_go_by_the_part_in_their_project(
    stand: Stand,
    org: str,
    jobs: Made,
    foreign: str,
    role: str,
    membership: str | None,
    is_open: bool,
    shown: set[str],
    cancelled: set[str],
) -> None:
    claims = person(role, membership, is_open=is_open)
    assert seen(stand, org, jobs, claims) == shown
    for name, job_id in jobs.items():
        read = call(stand, org, "GET", f"/{job_id}", claims)
        assert (read.status_code == 200) == (name in shown), (name, read.text)
        ended = call(stand, org, "DELETE", f"/{job_id}", claims)
        if name in cancelled:
            assert ended.status_code == 200, (name, ended.text)
        else:
            assert ended.status_code in ((403,) if name in shown else (403, 404)), name
    assert call(stand, org, "GET", f"/{foreign}", claims).status_code in (403, 404)
    assert call(stand, org, "DELETE", f"/{foreign}", claims).status_code in (403, 404)


def test_a_session_queues_in_no_project_and_so_not_in_a_closed_organisation(
    stand: Stand, org: str
) -> None:
    raw = b'{"endpoint": "/v1/chat/completions", "body": {"model": "sandbox", "messages": []}}'
    for is_open, status in ((True, 202), (False, 403)):
        headers = stand.headers(org, **person("member", "admin", is_open=is_open))
        answer = stand.session.post(f"{stand.url}/v1/jobs", data=raw, headers=headers)
        assert answer.status_code == status
