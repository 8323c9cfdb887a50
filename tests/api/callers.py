"""The credentials that call the API: the seeded owner, and four that see one project of another
organisation."""

from collections.abc import Callable
from functools import cached_property

import requests

from deploy.local.stack import Stack
from tests.api import organisations
from tests.api.access.places import Place, found
from tests.api.caller import Caller
from tests.api.organisations import Credential
from tests.e2e.platform import Platform

UNSEEN = "of-another-project"
CALLERS = ("owner", "member", "viewer", "test key", "service account")
# A caller with this one would open all projects to the others.
LEFT_TO_PEOPLE = "organisation:write"


class Callers:
    """Makes a caller by its name. All but the owner belong to a project of an organisation whose
    projects are closed; its other project has objects with `UNSEEN` in their names."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._session = requests.Session()

    def caller(self, name: str) -> Caller:
        makers: dict[str, Callable[[], Caller]] = {
            "owner": self._seeded_owner,
            "member": lambda: self._member("member"),
            "viewer": lambda: self._member("viewer"),
            "test key": self._test_key,
            "service account": self._service_account,
        }
        return makers[name]()

    def close(self) -> None:
        self._session.close()

    @cached_property
    def _place(self) -> Place:
        organisation = found(self._stack, "Closed", is_open=False)
        _fill(organisation.other)
        self._unseen = (UNSEEN, organisation.other.project)
        return organisation.own

    def _seeded_owner(self) -> Caller:
        platform = Platform.from_credentials(self._stack.credentials_file)
        platform.log_in()
        platform.session.close()
        _ = self._place
        me = platform_user(platform.url, platform.token)
        return self._of("owner", me, {("PATCH", "user_id"): str(me.user)})

    def _member(self, role: str) -> Caller:
        place = self._place
        person = organisations.person(place.owner, "member")
        path = f"/api/v1/projects/{place.project}/members"
        place.owner.made(path, {"user_id": person.user, "role": role})
        return self._of(role, person, {})

    def _test_key(self) -> Caller:
        place = self._place
        key = organisations.key(place.owner, place.project, mode="test", scopes=_scopes(place))
        own = {(method, "key_id"): str(key.key) for method in ("PATCH", "POST", "DELETE")}
        return self._of("test key", key, own)

    def _service_account(self) -> Caller:
        place = self._place
        account = organisations.service_account(place.owner, place.project, scopes=_scopes(place))
        own = {(method, "account_id"): str(account.user) for method in ("PATCH", "DELETE")}
        return self._of("service account", account, own | {("DELETE", "project_id"): place.project})

    def _of(self, name: str, credential: Credential, own: dict[tuple[str, str], str]) -> Caller:
        """Of people, the session that calls is not to be ended either."""
        if credential.project is None:
            listed = credential.call("GET", "/api/v1/auth/sessions").json()["data"]
            current = next(row["id"] for row in listed if row["current"])
            own = {**own, ("DELETE", "session_id"): current}
        headers = {"Authorization": f"Bearer {credential.secret}"}
        return Caller(name, credential.url, self._session, headers, own, self._unseen)


def platform_user(url: str, token: str) -> Credential:
    me = Credential(url, token).call("GET", "/api/v1/me").json()
    return Credential(url, token, user=me["user"])


def _scopes(place: Place) -> list[str]:
    owners = place.owner.call("GET", "/api/v1/roles?name=owner").json()["data"][0]
    return [scope for scope in owners["permissions"] if scope != LEFT_TO_PEOPLE]


def _fill(place: Place) -> None:
    """Put objects into the project that its other project's members must not see."""
    owner, path = place.owner, f"/api/v1/projects/{place.project}"
    assert owner.call("PATCH", path, {"name": UNSEEN}).status_code == 200
    key = organisations.key(
        owner, place.project, name=UNSEEN, scopes=["inference", "reports:write"]
    )
    organisations.service_account(owner, place.project, name=UNSEEN)
    message = {"model": "sandbox", "messages": [{"role": "user", "content": UNSEEN}]}
    key.call("POST", "/v1/chat/completions", message)
    key.made("/v1/jobs", {"endpoint": "/v1/chat/completions", "body": message})
    key.made("/api/v1/reports", {"type": "usage", "period": "2026-11-01/P1D"})
