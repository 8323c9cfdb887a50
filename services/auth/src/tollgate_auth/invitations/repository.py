from collections.abc import Sequence

from sqlalchemy import case, func, select, update

from tollgate_auth import paging
from tollgate_auth.extensions import db
from tollgate_auth.invitations.models import Invitation
from tollgate_auth.invitations.schemas import InvitationQuery

# As `schemas` says it of a row.
_STATUS = case(
    (Invitation.accepted_at.is_not(None), "accepted"),
    (Invitation.revoked_at.is_not(None), "revoked"),
    (Invitation.expires_at <= func.now(), "expired"),
    else_="pending",
)


def add(invitation: Invitation) -> None:
    db.session.add(invitation)
    db.session.flush()
    db.session.refresh(invitation)


def find(org: str, invitation_id: str) -> Invitation | None:
    statement = select(Invitation).where(Invitation.id == invitation_id, Invitation.org_id == org)
    return db.session.scalars(statement).one_or_none()


def find_any(invitation_id: str) -> Invitation | None:
    """An invitation into whatever organisation: for a link, which names no other."""
    return db.session.get(Invitation, invitation_id)


def organisation_of(invitation_id: str) -> str | None:
    """Return the organisation that the invitation is into."""
    return db.session.scalar(select(Invitation.org_id).where(Invitation.id == invitation_id))


def page(org: str, asked: InvitationQuery) -> tuple[list[Invitation], str | None]:
    statement = paging.filtered(
        select(Invitation).where(Invitation.org_id == org),
        (
            (Invitation.email, asked.email),
            (Invitation.role, asked.role),
            (_STATUS, asked.status),
            (Invitation.invited_by, asked.invited_by),
        ),
    )
    return paging.fetch_page(statement, Invitation.id)


def revoke_pending(org: str, email: str) -> None:
    """A new invitation takes the place of those before it."""
    statement = update(Invitation).where(
        Invitation.org_id == org,
        Invitation.email == email,
        Invitation.accepted_at.is_(None),
        Invitation.revoked_at.is_(None),
    )
    db.session.execute(statement.values(revoked_at=func.now()))


def revoke_made_by(org: str, makers: Sequence[str]) -> None:
    """End the open invitations that these users and keys have made."""
    statement = update(Invitation).where(
        Invitation.org_id == org,
        Invitation.invited_by.in_(makers),
        Invitation.accepted_at.is_(None),
        Invitation.revoked_at.is_(None),
    )
    db.session.execute(statement.values(revoked_at=func.now()))


def take(invitation_id: str) -> bool:
    """Mark it as accepted. Of two who try at once, one succeeds."""
    statement = (
        update(Invitation)
        .where(
            Invitation.id == invitation_id,
            Invitation.accepted_at.is_(None),
            Invitation.revoked_at.is_(None),
            Invitation.expires_at > func.now(),
        )
        .values(accepted_at=func.now())
        .returning(Invitation.id)
    )
    return db.session.execute(statement).first() is not None
