from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Row, Select, delete, func, insert, or_, select, text, update

from tollgate_auth.signing_keys.models import SigningKeyRow

KeyRow = Row[str, bytes, bytes, datetime, datetime | None]

_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('tollgate-auth-signing-keys'))")


def lock(connection: Connection) -> None:
    """One process at a time makes keys, until its transaction ends."""
    connection.execute(_LOCK)


def usable(connection: Connection) -> Sequence[KeyRow]:
    """Keys to be published, the one that signs last first."""
    return connection.execute(_usable()).all()


def newest_made_at(connection: Connection) -> datetime | None:
    return connection.scalar(select(func.max(SigningKeyRow.created_at)))


def purge(connection: Connection) -> None:
    """Forget keys that verify nothing any more."""
    connection.execute(delete(SigningKeyRow).where(SigningKeyRow.expires_at < func.now()))


def remove(connection: Connection, kid: str) -> None:
    connection.execute(delete(SigningKeyRow).where(SigningKeyRow.kid == kid))


def add(connection: Connection, kid: str, public: bytes, private: bytes, after: float) -> None:
    """`after`: the seconds until it signs."""
    connection.execute(
        insert(SigningKeyRow).values(
            kid=kid,
            public_key=public,
            private_key=private,
            signs_from=func.now() + func.make_interval(0, 0, 0, 0, 0, 0, after),
        )
    )


def retire_all(connection: Connection, after: float) -> None:
    """Every key that has no end yet gets one, `after` seconds from now."""
    connection.execute(
        update(SigningKeyRow)
        .where(SigningKeyRow.expires_at.is_(None))
        .values(expires_at=func.now() + func.make_interval(0, 0, 0, 0, 0, 0, after))
    )


def _usable() -> Select[str, bytes, bytes, datetime, datetime | None]:
    row = SigningKeyRow
    return (
        select(row.kid, row.public_key, row.private_key, row.signs_from, row.expires_at)
        .where(or_(row.expires_at.is_(None), row.expires_at > func.now()))
        .order_by(row.signs_from.desc(), row.kid.desc())
    )
