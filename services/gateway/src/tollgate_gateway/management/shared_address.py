"""Noticing that a proxy's address is taken for everybody's.

With no proxy trusted, the address that connects is the caller's: behind a proxy all callers are
one, so that sign-ins wait for each other and networks of keys mean the proxy. Nothing says at the
start whether there is a proxy. So the first management requests of a process are looked at: when
all of them have come from one private address, the log says so, once. On a machine of one's own
(loopback) only what carries `X-Forwarded-For` counts, which no client sends by itself.
"""

from tollgate_common.addresses import plain_address
from tollgate_common.logging import get_logger

REQUESTS_LOOKED_AT = 100
HINT = "set TRUSTED_PROXIES to the number of proxies in front, unless all callers are one machine"

log = get_logger(__name__)


class SharedAddress:
    """What the first requests have in common; after them, and where a proxy is trusted, nothing is
    looked at."""

    def __init__(self, trusted_proxies: int) -> None:
        self._left = 0 if trusted_proxies else REQUESTS_LOOKED_AT
        self._address: str | None = None

    def note(self, address: str | None, is_forwarded: bool) -> None:
        """Count a request from this address; `is_forwarded`: a proxy has named whom it is for."""
        if self._left == 0:
            return
        if not _may_be_a_proxy(address, is_forwarded) or self._address not in (None, address):
            self._left = 0
            return
        self._address, self._left = address, self._left - 1
        if self._left == 0:
            log.warning("callers_share_one_address", address=address, hint=HINT)


def _may_be_a_proxy(address: str | None, is_forwarded: bool) -> bool:
    try:
        plain = plain_address(address or "")
    except ValueError:
        return False
    return plain.is_private and (is_forwarded or not plain.is_loopback)
