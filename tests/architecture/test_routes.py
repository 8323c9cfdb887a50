"""Every route of every service says who may call it: the real apps are walked, route by route."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule

from tests.architecture.apps import MAKERS
from tollgate_auth.roles.permissions import PERMISSIONS, PROJECT_PERMISSIONS, PROJECT_ROLES
from tollgate_common.guard import ORGANISATION, PROJECTS, is_for_test_mode

OPEN_TO_ALL = {"public", "authenticated"}
FILES = "static"
READING = {"GET", "HEAD", "OPTIONS"}
WRITTEN_IN_TEST_MODE = {
    "DELETE /api/v1/jobs/<job_id>",
    "DELETE /api/v1/keys/<id:key_id>",
    "DELETE /v1/jobs/<job_id>",
    "PATCH /api/v1/keys/<id:key_id>",
    "POST /api/v1/keys",
    "POST /api/v1/keys/<id:key_id>/rotate",
    "POST /api/v1/reports",
    "POST /v1/jobs",
}
"""What a test-mode key or service account may change with a permission, beside calling models."""
BY_PROJECT_ROLE = {
    "DELETE /api/v1/jobs/<job_id>",
    "DELETE /api/v1/keys/<id:key_id>",
    "DELETE /api/v1/limits/<id:limit_id>",
    "DELETE /api/v1/projects/<id:project_id>/members/<id:user_id>",
    "DELETE /api/v1/service-accounts/<id:account_id>",
    "GET /api/v1/jobs",
    "GET /api/v1/jobs/<job_id>",
    "GET /api/v1/keys",
    "GET /api/v1/keys/<id:key_id>",
    "GET /api/v1/limits",
    "GET /api/v1/limits/<id:limit_id>",
    "GET /api/v1/projects",
    "GET /api/v1/projects/<id:project_id>",
    "GET /api/v1/projects/<id:project_id>/members",
    "GET /api/v1/reports",
    "GET /api/v1/reports/<report_id>",
    "GET /api/v1/requests",
    "GET /api/v1/requests/<request_id>",
    "GET /api/v1/requests/<request_id>/adjustments",
    "GET /api/v1/service-accounts",
    "GET /api/v1/service-accounts/<id:account_id>",
    "GET /api/v1/usage",
    "GET /api/v1/usage/unpriced",
    "PATCH /api/v1/keys/<id:key_id>",
    "PATCH /api/v1/limits/<id:limit_id>",
    "PATCH /api/v1/projects/<id:project_id>",
    "PATCH /api/v1/projects/<id:project_id>/members/<id:user_id>",
    "PATCH /api/v1/service-accounts/<id:account_id>",
    "POST /api/v1/keys",
    "POST /api/v1/keys/<id:key_id>/rotate",
    "POST /api/v1/limits",
    "POST /api/v1/projects/<id:project_id>/members",
    "POST /api/v1/reports",
    "POST /api/v1/service-accounts",
    "POST /api/v1/service-accounts/<id:account_id>/rotate",
}
"""Where a role in one project lets in; the services then go by the project of the object."""
ABOUT_THEMSELVES = {
    "DELETE /api/v1/auth/sessions/<id:session_id>",
    "POST /api/v1/auth/logout",
    "POST /api/v1/auth/password",
}
"""What every caller may change, of their own."""


@pytest.fixture(scope="module", params=sorted(MAKERS))
def app(request: pytest.FixtureRequest) -> Flask:
    return MAKERS[request.param]()


def methods(app: Flask) -> Iterator[tuple[str, Callable[..., Any]]]:
    """What answers each method of each route: a plain view, or a method of a resource."""
    for rule in app.url_map.iter_rules():
        view: Any = app.view_functions[rule.endpoint]
        resource = getattr(view, "view_class", None)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            named = f"{method} {rule.rule}"
            yield named, getattr(resource, method.lower()) if resource else view


def is_file(rule: Rule) -> bool:
    return str(rule.endpoint).endswith(f".{FILES}")


def test_every_route_has_a_policy(app: Flask) -> None:
    files = {f"GET {rule.rule}" for rule in app.url_map.iter_rules() if is_file(rule)}
    found = dict(methods(app))
    assert len(found) > 5
    without = [name for name, view in found.items() if not hasattr(view, "policy")]
    assert set(without) <= files


def test_every_permission_that_a_route_names_exists(app: Flask) -> None:
    named = {str(getattr(view, "policy", "public")) for _, view in methods(app)}
    permissions = {policy for policy in named if not policy.startswith("service:")}
    assert permissions - OPEN_TO_ALL <= set(PERMISSIONS)


def test_nobody_calls_what_is_internal_without_credentials(app: Flask) -> None:
    internal = [view for name, view in methods(app) if "/internal/" in name]
    assert not {getattr(view, "policy", "public") for view in internal} & OPEN_TO_ALL


def test_in_test_mode_little_is_written(app: Flask) -> None:
    policies = {name: str(getattr(view, "policy", "public")) for name, view in methods(app)}
    written = {
        name: policy
        for name, policy in policies.items()
        if name.split()[0] not in READING
        and policy != "public"
        and not policy.startswith("service:")
    }
    allowed = {
        name
        for name, policy in written.items()
        if is_for_test_mode(policy) and not is_inference(name)
    }
    assert allowed == WRITTEN_IN_TEST_MODE & set(written)
    own = {name for name, policy in written.items() if policy == "authenticated"}
    assert own == ABOUT_THEMSELVES & set(written)


def marks(app: Flask) -> dict[str, tuple[str, str]]:
    """The permission of each route that names one, and its reach."""
    return {
        name: (policy, view.reach)  # type: ignore[attr-defined]  # `guard` sets it
        for name, view in methods(app)
        if (policy := getattr(view, "policy", "public")) in PERMISSIONS
    }


def test_a_project_role_lets_in_where_the_object_has_a_project(app: Flask) -> None:
    by_project_role = {name for name, (_, reach) in marks(app).items() if reach == PROJECTS}
    assert by_project_role == BY_PROJECT_ROLE & set(marks(app))


def test_a_project_role_lets_in_nowhere_else(app: Flask) -> None:
    """What needs a permission that reaches further than projects asks for it in the organisation;
    so do calls of models: a session's are of no project."""
    for name, (permission, reach) in marks(app).items():
        if name not in BY_PROJECT_ROLE:
            assert reach == ORGANISATION, name
            assert permission not in PROJECT_PERMISSIONS - {"inference"}, name


def test_a_project_role_has_nothing_that_no_route_asks_of_it() -> None:
    asked = {
        permission
        for make in MAKERS.values()
        for name, (permission, _) in marks(make()).items()
        if name in BY_PROJECT_ROLE
    }
    given = {scope for scopes in PROJECT_ROLES.values() for scope in scopes}
    # What a key calls models with, and what shows others' calls and reports.
    assert given - asked == {"inference", "jobs:manage"}


def is_inference(name: str) -> bool:
    return " /v1/" in name and "/jobs" not in name


def test_what_is_written_in_test_mode_is_there() -> None:
    names = {name for make in MAKERS.values() for name, _ in methods(make())}
    assert names >= WRITTEN_IN_TEST_MODE | ABOUT_THEMSELVES | BY_PROJECT_ROLE
