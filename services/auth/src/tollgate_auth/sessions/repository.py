from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, or_, select, update

from tollgate_auth import paging
from tollgate_auth.extensions import db
from tollgate_auth.sessions.models import Session
from tollgate_auth.sessions.schemas import SessionQuery
from tollgate_auth.users.models import User

LONGEST_ACCESS = timedelta(hours=1)
KEPT_AFTER_ITS_END = timedelta(days=30)


def add(session: Session) -> None:
    db.session.add(session)
    db.session.flush()


def find(session_id: str) -> Session | None:
    return db.session.scalars(select(Session).where(Session.id == session_id)).one_or_none()


def rotate(session_id: str, old: bytes, new: bytes, expires_at: datetime) -> bool:
    """Put the new token in the old one's place. Of two who try at once, one succeeds."""
    statement = (
        update(Session)
        .where(
            Session.id == session_id,
            Session.refresh_hash == old,
            Session.revoked_at.is_(None),
            Session.expires_at > func.now(),
        )
        .values(refresh_hash=new, used_at=func.now(), expires_at=expires_at)
        .returning(Session.id)
    )
    return db.session.execute(statement).first() is not None


def page(
    user_id: str, asked: SessionQuery, current: str | None
) -> tuple[list[Session], str | None]:
    """The user's sessions that go on; `current` is the one that asks."""
    statement = paging.filtered(
        select(Session).where(*_going_on(user_id)),
        ((Session.id == (current or ""), asked.current), (Session.address, asked.address)),
    )
    return paging.fetch_page(statement, Session.id)


def count(user_id: str) -> int:
    """How many of the user's sessions go on."""
    statement = select(func.count()).select_from(Session).where(*_going_on(user_id))
    return db.session.scalars(statement).one()


def end(session_id: str, user_id: str) -> bool:
    """End one session of the user; whether it went on until now."""
    return bool(_end(user_id, Session.id == session_id))


def end_all(user_id: str, but: str | None = None) -> Sequence[str]:
    """End the user's sessions, all or all but one; those that went on until now."""
    return _end(user_id, Session.id != (but or ""))


def end_all_of(org: str) -> Mapping[str, Sequence[str]]:
    """End all sessions of the organisation; by user, those that went on until now."""
    statement = (
        update(Session)
        .where(
            Session.user_id.in_(select(User.id).where(User.org_id == org)),
            Session.revoked_at.is_(None),
            Session.expires_at > func.now(),
        )
        .values(revoked_at=func.now())
        .returning(Session.user_id, Session.id)
    )
    ended: dict[str, list[str]] = defaultdict(list)
    for user_id, session_id in db.session.execute(statement):
        ended[user_id].append(session_id)
    return ended


def lately_used(user_ids: Sequence[str]) -> dict[str, Sequence[str]]:
    """By user, the sessions that may have an access token which has not expired."""
    statement = select(Session.user_id, Session.id).where(
        Session.user_id.in_(user_ids), Session.used_at > func.now() - LONGEST_ACCESS
    )
    found: dict[str, list[str]] = defaultdict(list)
    for user_id, session_id in db.session.execute(statement):
        found[user_id].append(session_id)
    return dict(found)


def purge() -> None:
    """Forget sessions that are long over."""
    over = func.now() - KEPT_AFTER_ITS_END
    db.session.execute(
        delete(Session).where(or_(Session.expires_at < over, Session.revoked_at < over))
    )


def _end(user_id: str, which: ColumnElement[bool]) -> Sequence[str]:
    statement = (
        update(Session)
        .where(*_going_on(user_id), which)
        .values(revoked_at=func.now())
        .returning(Session.id)
    )
    return db.session.scalars(statement).all()


def _going_on(user_id: str) -> tuple[ColumnElement[bool], ...]:
    return (
        Session.user_id == user_id,
        Session.revoked_at.is_(None),
        Session.expires_at > func.now(),
    )
