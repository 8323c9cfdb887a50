"""Inviting people: the administrator gets a link to hand over, whoever has it becomes the user.

A link works once, until it expires or is revoked, as long as whoever made it may still give the
role; inviting an address again revokes the links before. Whoever invites can give no role that they
may not give to a user.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from tollgate_auth.audit import service as audit
from tollgate_auth.authority.people import check_role, may_still
from tollgate_auth.fields import reply
from tollgate_auth.invitations import repository
from tollgate_auth.invitations.errors import HasAccount
from tollgate_auth.invitations.models import Invitation
from tollgate_auth.invitations.schemas import InvitationAccept, InvitationCreate, InvitationOut
from tollgate_auth.organisations import repository as organisations
from tollgate_auth.passwords import strength
from tollgate_auth.passwords.hashing import Passwords
from tollgate_auth.tokens.links import BadLink, Links
from tollgate_auth.users import repository as users
from tollgate_auth.users import service as user_service
from tollgate_auth.users.errors import AddressTaken
from tollgate_auth.users.models import User
from tollgate_auth.users.taken import TakenAddresses
from tollgate_common.errors import Conflict, NotFound
from tollgate_common.guard import Caller
from tollgate_common.ids import new_id

PURPOSE = "invitation"
LONGEST_LIFE = timedelta(days=30)


def get(org: str, invitation_id: str) -> Invitation:
    invitation = repository.find(org, invitation_id)
    if invitation is None:
        raise NotFound("There is no such invitation.")
    return invitation


def create(caller: Caller, wanted: InvitationCreate, links: Links) -> tuple[Invitation, str]:
    """The invitation and its link. Whether another organisation has the address is not looked at:
    who accepts is told."""
    check_role(caller, wanted.role)
    organisations.lock(caller.org)
    user = users.by_email(wanted.email)
    if user is not None and user.org_id == caller.org:
        raise AddressTaken
    repository.revoke_pending(caller.org, wanted.email)
    life = timedelta(days=wanted.days)
    return make(caller.org, audit.actor_of(caller), wanted.email, wanted.role, life, links)


def make(
    org: str, actor: audit.Actor, email: str, role: str, life: timedelta, links: Links
) -> tuple[Invitation, str]:
    """The invitation and its link, for whoever may."""
    invitation = Invitation(
        id=new_id("inv"), org_id=org, email=email, role=role, invited_by=actor.id,
        expires_at=datetime.now(UTC) + life,
    )  # fmt: skip
    repository.add(invitation)
    _record(actor, "invitation.created", invitation, after=shown(invitation))
    return invitation, links.make(PURPOSE, invitation.id, invitation.expires_at)


def revoke(caller: Caller, invitation_id: str) -> None:
    """Revoking twice changes nothing."""
    organisations.lock(caller.org)
    invitation = get(caller.org, invitation_id)
    if invitation.accepted_at:
        raise Conflict("The invitation was accepted; deactivate the user instead.")
    if not invitation.revoked_at:
        invitation.revoked_at = datetime.now(UTC)
        _record(audit.actor_of(caller), "invitation.revoked", invitation)


def accept(
    sent: InvitationAccept, passwords: Passwords, links: Links, taken: TakenAddresses
) -> User:
    """The new user; `BadLink` for a link that does not work (any more)."""
    claims = links.read(PURPOSE, sent.token)
    invitation = repository.find_any(claims["sub"])
    if invitation is None:
        raise BadLink
    taken.check(invitation.org_id)
    strength.check(sent.password, invitation.email, organisations.get(invitation.org_id).name)
    users.release()
    password_hash = passwords.hash(sent.password)
    organisations.lock(invitation.org_id)
    if not repository.take(invitation.id):
        raise BadLink
    maker, made_at = invitation.invited_by, invitation.created_at
    if not may_still(invitation.org_id, maker, invitation.role, made_at):
        raise BadLink
    user_service.check_free(invitation.org_id, invitation.email, taken, HasAccount())
    user = user_service.make(
        invitation.org_id, invitation.email, sent.name, invitation.role, password_hash
    )
    actor = audit.Actor("user", user.id)
    _record(actor, "invitation.accepted", invitation, after=user_service.as_audited(user))
    return user


def shown(invitation: Invitation) -> dict[str, Any]:
    return reply(InvitationOut.of(invitation, datetime.now(UTC)))


def _record(
    actor: audit.Actor, action: str, invitation: Invitation, after: dict[str, Any] | None = None
) -> None:
    audit.record(invitation.org_id, actor, action, ("invitation", invitation.id), after=after)
