from sqlalchemy import func, select

from tollgate_auth import paging
from tollgate_auth.extensions import db
from tollgate_auth.roles.permissions import OWNER
from tollgate_auth.users.models import User


def add(user: User) -> None:
    db.session.add(user)
    db.session.flush()


def find(org: str, user_id: str) -> User | None:
    statement = select(User).where(User.id == user_id, User.org_id == org)
    return db.session.scalars(statement).one_or_none()


def find_any(user_id: str) -> User | None:
    """A user of whatever organisation: for auth's own tokens, which name no other."""
    return db.session.get(User, user_id)


def by_email(email: str) -> User | None:
    """`email` in lower case."""
    return db.session.scalars(select(User).where(User.email == email)).one_or_none()


def page(org: str) -> tuple[list[User], str | None]:
    return paging.fetch_page(select(User).where(User.org_id == org), User.id)


def active_owners(org: str) -> int:
    statement = (
        select(func.count())
        .select_from(User)
        .where(User.org_id == org, User.role == OWNER, User.deactivated_at.is_(None))
    )
    return db.session.scalars(statement).one()
