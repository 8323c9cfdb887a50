from datetime import datetime

from sqlalchemy import func, select, update

from tollgate_auth.extensions import db
from tollgate_auth.sessions.models import Session


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


def end(session_id: str, user_id: str) -> bool:
    """End one session of the user; whether it went on until now."""
    statement = (
        update(Session)
        .where(Session.id == session_id, Session.user_id == user_id, Session.revoked_at.is_(None))
        .values(revoked_at=func.now())
        .returning(Session.id)
    )
    return db.session.execute(statement).first() is not None


def end_all(user_id: str) -> None:
    db.session.execute(
        update(Session)
        .where(Session.user_id == user_id, Session.revoked_at.is_(None))
        .values(revoked_at=func.now())
    )
