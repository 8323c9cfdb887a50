"""Every operation of the API's document, with a body that is right wherever it is allowed."""

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.api.access.objects import Scene
from tests.architecture.apps import whole_document

METHODS = ("get", "post", "put", "patch", "delete")
PARAMETER = re.compile(r"\{(\w+)\}")
OF_PEOPLE_WITHOUT_CREDENTIALS = "anyone"
NOT_CALLED = {
    "POST /oauth/introspect": "it goes by client id and secret",
    "POST /oauth/revoke": "it goes by client id and secret",
    "POST /oauth/token": "it goes by client id and secret",
    "POST /api/v1/auth/logout": "it ends the session that looks",
    "POST /api/v1/auth/password": "it ends the session that looks",
    "GET /api/v1/reports/{report_id}/download": "it goes by the link that the report gives",
    "DELETE /api/v1/users/{user_id}/identities/{name}": "it needs an identity provider",
    "PUT /api/v1/sso/{name}": "it needs an identity provider",
    "GET /api/v1/sso/{name}": "it needs an identity provider",
    "DELETE /api/v1/sso/{name}": "it needs an identity provider",
}


@dataclass(frozen=True)
class Operation:
    method: str
    path: str
    is_public: bool

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def noun(self) -> str | None:
        """The noun before the last parameter; None without one."""
        parts = self.path.split("/")
        places = [place for place, part in enumerate(parts) if PARAMETER.fullmatch(part)]
        return parts[places[-1] - 1] if places else None

    @property
    def changes(self) -> bool:
        return self.method != "GET"

    def filled(self, parameters: dict[str, str]) -> str:
        values = {"id": parameters.get("job_id", ""), **parameters}
        return PARAMETER.sub(lambda found: values[found[1]], self.path)


def operations() -> Iterator[Operation]:
    for path, methods in sorted(whole_document()["paths"].items()):
        for method in METHODS:
            if method in methods:
                is_public = methods[method].get("security") == []
                yield Operation(method.upper(), path, is_public)


def body(operation: Operation, scene: Scene, parameters: dict[str, str]) -> Any:
    """Return a body that the operation takes from whoever may call it."""
    project = scene.home.own.project
    bodies: dict[str, Any] = {
        "POST /api/v1/invitations": {"email": _email(), "role": "viewer"},
        "POST /api/v1/users": {"email": _email(), "role": "viewer"},
        "PATCH /api/v1/users/{user_id}": {"name": "Renamed"},
        "POST /api/v1/keys": {
            "name": "k",
            "project_id": project,
            "mode": "test",
            "scopes": ["models:read"],
        },
        "PATCH /api/v1/keys/{key_id}": {"name": "renamed"},
        "POST /api/v1/keys/{key_id}/rotate": {},
        "POST /api/v1/limits": {
            "subject": {"kind": "project", "id": project},
            "metric": "requests",
            "window": "total",
            "max": str(10**9 + secrets.randbelow(10**9)),
            "models": [_name()],
        },
        "PATCH /api/v1/limits/{limit_id}": {"max": "2000"},
        "PUT /api/v1/models/{name}": {"routes": [{"provider": "sandbox", "model": "sandbox"}]},
        "PUT /api/v1/providers/{name}": {
            "kind": "openai",
            "base_url": "https://models.example.com",
            "api_key": "secret",
        },
        "PATCH /api/v1/organisation": {"name": "Renamed"},
        "POST /api/v1/projects": {"name": _name()},
        "PATCH /api/v1/projects/{project_id}": {"name": _name()},
        "POST /api/v1/projects/{project_id}/members": {
            "user_id": scene.home.own.colleague.user,
            "role": "viewer",
        },
        "PATCH /api/v1/projects/{project_id}/members/{user_id}": {"role": "member"},
        "POST /api/v1/reports": {"type": "usage", "period": "2026-11-01/P1D", "mode": scene.mode},
        "POST /api/v1/requests/{request_id}/adjustments": {"reason": "A test", "cost_usd": "0.1"},
        "POST /api/v1/service-accounts": {
            "name": "robot",
            "project_id": project,
            "mode": "test",
            "scopes": ["models:read"],
        },
        "PATCH /api/v1/service-accounts/{account_id}": {"name": "renamed"},
        "POST /api/v1/users/{user_id}/offboard": {"revoke": True},
    }
    return bodies.get(operation.name, {} if operation.method in ("POST", "PUT", "PATCH") else None)


def _email() -> str:
    return f"{secrets.token_hex(6)}@example.com"


def _name() -> str:
    return f"n{secrets.token_hex(6)}"
