from collections.abc import Sequence
from typing import cast

from sqlalchemy import func, or_, select

from tollgate_auth.audit.models import AuditEntry
from tollgate_auth.extensions import db
from tollgate_auth.invitations.models import Invitation
from tollgate_auth.keys import repository as keys
from tollgate_auth.keys.models import Key
from tollgate_auth.paging import Condition
from tollgate_auth.service_accounts import repository as accounts
from tollgate_auth.service_accounts.models import ServiceAccount
from tollgate_auth.users.models import User
from tollgate_common.visibility import Visibility


def keys_of(user: User, visibility: Visibility | None = None) -> Sequence[Key]:
    """The user's keys that are not revoked, newest first: all, or the visible ones."""
    conditions = keys.visible(visibility.in_any_mode()) if visibility else ()
    statement = select(Key).where(Key.user_id == user.id, Key.revoked_at.is_(None), *conditions)
    return db.session.scalars(statement.order_by(Key.id.desc())).all()


def accounts_of(
    user: User, visibility: Visibility | None = None
) -> Sequence[tuple[User, ServiceAccount]]:
    """The active accounts that the user owns, newest first: all, or the visible ones."""
    return _accounts(ServiceAccount.owner_id == user.id, visibility)


def accounts_owned_or_made(
    user: User, visibility: Visibility
) -> Sequence[tuple[User, ServiceAccount]]:
    """The visible active accounts that the user owns or has made, themselves or by their keys."""
    made = select(AuditEntry.target_id).where(
        AuditEntry.org_id == user.org_id,
        AuditEntry.action == "service_account.created",
        AuditEntry.actor_id.in_(makers_of(user)),
    )
    is_wanted = or_(ServiceAccount.owner_id == user.id, ServiceAccount.id.in_(made))
    return _accounts(is_wanted, visibility)


def invitations_of(user: User) -> Sequence[Invitation]:
    """The open ones that the user has made, themselves or by their keys, newest first."""
    statement = select(Invitation).where(
        Invitation.org_id == user.org_id,
        Invitation.invited_by.in_(makers_of(user)),
        Invitation.accepted_at.is_(None),
        Invitation.revoked_at.is_(None),
        Invitation.expires_at > func.now(),
    )
    return db.session.scalars(statement.order_by(Invitation.id.desc())).all()


def makers_of(user: User) -> list[str]:
    """The ids under which the user makes something: their own and those of their keys."""
    return [user.id, *keys.ids_of_user(user.id)]


def _accounts(
    which: Condition, visibility: Visibility | None
) -> Sequence[tuple[User, ServiceAccount]]:
    conditions = accounts.visible(visibility) if visibility else ()
    statement = (
        select(User, ServiceAccount)
        .join(ServiceAccount, ServiceAccount.id == User.id)
        .where(which, User.deactivated_at.is_(None), *conditions)
        .order_by(User.id.desc())
    )
    return cast("Sequence[tuple[User, ServiceAccount]]", db.session.execute(statement).all())
