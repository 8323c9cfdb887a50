from collections.abc import Sequence

from sqlalchemy import delete, select

from tollgate_auth import paging
from tollgate_auth.extensions import db
from tollgate_auth.limits.models import LimitRow


def add(row: LimitRow) -> None:
    db.session.add(row)
    db.session.flush()


def find(org: str, limit_id: str) -> LimitRow | None:
    statement = select(LimitRow).where(LimitRow.id == limit_id, LimitRow.org_id == org)
    return db.session.scalars(statement).one_or_none()


def page(org: str, subject_id: str | None) -> tuple[list[LimitRow], str | None]:
    statement = select(LimitRow).where(LimitRow.org_id == org)
    if subject_id:
        statement = statement.where(LimitRow.subject_id == subject_id)
    return paging.fetch_page(statement, LimitRow.id)


def of_subjects(ids: Sequence[str]) -> Sequence[LimitRow]:
    """The limits that bind exactly these, oldest first."""
    statement = select(LimitRow).where(LimitRow.subject_id.in_(ids)).order_by(LimitRow.id)
    return db.session.scalars(statement).all()


def after(limit_id: str, size: int) -> Sequence[LimitRow]:
    """Of all organisations, oldest first."""
    statement = select(LimitRow).where(LimitRow.id > limit_id).order_by(LimitRow.id).limit(size)
    return db.session.scalars(statement).all()


def remove(row: LimitRow) -> None:
    db.session.delete(row)
    db.session.flush()


def remove_of(subject_id: str) -> None:
    db.session.execute(delete(LimitRow).where(LimitRow.subject_id == subject_id))
