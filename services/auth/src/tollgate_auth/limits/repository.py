from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import ColumnElement, and_, any_, delete, exists, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from tollgate_auth import paging
from tollgate_auth.extensions import db
from tollgate_auth.keys import repository as keys
from tollgate_auth.keys.models import Key
from tollgate_auth.limits.errors import LimitExists
from tollgate_auth.limits.models import EQUAL, LimitRow
from tollgate_auth.limits.schemas import LimitQuery
from tollgate_auth.service_accounts.models import ServiceAccount
from tollgate_common.visibility import Visibility

_IDENTITY = ("subject_kind", "subject_id", "metric", "window", "mode", "timezone", "models")


def add(row: LimitRow) -> None:
    """`LimitExists` when the subject has an equal one."""
    with _distinct({name: getattr(row, name) for name in _IDENTITY}):
        db.session.add(row)


def change(row: LimitRow, values: Mapping[str, Any]) -> None:
    """`LimitExists` when the subject has one that is equal to what the row would be. A duplicate
    that becomes another limit is none any more."""
    before = {name: getattr(row, name) for name in _IDENTITY}
    after = {name: values.get(name, value) for name, value in before.items()}
    with _distinct(after):
        for name, value in values.items():
            setattr(row, name, value)
        if after != before:
            row.is_duplicate = False
    promote_duplicates(row.subject_id)


def find(visibility: Visibility, limit_id: str) -> LimitRow | None:
    """The visible limit of this id."""
    statement = select(LimitRow).where(LimitRow.id == limit_id, *_visible(visibility))
    return db.session.scalars(statement).one_or_none()


def page(visibility: Visibility, asked: LimitQuery) -> tuple[list[LimitRow], str | None]:
    """The visible ones, newest first."""
    statement = paging.filtered(
        select(LimitRow).where(*_visible(visibility)),
        (
            (LimitRow.subject_kind, asked.kind),
            (LimitRow.subject_id, asked.subject_id),
            (LimitRow.metric, asked.metric),
            (LimitRow.window, asked.window),
            (LimitRow.mode == "enforce", asked.enforce),
            (LimitRow.timezone, asked.timezone),
            (any_(LimitRow.models), asked.model),
        ),
    )
    return paging.fetch_page(statement, LimitRow.id)


def _visible(visibility: Visibility) -> list[ColumnElement[bool]]:
    """Who sees a project sees what binds it, its keys and its service accounts, the organisation
    and people; of people only themselves where they are closed."""
    bounds = visibility.conditions(org=LimitRow.org_id)
    if visibility.projects is not None:
        visible_keys = select(Key.id).where(*keys.visible(visibility.in_any_mode()))
        kind, subject = LimitRow.subject_kind, LimitRow.subject_id
        bounds.append(
            or_(
                kind == "org",
                and_(kind == "project", subject.in_(visibility.projects)),
                and_(kind == "key", subject.in_(visible_keys)),
                and_(kind == "user", _visible_users(visibility)),
            )
        )
    return bounds


def _visible_users(visibility: Visibility) -> ColumnElement[bool]:
    is_here = ServiceAccount.project_id.in_(visibility.projects or ())
    if not visibility.is_closed:
        return LimitRow.subject_id.not_in(select(ServiceAccount.id).where(~is_here))
    accounts = select(ServiceAccount.id).where(is_here)
    return or_(LimitRow.subject_id == visibility.user, LimitRow.subject_id.in_(accounts))


def of_subjects(ids: Sequence[str]) -> Sequence[LimitRow]:
    """The limits that bind exactly these, oldest first."""
    statement = select(LimitRow).where(LimitRow.subject_id.in_(ids)).order_by(LimitRow.id)
    return db.session.scalars(statement).all()


def after(limit_id: str, size: int) -> Sequence[LimitRow]:
    """Of all organisations, oldest first."""
    statement = select(LimitRow).where(LimitRow.id > limit_id).order_by(LimitRow.id).limit(size)
    return db.session.scalars(statement).all()


def remove(row: LimitRow) -> None:
    subject_id = row.subject_id
    db.session.delete(row)
    db.session.flush()
    promote_duplicates(subject_id)


def remove_of(subject_id: str) -> None:
    db.session.execute(delete(LimitRow).where(LimitRow.subject_id == subject_id))


def promote_duplicates(subject_id: str) -> None:
    """Of the subject's equal limits, let the oldest be the one that no other may equal."""
    other = aliased(LimitRow)
    before = select(other.id).where(
        other.id != LimitRow.id,
        *(_same(getattr(other, name), getattr(LimitRow, name), name) for name in _IDENTITY),
        or_(~other.is_duplicate, other.id < LimitRow.id),
    )
    db.session.execute(
        update(LimitRow)
        .where(LimitRow.subject_id == subject_id, LimitRow.is_duplicate, ~exists(before))
        .values(is_duplicate=False)
    )


@contextmanager
def _distinct(identity: Mapping[str, Any]) -> Iterator[None]:
    """Inside, a row is written that has this identity."""
    try:
        with db.session.begin_nested():
            yield
    except IntegrityError as broken:
        diagnosis = getattr(broken.orig, "diag", None)
        if diagnosis is None or diagnosis.constraint_name != EQUAL:
            raise
        raise LimitExists(_equal_to(identity)) from None


def _equal_to(identity: Mapping[str, Any]) -> str:
    same = (_same(getattr(LimitRow, name), value, name) for name, value in identity.items())
    statement = select(LimitRow.id).where(and_(*same), ~LimitRow.is_duplicate)
    return db.session.scalars(statement).one()


def _same(one: Any, other: Any, name: str) -> ColumnElement[bool]:
    """Models are the same in any order, and whatever their case."""
    if name == "models":
        one, other = func.models_digest(one), func.models_digest(other)
    same: ColumnElement[bool] = one == other
    return same
