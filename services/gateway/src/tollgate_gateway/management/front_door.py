"""`/api/v1`: authenticated here, answered by the service that owns the noun."""

from collections.abc import Mapping

from flask import Request, Response

from tollgate_common.errors import DependencyDown, NotFound
from tollgate_common.relay import RelayClient, RelayFailed
from tollgate_common.request_ids import RequestIds
from tollgate_gateway.bodies import body_of
from tollgate_gateway.hops import answer_headers, forward_headers, target
from tollgate_gateway.management.shared_address import SharedAddress
from tollgate_gateway.principals.service import PrincipalService

OWNERS = {
    "auth": "auth",
    "audit-log": "auth",
    "invitations": "auth",
    "keys": "auth",
    "limits": "auth",
    "me": "auth",
    "organisation": "auth",
    "projects": "auth",
    "roles": "auth",
    "service-accounts": "auth",
    "sso": "auth",
    "users": "auth",
    "jobs": "llm",
    "models": "llm",
    "providers": "llm",
    "reports": "reports",
    "requests": "reports",
    "schedules": "reports",
    "usage": "reports",
    "webhooks": "reports",
}
OPEN = frozenset({
    "/api/v1/auth/login", "/api/v1/auth/refresh", "/api/v1/auth/password/reset",
    "/api/v1/invitations/accept",
})  # fmt: skip
PREFIX = "/api/v1/"
SIGNED_LINK = "/download"
SINGLE_SIGN_ON = "/api/v1/auth/sso/"


class FrontDoor:
    """Passes a management request on with auth's assertion in place of the caller's credential."""

    def __init__(
        self,
        principals: PrincipalService,
        services: Mapping[str, RelayClient],
        shared_address: SharedAddress,
    ) -> None:
        self._principals = principals
        self._services = services
        self._shared_address = shared_address

    def pass_on(self, request: Request, ids: RequestIds) -> Response:
        service = _owner(request.path)
        assertion = None
        if not _open_to_all(request):
            caller = self._principals.authenticate(request.headers, request.remote_addr)
            assertion = caller.assertion
        headers = forward_headers(request, assertion, ids)
        if request.path.startswith(SINGLE_SIGN_ON) and "cookie" in request.headers:
            # What ties a login at the identity provider to the browser that began it.
            headers["Cookie"] = request.headers["cookie"]
        return self._send(service, request, headers)

    def oauth(self, request: Request, ids: RequestIds) -> Response:
        """OAuth's own routes, where auth checks the client's credentials itself."""
        headers = forward_headers(request, None, ids)
        if "authorization" in request.headers:
            headers["Authorization"] = request.headers["authorization"]
        return self._send("auth", request, headers)

    def _send(self, service: str, request: Request, headers: dict[str, str]) -> Response:
        self._shared_address.note(request.remote_addr, "x-forwarded-for" in request.headers)
        headers["X-Forwarded-For"] = request.remote_addr or ""
        body = body_of(request)
        try:
            answer = self._services[service].send(request.method, target(request), body, headers)
            content = answer.read()
        except RelayFailed:
            raise DependencyDown(f"The {service} service") from None
        return Response(content, status=answer.status, headers=answer_headers(answer.headers))


def _owner(path: str) -> str:
    noun = path.removeprefix(PREFIX).split("/", 1)[0]
    if noun not in OWNERS:
        raise NotFound(f"There is no {path} here; /docs lists what there is.")
    return OWNERS[noun]


def _open_to_all(request: Request) -> bool:
    """Logging in needs no credential, and a signed link is its own. Browsers ask for options
    without any."""
    if (
        request.method == "OPTIONS"
        or request.path in OPEN
        or request.path.startswith(SINGLE_SIGN_ON)
    ):
        return True
    return (
        request.path.endswith(SIGNED_LINK) and "token" in request.args and request.method == "GET"
    )
