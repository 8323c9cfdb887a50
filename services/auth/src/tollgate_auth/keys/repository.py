from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, any_, case, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.orm import InstrumentedAttribute

from tollgate_auth import paging
from tollgate_auth.extensions import db
from tollgate_auth.keys.models import Key, KeySecret
from tollgate_auth.keys.schemas import KeyQuery
from tollgate_auth.service_accounts.models import ServiceAccount
from tollgate_auth.service_accounts.repository import Descendant
from tollgate_auth.users.models import User
from tollgate_common.visibility import Visibility

NOTED_EVERY = timedelta(minutes=1)
# As `schemas.status_of` says it of a row.
_STATUS = case(
    (Key.revoked_at.is_not(None), "revoked"),
    (Key.expires_at <= func.now(), "expired"),
    (exists().where(User.id == Key.user_id, User.deactivated_at.is_not(None)), "inactive"),
    else_="active",
)


class ChangedSecret(NamedTuple):
    """A hash under which something out of date may be remembered."""

    org: str
    key: str
    key_hash: str
    version: int


_BOUND_BY: dict[str, InstrumentedAttribute[str] | InstrumentedAttribute[str | None]] = {
    "org": Key.org_id,
    "project": Key.project_id,
    "user": Key.user_id,
    "key": Key.id,
}


def add(key: Key) -> None:
    db.session.add(key)
    db.session.flush()


def add_secret(secret: KeySecret) -> None:
    db.session.add(secret)
    db.session.flush()


def find(visibility: Visibility, key_id: str) -> Key | None:
    """The visible key of this id."""
    statement = select(Key).where(Key.id == key_id, *visible(visibility))
    return db.session.scalars(statement).one_or_none()


def get(key_id: str) -> Key | None:
    """The key of a row that names it, of whatever organisation."""
    return db.session.get(Key, key_id)


def page(visibility: Visibility, asked: KeyQuery) -> tuple[list[Key], str | None]:
    """The visible ones, newest first."""
    statement = paging.filtered(
        select(Key).where(*visible(visibility.in_any_mode())),
        (
            (Key.project_id, asked.project_id),
            (Key.user_id, asked.user_id),
            (Key.name, asked.name),
            (Key.mode, asked.mode),
            (_STATUS, asked.status),
            (_STATUS == "active", asked.active),
            (Key.last4, asked.last4),
            (any_(Key.scopes), asked.scope),
            (any_(Key.models), asked.model),
        ),
    )
    if asked.prefix is not None:
        statement = statement.where(Key.prefix.startswith(asked.prefix, autoescape=True))
    return paging.fetch_page(statement, Key.id)


def visible(visibility: Visibility) -> list[ColumnElement[bool]]:
    return visibility.conditions(org=Key.org_id, project=Key.project_id, mode=Key.mode)


def project_of(key_id: str) -> str | None:
    """The project of a key that there is."""
    return db.session.scalars(select(Key.project_id).where(Key.id == key_id)).one_or_none()


def modes(ids: Sequence[str]) -> dict[str, str]:
    """`live` or `test`, by key."""
    if not ids:
        return {}
    found = db.session.execute(select(Key.id, Key.mode).where(Key.id.in_(ids)))
    return {row.id: row.mode for row in found}


def ids_of_user(user_id: str) -> Sequence[str]:
    return db.session.scalars(select(Key.id).where(Key.user_id == user_id)).all()


def retire_secrets(key_id: str, at: datetime) -> None:
    """No secret of the key works after `at`; those that end sooner still do."""
    ends = func.least(func.coalesce(KeySecret.expires_at, at), at)
    db.session.execute(update(KeySecret).where(KeySecret.key_id == key_id).values(expires_at=ends))


def revoke(kind: str, subject_id: str) -> None:
    """Revoke the live keys of a key, user or project."""
    statement = update(Key).where(_bound(kind, subject_id)).values(revoked_at=func.now())
    db.session.execute(statement.where(Key.revoked_at.is_(None)))


def bump(kind: str, subject_id: str) -> Sequence[ChangedSecret]:
    """Raise the version of every key that is the subject's, or that one of these has made; what to
    tell of them."""
    changed = (
        update(Key)
        .where(or_(_bound(kind, subject_id), _descends_from(subject_id)))
        .values(version=Key.version + 1)
        .returning(Key.org_id, Key.id, Key.version)
        .cte("changed")
    )
    statement = (
        select(changed.c.org_id, changed.c.id, KeySecret.key_hash, changed.c.version)
        .join(KeySecret, KeySecret.key_id == changed.c.id)
        .where(or_(KeySecret.expires_at.is_(None), KeySecret.expires_at >= func.now()))
    )
    return [ChangedSecret(*row) for row in db.session.execute(statement)]


def note_uses(uses: Mapping[str, datetime]) -> None:
    """Write down when keys were last used, each at most once a minute."""
    if not uses:
        return
    used = (
        func.unnest(array(list(uses)), array(list(uses.values())))
        .table_valued("key_id", "at", name="used")
        .render_derived()
    )
    db.session.execute(
        update(Key)
        .where(
            Key.id == used.c.key_id,
            or_(Key.last_used_at.is_(None), Key.last_used_at < used.c.at - NOTED_EVERY),
        )
        .values(last_used_at=used.c.at)
        .execution_options(synchronize_session=False)
    )


def living(after: str, size: int) -> Sequence[Key]:
    """Keys of all organisations that are not revoked, oldest first."""
    statement = select(Key).where(Key.id > after, Key.revoked_at.is_(None)).order_by(Key.id)
    return db.session.scalars(statement.limit(size)).all()


def descendants(subject_ids: Sequence[str]) -> list[Descendant]:
    """The keys that descend from one of these, each with all of its makers."""
    statement = select(Key.id, Key.lineage, Key.lineage_since).where(
        Key.lineage.overlap(subject_ids)
    )
    return [
        Descendant(row.id, row.lineage, row.lineage_since)
        for row in db.session.execute(statement.order_by(Key.id))
    ]


def _descends_from(subject_id: str) -> ColumnElement[bool]:
    accounts = select(ServiceAccount.id).where(ServiceAccount.lineage.contains([subject_id]))
    return or_(Key.lineage.contains([subject_id]), Key.user_id.in_(accounts))


def _bound(kind: str, subject_id: str) -> ColumnElement[bool]:
    return _BOUND_BY[kind] == subject_id
