"""Logins that are refused: an event of the account's organisation, where there is an account.

The answer, and the time that it takes, are the same whoever it was. The log line names nobody: its
request id is that of the audit log's entry, if there is one.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from tollgate_auth.audit import service as audit
from tollgate_auth.sessions.errors import WrongLogin
from tollgate_auth.users import repository as users
from tollgate_auth.users.models import User
from tollgate_common.errors import TollgateError, TooMany
from tollgate_common.logging import get_logger
from tollgate_common.metrics import logins_refused

PASSWORD, SSO = "password", "sso"
ACTION = "login.refused"

log = get_logger(__name__)


@contextmanager
def login_refusals(email: str) -> Iterator[None]:
    """Inside, a login by password that is refused is counted."""
    try:
        yield
    except (WrongLogin, TooMany) as error:
        tell(PASSWORD)
        user = users.by_email(email.strip().lower())
        if user is not None:
            reason = _reason(user, error)
            audit.note(user.org_id, audit.ANONYMOUS, ACTION, ("user", user.id), reason)
        raise


def tell(method: str) -> None:
    """Write the log line of a login that is refused, and count it."""
    log.info("login_refused", method=method, address=audit.client_address())
    logins_refused.labels(method).inc()


def _reason(user: User, error: TollgateError) -> str:
    if isinstance(error, TooMany):
        return error.error_code
    return "deactivated" if user.deactivated_at else "wrong_password"
