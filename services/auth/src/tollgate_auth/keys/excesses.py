"""The keys that have more than they may: from before a bound was there, or became narrower."""

from collections.abc import Iterator
from datetime import UTC, datetime

from tollgate_auth.authority import service as authority
from tollgate_auth.authority.people import roles_in
from tollgate_auth.keys import repository, rules
from tollgate_auth.keys.models import Key
from tollgate_auth.keys.service import authority_of
from tollgate_auth.service_accounts import repository as accounts
from tollgate_auth.users import repository as users

LISTED_AT_ONCE = 500


def outgrown() -> Iterator[tuple[str, str]]:
    """Each key that has more than its owner and its makers leave it, which is cut at use, or more
    than the rules of its project, which is not; and how."""
    after = ""
    while keys := repository.living(after, LISTED_AT_ONCE):
        for key in keys:
            excess = authority.excess_of_key(key.id, authority_of(key)) or _beyond_rules(key)
            if excess is not None:
                yield key.id, excess
        after = keys[-1].id


def _beyond_rules(key: Key) -> str | None:
    """Return how the key outgrows the rules of its project; None where its user, or its service
    account, is not bound by them, or where it has expired."""
    now = datetime.now(UTC)
    if rules.PERMISSION in _scopes_of_user(key) or (key.expires_at and key.expires_at <= now):
        return None
    excess = rules.excess_of_stored(key, now)
    return excess.message(rules.PARENT) if excess else None


def _scopes_of_user(key: Key) -> frozenset[str]:
    """Return what the key's user, or service account, may do in its project; nothing for nobody."""
    user = users.find_any(key.user_id) if key.user_id else None
    if user is None:
        return frozenset()
    here = roles_in(user, key.project_id).scopes_in(key.project_id) if user.role else None
    return (here or frozenset()) | frozenset(accounts.scopes_of(user.id))
