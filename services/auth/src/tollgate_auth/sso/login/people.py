"""Finding, linking or making the user behind an identity.

An identity is a provider and its `sub`. The first time, the address decides: it must be verified
and of one of the provider's domains. An owner is never linked by it: whoever sets the addresses at
the provider would be one. Nor is somebody who is linked: an address that comes with another `sub`
was given to another person.
"""

from typing import Any

from tollgate_auth.audit import service as audit
from tollgate_auth.authority.people import is_demotion
from tollgate_auth.database import refusing
from tollgate_auth.fields import reply
from tollgate_auth.organisations import repository as organisations
from tollgate_auth.principals import changes as principal_changes
from tollgate_auth.roles.permissions import OWNER
from tollgate_auth.sso import repository
from tollgate_auth.sso.login.errors import AlreadyLinked, LoginRefused, NotAdmitted
from tollgate_auth.sso.login.identity import Identity
from tollgate_auth.sso.login.provider import Provider
from tollgate_auth.users import open_links
from tollgate_auth.users import repository as users
from tollgate_auth.users.models import User
from tollgate_auth.users.schemas import UserOut
from tollgate_common.ids import new_id

ACTOR = "sso"


def admit(provider: Provider, identity: Identity) -> User:
    """The active user behind the identity; `LoginRefused`."""
    organisations.lock(provider.org)
    row = repository.get(provider.id)
    if row is None or (row.issuer, row.client_id) != (provider.issuer, provider.client_id):
        raise NotAdmitted  # it was set up anew while the browser was away
    user = repository.user_of(provider.id, identity.subject)
    if user is None:
        user = _first_login(provider, identity)
    if user.deactivated_at is not None:
        raise NotAdmitted
    _follow_groups(provider, identity, user)
    return user


def _first_login(provider: Provider, identity: Identity) -> User:
    email = _trusted_email(provider, identity)
    user = users.by_email(email)
    if user is None:
        user = _create(provider, identity, email)
    elif user.org_id != provider.org or user.deactivated_at is not None:
        raise NotAdmitted
    elif user.role == OWNER:
        raise LoginRefused("Owners log in with their password.")
    elif repository.is_linked(provider.id, user.id):
        actor, target = audit.Actor(ACTOR, provider.id), ("user", user.id)
        details = {"sso": provider.id, "subject": identity.subject[:300]}
        action, reason = "user.link_refused", "already_linked"
        audit.note(provider.org, actor, action, target, reason, details)
        raise AlreadyLinked
    repository.link(provider.id, identity.subject, user.id)
    _record(provider, "user.linked", user, after={"sso": provider.id, "subject": identity.subject})
    return user


def _trusted_email(provider: Provider, identity: Identity) -> str:
    if identity.email is None:
        raise LoginRefused("Your identity provider does not tell your email address.")
    if not identity.verified:
        raise LoginRefused("Your identity provider has not verified your email address.")
    if identity.email.rpartition("@")[2] not in provider.domains:
        raise LoginRefused("Addresses of your domain cannot log in here.")
    return identity.email


def _create(provider: Provider, identity: Identity, email: str) -> User:
    user = User(
        id=new_id("usr"), org_id=provider.org, email=email,
        name=identity.name or email.partition("@")[0][:100],
        role=provider.role_of(identity.groups or frozenset()),
    )  # fmt: skip
    with refusing("uq_users_email", NotAdmitted()):
        users.add(user)
    _record(provider, "user.created", user, after=_as_audited(user))
    return user


def _follow_groups(provider: Provider, identity: Identity, user: User) -> None:
    """Where groups give roles, they do at every login; a claim that is left out says that there
    are none. An owner stays one."""
    if not provider.group_roles or user.role == OWNER:
        return
    role = provider.role_of(identity.groups or frozenset())
    if role == user.role:
        return
    before = _as_audited(user)
    if is_demotion(user.role, role):
        open_links.end(user)
    user.role = role
    principal_changes.announce("user", user.id)
    _record(provider, "user.changed", user, before, _as_audited(user))


def _as_audited(user: User) -> dict[str, Any]:
    return reply(UserOut.of(user))


def _record(
    provider: Provider,
    action: str,
    user: User,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    actor = audit.Actor(ACTOR, provider.id)
    audit.record(provider.org, actor, action, ("user", user.id), before, after)
