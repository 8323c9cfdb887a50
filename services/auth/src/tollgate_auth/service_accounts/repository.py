from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import any_, select

from tollgate_auth import paging
from tollgate_auth.extensions import db
from tollgate_auth.service_accounts.models import ServiceAccount
from tollgate_auth.service_accounts.schemas import ServiceAccountQuery
from tollgate_auth.users import repository as users
from tollgate_auth.users.models import User
from tollgate_common.visibility import Visibility


class Descendant(NamedTuple):
    """Tells what was made, by whom, and when that began to bind it, if that was later."""

    id: str
    makers: list[str]
    since: datetime | None


def add(user: User, account: ServiceAccount) -> None:
    db.session.add(user)
    db.session.flush()
    db.session.add(account)
    db.session.flush()


def find(visibility: Visibility, account_id: str) -> tuple[User, ServiceAccount] | None:
    """The visible account of this id."""
    return _one(account_id, *visible(visibility))


def active(account_id: str) -> tuple[User, ServiceAccount] | None:
    """An account of whatever organisation that may act: for its own credentials."""
    return _one(account_id, User.deactivated_at.is_(None))


def project_of(account_id: str) -> str | None:
    """The account's project; None for a person."""
    statement = select(ServiceAccount.project_id).where(ServiceAccount.id == account_id)
    return db.session.scalars(statement).one_or_none()


def makers_of(account_id: str | None) -> set[str]:
    """Return the ids of those whose limits the account is held to; none for a person."""
    if account_id is None:
        return set()
    statement = select(ServiceAccount.lineage).where(ServiceAccount.id == account_id)
    return set(db.session.scalars(statement).one_or_none() or ())


def owner_of(account_id: str) -> str | None:
    """Return the id of the account's owner, if they are active."""
    statement = (
        select(ServiceAccount.owner_id)
        .join(User, User.id == ServiceAccount.owner_id)
        .where(ServiceAccount.id == account_id, User.deactivated_at.is_(None))
    )
    return db.session.scalars(statement).one_or_none()


def scopes_of(account_id: str) -> Sequence[str]:
    """Return the scopes of the account; none where it is a person's id."""
    statement = select(ServiceAccount.scopes).where(ServiceAccount.id == account_id)
    return db.session.scalars(statement).one_or_none() or ()


def descendants(subject_ids: Sequence[str]) -> list[Descendant]:
    """Return the accounts that descend from one of these, each with all of its makers."""
    columns = select(ServiceAccount.id, ServiceAccount.lineage, ServiceAccount.lineage_since)
    statement = columns.where(ServiceAccount.lineage.overlap(subject_ids))
    rows = db.session.execute(statement.order_by(ServiceAccount.id))
    return [Descendant(row.id, row.lineage, row.lineage_since) for row in rows]


def page(
    visibility: Visibility, asked: ServiceAccountQuery
) -> tuple[list[tuple[User, ServiceAccount]], str | None]:
    statement = paging.filtered(
        select(ServiceAccount).join(User, User.id == ServiceAccount.id).where(*visible(visibility)),
        (
            (ServiceAccount.project_id, asked.project_id),
            (ServiceAccount.owner_id, asked.owner_id),
            (User.name, asked.name),
            (ServiceAccount.mode, asked.mode),
            (any_(ServiceAccount.scopes), asked.scope),
            (any_(ServiceAccount.models), asked.model),
            (User.deactivated_at.is_(None), asked.active),
        ),
    )
    accounts, following = paging.fetch_page(statement, ServiceAccount.id)
    rows = users.by_ids([account.id for account in accounts])
    return [(rows[account.id], account) for account in accounts], following


def visible(visibility: Visibility) -> list[paging.Condition]:
    return visibility.in_any_mode().conditions(
        org=User.org_id, project=ServiceAccount.project_id, mode=ServiceAccount.mode
    )


def _one(account_id: str, *conditions: paging.Condition) -> tuple[User, ServiceAccount] | None:
    statement = (
        select(User, ServiceAccount)
        .join(ServiceAccount, ServiceAccount.id == User.id)
        .where(User.id == account_id, *conditions)
    )
    row = db.session.execute(statement).one_or_none()
    return (row[0], row[1]) if row else None
