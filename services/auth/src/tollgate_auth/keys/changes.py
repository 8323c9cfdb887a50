"""Telling the others that what they remember of keys is out of date.

Every change to a key, or to what binds it, raises the key's version and adds one `key.changed` for
each of its hashes to the transaction.
"""

from tollgate_auth.extensions import db
from tollgate_auth.keys import repository
from tollgate_auth.outbox import emit


def announce(kind: str, subject_id: str) -> None:
    """What binds the keys of this org, project, user, or this key itself, has changed."""
    db.session.flush()
    repository.bump_users(kind, subject_id)
    for changed in repository.bump(kind, subject_id):
        emit(
            "key.changed",
            {
                "org": changed.org,
                "key": changed.key,
                "key_hash": changed.key_hash,
                "version": changed.version,
            },
            subject=changed.key,
        )
    db.session.expire_all()


def revoke_all(kind: str, subject_id: str) -> None:
    """No key of this project or user, or this key itself, works any more."""
    db.session.flush()
    repository.revoke(kind, subject_id)
    announce(kind, subject_id)
