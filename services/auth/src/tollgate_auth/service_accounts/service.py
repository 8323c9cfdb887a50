"""Service accounts: made, changed, given another secret, ended.

Nobody makes one that may do more than they may themselves. An account's owner is a person who
answers for it, and whose successor gets it: they may do all that it may when they become its owner.
What it may do at use goes by its makers, never by its owner.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tollgate_auth.audit import service as audit
from tollgate_auth.authority import service as authority
from tollgate_auth.authority.order import Authority, within
from tollgate_auth.authority.people import active_person, require_scopes
from tollgate_auth.fields import changes, reply
from tollgate_auth.keys import rules
from tollgate_auth.keys.service import project_for
from tollgate_auth.organisations import repository as organisations
from tollgate_auth.principals import changes as principal_changes
from tollgate_auth.service_accounts import repository
from tollgate_auth.service_accounts.models import ServiceAccount
from tollgate_auth.service_accounts.schemas import (
    ServiceAccountCreate,
    ServiceAccountOut,
    ServiceAccountPatch,
)
from tollgate_auth.sessions import service as sessions
from tollgate_auth.users import open_links
from tollgate_auth.users import repository as users
from tollgate_auth.users.models import User
from tollgate_common import keyformat
from tollgate_common.errors import Conflict, NotFound
from tollgate_common.guard import Caller, require_in_project
from tollgate_common.ids import new_id
from tollgate_common.visibility import Visibility

READING, WRITING = "users:read", "users:write"
ID_PREFIX = "sva"
_ID = re.compile(rf"{ID_PREFIX}_[0-9a-f]{{32}}\Z")


def get(visibility: Visibility, account_id: str) -> tuple[User, ServiceAccount]:
    pair = repository.find(visibility, account_id)
    if pair is None:
        raise NotFound("There is no such service account.")
    return pair


def create(caller: Caller, wanted: ServiceAccountCreate) -> dict[str, Any]:
    """The account as it is answered, with its secret."""
    organisations.lock(caller.org)
    secret = keyformat.generate("client")
    project = project_for(caller, WRITING, wanted.project_id)
    owner = _owner(caller, wanted, project)
    user = User(id=new_id(ID_PREFIX), org_id=caller.org, name=wanted.name)
    account = ServiceAccount(
        id=user.id, project_id=project, owner_id=owner, mode=wanted.mode,
        scopes=wanted.scopes, models=wanted.models, secret_hash=_hash(secret),
        lineage=authority.lineage_of(caller),
    )  # fmt: skip
    authority.require(caller, _authority(caller.org, account))
    rules.require_models(caller, account.project_id, account.models)
    repository.add(user, account)
    _record(caller, "service_account.created", user, after=shown(user, account))
    return shown(user, account) | {"client_secret": secret}


def update(caller: Caller, account_id: str, patch: ServiceAccountPatch) -> dict[str, Any]:
    organisations.lock(caller.org)
    user, account = _active(caller, account_id)
    before, sent = shown(user, account), changes(patch)
    had, has = _authority(caller.org, account), _authority(caller.org, account, **sent)
    authority.require_change(caller, had, has)
    if within(has, had) is not None:
        rules.require_models(caller, account.project_id, sent.get("models", account.models))
    _check_owner(caller, account, sent)
    user.name = sent.pop("name", user.name)
    for name, value in sent.items():
        setattr(account, name, value)
    principal_changes.announce("user", user.id)
    after = shown(user, account)
    _record(caller, "service_account.changed", user, before, after)
    return after


def rotate(caller: Caller, account_id: str) -> dict[str, Any]:
    """Another secret. The old one works no more; tokens it has got live out their time."""
    organisations.lock(caller.org)
    user, account = _active(caller, account_id)
    authority.require(caller, _authority(caller.org, account))
    rules.require_models(caller, account.project_id, account.models)
    secret = keyformat.generate("client")
    account.secret_hash = _hash(secret)
    _record(caller, "service_account.rotated", user)
    return shown(user, account) | {"client_secret": secret}


def end(caller: Caller, account_id: str) -> None:
    """It, its keys and its tokens work no more. Ending it again changes nothing."""
    organisations.lock(caller.org)
    user, _ = _visible(caller, account_id)
    if user.deactivated_at is None:
        user.deactivated_at = datetime.now(UTC)
        actor, count = audit.actor_of(caller), sessions.end_all(user.id)
        sessions.record_ends(caller.org, actor, user.id, count, "deactivated")
        open_links.end(user)
        principal_changes.announce("user", user.id)
        _record(caller, "service_account.ended", user)


def authenticate(account_id: str, secret: str) -> tuple[User, ServiceAccount] | None:
    """The account whose secret this is, compared in constant time."""
    found = repository.active(account_id) if _ID.match(account_id) else None
    known = found[1].secret_hash if found else b""
    return found if hmac.compare_digest(known, _hash(secret)) else None


def note_refusal(account_id: str) -> None:
    """Count a wrong secret of an account that is there, or any of one that has ended."""
    user = users.find_any(account_id) if _ID.match(account_id) else None
    if user is not None:
        reason = "deactivated" if user.deactivated_at else "invalid_client"
        target = ("service_account", user.id)
        audit.note(user.org_id, audit.ANONYMOUS, "service_account.refused", target, reason)


def shown(user: User, account: ServiceAccount) -> dict[str, Any]:
    return reply(ServiceAccountOut.of(user, account))


def _owner(caller: Caller, wanted: ServiceAccountCreate, project: str) -> str | None:
    """Return the id of the new account's owner: the one asked for, or the person who makes it, or
    the owner of the account that does."""
    if "owner_id" not in wanted.model_fields_set:
        user = users.find(caller.org, caller.user) if caller.user else None
        is_person = user is not None and user.role is not None
        return caller.user if is_person else repository.owner_of(caller.user or "")
    if wanted.owner_id is None:
        return None
    owner = active_person(caller, wanted.owner_id, "owner_id")
    require_scopes(owner, project, wanted.scopes, "owner_id")
    return owner.id


def _check_owner(caller: Caller, account: ServiceAccount, sent: Mapping[str, Any]) -> None:
    """A new owner may do all that the account may; the one it has, all that is added to it."""
    scopes = sent.get("scopes", account.scopes)
    owner_id = sent.get("owner_id", account.owner_id)
    if owner_id is None:
        return
    if owner_id != account.owner_id:
        owner = active_person(caller, owner_id, "owner_id")
        require_scopes(owner, account.project_id, scopes, "owner_id")
    elif not set(scopes) <= set(account.scopes):
        require_scopes(users.get(owner_id), account.project_id, scopes, "owner_id")


def _authority(org: str, account: ServiceAccount, **sent: Any) -> Authority:
    """What the account may do by itself, with what a change sends in place of what it has."""
    return Authority(
        scopes=frozenset(sent.get("scopes", account.scopes)),
        mode=account.mode,
        models=(tuple(sent.get("models", account.models)),),
        projects=frozenset({account.project_id}),
        held_to=frozenset({org, account.project_id, account.id, *account.lineage}),
    )


def _active(caller: Caller, account_id: str) -> tuple[User, ServiceAccount]:
    user, account = _visible(caller, account_id)
    if user.deactivated_at is not None:
        raise Conflict("The service account has ended.")
    return user, account


def _visible(caller: Caller, account_id: str) -> tuple[User, ServiceAccount]:
    """The account, for whoever sees it and may handle those of its project."""
    user, account = get(Visibility.of(caller, READING), account_id)
    require_in_project(caller, WRITING, account.project_id)
    return user, account


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()


def _record(
    caller: Caller,
    action: str,
    user: User,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    target = ("service_account", user.id)
    audit.record(caller.org, audit.actor_of(caller), action, target, before, after)
