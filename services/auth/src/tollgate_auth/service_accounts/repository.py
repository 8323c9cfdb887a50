from collections.abc import Sequence

from sqlalchemy import select

from tollgate_auth import paging
from tollgate_auth.extensions import db
from tollgate_auth.service_accounts.models import ServiceAccount
from tollgate_auth.users.models import User


def add(user: User, account: ServiceAccount) -> None:
    db.session.add(user)
    db.session.flush()
    db.session.add(account)
    db.session.flush()


def find(org: str, account_id: str) -> tuple[User, ServiceAccount] | None:
    return _one(account_id, User.org_id == org)


def active(account_id: str) -> tuple[User, ServiceAccount] | None:
    """An account of whatever organisation that may act: for its own credentials."""
    return _one(account_id, User.deactivated_at.is_(None))


def page(org: str) -> tuple[list[tuple[User, ServiceAccount]], str | None]:
    statement = select(ServiceAccount).join(User).where(User.org_id == org)
    accounts, following = paging.fetch_page(statement, ServiceAccount.id)
    users = _users([account.id for account in accounts])
    return [(users[account.id], account) for account in accounts], following


def _users(ids: Sequence[str]) -> dict[str, User]:
    rows = db.session.scalars(select(User).where(User.id.in_(ids)))
    return {user.id: user for user in rows}


def _one(account_id: str, condition: paging.Condition) -> tuple[User, ServiceAccount] | None:
    statement = (
        select(User, ServiceAccount)
        .join(ServiceAccount, ServiceAccount.id == User.id)
        .where(User.id == account_id, condition)
    )
    row = db.session.execute(statement).one_or_none()
    return (row[0], row[1]) if row else None
