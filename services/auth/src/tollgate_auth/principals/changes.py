"""Telling the others that what they remember of principals is out of date.

Every change to a key, a user, or what binds them, raises the version of each key and user that it
concerns, and adds to the transaction one event for each name under which they may be remembered:
`key.changed` for a key's hashes, `user.changed` for a user and their sessions.
"""

from collections.abc import Mapping, Sequence

from tollgate_auth.extensions import db
from tollgate_auth.keys import repository as keys
from tollgate_auth.outbox import emit
from tollgate_auth.sessions import repository as sessions
from tollgate_auth.users import repository as users


def announce(kind: str, subject_id: str) -> None:
    """What binds the keys and users of this org, project or user, or this key, has changed."""
    db.session.flush()
    for changed in keys.bump(kind, subject_id):
        emit("key.changed", changed._asdict(), subject=changed.key)
    bumped = users.bump(kind, subject_id)
    _announce_users(bumped, sessions.lately_used([user.user for user in bumped]))
    db.session.expire_all()


def announce_users(user_ids: Sequence[str]) -> None:
    """What these people may do has changed; their keys go on as they were."""
    db.session.flush()
    bumped = users.bump_each(user_ids)
    _announce_users(bumped, sessions.lately_used(user_ids))
    db.session.expire_all()


def announce_ended(user_id: str, session_ids: Sequence[str]) -> None:
    """These sessions of the user have ended; the user's keys go on."""
    if not session_ids:
        return
    db.session.flush()
    _announce_users(users.bump("user", user_id), {user_id: session_ids})
    db.session.expire_all()


def end_sessions_of(org: str) -> None:
    """All sessions of the organisation end, and whatever is remembered of its keys and users is out
    of date."""
    db.session.flush()
    ended = sessions.end_all_of(org)
    for changed in keys.bump("org", org):
        emit("key.changed", changed._asdict(), subject=changed.key)
    _announce_users(users.bump("org", org), ended)
    db.session.expire_all()


def revoke_keys(kind: str, subject_id: str) -> None:
    """No key of this project or user, or this key itself, works any more."""
    db.session.flush()
    keys.revoke(kind, subject_id)
    announce(kind, subject_id)


def _announce_users(
    bumped: Sequence[users.ChangedUser], session_ids: Mapping[str, Sequence[str]]
) -> None:
    for changed in bumped:
        for session in (None, *session_ids.get(changed.user, ())):
            emit("user.changed", changed._asdict() | {"session": session}, subject=changed.user)
