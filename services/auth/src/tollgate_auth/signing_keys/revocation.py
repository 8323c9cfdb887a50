"""Revoking a signing key that somebody else may have.

Another key takes over, and the revoked one goes only when everything that is in use is signed by
the other: the services' own tokens are renewed within a minute, and every principal that is
remembered with an old assertion is announced as changed. So calls with API keys go on. All
sessions end, whatever key signed their tokens: people log in again, and machines get new tokens.
Links that the key has signed work no more.
"""

from collections.abc import Callable

from tollgate_auth.audit import service as audit
from tollgate_auth.organisations import repository as organisations
from tollgate_auth.principals import changes as principal_changes
from tollgate_auth.signing_keys.service import TAKEOVER_SECONDS, KeyRing
from tollgate_auth.unit_of_work import unit_of_work
from tollgate_common.http import RENEW_AFTER_SECONDS

MARGIN_SECONDS = 5.0
RENEWED_SECONDS = TAKEOVER_SECONDS + RENEW_AFTER_SECONDS + MARGIN_SECONDS
"""Until nothing in use is signed by the revoked key but sessions and what principals have."""


def revoke(keyring: KeyRing, kid: str, wait: Callable[[float], None]) -> bool:
    """Revoke the key; False where there is none of this kid. Begun again, it goes on."""
    if not keyring.supersede(kid):
        return False
    wait(RENEWED_SECONDS)
    for org in organisations.all_ids():
        with unit_of_work():
            organisations.lock(org)
            principal_changes.end_sessions_of(org)
            audit.record(org, audit.SYSTEM, "signing_key.revoked", ("signing_key", kid))
    keyring.remove(kid)
    return True
