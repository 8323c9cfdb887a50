from collections.abc import Collection, Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, func, or_, select, update

from tollgate_auth import paging
from tollgate_auth.extensions import db
from tollgate_auth.roles.permissions import OWNER
from tollgate_auth.service_accounts.models import ServiceAccount
from tollgate_auth.users.models import User
from tollgate_auth.users.schemas import UserQuery


class ChangedUser(NamedTuple):
    """A user of whom something out of date may be remembered."""

    org: str
    user: str
    version: int


def add(user: User) -> None:
    db.session.add(user)
    db.session.flush()


def find(org: str, user_id: str) -> User | None:
    statement = select(User).where(User.id == user_id, User.org_id == org)
    return db.session.scalars(statement).one_or_none()


def find_any(user_id: str) -> User | None:
    """A user of whatever organisation: for auth's own tokens, which name no other."""
    return db.session.get(User, user_id)


def organisation_of(user_id: str) -> str | None:
    """Return the organisation that the user belongs to."""
    return db.session.scalar(select(User.org_id).where(User.id == user_id))


def get(user_id: str) -> User:
    """The user of a row that names them."""
    return db.session.get_one(User, user_id)


def release() -> None:
    """Give the connection back to the pool while something slow is done. What was read is read
    again when it is next asked for."""
    db.session.commit()


def by_email(email: str) -> User | None:
    """`email` in lower case."""
    return db.session.scalars(select(User).where(User.email == email)).one_or_none()


def page(org: str, asked: UserQuery) -> tuple[list[User], str | None]:
    """People only."""
    statement = paging.filtered(
        select(User).where(User.org_id == org, User.role.is_not(None)),
        (
            (User.email, asked.email),
            (User.name, asked.name),
            (User.role, asked.role),
            (User.deactivated_at.is_(None), asked.active),
        ),
    )
    return paging.fetch_page(statement, User.id)


def by_ids(ids: Collection[str]) -> dict[str, User]:
    """Those of these users and service accounts that there are, by id."""
    return {user.id: user for user in db.session.scalars(select(User).where(User.id.in_(ids)))}


def active_owners(org: str) -> int:
    statement = (
        select(func.count())
        .select_from(User)
        .where(User.org_id == org, User.role == OWNER, User.deactivated_at.is_(None))
    )
    return db.session.scalars(statement).one()


def bump(kind: str, subject_id: str) -> Sequence[ChangedUser]:
    """Raise the version of every user that is bound by the org, project or user; who they are.
    A project binds its service accounts; whatever made a service account binds it."""
    return _bump(_bound(kind, subject_id))


def bump_each(ids: Collection[str]) -> Sequence[ChangedUser]:
    """Raise the versions of these users; who they are."""
    return _bump(User.id.in_(ids))


def _bump(which: ColumnElement[bool]) -> Sequence[ChangedUser]:
    statement = (
        update(User)
        .where(which)
        .values(version=User.version + 1)
        .returning(User.org_id, User.id, User.version)
    )
    return [ChangedUser(*row) for row in db.session.execute(statement)]


def _bound(kind: str, subject_id: str) -> ColumnElement[bool]:
    made = select(ServiceAccount.id).where(ServiceAccount.lineage.contains([subject_id]))
    return or_(_is_bound(kind, subject_id), User.id.in_(made))


def _is_bound(kind: str, subject_id: str) -> ColumnElement[bool]:
    if kind == "org":
        return User.org_id == subject_id
    if kind == "project":
        accounts = select(ServiceAccount.id).where(ServiceAccount.project_id == subject_id)
        return User.id.in_(accounts)
    return User.id == subject_id
