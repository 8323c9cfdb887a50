"""Somebody leaves the organisation: they are deactivated, their sessions and links end, and their
keys and service accounts go to a successor or end, all or nothing.

The successor gets only what could be given to them one by one: no key and no account that may do
more than their role, or than whoever does it. What keys and accounts may do, and the makers whose
limits they are held to, stay as they are. Queued calls, reports and requests stay the leaver's:
nothing of them becomes the successor's.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from tollgate_auth.audit import service as audit
from tollgate_auth.authority import service as authority
from tollgate_auth.authority.people import active_person, check_handling, require_scopes
from tollgate_auth.keys import rules
from tollgate_auth.keys.models import Key
from tollgate_auth.keys.service import READING, WRITING, authority_of
from tollgate_auth.offboarding import repository
from tollgate_auth.offboarding.schemas import (
    AccountNames,
    Belongings,
    InvitationNames,
    KeyNames,
    OffboardingIn,
    OffboardingOut,
)
from tollgate_auth.organisations import repository as organisations
from tollgate_auth.principals import changes as principal_changes
from tollgate_auth.service_accounts import service as accounts
from tollgate_auth.service_accounts.models import ServiceAccount
from tollgate_auth.sessions import repository as sessions
from tollgate_auth.sso import repository as identities
from tollgate_auth.users import service as users
from tollgate_auth.users.models import User
from tollgate_auth.users.schemas import UserOut
from tollgate_common.errors import Forbidden, InvalidField
from tollgate_common.guard import Caller, require_in_project
from tollgate_common.visibility import Visibility

SUCCESSOR = "transfer_to"


class Possessions(NamedTuple):
    """Holds what changes hands, or ends."""

    keys: Sequence[Key]
    accounts: Sequence[tuple[User, ServiceAccount]]


def belongings(caller: Caller, user_id: str) -> Belongings:
    """Return what of the user's the caller sees."""
    require_in_project(caller, READING, None)
    user, visibility = users.get(caller.org, user_id), Visibility.of(caller, READING)
    return Belongings(
        keys=KeyNames.of(repository.keys_of(user, visibility)),
        service_accounts=AccountNames.of(repository.accounts_owned_or_made(user, visibility)),
        invitations=InvitationNames.of(repository.invitations_of(user)),
        sessions=sessions.count(user.id),
        identities=list(identities.names_of_user(user.id)),
    )


def offboard(caller: Caller, user_id: str, wanted: OffboardingIn) -> OffboardingOut:
    """Take everything from the user. Done again, it takes what is left, or changes nothing."""
    organisations.lock(caller.org)
    user = users.get(caller.org, user_id)
    if user.id == caller.user:
        raise Forbidden("Nobody offboards themselves; somebody else has to do this.")
    check_handling(caller, user)
    successor = _successor(caller, user, wanted.transfer_to)
    before, session_count = users.as_audited(user), sessions.count(user.id)
    invitation_ids = [row.id for row in repository.invitations_of(user)]
    users.deactivate(caller, user)
    possessions = _possessions(caller, user)
    outcome = OffboardingOut(
        user=UserOut.of(user),
        transferred_to=successor.id if successor else None,
        keys=KeyNames.of(possessions.keys),
        service_accounts=AccountNames.of(possessions.accounts),
        invitations=len(invitation_ids),
        sessions=session_count,
    )
    if before["active"] or possessions.keys or possessions.accounts:
        moved = _as_audited(possessions, outcome) | {"invitations": invitation_ids}
        after = users.as_audited(user) | moved
        _record(caller, "user.offboarded", ("user", user.id), before, after)
    if successor is None:
        _end(caller, user, possessions)
    else:
        _hand_over(caller, user, successor, possessions)
    return outcome


def _successor(caller: Caller, user: User, successor_id: str | None) -> User | None:
    if successor_id == user.id:
        raise InvalidField(f"{SUCCESSOR}: Somebody else, who stays.", param=SUCCESSOR)
    return active_person(caller, successor_id, SUCCESSOR) if successor_id else None


def _possessions(caller: Caller, user: User) -> Possessions:
    """Return all keys and accounts of the user; `Forbidden` for a caller who does not see all."""
    possessions = Possessions(repository.keys_of(user), repository.accounts_of(user))
    visibility = Visibility.of(caller, READING)
    visible = Possessions(
        repository.keys_of(user, visibility), repository.accounts_of(user, visibility)
    )
    if [len(part) for part in possessions] != [len(part) for part in visible]:
        raise Forbidden("Not all that is the user's is yours to see; somebody else must do this.")
    if possessions.keys:
        require_in_project(caller, WRITING, None)
    return possessions


def _end(caller: Caller, user: User, possessions: Possessions) -> None:
    key_ids, account_ids = _ids(possessions)
    principal_changes.revoke_keys("user", user.id)
    for key_id in key_ids:
        _record(caller, "key.revoked", ("key", key_id))
    for account_id in account_ids:
        accounts.end(caller, account_id)


def _hand_over(caller: Caller, user: User, successor: User, possessions: Possessions) -> None:
    for key in possessions.keys:
        with _naming(key.id):
            require_scopes(successor, key.project_id, key.scopes, SUCCESSOR)
            authority.require(caller, authority_of(key, user_id=successor.id))
            rules.require_stored(caller, key)
    for _, account in possessions.accounts:
        with _naming(account.id):
            require_scopes(successor, account.project_id, account.scopes, SUCCESSOR)
    for key in possessions.keys:
        key.user_id = successor.id
        _record_owner(caller, "key.changed", ("key", key.id), "user_id", (user.id, successor.id))
    for _, account in possessions.accounts:
        account.owner_id = successor.id
        target = ("service_account", account.id)
        _record_owner(
            caller, "service_account.changed", target, "owner_id", (user.id, successor.id)
        )
    successor_id = successor.id
    for changed in (user.id, successor_id):
        principal_changes.announce("user", changed)


@contextmanager
def _naming(belonging_id: str) -> Iterator[None]:
    """Inside, a refusal says whom it is about."""
    try:
        yield
    except Forbidden as refusal:
        raise Forbidden(f"{belonging_id}: {refusal.detail}", param=SUCCESSOR) from None


def _ids(possessions: Possessions) -> tuple[list[str], list[str]]:
    return [key.id for key in possessions.keys], [account.id for _, account in possessions.accounts]


def _as_audited(possessions: Possessions, outcome: OffboardingOut) -> dict[str, Any]:
    key_ids, account_ids = _ids(possessions)
    facts = outcome.model_dump(include={"transferred_to", "sessions"})
    return facts | {"keys": key_ids, "service_accounts": account_ids}


def _record_owner(
    caller: Caller, action: str, target: tuple[str, str], field: str, owners: tuple[str, str]
) -> None:
    before, after = ({field: owner} for owner in owners)
    _record(caller, action, target, before, after)


def _record(
    caller: Caller,
    action: str,
    target: tuple[str, str],
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    audit.record(caller.org, audit.actor_of(caller), action, target, before, after)
