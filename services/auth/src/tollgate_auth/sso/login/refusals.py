"""Single sign-ons that are refused: an event of the provider's organisation.

Who it was is not told: what came from the provider may be a forgery, and whoever begins a login is
anybody.
"""

from collections.abc import Mapping

from tollgate_auth.audit import service as audit
from tollgate_auth.sessions.refusals import ACTION, SSO, tell
from tollgate_auth.sso import repository
from tollgate_auth.sso.login.errors import AlreadyLinked, BadAnswer, LoginRefused, NotAdmitted
from tollgate_auth.sso.service import NAME

REASONS: Mapping[type[LoginRefused], str] = {
    AlreadyLinked: "already_linked",
    BadAnswer: "bad_answer",
    NotAdmitted: "not_admitted",
}


def note_refusal(name: str, refused: LoginRefused) -> None:
    """Count a refusal at the provider of this name."""
    tell(SSO)
    provider = repository.find_any(name) if NAME.match(name) else None
    if provider is not None:
        reason = REASONS.get(type(refused), refused.error_code)
        target = ("sso", provider.id)
        audit.note(provider.org_id, audit.ANONYMOUS, ACTION, target, reason)


def note_deactivated(org: str, user_id: str) -> None:
    """Count a login that a provider has let pass, of a user who may not log in any more."""
    tell(SSO)
    audit.note(org, audit.ANONYMOUS, ACTION, ("user", user_id), "deactivated")
